"""Crops with flows: computed once per region from whole objects, cut, turned and scaled along."""

from __future__ import annotations

import math
from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeAlias

import cv2
import numpy as np
from numpy.typing import NDArray

from training.datasets.crops import CropSource
from training.datasets.labels import Box, SparseLabels

# Label image (h, w), 0 for no object, to unit flows towards the centres, shape (2, h, w).
FlowsOf: TypeAlias = Callable[[SparseLabels], NDArray[np.floating[Any]]]


class FlowSource:
    """Crops with flows; those are computed once per region, from whole objects, onto disk.

    Flows of a cropped object would point to another centre. Files in the folder are those of the
    same source: trials of recipes find what the first one computed.
    """

    def __init__(self, source: CropSource, folder: Path, flows_of: FlowsOf) -> None:
        self.source = source
        self._paths = []
        folder.mkdir(parents=True, exist_ok=True)
        for number in range(len(source)):
            path = folder / f"flows-{number}.npy"
            if not path.exists():
                objects = np.maximum(np.asarray(source.labels_of(number)), 0)
                flows = flows_of(objects) if objects.any() else np.zeros((2, *objects.shape))
                np.save(path, flows.astype(np.float16))
            self._paths.append(path)

    def window(self, number: int, box: Box) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
        """Return pixels (C, h, w) and [cellprob, known, flow y, flow x] of a box of the image."""
        crop = self.source.window(number, box)
        row, col = self.source.regions[number].region.box[:2]
        truth = np.zeros((4, *crop.labels.shape), np.float32)
        truth[0], truth[1] = crop.labels > 0, crop.labels >= 0
        flows = np.load(self._paths[number], mmap_mode="r")
        top, left = max(box[0] - row, 0), max(box[1] - col, 0)
        part = flows[:, top : max(box[2] - row, 0), left : max(box[3] - col, 0)]
        at = (top + row - box[0], left + col - box[1])
        truth[2:, at[0] : at[0] + part.shape[1], at[1] : at[1] + part.shape[2]] = part
        return crop.pixels, truth

    def turned(
        self,
        number: int,
        centre: tuple[float, ...],
        side: int,
        *,
        scale: float,
        theta: float = 0.0,
        flip: bool = False,
    ) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
        """Read a window around a place of a region and warp it to a square patch."""
        prepared = self.source.regions[number]
        half = side / scale / 2
        reach = math.ceil(half * (abs(math.cos(theta)) + abs(math.sin(theta)))) + 2
        place = []
        for position, start, size in zip(
            centre, prepared.region.box[:2], prepared.image_shape, strict=True
        ):
            inside = min(max(position + start, half), max(size - half, half))
            place.append(round(inside))
        box = (place[0] - reach, place[1] - reach, place[0] + reach, place[1] + reach)
        pixels, truth = self.window(number, box)
        return warp(pixels, truth, side, scale=scale, theta=theta, flip=flip)


def warp(
    pixels: NDArray[np.float32],
    truth: NDArray[np.float32],
    side: int,
    *,
    scale: float,
    theta: float,
    flip: bool,
) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """Flip, turn and scale a window around its centre into a square patch; flows turn along.

    `truth` is [cellprob, known, flow y, flow x]. As upstream's `random_rotate_and_resize`
    (transforms.py:890), with a generator of ours and a channel for what is known.
    """
    if flip:
        pixels, truth = pixels[:, :, ::-1], truth[:, :, ::-1].copy()
        np.negative(truth[3], out=truth[3])
    cos, sin = scale * math.cos(theta), scale * math.sin(theta)
    middle = (pixels.shape[1] - 1) / 2
    target = (side - 1) / 2
    matrix = np.array(
        [
            [cos, -sin, target - cos * middle + sin * middle],
            [sin, cos, target - sin * middle - cos * middle],
        ]
    )

    def one(plane: NDArray[np.float32], how: int) -> NDArray[np.float32]:
        source = np.ascontiguousarray(plane, dtype=np.float32)
        return np.asarray(cv2.warpAffine(source, matrix, (side, side), flags=how), np.float32)

    new_pixels = np.stack([one(plane, cv2.INTER_LINEAR) for plane in pixels])
    turned: NDArray[np.float32] = np.empty((4, side, side), np.float32)
    turned[0] = one(truth[0], cv2.INTER_NEAREST)
    turned[1], flow_y, flow_x = (one(plane, cv2.INTER_LINEAR) for plane in truth[1:])
    turned[2] = flow_x * math.sin(theta) + flow_y * math.cos(theta)
    turned[3] = flow_x * math.cos(theta) - flow_y * math.sin(theta)
    return new_pixels, turned
