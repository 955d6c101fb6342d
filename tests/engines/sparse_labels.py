"""Does it pay that unlabelled pixels do not teach? One object in ten labelled, trained three ways.

    python -m tests.engines.sparse_labels ENGINE FOLDER SEED [CATEGORY [ARM …]]

`masked`: only the labelled objects are annotated. `naive`: everything is, so the other nine
objects are taught as background. `dense`: as many objects, but all of a few images. Same seed,
same steps, judged on whole images that none of them saw.
"""

from __future__ import annotations

import json
import sys
import time
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks.real_images import Picture, pictures
from tests.engines.worlds import Notes, make_job, never, write_region
from training.engines import registry
from training.engines.base import TrainingRegion
from training.metrics.matching import match
from training.metrics.report import report

ARMS = ("masked", "naive", "dense")
LABELLED_SHARE = 0.1
CROWDED, MOST_SIDE_PX = 20, 330
N_TRAIN, N_TEST = 8, 6
CHANNELS = {"fluo": (0,), "he": (0, 1, 2)}
PARAMS: dict[str, dict[str, Any]] = {
    "stardist": {"steps": 200, "batch_size": 4, "patch_px": 96, "filters": 12, "keep": "last"},
    "cellpose": {"steps": 90, "batch_size": 4, "patch_px": 80, "net": "tiny", "keep": "last",
                 "learning_rate": 0.004},
}  # fmt: skip


def crowded(category: str, split: str, n: int) -> list[Picture]:
    """Return small images with many objects."""
    found = [
        each
        for each in pictures(category, split)
        if each.facts["n_objects"] >= CROWDED and max(each.labels.shape) <= MOST_SIDE_PX
    ]
    return found[:n]


def thinned(labels: np.ndarray, seed: int) -> np.ndarray:
    """Keep one object in ten, at least two."""
    ids = np.unique(labels)[1:]
    n_kept = max(2, round(LABELLED_SHARE * len(ids)))
    kept = np.random.default_rng(seed).choice(ids, n_kept, replace=False)
    return np.where(np.isin(labels, kept), labels, 0)


def train_regions(folder: Path, category: str, seed: int, arm: str) -> list[TrainingRegion]:
    folder.mkdir(parents=True)
    found = crowded(category, "train", N_TRAIN)
    few = [thinned(each.labels, seed * 1000 + i) for i, each in enumerate(found)]
    if arm == "dense":
        return dense_regions(folder, found, seed, sum(count(labels) for labels in few))
    return [
        write_region(
            folder,
            each.name,
            each.pixels,
            labels,
            annotated=labels > 0 if arm == "masked" else np.ones(labels.shape, bool),
        )
        for each, labels in zip(found, few, strict=True)
    ]


def dense_regions(
    folder: Path, found: list[Picture], seed: int, n_objects: int
) -> list[TrainingRegion]:
    """Annotate all of so many rows of images that as many objects lie wholly in them."""
    regions = []
    for i in np.random.default_rng(seed).permutation(len(found)):
        picture = found[int(i)]
        height, width = picture.labels.shape
        n_rows = next(
            (n for n in range(height) if whole_in(picture.labels, n) >= n_objects), height
        )
        box = (0, 0, n_rows, width)
        regions.append(write_region(folder, picture.name, picture.pixels, picture.labels, box=box))
        n_objects -= whole_in(picture.labels, n_rows)
        if n_objects <= 0:
            break
    return regions


def whole_in(labels: np.ndarray, n_rows: int) -> int:
    """Count the objects that lie wholly in the first rows: others would not teach."""
    return count(labels[:n_rows]) - len(set(np.unique(labels[n_rows - 1 :])[1:])
                                        & set(np.unique(labels[:n_rows])[1:]))  # fmt: skip


def count(labels: np.ndarray) -> int:
    return int(np.count_nonzero(np.unique(labels)))


def score(engine_name: str, folder: Path, category: str, seed: int, arm: str) -> dict[str, float]:
    """Train one arm and judge it on whole, fully labelled images that it never saw."""
    engine, began = registry.load(engine_name), time.process_time()
    regions = train_regions(folder / "data", category, seed, arm)
    params = PARAMS[engine_name]
    job = make_job(regions, folder / "run", params=params, seed=seed, channels=CHANNELS[category])
    checkpoint = engine.train(job, Notes(), never)
    predictor = engine.load(checkpoint, device="cpu", n_threads=1)
    results = [
        match(each.labels, predictor.predict(each.pixels).label_image)
        for each in crowded(category, "test", N_TEST)
    ]
    pooled: Any = report(results)["pooled"]
    return {
        "ap50": pooled["ap"]["0.5"],
        "f1": pooled["f1"]["0.5"],
        "recall": pooled["recall"]["0.5"],
        "n_truth": pooled["n_truth"],
        "n_regions": len(regions),
        "cpu_s": time.process_time() - began,
    }


if __name__ == "__main__":
    name, where, seed_text, *rest = sys.argv[1:]
    wanted, *arms = rest or ["fluo"]
    answers = {
        arm: score(name, Path(where) / arm, wanted, int(seed_text), arm) for arm in arms or ARMS
    }
    (Path(where) / "answers.json").write_text(json.dumps(answers))
    print(json.dumps({"engine": name, "category": wanted, "seed": int(seed_text), **answers}))
