"""Large images in overlapping blocks: each object belongs to the block its middle lies in."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from training.datasets.labels import Box, Corners
from training.engines.base import PredictionArrays

SAME_SHARE = 0.5  # an object covered by more than this is one that a neighbour block wrote
# Two blocks see an object's middle at slightly different places, so that each may take it for the
# other's. A block therefore also writes what lies just outside its core, where nobody wrote yet.
SLACK_SHARE = 1 / 12  # of the overlap
LEAST_SLACK_PX = 2


@dataclass(frozen=True, slots=True)
class Block:
    """A block of an image: what it owns, and what it sees, which is more; (row0, col0, row1, col1).

    `overlap_px` is how far it sees beyond its core, where the image goes on.
    """

    core: Box
    outer: Box
    overlap_px: int

    @property
    def own(self) -> Box:
        """Where in the outer box the middles of its objects lie: the core and the slack."""
        slack_px = max(LEAST_SLACK_PX, round(SLACK_SHARE * self.overlap_px))
        row, col = self.outer[:2]
        row0, col0, row1, col1 = self.core
        return (
            row0 - row - slack_px,
            col0 - col - slack_px,
            row1 - row + slack_px,
            col1 - col + slack_px,
        )


@dataclass(frozen=True, slots=True)
class Pasted:
    """The objects of a block that were written, one row each.

    `numbers` are their places among those found (int64, shape (n,)), `area_px` the pixels they
    got (same shape), `boxes` where these lie in what was written to (int64, shape (n, 4): first
    row and column, and those after the last; of stacks shape (n, 6), planes first).
    """

    numbers: NDArray[np.int64]
    area_px: NDArray[np.int64]
    boxes: NDArray[np.int64]


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
    scores: list[NDArray[np.float32]] = []
    maps: dict[str, NDArray[np.float32]] = {}
    outlines: list[NDArray[np.float32]] = []
    classes: list[NDArray[np.uint8]] = []
    n_pasted = 0
    for block in blocks(height, width, block_px, overlap_px):
        outer = block.outer
        found = predict(outer)
        target = label_image[outer[0] : outer[2], outer[1] : outer[3]]
        kept = paste_objects(target, found.label_image, block.own, first_id=n_pasted + 1).numbers
        n_pasted += len(kept)
        scores.append(found.scores[kept])
        if found.outlines is not None:
            outlines.append(found.outlines[kept] + np.array(outer[:2], np.float32))
        if found.classes is not None:
            classes.append(found.classes[kept])
        _paste_maps(maps, found.maps, (height, width), block)
    return PredictionArrays(
        label_image,
        np.concatenate(scores).astype(np.float32),
        maps,
        np.concatenate(outlines) if outlines else None,
        np.concatenate(classes) if classes else None,
    )


def blocks(height: int, width: int, block_px: int, overlap_px: int) -> Iterator[Block]:
    """Yield the blocks of an image, row by row."""
    for row in range(0, height, block_px):
        for col in range(0, width, block_px):
            core = (row, col, min(row + block_px, height), min(col + block_px, width))
            yield block_around(core, overlap_px, (height, width))


def block_around(core: Box, overlap_px: int, shape: tuple[int, int]) -> Block:
    """Return the block that owns a box of an image of shape (H, W)."""
    outer = (
        max(core[0] - overlap_px, 0),
        max(core[1] - overlap_px, 0),
        min(core[2] + overlap_px, shape[0]),
        min(core[3] + overlap_px, shape[1]),
    )
    return Block(core, outer, overlap_px)


def even_side(height: int, width: int, most_px: int, step_px: int) -> int:
    """Return the side of blocks that cut an image's longer side into as even parts as can be.

    Parameters
    ----------
    height, width : int
    most_px : int
        No block is larger, unless a step is.
    step_px : int
        The side is a multiple of it.

    Examples
    --------
    >>> even_side(8192, 5000, most_px=3700, step_px=512)
    3072
    """
    longest = max(height, width)
    most_px = max(most_px // step_px, 1) * step_px
    n_blocks = math.ceil(longest / most_px)
    return math.ceil(longest / n_blocks / step_px) * step_px


def paste_objects(
    target: NDArray[np.uint32], label_image: NDArray[Any], own: Corners, *, first_id: int
) -> Pasted:
    """Write the objects whose box's middle lies in a block's own part, over background.

    Parameters
    ----------
    target : ndarray of uint32, shape (h, w) or (d, h, w)
        What was written so far of what the block sees; it is changed.
    label_image : ndarray of unsigned integers, same shape
        What was found in the block, ids dense from 1.
    own : (row0, col0, row1, col1) or (z0, row0, col0, z1, row1, col1)
        See `Block.own`.
    first_id : int
        The objects get the ids from here on, in their order.

    Returns
    -------
    Pasted
    """
    numbers: list[int] = []
    areas: list[int] = []
    boxes: list[Corners] = []
    first, last = np.split(np.asarray(own), 2)
    for number, place in enumerate(ndimage.find_objects(label_image.astype(np.int32))):
        if place is None:
            continue
        corners = (*(side.start for side in place), *(side.stop for side in place))
        middle = np.add(*np.split(np.asarray(corners), 2)) / 2
        if (middle < first).any() or (middle >= last).any():
            continue
        inside = label_image[place] == number + 1
        view = target[place]
        free = inside & (view == 0)
        n_free, n_inside = int(np.count_nonzero(free)), int(np.count_nonzero(inside))
        if n_free <= (1 - SAME_SHARE) * n_inside:
            continue
        view[free] = first_id + len(numbers)
        numbers.append(number)
        areas.append(n_free)
        boxes.append(corners if n_free == n_inside else _box_of(free, corners))
    return Pasted(
        np.array(numbers, np.int64),
        np.array(areas, np.int64),
        np.array(boxes, np.int64).reshape(-1, 2 * target.ndim),
    )


def _box_of(mask: NDArray[np.bool_], around: Corners) -> Corners:
    """Return the box of a mask's pixels, given that of the mask."""
    start = np.array(around[: mask.ndim])
    places = np.argwhere(mask)
    return (*(start + places.min(axis=0)).tolist(), *(start + places.max(axis=0) + 1).tolist())


def _paste_maps(
    maps: dict[str, NDArray[np.float32]],
    found: dict[str, NDArray[Any]],
    shape: tuple[int, int],
    block: Block,
) -> None:
    core, (row, col) = block.core, block.outer[:2]
    for name, plane in found.items():
        whole = maps.setdefault(name, np.zeros((*plane.shape[:-2], *shape), np.float32))
        part = plane[..., core[0] - row : core[2] - row, core[1] - col : core[3] - col]
        whole[..., core[0] : core[2], core[1] : core[3]] = part
