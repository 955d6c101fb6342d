"""Does it pay that unlabelled pixels do not teach? One object in ten labelled, twice trained.

    python -m tests.engines.sparse_labels ENGINE FOLDER SEED

`masked`: only the labelled objects are annotated. `naive`: everything is, so the other nine
objects are taught as background. Same images, same labels, same seed, same steps.
"""

from __future__ import annotations

import json
import sys
import time
from pathlib import Path
from typing import Any

import numpy as np

from tests.engines.worlds import Notes, make_job, never, write_region
from tests.shared_data import manifest, shared_data
from training.engines import registry
from training.engines.base import TrainingRegion
from training.metrics.matching import match
from training.metrics.report import report

LABELLED_SHARE = 0.1
N_TRAIN, N_TEST = 8, 6
PARAMS: dict[str, dict[str, Any]] = {
    "stardist": {"steps": 200, "batch_size": 4, "patch_px": 96, "filters": 12, "keep": "last"},
    "cellpose": {"steps": 90, "batch_size": 4, "patch_px": 80, "net": "tiny", "keep": "last",
                 "learning_rate": 0.004},
}  # fmt: skip


def real_images(split: str, n: int, *, most_side: int = 300) -> list[tuple[str, Any, Any]]:
    """Return crowded fluorescence images of the shared data: name, image (1, H, W), labels."""
    from skimage.io import imread

    folder = shared_data()
    assert folder is not None
    found = []
    for item in manifest()["items"]:
        if not item["id"].startswith("fluo_") or item["split"] != split:
            continue
        labels = imread(folder / "fluo" / "masks" / f"{item['id']}.tif")
        if labels.max() >= 20 and max(labels.shape) <= most_side:
            image = imread(folder / "fluo" / "images" / f"{item['id']}.png")
            found.append((item["id"], image[np.newaxis], labels))
        if len(found) == n:
            break
    return found


def thinned(labels: np.ndarray, seed: int) -> np.ndarray:
    """Keep one object in ten, at least two."""
    ids = np.unique(labels)[1:]
    n_kept = max(2, round(LABELLED_SHARE * len(ids)))
    kept = np.random.default_rng(seed).choice(ids, n_kept, replace=False)
    return np.where(np.isin(labels, kept), labels, 0)


def train_regions(folder: Path, seed: int, *, masked: bool) -> list[TrainingRegion]:
    folder.mkdir(parents=True)
    regions = []
    for number, (name, image, labels) in enumerate(real_images("train", N_TRAIN)):
        few = thinned(labels, seed * 1000 + number)
        annotated = few > 0 if masked else np.ones(few.shape, bool)
        regions.append(write_region(folder, name, image, few, annotated=annotated))
    return regions


def score(engine_name: str, folder: Path, seed: int, *, masked: bool) -> dict[str, float]:
    """Train one arm and judge it on whole, fully labelled images that it never saw."""
    engine, began = registry.load(engine_name), time.process_time()
    regions = train_regions(folder / "data", seed, masked=masked)
    job = make_job(regions, folder / "run", params=PARAMS[engine_name], seed=seed)
    checkpoint = engine.train(job, Notes(), never)
    predictor = engine.load(checkpoint, device="cpu", n_threads=1)
    results = [
        match(labels, predictor.predict(image).label_image)
        for _, image, labels in real_images("test", N_TEST)
    ]
    pooled: Any = report(results)["pooled"]
    return {
        "ap50": pooled["ap"]["0.5"],
        "f1": pooled["f1"]["0.5"],
        "recall": pooled["recall"]["0.5"],
        "n_truth": pooled["n_truth"],
        "cpu_s": time.process_time() - began,
    }


if __name__ == "__main__":
    name, where, seed_text = sys.argv[1:]
    answers = {
        arm: score(name, Path(where) / arm, int(seed_text), masked=arm == "masked")
        for arm in ("masked", "naive")
    }
    (Path(where) / "answers.json").write_text(json.dumps(answers))
