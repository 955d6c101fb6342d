"""Large stacks in overlapping blocks: each object belongs to the block its middle lies in.

As `training.engines.blocks` does with images.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

from training.datasets.labels import Corners
from training.engines.base import PredictionArrays
from training.engines.blocks import LEAST_SLACK_PX, SLACK_SHARE, paste_objects

# Sides of the cores of blocks, and how far blocks see beyond these, along planes, rows and columns.
BlockSizes: TypeAlias = tuple[tuple[int, ...], tuple[int, ...]]


@dataclass(frozen=True, slots=True)
class Cuboid:
    """A block of a stack: (z0, row0, col0, z1, row1, col1) of what it owns and of what it sees.

    `own` is where in the latter the middles of its objects lie: the core and some slack.
    """

    core: Corners
    outer: Corners
    own: Corners


def block_sides(
    shape: Sequence[int], overlaps: Sequence[int], most_px: int, units: Sequence[int] | None = None
) -> tuple[int, ...]:
    """Return the sides of blocks that hold a bounded number of voxels with what overlaps.

    Parameters
    ----------
    shape : sequence of int
        Sides of the whole stack.
    overlaps : sequence of int
        What blocks see of each other, along each axis.
    most_px : int
        Most voxels of a block with its overlaps, where blocks can be so small.
    units : sequence of int, optional
        Sides are multiples of these, unless they are those of the stack.

    Returns
    -------
    tuple of int
        As few blocks as the bound allows, cut first where the overlaps weigh least.

    Examples
    --------
    >>> block_sides((40, 300, 300), (20, 40, 40), 2_200_000)
    (40, 150, 150)
    """
    counts, sides = [1] * len(shape), list(shape)
    steps = units or [1] * len(shape)
    while True:
        n_seen = math.prod(
            min(side + 2 * overlap, whole)
            for side, overlap, whole in zip(sides, overlaps, shape, strict=True)
        )
        shares = [side / max(overlap, 1) for side, overlap in zip(sides, overlaps, strict=True)]
        axis = int(np.argmax(shares))
        if n_seen <= most_px or shares[axis] <= 1 or sides[axis] <= steps[axis]:
            return tuple(sides)
        counts[axis] += 1
        sides[axis] = math.ceil(shape[axis] / counts[axis] / steps[axis]) * steps[axis]


def predict_in_cuboids(
    shape: Sequence[int],
    predict: Callable[[Corners], PredictionArrays],
    *,
    block_px: Sequence[int],
    overlap_px: Sequence[int],
) -> PredictionArrays:
    """Predict a stack of shape (Z, H, W), in blocks when it is larger than one.

    `predict` is called with corners (z0, row0, col0, z1, row1, col1) and answers for that box.
    """
    if all(side <= block for side, block in zip(shape, block_px, strict=True)):
        return predict((0,) * len(shape) + tuple(shape))
    label_image = np.zeros(tuple(shape), np.uint32)
    scores: list[NDArray[np.float32]] = []
    classes: list[NDArray[np.uint8]] = []
    maps: dict[str, NDArray[np.float32]] = {}
    n_pasted = 0
    for cuboid in cuboids(shape, block_px, overlap_px):
        found = predict(cuboid.outer)
        target = label_image[_place(cuboid.outer)]
        kept = paste_objects(target, found.label_image, cuboid.own, first_id=n_pasted + 1).numbers
        n_pasted += len(kept)
        scores.append(found.scores[kept])
        if found.classes is not None:
            classes.append(found.classes[kept])
        _paste_maps(maps, found.maps, shape, cuboid)
    return PredictionArrays(
        label_image,
        np.concatenate(scores).astype(np.float32),
        maps,
        classes=np.concatenate(classes) if classes else None,
    )


def cuboids(
    shape: Sequence[int], block_px: Sequence[int], overlap_px: Sequence[int]
) -> Iterator[Cuboid]:
    """Yield the blocks of a stack, planes first."""
    starts = (range(0, side, block) for side, block in zip(shape, block_px, strict=True))
    for corner in itertools.product(*starts):
        axes = zip(corner, block_px, shape, strict=True)
        ends = (min(start + block, side) for start, block, side in axes)
        yield cuboid_around((*corner, *ends), overlap_px, shape)


def cuboid_around(core: Corners, overlap_px: Sequence[int], shape: Sequence[int]) -> Cuboid:
    """Return the block that owns a box of a stack of shape (Z, H, W)."""
    first, last, overlaps = core[: len(shape)], core[len(shape) :], np.asarray(overlap_px)
    outer_first = np.maximum(np.subtract(first, overlaps), 0)
    outer_last = np.minimum(np.add(last, overlaps), shape)
    slack_px = np.array([max(LEAST_SLACK_PX, round(SLACK_SHARE * side)) for side in overlap_px])
    own = (*(first - outer_first - slack_px).tolist(), *(last - outer_first + slack_px).tolist())
    return Cuboid(core, (*outer_first.tolist(), *outer_last.tolist()), own)


def _place(corners: Corners) -> tuple[slice, ...]:
    n_axes = len(corners) // 2
    return tuple(map(slice, corners[:n_axes], corners[n_axes:]))


def _paste_maps(
    maps: dict[str, NDArray[np.float32]],
    found: dict[str, NDArray[Any]],
    shape: Sequence[int],
    cuboid: Cuboid,
) -> None:
    core = _place(cuboid.core)
    within = tuple(
        slice(inner.start - side.start, inner.stop - side.start)
        for inner, side in zip(core, _place(cuboid.outer), strict=True)
    )
    for name, values in found.items():
        before = values.shape[: -len(shape)]
        whole = maps.setdefault(name, np.zeros((*before, *shape), np.float32))
        target: Any = (..., *core)
        source: Any = (..., *within)
        whole[target] = values[source]
