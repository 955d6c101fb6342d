"""A network's maps of any box of an image, by tiles that lie where they lie for all boxes.

A network that sees a whole tile at once (a mean over it, attention) draws an object's outline
depending on where the tiles lie. Upstream lays them out over the array it is given (cellpose
4.2.1.1, core.py:188; 3.1.1.3, core.py:196; transforms.py:90 in both): blocks of a large image would
differ from the whole.
Here they are laid out as upstream does over the whole image, and a box takes those that it needs;
its maps are the same numbers as a cut-out of the whole image's.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

from training.datasets.labels import Box
from training.datasets.large import Pixels
from training.engines.base import StopFlag, stop_if

# Tiles (n, C, h, w) to [flow y, flow x, cellprob] of each, shape (n, 3, h, w); all float32.
Forward: TypeAlias = Callable[[NDArray[np.float32]], NDArray[np.float32]]
# Pixels (C, h, w) to what the network takes.
ToInputs: TypeAlias = Callable[[NDArray[np.float32]], NDArray[np.float32]]

PAD_TO_PX = 16  # sides are padded to multiples of this, and by as much again
OVERLAP = 0.1
FEW_OVERLAP_PX = 32
TAPER_PX, TAPER_WIDTH_PX = 20, 7.5  # where a tile's weight falls to a half, and how steeply
LEAST_TAPERED_PX = 224


@dataclass(frozen=True, slots=True)
class Layout:
    """How the tiles of one side of an image lie: their side, and where each starts."""

    tile_px: int
    starts: NDArray[np.int64]


# A padded side and the largest side of a tile, both in the network's pixels, to a layout.
LayOut: TypeAlias = Callable[[int, int], Layout]


def usual_tiles(padded_px: int, most_px: int) -> Layout:
    """Lay tiles out as upstream does (transforms.py:90): most pixels lie in two and more."""
    if padded_px <= most_px:
        return laid_out(padded_px, padded_px, 1)
    n_tiles = math.ceil((1 + 2 * OVERLAP) * padded_px / most_px)
    return laid_out(padded_px, most_px, n_tiles)


def few_tiles(padded_px: int, most_px: int) -> Layout:
    """Lay out tiles that overlap little and are no larger than they must be."""
    step_px = most_px - FEW_OVERLAP_PX
    n_tiles = max(1, math.ceil((padded_px - FEW_OVERLAP_PX) / step_px))
    least_px = (padded_px + (n_tiles - 1) * FEW_OVERLAP_PX) / n_tiles
    tile_px = min(padded_px, math.ceil(least_px / PAD_TO_PX) * PAD_TO_PX)
    return laid_out(padded_px, tile_px, n_tiles)


def laid_out(padded_px: int, tile_px: int, n_tiles: int) -> Layout:
    """Spread tiles over a side evenly."""
    return Layout(tile_px, np.linspace(0, padded_px - tile_px, n_tiles).astype(int))


@dataclass(frozen=True, slots=True)
class Tiling:
    """How large tiles are, and how they lie.

    `side_px` is a tile's largest side. Smaller images are padded to `least_px`: a network with
    positions knows one size only; 0 lets tiles be as small as the padded image.
    """

    side_px: int
    batch_size: int
    least_px: int = 0
    lay_out: LayOut = usual_tiles


class Axis:
    """One side of an image: its pixels, the network's (scaled and padded), and the tiles."""

    def __init__(self, n_pixels: int, scale: float, tiling: Tiling) -> None:
        self.n_pixels = n_pixels
        self.n_scaled = int(n_pixels * scale)
        self.before, padded = padding(self.n_scaled, tiling.least_px)
        layout = tiling.lay_out(padded, tiling.side_px)
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


def padding(n_pixels: int, least_px: int = 0) -> tuple[int, int]:
    """Return how many pixels upstream pads before a side, and its length with padding.

    Parameters
    ----------
    n_pixels : int
    least_px : int
        Shortest padded side, 0 for any.

    Returns
    -------
    (int, int)

    Notes
    -----
    cellpose 4.2.1.1, transforms.py:784 (`get_pad_yx`), which 3.1.1.3 agrees with for `least_px` 0.

    Examples
    --------
    >>> padding(250), padding(256), padding(100, 256), padding(250, 256)
    ((11, 272), (8, 272), (78, 256), (8, 266))
    """
    if n_pixels >= least_px:
        more = -n_pixels % PAD_TO_PX
    else:
        more = max(0, least_px - n_pixels - PAD_TO_PX)
    return PAD_TO_PX // 2 + more // 2, n_pixels + PAD_TO_PX + more


def taper(n_pixels: int, longer_px: int = 0) -> NDArray[np.float64]:
    """Return the weights of a tile's pixels along one side, about 1 within and falling outwards.

    Parameters
    ----------
    n_pixels : int
        The side.
    longer_px : int
        The tile's other side, if that is longer: weights fall at the longer one's ends.

    Returns
    -------
    ndarray of float64, shape (n_pixels,)

    Notes
    -----
    One factor of cellpose 4.2.1.1 and 3.1.1.3, transforms.py:17 (`_taper_mask`).
    """
    side = max(LEAST_TAPERED_PX, n_pixels, longer_px)
    away = np.abs(np.arange(side) - (side - 1) / 2)
    weights = 1 / (1 + np.exp((away - (side / 2 - TAPER_PX)) / TAPER_WIDTH_PX))
    start = side // 2 - n_pixels // 2
    return np.asarray(weights[start : start + n_pixels])


class Maps:
    """Flows and cellprob of an image, computed where they are asked for."""

    def __init__(
        self,
        forward: Forward,
        pixels: Pixels,
        scale: float,
        *,
        tiling: Tiling,
        to_inputs: ToInputs,
        should_stop: StopFlag = lambda: False,
    ) -> None:
        self._forward = forward
        self._pixels = pixels
        self._axes = tuple(Axis(side, scale, tiling) for side in pixels.shape[1:])
        self._batch_size = tiling.batch_size
        self._to_inputs = to_inputs
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
        longer_px = max(axis.tile_px for axis in self._axes)
        rows, cols = (taper(axis.tile_px, longer_px) for axis in self._axes)
        weights = np.outer(rows, cols).astype(np.float32)
        for (row, col), output in self._outputs(first, shape):
            target, source = [], []
            for start, begin, size, axis in zip((row, col), first, shape, self._axes, strict=True):
                low, high = max(start, begin), min(start + axis.tile_px, begin + size)
                target.append(slice(low - begin, high - begin))
                source.append(slice(low - start, high - start))
            part = weights[source[0], source[1]]
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
        for i in range(0, len(places), self._batch_size):
            stop_if(self._should_stop)
            batch = places[i : i + self._batch_size]
            tiles = np.stack([self._tile(*each) for each in batch])
            yield from zip(batch, self._forward(tiles), strict=True)

    def _tile(self, row: int, col: int) -> NDArray[np.float32]:
        rows, cols = self._axes
        return self._to_inputs(
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
