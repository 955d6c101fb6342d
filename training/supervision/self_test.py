"""Whether an engine works here: it trains a few steps on a made image and predicts it.

The image of an engine whose objects are volumes is a stack.
"""

from __future__ import annotations

import dataclasses
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from annotations.imaging.pixels import PixelShape, write_pixels
from training.engines.base import Engine, TrainingRegion, TrainJob
from training.engines.checkpoint import read_config
from training.engines.silent import Silent

SIDE_PX = 96
SPACING_PX = 24
RADIUS_PX = 8
N_PLANES = 12
PLANES_APART_PX = 2.0
# Enough to run every line of a training once.
QUICK = {"steps": 2, "steps_per_epoch": 1, "patch_px": 64, "patch_planes": 8, "batch_size": 2}


def self_test(engine: Engine, folder: Path, *, device: str, n_threads: int) -> dict[str, Any]:
    """Train, load and predict once.

    Returns
    -------
    dict
        ``device`` and ``precision`` that were used, ``packages`` by name.

    Raises
    ------
    project.errors.JobError
        What a person can mend; anything else is a defect of the installation.
    """
    in_3d = engine.spec.n_dims == 3
    image, label_image = balls() if in_3d else discs()
    regions = [
        write_region(folder / split, image, label_image, split) for split in ("train", "validation")
    ]
    # An engine whose own network is too large for a quick look has a small one for it.
    engine = getattr(engine, "rehearsal", lambda: engine)()
    job = TrainJob(
        regions=regions,
        params=quick_params(engine),
        channels=(0,),
        seed=0,
        workdir=folder,
        device=device,
        n_threads=n_threads,
        anisotropy=PLANES_APART_PX if in_3d else 0.0,
    )
    checkpoint = engine.train(job, Silent(), lambda: False)
    predictor: Any = engine.load(checkpoint, device=device, n_threads=n_threads)
    predict = predictor.predict_volume if in_3d else predictor.predict
    found = predict(image[np.newaxis])
    if found.label_image.shape != image.shape:
        raise ValueError("The engine drew a label image of another size than the image.")
    config = read_config(checkpoint, engine.spec.name)
    return {
        "device": config.get("device", "cpu"),
        "precision": config.get("precision", ""),
        "packages": config.get("packages", {}),
    }


def quick_params(engine: Engine) -> dict[str, int]:
    """Return the quickest parameters that an engine takes."""
    fields = {field.name: field.metadata for field in dataclasses.fields(engine.spec.params)}
    return {
        name: max(value, fields[name].get("low") or 0)
        for name, value in QUICK.items()
        if name in fields
    }


def discs() -> tuple[NDArray[np.uint16], NDArray[np.uint32]]:
    """Return bright discs on a dark ground, with noise, and their label image."""
    stack, label_image = balls(n_planes=1)
    return stack[0], label_image[0]


def balls(n_planes: int = N_PLANES) -> tuple[NDArray[np.uint16], NDArray[np.uint32]]:
    """Return balls around the middle plane of a stack (n_planes, h, w), and their label image."""
    planes, rows, cols = np.mgrid[:n_planes, :SIDE_PX, :SIDE_PX]
    height = PLANES_APART_PX * (planes - n_planes // 2)
    middles = np.arange(SPACING_PX // 2, SIDE_PX, SPACING_PX)
    label_image = np.zeros((n_planes, SIDE_PX, SIDE_PX), np.uint32)
    for number, (row, col) in enumerate((r, c) for r in middles for c in middles):
        away = np.hypot(np.hypot(rows - row, cols - col), height)
        label_image[away < RADIUS_PX] = number + 1
    noise = np.random.default_rng(0).integers(0, 200, label_image.shape)
    image = np.where(label_image > 0, 2000, 300) + noise
    return image.astype(np.uint16), label_image


def write_region(
    folder: Path, image: NDArray[np.uint16], label_image: NDArray[np.uint32], split: str
) -> TrainingRegion:
    """Write an image, or a stack, and its labels as a training gets them."""
    folder.mkdir()
    pixels, labels = folder / "pixels.tif", folder / "labels.npz"
    stack = image.reshape(-1, SIDE_PX, SIDE_PX)
    shape = PixelShape(1, 1, len(stack), SIDE_PX, SIDE_PX, str(image.dtype))
    write_pixels(pixels, shape, lambda page, row0, row1: stack[page, row0:row1])
    np.savez(labels, label_image=label_image, annotated=np.ones(image.shape, np.bool_))
    box = (0, 0, SIDE_PX, SIDE_PX)
    return TrainingRegion(split, pixels, labels, box, split, depth=len(stack))
