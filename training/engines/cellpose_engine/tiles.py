"""The network's maps of any box of an image, by tiles that lie where they lie for all boxes.

CPnet sees a whole tile at once (its style vector is a mean over the tile), so that an object's
outline depends on where the tiles lie. Upstream lays them out over the array it is given
(cellpose 3.1.1.3, core.py:196 and transforms.py:90): blocks of a large image would differ from
the whole. Here they are laid out as upstream does over the whole image, and a box takes those
that it needs; its maps are the same numbers as a cut-out of the whole image's.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import TypeAlias

import numpy as np
from cellpose import transforms
from numpy.typing import NDArray

from project.errors import Cancelled
from training.datasets.labels import Box
from training.datasets.large import Pixels
from training.engines.base import StopFlag
from training.engines.cellpose_engine.forward import Forward
from training.engines.cellpose_engine.learner import to_inputs

BATCH_SIZE = 4
TILE_PX = 224
TILE_OVERLAP = 0.1
LARGE_TILE_PX = 512
LARGE_OVERLAP_PX = 32
DIVISOR_PX = 16  # four levels of halving


@dataclass(frozen=True, slots=True)
class Layout:
    """How the tiles of one side of an image lie."""

    tile_px: int
    starts: NDArray[np.int64]


# Of a padded side in the network's pixels.
Tiling: TypeAlias = Callable[[int], Layout]


def usual_tiles(side_px: int) -> Layout:
    """Lay tiles out as upstream does (transforms.py:90): most pixels lie in two and more."""
    if side_px <= TILE_PX:
        return laid_out(side_px, side_px, 1)
    n_tiles = math.ceil((1 + 2 * TILE_OVERLAP) * side_px / TILE_PX)
    return laid_out(side_px, TILE_PX, n_tiles)


def large_tiles(side_px: int) -> Layout:
    """Lay out few large tiles that overlap little: about half the pixels to compute."""
    step_px = LARGE_TILE_PX - LARGE_OVERLAP_PX
    n_tiles = max(1, math.ceil((side_px - LARGE_OVERLAP_PX) / step_px))
    least_px = (side_px + (n_tiles - 1) * LARGE_OVERLAP_PX) / n_tiles
    return laid_out(side_px, math.ceil(least_px / DIVISOR_PX) * DIVISOR_PX, n_tiles)


def laid_out(side_px: int, tile_px: int, n_tiles: int) -> Layout:
    """Spread tiles over a side evenly."""
    return Layout(tile_px, np.linspace(0, side_px - tile_px, n_tiles).astype(int))


class Axis:
    """One side of an image: its pixels, the network's (scaled and padded), and the tiles."""

    def __init__(self, n_pixels: int, scale: float, tiling: Tiling = usual_tiles) -> None:
        self.n_pixels = n_pixels
        self.n_scaled = int(n_pixels * scale)
        before, after, _, _ = transforms.get_pad_yx(self.n_scaled, self.n_scaled)
        self.before = int(before)
        layout = tiling(self.n_scaled + before + after)
        self.tile_px, self.starts = layout.tile_px, layout.starts

    def sources(self, start: int, stop: int) -> NDArray[np.float64]:
        """Return where padded pixels lie among the image's; those of the padding lie outside."""
        scaled = np.arange(start, stop) - self.before
        places = (scaled + 0.5) * self.n_pixels / self.n_scaled - 0.5
        inside = (scaled >= 0) & (scaled < self.n_scaled)
        return np.where(inside, np.clip(places, 0, self.n_pixels - 1), np.nan)

    def places(self, start: int, stop: int) -> NDArray[np.float64]:
        """Return where the image's pixels lie among the padded ones."""
        places = (np.arange(start, stop) + 0.5) * self.n_scaled / self.n_pixels - 0.5
        return np.asarray(np.clip(places, 0, self.n_scaled - 1) + self.before)


