"""Small made images with known truth, written as a child process gets them."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from annotations.imaging.pixels import PixelShape, write_pixels
from training.datasets.labels import Corners
from training.engines.base import EpochReport, PredictionArrays, TrainingRegion, TrainJob
from training.engines.cuboids import predict_in_cuboids


def ellipses(
    seed: int, *, side: int = 128, n: int = 14, dark: bool = False, n_channels: int = 1
) -> tuple[np.ndarray, np.ndarray]:
    """Bright ellipses on noise: an image (C, H, W) of 16 bits and its label image."""
    rng = np.random.default_rng(seed)
    rows, cols = np.mgrid[:side, :side]
    labels = np.zeros((side, side), np.uint32)
    image = np.full((side, side), 300.0)
    for instance_id in range(1, n + 1):
        row, col = rng.uniform(6, side - 6, 2)
        a, b = rng.uniform(6, 10, 2)
        angle = rng.uniform(0, np.pi)
        u = (rows - row) * np.cos(angle) + (cols - col) * np.sin(angle)
        v = (cols - col) * np.cos(angle) - (rows - row) * np.sin(angle)
        inside = (u / a) ** 2 + (v / b) ** 2 <= 1
        reach = (u / (a + 2)) ** 2 + (v / (b + 2)) ** 2 <= 1
        if (labels[reach] > 0).any():
            continue
        labels[inside] = instance_id
        image[inside] = rng.uniform(900, 1500)
    image += rng.normal(0, 40, image.shape)
    if dark:
        image = 2000 - image
    pixels = np.stack([image * (1 - 0.1 * c) for c in range(n_channels)])
    return np.clip(pixels, 0, 65535).astype(np.uint16), labels


def write_region(
    folder: Path,
    name: str,
    image: np.ndarray,
    labels: np.ndarray,
    *,
    split: str = "train",
    annotated: np.ndarray | None = None,
    box: tuple[int, int, int, int] | None = None,
) -> TrainingRegion:
    """Write an image and the labels of one region of it."""
    n_channels, height, width = image.shape
    shape = PixelShape(1, n_channels, 1, height, width, str(image.dtype))
    path = folder / f"{name}.tif"
    if not path.exists():
        write_pixels(path, shape, lambda page, row0, row1: image[page, row0:row1])
    row0, col0, row1, col1 = box or (0, 0, height, width)
    labels = labels[row0:row1, col0:col1]
    known = np.ones(labels.shape, bool) if annotated is None else annotated
    label_path = folder / f"{name}-{row0}-{col0}.npz"
    np.savez_compressed(label_path, label_image=labels.astype(np.uint32), annotated=known)
    return TrainingRegion(name, path, label_path, (row0, col0, row1, col1), split)


def small_world(
    folder: Path, *, n_channels: int = 1, n_train: int = 3, dark: bool = False
) -> list[TrainingRegion]:
    """Write a few training images and one validation image."""
    folder.mkdir(parents=True, exist_ok=True)
    regions = []
    for number in range(n_train + 1):
        image, labels = ellipses(number, n_channels=n_channels, dark=dark)
        split = "validation" if number == n_train else "train"
        regions.append(write_region(folder, f"image-{number}", image, labels, split=split))
    return regions


def ellipsoids(
    seed: int,
    *,
    shape: tuple[int, int, int] = (24, 64, 64),
    n: int = 14,
    flat: float = 2.0,
    dark: bool = False,
    n_channels: int = 1,
) -> tuple[np.ndarray, np.ndarray]:
    """Bright flattened balls on noise: a stack (C, Z, H, W) of 16 bits and its label image."""
    rng = np.random.default_rng(seed)
    planes, rows, cols = np.mgrid[: shape[0], : shape[1], : shape[2]]
    labels = np.zeros(shape, np.uint32)
    stack = np.full(shape, 300.0)
    instance_id = 0
    for _ in range(6 * n):
        if instance_id == n:
            break
        plane, row, col = (rng.uniform(0.1 * side, 0.9 * side) for side in shape)
        a, b = rng.uniform(6, 9, 2)
        away = ((rows - row) / a) ** 2 + ((cols - col) / b) ** 2
        away += ((planes - plane) * flat / ((a + b) / 2)) ** 2
        if (labels[away <= 1.4] > 0).any():
            continue
        instance_id += 1
        labels[away <= 1] = instance_id
        stack[away <= 1] = rng.uniform(900, 1500)
    stack += rng.normal(0, 40, shape)
    if dark:
        stack = 2000 - stack
    pixels = np.stack([stack * (1 - 0.1 * c) for c in range(n_channels)])
    return np.clip(pixels, 0, 65535).astype(np.uint16), labels


def write_volume(
    folder: Path,
    name: str,
    stack: np.ndarray,
    labels: np.ndarray,
    *,
    split: str = "train",
    annotated: np.ndarray | None = None,
    corners: tuple[int, ...] | None = None,
) -> TrainingRegion:
    """Write a stack (C, Z, H, W) and the labels of one region (z0, row0, col0, z1, …) of it."""
    folder.mkdir(parents=True, exist_ok=True)
    n_channels, n_z, height, width = stack.shape
    path = folder / f"{name}.tif"
    if not path.exists():
        pages = stack.reshape(-1, height, width)
        shape = PixelShape(1, n_channels, n_z, height, width, str(stack.dtype))
        write_pixels(path, shape, lambda page, row0, row1: pages[page, row0:row1])
    z0, row0, col0, z1, row1, col1 = corners or (0, 0, 0, n_z, height, width)
    labels = labels[z0:z1, row0:row1, col0:col1]
    known = np.ones(labels.shape, bool) if annotated is None else annotated
    label_path = folder / f"{name}-{z0}-{row0}-{col0}.npz"
    np.savez_compressed(label_path, label_image=labels.astype(np.uint32), annotated=known)
    box = (row0, col0, row1, col1)
    return TrainingRegion(name, path, label_path, box, split, z=z0, depth=z1 - z0)


def make_job(regions: list[TrainingRegion], workdir: Path, **changes: Any) -> TrainJob:
    """Return a job on one channel with seed 7 unless told otherwise."""
    values: dict[str, Any] = {"channels": (0,), "seed": 7, "params": {}} | changes
    return TrainJob(regions=regions, workdir=workdir, **values)


@dataclass
class Notes:
    """A reporter that remembers."""

    stages: list[str] = field(default_factory=list)
    epochs: list[EpochReport] = field(default_factory=list)
    checkpoints: list[Path] = field(default_factory=list)
    warnings: list[str] = field(default_factory=list)

    def stage(self, name: str, **data: Any) -> None:
        self.stages.append(name)

    def epoch(self, report: EpochReport) -> None:
        self.epochs.append(report)

    def checkpoint(self, path: Path) -> None:
        self.checkpoints.append(path)

    def warn(self, sentence: str) -> None:
        self.warnings.append(sentence)


def never() -> bool:
    return False


def in_blocks_alone(
    predictor: Any, stack: np.ndarray, *, anisotropy: float = 0.0
) -> tuple[PredictionArrays, int]:
    """Segment a stack block by block as several workers do; return (found, number of blocks)."""
    shape = stack.shape[1:]
    block_px, overlap_px = predictor.volume_blocks(shape, anisotropy)
    seen: list[Corners] = []

    def alone(corners: Corners) -> PredictionArrays:
        seen.append(corners)
        place = (slice(None), *map(slice, corners[:3], corners[3:]))
        part: PredictionArrays = predictor.predict_volume(
            stack[place], anisotropy=anisotropy, reference=stack
        )
        return part

    found = predict_in_cuboids(shape, alone, block_px=block_px, overlap_px=overlap_px)
    return found, len(seen)
