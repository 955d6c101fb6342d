"""From an image to instances, as `StarDist2D.predict_instances` goes, with any way of the network.

Upstream's method belongs to a class whose module imports TensorFlow (stardist 0.9.2,
models/base.py). Its suppression does not, and is called here; the rest is repeated, and a test
holds the label images to upstream's, pixel by pixel.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any, TypeAlias

import numpy as np
from csbdeep.internals.predict import tile_iterator
from numpy.typing import NDArray
from stardist.geometry import dist_to_coord
from stardist.nms import non_maximum_suppression_sparse

from project.errors import CheckpointCorrupt
from training.engines.stardist_engine.drawing import draw

# Pixels (H, W, C) to prob (h, w) and dist (h, w, n_rays), h and w counted on the network's grid.
Forward: TypeAlias = Callable[
    [NDArray[np.float32]], tuple[NDArray[np.float32], NDArray[np.float32]]
]

EDGE_CELLS = 2  # so near to the border of the network's input upstream looks for no object
LEAST_DIST_PX = 1e-3


@dataclass(frozen=True, slots=True)
class NetShape:
    """What of a network decides how images are cut for it; pairs are (rows, columns)."""

    n_channels: int
    n_rays: int
    grid: tuple[int, int]
    divisor: tuple[int, int]  # sides of its input are multiples of these
    sees_px: tuple[int, int]  # how far from a pixel its answer for it still depends

    @classmethod
    def of(cls, net: dict[str, Any], sees_px: Sequence[int]) -> NetShape:
        """Read it from the description of a network; raises CheckpointCorrupt."""
        try:
            grid, pool = _pair(net["grid"]), _pair(net["unet_pool"])
            depth = int(net["unet_n_depth"])
            return cls(
                n_channels=int(net["n_channel_in"]),
                n_rays=int(net["n_rays"]),
                grid=grid,
                divisor=(pool[0] ** depth * grid[0], pool[1] ** depth * grid[1]),
                sees_px=_pair(sees_px),
            )
        except (KeyError, TypeError, ValueError) as error:
            raise CheckpointCorrupt(
                "The stored description of the network is not valid."
            ) from error

    def cells_of(self, shape: Sequence[int]) -> tuple[int, int]:
        """Return how many cells of the grid an image of shape (H, W, …) has once it is padded."""
        rows, cols = (
            math.ceil(side / unit) * unit // cell
            for side, unit, cell in zip(shape[:2], self.divisor, self.grid, strict=True)
        )
        return rows, cols


def _pair(values: Sequence[Any]) -> tuple[int, int]:
    rows, cols = (int(value) for value in values)
    return rows, cols


@dataclass(frozen=True, slots=True)
class Outlines:
    """Star-shaped outlines.

    Attributes
    ----------
    points : ndarray of int64 or float64, shape (n, 2)
        Row and column of the middles, in pixels.
    prob : ndarray of float32, shape (n,)
    dist : ndarray of float32, shape (n, n_rays)
        From the middle to the border, in pixels.
    """

    points: NDArray[Any]
    prob: NDArray[np.float32]
    dist: NDArray[np.float32]

    def brought_from(self, shape: Sequence[int], to: Sequence[int]) -> Outlines:
        """Return them for an image (H, W) that was resized to `shape` when they were found.

        Middles lie between pixels then.
        """
        if tuple(shape[:2]) == tuple(to):
            return self
        points = (self.points + 0.5) * np.divide(to, shape[:2]) - 0.5
        return Outlines(points, self.prob, self.dist * magnification(shape, to))

    def of(self, which: NDArray[Any]) -> Outlines:
        """Return some of them, by numbers or by a mask."""
        return Outlines(self.points[which], self.prob[which], self.dist[which])


def magnification(shape: Sequence[int], to: Sequence[int]) -> np.float32:
    """Return how much larger an image (H, W) is than at another shape, mean of both sides."""
    return np.float32(np.divide(to, shape[:2]).mean())


@dataclass(frozen=True, slots=True)
class Part:
    """What the network said about a part of an image that begins at the cell `at`."""

    at: tuple[int, int]
    prob: NDArray[np.float32]  # (h, w)
    dist: NDArray[np.float32]  # (h, w, n_rays)

    def candidates(
        self, threshold: float, grid: tuple[int, int], *, among: NDArray[np.bool_] | None = None
    ) -> Outlines:
        """Return the outlines of the cells above a probability, all or `among` (h, w)."""
        is_candidate = self.prob > threshold
        cells = np.argwhere(is_candidate if among is None else is_candidate & among)
        found = (cells[:, 0], cells[:, 1])
        dist = np.maximum(LEAST_DIST_PX, self.dist[found])
        return Outlines((cells + self.at) * grid, self.prob[found], dist)


def parts_of(
    x: NDArray[np.float32], forward: Forward, net: NetShape, *, block_px: int | None = None
) -> Iterator[Part]:
    """Send an image through the network, in overlapping blocks when it is larger than one.

    Parameters
    ----------
    x : ndarray of float32, shape (H, W, C)
        Normalised pixels; mirrored at the ends to what the network divides.
    block_px : int, optional
        Rough side of a block; None: all at once.

    Yields
    ------
    Part
        They cover the padded image, each cell once.
    """
    pad = [(0, -side % unit) for side, unit in zip(x.shape[:2], net.divisor, strict=True)]
    padded = np.pad(x, [*pad, (0, 0)], mode="reflect")
    n_blocks = [math.ceil(side / (block_px or side)) for side in x.shape[:2]]
    if n_blocks == [1, 1]:
        yield Part((0, 0), *forward(padded))
        return
    overlaps = [math.ceil(px / unit) for px, unit in zip(net.sees_px, net.divisor, strict=True)]
    blocks = tile_iterator(
        padded,
        n_tiles=(*n_blocks, 1),
        block_sizes=(*net.divisor, 1),
        n_block_overlaps=(*overlaps, 0),
    )
    for block, inside, whole in blocks:
        prob, dist = forward(block)
        rows, cols = (
            slice(side.start // cell, side.stop // cell)
            for side, cell in zip(inside[:2], net.grid, strict=True)
        )
        at = (whole[0].start // net.grid[0], whole[1].start // net.grid[1])
        yield Part(at, prob[rows, cols], dist[rows, cols])


def joined(found: Sequence[Outlines], shape: Sequence[int], net: NetShape) -> Outlines:
    """Join the candidates of all parts, without those in the padding and at its border."""
    points = np.concatenate([each.points for each in found])
    cells = points // net.grid
    is_inner = (cells >= EDGE_CELLS) & (cells < np.subtract(net.cells_of(shape), EDGE_CELLS))
    kept = (is_inner & (points < shape[:2])).all(axis=1)
    return Outlines(
        points[kept],
        np.concatenate([each.prob for each in found])[kept],
        np.concatenate([each.dist for each in found])[kept],
    )


def suppressed(found: Outlines, nms_threshold: float) -> Outlines:
    """Leave out what overlaps a more probable object."""
    return found.of(survivors(found, nms_threshold))


def survivors(found: Outlines, nms_threshold: float) -> NDArray[np.int64]:
    """Return which outlines overlap no more probable one, the most probable first."""
    *_, which = non_maximum_suppression_sparse(
        found.dist, found.prob, found.points, nms_thresh=nms_threshold
    )
    kept: NDArray[np.int64] = which
    return kept


class Suppression:
    """Collects the candidates of all parts and returns what of them is kept."""

    def __init__(self, net: NetShape, prob_threshold: float, nms_threshold: float) -> None:
        self._net = net
        self._prob_threshold, self._nms_threshold = prob_threshold, nms_threshold
        self._found: list[Outlines] = []

    def take(self, part: Part) -> None:
        """Collect a part's candidates."""
        self._found.append(part.candidates(self._prob_threshold, self._net.grid))

    def objects(self, shape: Sequence[int]) -> Outlines:
        """Return the objects of an image of shape (H, W, …)."""
        return suppressed(joined(self._found, shape, self._net), self._nms_threshold)


def corners_of(found: Outlines) -> NDArray[np.float32]:
    """Return the corners of outlines, shape (n, n_rays, 2): rows and columns in pixels."""
    corners: NDArray[np.float32] = np.moveaxis(dist_to_coord(found.dist, found.points), 1, 2)
    return np.ascontiguousarray(corners, np.float32)


def drawn(found: Outlines, shape: Sequence[int]) -> NDArray[np.int32]:
    """Return the label image of outlines: id i is the outline i - 1, the more probable on top."""
    order = np.argsort(found.prob, kind="stable")
    corners = dist_to_coord(found.dist[order], found.points[order])
    ids: NDArray[np.int32] = np.append(0, order + 1).astype(np.int32)
    return ids[draw(corners, (shape[0], shape[1]))]