class Maps:
    """Flows and cellprob of an image, computed where they are asked for."""

    def __init__(
        self,
        forward: Forward,
        pixels: Pixels,
        scale: float,
        *,
        should_stop: StopFlag,
        tiling: Tiling = usual_tiles,
    ) -> None:
        self._forward = forward
        self._pixels = pixels
        rows, cols = (Axis(side, scale, tiling) for side in pixels.shape[1:])
        self._axes = rows, cols
        self._should_stop = should_stop

    def whole(self) -> NDArray[np.float32]:
        """Return the maps of the whole image."""
        return self.of((0, 0, self._pixels.shape[1], self._pixels.shape[2]))

    def of(self, box: Box) -> NDArray[np.float32]:
        """Return [flow y, flow x, cellprob] of a box, shape (3, h, w), at the image's scale."""
        wanted = [axis.places(box[i], box[i + 2]) for i, axis in enumerate(self._axes)]
        first = [int(places[0]) for places in wanted]
        shape = [
            math.ceil(places[-1]) + 1 - start for places, start in zip(wanted, first, strict=True)
        ]
        total: NDArray[np.float32] = np.zeros((3, *shape), np.float32)
        weight: NDArray[np.float32] = np.zeros(shape, np.float32)
        taper = transforms._taper_mask(*(axis.tile_px for axis in self._axes)).astype(np.float32)
        for (row, col), output in self._outputs(first, shape):
            target, source = [], []
            for start, begin, size, axis in zip((row, col), first, shape, self._axes, strict=True):
                low, high = max(start, begin), min(start + axis.tile_px, begin + size)
                target.append(slice(low - begin, high - begin))
                source.append(slice(low - start, high - start))
            part = taper[source[0], source[1]]
            total[:, target[0], target[1]] += output[:, source[0], source[1]] * part
            weight[target[0], target[1]] += part
        total /= weight
        return sampled(total, wanted[0] - first[0], wanted[1] - first[1])

    def _outputs(
        self, first: list[int], shape: list[int]
    ) -> Iterator[tuple[tuple[int, int], NDArray[np.float32]]]:
        """Yield the places and outputs of the tiles that touch a box of padded pixels."""
        rows, cols = (
            [int(s) for s in axis.starts if s < begin + size and s + axis.tile_px > begin]
            for begin, size, axis in zip(first, shape, self._axes, strict=True)
        )
        places = list(itertools.product(rows, cols))
        for i in range(0, len(places), BATCH_SIZE):
            if self._should_stop():
                raise Cancelled("The prediction was stopped.")
            batch = places[i : i + BATCH_SIZE]
            tiles = np.stack([self._tile(*each) for each in batch])
            yield from zip(batch, self._forward(tiles), strict=True)

    def _tile(self, row: int, col: int) -> NDArray[np.float32]:
        rows, cols = self._axes
        return to_inputs(
            sampled(
                self._pixels,
                rows.sources(row, row + rows.tile_px),
                cols.sources(col, col + cols.tile_px),
            )
        )


def sampled(
    image: Pixels, rows: NDArray[np.float64], cols: NDArray[np.float64]
) -> NDArray[np.float32]:
    """Interpolate an image (C, H, W) at rows x cols, linearly; NaN gives 0."""
    starts = [int(np.nanmin(places)) for places in (rows, cols)]
    ends = [int(np.nanmax(places)) + 2 for places in (rows, cols)]
    result = image[:, starts[0] : ends[0], starts[1] : ends[1]]
    for axis, places, start in ((1, rows, starts[0]), (2, cols, starts[1])):
        known = np.where(np.isnan(places), 0.0, places - start)
        low = known.astype(int)
        share = (known - low).astype(np.float32)
        values = np.take(result, low, axis=axis)
        along = (1, -1, 1) if axis == 1 else (1, 1, -1)
        if share.any():
            high = np.minimum(low + 1, result.shape[axis] - 1)
            values = values + share.reshape(along) * (np.take(result, high, axis=axis) - values)
        if np.isnan(places).any():
            values = np.where(np.isnan(places).reshape(along), np.float32(0), values)
        result = values
    return np.asarray(result, np.float32)
