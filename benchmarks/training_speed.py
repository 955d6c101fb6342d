"""Steps per second of our trainings against the packages' own, at the same settings.

    python -m benchmarks.training_speed [--engine stardist] [--steps 30] [--rounds 3]

Both train the same network from the same images with the same crop and batch, in turns, each in a
process of its own that stays; the CPU seconds of a step are those of many steps less those of few,
so that tracing, flows and caches do not count. One thread (`OMP_NUM_THREADS=1`).
"""

from __future__ import annotations

import argparse
import json
import multiprocessing
import os
import statistics
import tempfile
import time
from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks.real_images import Picture, as_regions, pictures
from tests.engines.worlds import Notes, make_job, never
from training.engines import registry

N_IMAGES = 16
# Cellpose's own crop and batch (train_seg's defaults), StarDist's default batch.
SETTINGS = {
    "stardist": {"patch_px": 256, "batch_size": 4},
    "cellpose": {"patch_px": 224, "batch_size": 8},
}
WAYS = ("ours", "stock")
Run = Callable[[int], float]  # number of steps to CPU seconds


def main() -> None:
    """Measure in turns and print medians."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--engine", choices=sorted(SETTINGS), nargs="+", default=sorted(SETTINGS))
    parser.add_argument("--few", type=int, default=8, help="steps; an even number")
    parser.add_argument("--steps", type=int, default=24, help="above the few; an even number")
    parser.add_argument("--rounds", type=int, default=3)
    options = parser.parse_args()
    for engine in options.engine:
        steps: dict[str, list[float]] = {way: [] for way in WAYS}
        with ExitStack() as stack:
            children = {way: stack.enter_context(child()) for way in WAYS}
            for _ in range(options.rounds):
                for way, each in children.items():
                    few, many = (
                        each.submit(cpu_seconds, engine, way, n).result()
                        for n in (options.few, options.few + options.steps)
                    )
                    steps[way].append((many - few) / options.steps)
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


def child() -> ProcessPoolExecutor:
    """Start a process: what one way sets, also of how memory is given back, is not the other's."""
    return ProcessPoolExecutor(1, mp_context=multiprocessing.get_context("spawn"))


def cpu_seconds(engine: str, way: str, n_steps: int) -> float:
    """Train for a number of steps, in a child."""
    found = pictures("fluo", "train")[:N_IMAGES]
    with tempfile.TemporaryDirectory(prefix="speed-") as scratch:
        if way == "ours":
            run = ours(engine, found, Path(scratch))
        else:
            run = stock_stardist(found) if engine == "stardist" else stock_cellpose(found)
        return run(n_steps)


def ours(engine: str, found: list[Picture], folder: Path) -> Run:
    """Train by our loop; no validation, as `stock`."""
    regions, trained = as_regions(found, folder / "data", "train"), registry.load(engine)

    def run(n_steps: int) -> float:
        params = SETTINGS[engine] | {"steps": n_steps, "steps_per_epoch": n_steps, "keep": "last"}
        with tempfile.TemporaryDirectory(dir=folder) as workdir:
            job = make_job(regions, Path(workdir), params=params)
            began = time.process_time()
            trained.train(job, Notes(), never)
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
