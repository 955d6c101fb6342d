"""Fine-tuning to a new stain: ours against each package's own way, same labels, same CPU seconds.

    python -m benchmarks.transfer --engine stardist --target he --seeds 0 1 2 --out rows.jsonl

Starts from the fluorescence starter of the engine, takes at most ten regions of the target's
training images, three of them for validation, and measures on its test images. `stock` trains with
the package's own call and defaults for as many CPU seconds as `usual` took, then fits thresholds
as the package does; it is given grey, inverted where objects are dark, as its users would do.
`source_ap50` of our own arms says how much of fluorescence a version still knows.
"""

from __future__ import annotations

import argparse
import json
import os
import tempfile
import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from benchmarks.real_images import Picture, ap_of, as_regions, pictures
from benchmarks.starter_models import STARTERS, TARGET
from benchmarks.stock_tuning import stock_arm
from tests.engines.worlds import Notes, make_job, never
from training.engines import registry
from training.engines.base import TrainingRegion

N_TRAIN, N_VALIDATION, SIDE_PX = 7, 3, 256
N_REMEMBERED = 20
ARMS: dict[str, dict[str, Any]] = {
    "usual": {},
    "without averaging": {"averaging": 0.0},
    "decoder only": {"layers": "decoder"},
    "pulled to the start": {"pull_to_start": 10.0},
    "a third of the rate": {"rate_factor": 1 / 3},
    "twice the rate": {"rate_factor": 2.0},
    "four times the rate": {"rate_factor": 4.0},
    "without replay": {"replay_share": 0.0},
    "auto": {"recipe": "auto"},
}
TARGETS = {"he": (0, 1, 2), "ihc": (0, 1, 2), "cells_phase": (0,)}


def main() -> None:
    """Run what was asked for and append a line per training."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--engine", choices=["stardist", "cellpose"], required=True)
    parser.add_argument("--target", choices=TARGETS, nargs="+", default=list(TARGETS))
    parser.add_argument("--arms", nargs="+", default=["usual", "stock", *list(ARMS)[1:]])
    parser.add_argument("--seeds", type=int, nargs="+", default=[0, 1, 2])
    parser.add_argument("--steps", type=int, default=0, help="of ours; 0: the engine's own number")
    parser.add_argument("--starters", type=Path, default=TARGET)
    parser.add_argument("--out", type=Path, required=True)
    options = parser.parse_args()
    for seed in options.seeds:
        for target in options.target:
            for row in rows(options, target, seed):
                with options.out.open("a", encoding="utf-8") as file:
                    file.write(json.dumps(row) + "\n")
                print(json.dumps(row), flush=True)


def rows(options: argparse.Namespace, target: str, seed: int) -> Iterator[dict[str, Any]]:
    """Train every arm on the same labels."""
    tested = pictures(target, "test")
    teach, judge = drawn(target, seed)
    with tempfile.TemporaryDirectory(prefix="transfer-") as scratch:
        folder = Path(scratch)
        base, tiles = starter(options, folder)
        regions = as_regions(teach, folder / "data", "train")
        regions += as_regions(judge, folder / "data", "validation")
        budget_s = 0.0
        for arm in options.arms:
            began = time.process_time()
            facts: dict[str, Any] = {}
            if arm == "stock":
                predictor = stock_arm(options.engine, base, teach, judge, budget_s, seed)
                trained_s = time.process_time() - began
            else:
                job = make_job(
                    [*regions, *tiles],
                    folder / arm,
                    params=ARMS[arm] | {"steps": options.steps},
                    seed=seed,
                    channels=TARGETS[target],
                    parent=base,
                )
                engine = registry.load(options.engine)
                checkpoint = engine.train(job, Notes(), never)
                trained_s = time.process_time() - began
                budget_s = trained_s if arm == "usual" else budget_s
                facts = told(checkpoint)
                predictor = engine.load(checkpoint, device="cpu", n_threads=1)
                facts["source_ap50"] = ap_of(predictor, source_pictures(checkpoint))["ap50"]
            yield {
                "engine": options.engine,
                "target": target,
                "seed": seed,
                "arm": arm,
                "steps": options.steps,
                "n_objects_taught": sum(int(each.labels.max()) for each in teach),
                "cpu_s": round(trained_s, 1),
                "load": round(os.getloadavg()[0], 1),
                **ap_of(predictor, tested),
                **facts,
            }


def told(checkpoint: Path) -> dict[str, Any]:
    """Return what of a version's config explains its result."""
    config = json.loads((checkpoint / "config.json").read_text())
    trials = config.get("trials", [])
    judged = [trial for trial in trials if trial["validation_loss"] is not None]
    best = min(judged, key=lambda trial: trial["validation_loss"], default={"name": ""})
    return {"chosen": best["name"], "best_epoch": config["best_epoch"]}


def source_pictures(checkpoint: Path) -> list[Picture]:
    """Return fluorescence test images as a version's network is used to: channels and polarity."""
    config = json.loads((checkpoint / "config.json").read_text())
    found = pictures("fluo", "test")[:N_REMEMBERED]
    return [replace(each, pixels=shown(each.pixels, config)) for each in found]


def shown(pixels: NDArray[Any], config: dict[str, Any]) -> NDArray[Any]:
    """Repeat a channel as often as a version wants, dark objects where it expects those."""
    whole = np.repeat(pixels[:1], config["channels"]["count"], axis=0)
    return whole.max() - whole if config["normalisation"]["invert"] else whole


def drawn(target: str, seed: int) -> tuple[list[Picture], list[Picture]]:
    """Return regions that teach and regions that judge, of different images."""
    rng = np.random.default_rng(seed)
    found = pictures(target, "train")
    order = [found[int(i)] for i in rng.permutation(len(found))]
    n_judging = min(N_VALIDATION, max(1, len(order) // 4))
    judging, teaching = order[:n_judging], order[n_judging:]
    return (
        [window(teaching[i % len(teaching)], rng, i) for i in range(N_TRAIN)],
        [window(judging[i % n_judging], rng, i) for i in range(N_VALIDATION)],
    )


def window(picture: Picture, rng: np.random.Generator, number: int) -> Picture:
    """Cut a square out of an image."""
    rows, cols = (int(rng.integers(0, max(1, side - SIDE_PX + 1))) for side in picture.labels.shape)
    place = (slice(rows, rows + SIDE_PX), slice(cols, cols + SIDE_PX))
    labels = picture.labels[place]
    ids, dense = np.unique(labels, return_inverse=True)
    dense = dense.reshape(labels.shape) + int(ids[0] != 0)
    facts = picture.facts | {"id": f"{picture.name}-{number}"}
    return Picture(facts, picture.pixels[(slice(None), *place)], dense.astype(np.uint32))


def starter(options: argparse.Namespace, folder: Path) -> tuple[Path, list[TrainingRegion]]:
    """Return the fluorescence starter as a checkpoint, and its tiles for replay."""
    name = f"nuclei-fluorescence-{options.engine}"
    engine = registry.load(options.engine)
    base = engine.adopt(options.starters / f"{name}.zip", folder / "base")
    with np.load(options.starters / f"{name}.npz") as stored:
        tiles = [
            Picture(
                {"id": f"tile-{i}"},
                stored[f"pixels_{i}"],
                stored[f"labels_{i}"].astype(np.uint32),
            )
            for i in range(len(stored.files) // 2)
        ]
    regions = as_regions(tiles, folder / "tiles", "replay")
    channels = STARTERS[name].channels
    return base, [replace(region, channels=channels, invert=False) for region in regions]


if __name__ == "__main__":
    main()
