"""Steps per second of our trainings against the packages' own, at the same settings.

    python -m benchmarks.training_speed [--engine stardist] [--steps 30] [--rounds 3]

Both train the same network from the same images with the same crop and batch, in turns, in one
process; the CPU seconds of a step are those of many steps less those of few, so that tracing,
flows and caches do not count. One thread.
"""

from __future__ import annotations

import argparse
import json
import os
import statistics
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks.real_images import Picture, as_regions, pictures
from tests.engines.worlds import Notes, make_job, never
from training.engines import registry

N_IMAGES, FEW = 16, 8
# Cellpose's own crop and batch (train_seg's defaults), StarDist's default batch.
SETTINGS = {
    "stardist": {"patch_px": 256, "batch_size": 4},
    "cellpose": {"patch_px": 224, "batch_size": 8},
}
Run = Callable[[int], float]  # number of steps to CPU seconds


def main() -> None:
    """Measure in turns and print medians."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--engine", choices=sorted(SETTINGS), nargs="+", default=sorted(SETTINGS))
    parser.add_argument("--steps", type=int, default=24, help="above the few")
    parser.add_argument("--rounds", type=int, default=3)
    options = parser.parse_args()
    for engine in options.engine:
        found = pictures("fluo", "train")[:N_IMAGES]
        with tempfile.TemporaryDirectory(prefix="speed-") as scratch:
            ways = {
                "ours": ours(engine, found, Path(scratch)),
                "stock": stock_stardist(found) if engine == "stardist" else stock_cellpose(found),
            }
            steps: dict[str, list[float]] = {name: [] for name in ways}
            for _ in range(options.rounds):
                for name, run in ways.items():
                    few, many = run(FEW), run(FEW + options.steps)
                    steps[name].append((many - few) / options.steps)
        medians = {name: round(statistics.median(each), 3) for name, each in steps.items()}
        print(
            json.dumps(
                {
                    "engine": engine,
                    **SETTINGS[engine],
                    "cpu_s_per_step": medians,
                    "faster": round(medians["stock"] / medians["ours"], 2),
                    "load": round(os.getloadavg()[0], 1),
                }
            ),
            flush=True,
        )


def ours(engine: str, found: list[Picture], folder: Path) -> Run:
    """Train by our loop; no validation, as `stock`."""
    regions = as_regions(found, folder / "data", "train")

    def run(n_steps: int) -> float:
        params = SETTINGS[engine] | {"steps": n_steps, "steps_per_epoch": n_steps, "keep": "last"}
        with tempfile.TemporaryDirectory(dir=folder) as workdir:
            job = make_job(regions, Path(workdir), params=params)
            began = time.process_time()
            registry.load(engine).train(job, Notes(), never)
            return time.process_time() - began

    return run


def normalised(found: list[Picture]) -> list[Any]:
    """Return images as the packages' examples prepare them."""
    result = []
    for picture in found:
        pixels = picture.pixels[0].astype(np.float32)
        low, high = np.percentile(pixels, (1, 99.8))
        result.append((pixels - low) / max(high - low, 1e-6))
    return result


def stock_stardist(found: list[Picture]) -> Run:
    """Call `StarDist2D.train` of a network like ours."""
    from stardist.models import Config2D, StarDist2D

    images, labels = normalised(found), [picture.labels.astype(np.int32) for picture in found]

    def run(n_steps: int) -> float:
        config = Config2D(
            axes="YXC",
            n_rays=32,
            grid=(2, 2),
            unet_n_filter_base=16,
            net_conv_after_unet=64,
            train_patch_size=(256, 256),
            train_batch_size=4,
            train_tensorboard=False,
        )
        began = time.process_time()
        model = StarDist2D(config, name="stock", basedir=None)
        model.train(
            images,
            labels,
            validation_data=(images[:1], labels[:1]),
            epochs=1,
            steps_per_epoch=n_steps,
            seed=0,
        )
        return time.process_time() - began

    return run


def stock_cellpose(found: list[Picture]) -> Run:
    """Call `cellpose.train.train_seg` of a standard network; an epoch of 16 images is two steps."""
    from cellpose import models, train

    images, labels = normalised(found), [picture.labels.astype(np.int32) for picture in found]

    def run(n_steps: int) -> float:
        model = models.CellposeModel(gpu=False, pretrained_model=False, model_type=None)
        with tempfile.TemporaryDirectory(prefix="stock-") as folder:
            began = time.process_time()
            train.train_seg(
                model.net,
                train_data=list(images),
                train_labels=list(labels),
                channels=[0, 0],
                n_epochs=n_steps // 2,
                min_train_masks=1,
                save_path=folder,
            )
            return time.process_time() - began

    return run


if __name__ == "__main__":
    main()
