"""From an image to instances, as `StarDist2D.predict_instances` goes, with any way of the network.

Upstream's method belongs to a class whose module imports TensorFlow (stardist 0.9.2,
models/base.py). Its suppression does not, and is called here; the rest is repeated, and a test
holds the label images to upstream's, pixel by pixel.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Any, TypeAlias

import numpy as np
from csbdeep.internals.predict import tile_iterator
from numpy.typing import NDArray
from scipy import ndimage
from stardist.geometry import dist_to_coord
from stardist.nms import non_maximum_suppression_sparse

from project.errors import CheckpointCorrupt
from training.engines.stardist_engine.drawing import draw

# Pixels (H, W, C) to prob (h, w) and dist (h, w, n_rays), h and w counted on the network's grid;
# of a network that tells kinds of objects apart also class_prob (h, w, n_classes + 1).
Forward: TypeAlias = Callable[[NDArray[np.float32]], tuple[NDArray[np.float32], ...]]

NEIGHBOURS = 3  # cells along each axis among which a peak is the most probable
EDGE_CELLS = 2  # so near to the border of the network's input upstream looks for no object
LEAST_DIST_PX = 1e-3


@dataclass(frozen=True, slots=True)
class NetShape:
    """What of a network decides how images are cut for it, (planes,) rows and columns each."""

    n_channels: int
    n_rays: int
    grid: tuple[int, ...]
    divisor: tuple[int, ...]  # sides of its input are multiples of these
    sees_px: tuple[int, ...]  # how far from a pixel its answer for it still depends

    @classmethod
    def of(cls, net: dict[str, Any], sees_px: Sequence[int]) -> NetShape:
        """Read it from the description of a network; raises CheckpointCorrupt."""
        try:
            grid = tuple(int(cell) for cell in net["grid"])
            is_unet = net.get("backbone", "unet") == "unet"
            pool = net["unet_pool"] if is_unet else (1,) * len(grid)
            depth = int(net["unet_n_depth"]) if is_unet else 0
            return cls(
                n_channels=int(net["n_channel_in"]),
                n_rays=int(net["n_rays"]),
                grid=grid,
                divisor=tuple(
                    int(each) ** depth * cell for each, cell in zip(pool, grid, strict=True)
                ),
                sees_px=tuple(int(px) for px, _ in zip(sees_px, grid, strict=True)),
            )
        except (KeyError, TypeError, ValueError) as error:
            raise CheckpointCorrupt(
                "The stored description of the network is not valid."
            ) from error

    @property
    def n_dims(self) -> int:
        """Count the axes of an image without its channels."""
        return len(self.grid)

    def cells_of(self, shape: Sequence[int]) -> tuple[int, ...]:
        """Return how many cells of the grid an image of shape (H, W, …) has once it is padded."""
        return tuple(
            math.ceil(side / unit) * unit // cell
            for side, unit, cell in zip(shape[: self.n_dims], self.divisor, self.grid, strict=True)
        )


@dataclass(frozen=True, slots=True)
class Outlines:
    """Star-shaped outlines.

    Attributes
    ----------
    points : ndarray of int64 or float64, shape (n, 2) or (n, 3)
        (Plane,) row and column of the middles, in pixels.
    prob : ndarray of float32, shape (n,)
    dist : ndarray of float32, shape (n, n_rays)
        From the middle to the border, in pixels.
    class_prob : ndarray of float32, shape (n, n_classes + 1), or None
        Probabilities of background and of each kind of object, from networks that say so.
    """

    points: NDArray[Any]
    prob: NDArray[np.float32]
    dist: NDArray[np.float32]
    class_prob: NDArray[np.float32] | None = None

    def brought_from(self, shape: Sequence[int], to: Sequence[int]) -> Outlines:
        """Return them for an image (H, W) that was resized to `shape` when they were found.

        Middles lie between pixels then.
        """
        if tuple(shape[: len(to)]) == tuple(to):
            return self
        points = (self.points + 0.5) * np.divide(to, shape[: len(to)]) - 0.5
        return replace(self, points=points, dist=self.dist * magnification(shape, to))

    def of(self, which: NDArray[Any]) -> Outlines:
        """Return some of them, by numbers or by a mask."""
        class_prob = None if self.class_prob is None else self.class_prob[which]
        return Outlines(self.points[which], self.prob[which], self.dist[which], class_prob)

    def classes(self) -> NDArray[np.uint8] | None:
        """Return the most probable kind of each, as upstream (models/model2d.py:559-562).

        From 1; 0 where the network rather takes it for background. None: it knows no kinds.
        """
        if self.class_prob is None:
            return None
        found: NDArray[np.uint8] = self.class_prob.argmax(axis=1).astype(np.uint8)
        return found


def together(found: Sequence[Outlines]) -> Outlines:
    """Join outlines of the same network, at least one part of them."""
    class_prob = [each.class_prob for each in found if each.class_prob is not None]
    return Outlines(
        np.concatenate([each.points for each in found]),
        np.concatenate([each.prob for each in found]),
        np.concatenate([each.dist for each in found]),
        np.concatenate(class_prob) if class_prob else None,
    )


def magnification(shape: Sequence[int], to: Sequence[int]) -> np.float32:
    """Return how much larger an image (H, W) is than at another shape, mean of both sides."""
    return np.float32(np.divide(to, shape[: len(to)]).mean())


@dataclass(frozen=True, slots=True)
class Part:
    """What the network said about a part of an image that begins at the cell `at`."""

    at: tuple[int, ...]
    prob: NDArray[np.float32]  # (h, w) or (d, h, w)
    dist: NDArray[np.float32]  # (h, w, n_rays) or (d, h, w, n_rays)
    class_prob: NDArray[np.float32] | None = None  # (h, w, n_classes + 1)

    def candidates(
        self, threshold: float, grid: tuple[int, ...], *, among: NDArray[np.bool_] | None = None
    ) -> Outlines:
        """Return the outlines of the cells above a probability, all or `among` (h, w)."""
        is_candidate = self.prob > threshold
        cells = np.argwhere(is_candidate if among is None else is_candidate & among)
        found = tuple(cells.T)
        dist = np.maximum(LEAST_DIST_PX, self.dist[found])
        class_prob = None if self.class_prob is None else self.class_prob[found]
        return Outlines((cells + self.at) * grid, self.prob[found], dist, class_prob)

    def peaks(self) -> NDArray[np.bool_]:
        """Tell which cells no neighbour exceeds, same shape as `prob`."""
        result: NDArray[np.bool_] = self.prob == ndimage.maximum_filter(self.prob, NEIGHBOURS)
        return result


def parts_of(
    x: NDArray[np.float32],
    forward: Forward,
    net: NetShape,
    *,
    block_px: int | Sequence[int] | None = None,
) -> Iterator[Part]:
    """Send an image through the network, in overlapping blocks when it is larger than one.

    Parameters
    ----------
    x : ndarray of float32, shape (H, W, C) or (Z, H, W, C)
        Normalised pixels; mirrored at the ends to what the network divides.
    block_px : int or sequence of int, optional
        Rough sides of a block; None: all at once.

    Yields
    ------
    Part
        They cover the padded image, each cell once.
    """
    shape = x.shape[:-1]
    pad = [(0, -side % unit) for side, unit in zip(shape, net.divisor, strict=True)]
    padded = np.pad(x, [*pad, (0, 0)], mode="reflect")
    blocks_px = (block_px,) * len(shape) if isinstance(block_px, int) else block_px or shape
    n_blocks = [math.ceil(side / px) for side, px in zip(shape, blocks_px, strict=True)]
    if set(n_blocks) == {1}:
        yield Part((0,) * len(shape), *forward(padded))
        return
    overlaps = [math.ceil(px / unit) for px, unit in zip(net.sees_px, net.divisor, strict=True)]
    blocks = tile_iterator(
        padded,
        n_tiles=(*n_blocks, 1),
        block_sizes=(*net.divisor, 1),
        n_block_overlaps=(*overlaps, 0),
    )
    for block, inside, whole in blocks:
        maps = forward(block)
        place = tuple(
            slice(side.start // cell, side.stop // cell)
            for side, cell in zip(inside[:-1], net.grid, strict=True)
        )
        at = tuple(side.start // cell for side, cell in zip(whole[:-1], net.grid, strict=True))
        yield Part(at, *(each[place] for each in maps))


def joined(found: Sequence[Outlines], shape: Sequence[int], net: NetShape) -> Outlines:
    """Join the candidates of all parts, without those in the padding and at its border."""
    every = together(found)
    cells = every.points // net.grid
    is_inner = (cells >= EDGE_CELLS) & (cells < np.subtract(net.cells_of(shape), EDGE_CELLS))
    return every.of((is_inner & (every.points < shape[: net.n_dims])).all(axis=1))


# Outlines and a threshold of overlap to those that are kept, the most probable first.
Survivors: TypeAlias = Callable[[Outlines, float], NDArray[np.int64]]
# Outlines and a shape to a label image: id i is the outline i - 1, the more probable on top.
Drawn: TypeAlias = Callable[[Outlines, Sequence[int]], NDArray[np.int32]]


def survivors(found: Outlines, nms_threshold: float) -> NDArray[np.int64]:
    """Return which outlines overlap no more probable one, the most probable first."""
    *_, which = non_maximum_suppression_sparse(
        found.dist, found.prob, found.points, nms_thresh=nms_threshold
    )
    kept: NDArray[np.int64] = which
    return kept


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


@dataclass(frozen=True, slots=True)
class Shapes:
    """What is done with objects whose outlines are polygons, or polyhedra."""

    survivors: Survivors
    drawn: Drawn


POLYGONS = Shapes(survivors, drawn)


class Suppression:
    """Collects the candidates of all parts and returns what of them is kept."""

    def __init__(
        self,
        net: NetShape,
        prob_threshold: float,
        nms_threshold: float,
        shapes: Shapes = POLYGONS,
    ) -> None:
        self._net, self._shapes = net, shapes
        self._prob_threshold, self._nms_threshold = prob_threshold, nms_threshold
        self._found: list[Outlines] = []

    def take(self, part: Part) -> None:
        """Collect a part's candidates."""
        self._found.append(part.candidates(self._prob_threshold, self._net.grid))

    def objects(self, shape: Sequence[int]) -> Outlines:
        """Return the objects of an image of shape (H, W, …)."""
        found = joined(self._found, shape, self._net)
        return found.of(self._shapes.survivors(found, self._nms_threshold))
