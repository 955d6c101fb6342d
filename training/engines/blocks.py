"""Large images in overlapping blocks: each object belongs to the block its middle lies in."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from training.datasets.labels import Box
from training.engines.base import PredictionArrays

SAME_SHARE = 0.5  # an object covered by more than this is one that a neighbour block wrote
# Two blocks see an object's middle at slightly different places, so that each may take it for the
# other's. A block therefore also writes what lies just outside its core, where nobody wrote yet.
SLACK_SHARE = 1 / 12  # of the overlap
LEAST_SLACK_PX = 2


def predict_in_blocks(
    shape: tuple[int, int],
    predict: Callable[[Box], PredictionArrays],
    *,
    block_px: int,
    overlap_px: int,
) -> PredictionArrays:
    """Predict an image of shape (H, W), in blocks when it is larger than one.

    `predict` is called with a box (row0, col0, row1, col1) and answers for that box.
    """
    height, width = shape
    if height <= block_px and width <= block_px:
        return predict((0, 0, height, width))
    label_image = np.zeros((height, width), np.uint32)
    scores: list[float] = []
    maps: dict[str, NDArray[np.float32]] = {}
    outlines: list[NDArray[np.float32]] = []
    for outer, core in _blocks(height, width, block_px, overlap_px):
        rows, cols = slice(outer[0], outer[2]), slice(outer[1], outer[3])
        found = predict(outer)
        slack_px = max(LEAST_SLACK_PX, round(SLACK_SHARE * overlap_px))
        own = _grown(_shifted(core, outer), slack_px)
        kept = _paste_objects(label_image[rows, cols], found, scores, own)
        if found.outlines is not None:
            outlines.append(found.outlines[kept] + np.array(outer[:2], np.float32))
        _paste_maps(maps, found.maps, (height, width), outer, core)
    return PredictionArrays(
        label_image,
        np.asarray(scores, np.float32),
        maps,
        np.concatenate(outlines) if outlines else None,
    )


def _blocks(height: int, width: int, block_px: int, overlap_px: int) -> Iterator[tuple[Box, Box]]:
    """Yield each block with its overlap, and the part of the image that it owns."""
    for row in range(0, height, block_px):
        for col in range(0, width, block_px):
            core = (row, col, min(row + block_px, height), min(col + block_px, width))
            outer = (
                max(core[0] - overlap_px, 0),
                max(core[1] - overlap_px, 0),
                min(core[2] + overlap_px, height),
                min(core[3] + overlap_px, width),
            )
            yield outer, core


def _shifted(core: Box, outer: Box) -> Box:
    return (core[0] - outer[0], core[1] - outer[1], core[2] - outer[0], core[3] - outer[1])


def _grown(box: Box, by_px: int) -> Box:
    return (box[0] - by_px, box[1] - by_px, box[2] + by_px, box[3] + by_px)


def _paste_objects(
    target: NDArray[np.uint32],
    found: PredictionArrays,
    scores: list[float],
    own: Box,
) -> list[int]:
    """Write the objects whose box's middle lies in our own part, under new ids, over background.

    Their places among those found are returned.
    """
    kept: list[int] = []
    for number, place in enumerate(ndimage.find_objects(found.label_image.astype(np.int32))):
        if place is None:
            continue
        middle = [(side.start + side.stop) / 2 for side in place]
        if not (own[0] <= middle[0] < own[2] and own[1] <= middle[1] < own[3]):
            continue
        inside = found.label_image[place] == number + 1
        view = target[place]
        free = inside & (view == 0)
        if free.sum() <= (1 - SAME_SHARE) * inside.sum():
            continue
        scores.append(float(found.scores[number]))
        view[free] = len(scores)
        kept.append(number)
    return kept


def _paste_maps(
    maps: dict[str, NDArray[np.float32]],
    found: dict[str, NDArray[Any]],
    shape: tuple[int, int],
    outer: Box,
    core: Box,
) -> None:
    row0, col0, row1, col1 = _shifted(core, outer)
    for name, plane in found.items():
        whole = maps.setdefault(name, np.zeros((*plane.shape[:-2], *shape), np.float32))
        part = plane[..., row0:row1, col0:col1]
        whole[..., core[0] : core[2], core[1] : core[3]] = part
