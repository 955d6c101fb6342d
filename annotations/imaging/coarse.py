"""Stored pixels at half, a quarter … of their size: what raw tiles of a pyramid's levels show."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from annotations.imaging.pixels import PartOutOfImage, PixelFile, Pixels

MAX_LEVEL = 3  # a tile of 256 pixels then reads 2048 x 2048 stored ones


@dataclass(frozen=True, slots=True)
class TilePlace:
    """Which plane, which level (0 is full resolution, 1 half of it …) and which of its tiles."""

    t: int
    z: int
    channel: int
    level: int
    column: int
    row: int


def raw_tile(file: PixelFile, place: TilePlace, *, side: int) -> Pixels:
    """Return one tile of one channel in stored values, cut to the image.

    Parameters
    ----------
    file : PixelFile
        The canonical file.
    place : TilePlace
        Which tile; the level is at most MAX_LEVEL.
    side : int
        Pixels of a whole tile.

    Returns
    -------
    ndarray, shape (h, w), at most (side, side)
        In the stored number type; level 0 exactly as stored, others means of 2 x 2 pixels.

    Raises
    ------
    PartOutOfImage
        When there is no such tile or level.
    """
    if not 0 <= place.level <= MAX_LEVEL:
        raise PartOutOfImage(f"Stored values are given down to level {MAX_LEVEL}; zoom in.")
    reach = side << place.level
    top, left = place.row * reach, place.column * reach
    box = (top, left, min(top + reach, file.shape.height), min(left + reach, file.shape.width))
    area: Pixels = file.read(t=place.t, z=place.z, channels=[place.channel], box=box)[0]
    for _ in range(place.level):
        area = mean_halved(area)
    return area


def mean_halved(area: Pixels) -> Pixels:
    """Return the means of 2 x 2 pixels in the same number type, an odd border repeated.

    Examples
    --------
    >>> mean_halved(np.array([[0, 4, 9], [0, 4, 9]], np.uint16)).tolist()
    [[2, 9]]
    """
    rows, columns = area.shape
    if rows % 2 or columns % 2:
        area = np.pad(area, [(0, rows % 2), (0, columns % 2)], mode="edge")
    parts = (area[0::2, 0::2], area[1::2, 0::2], area[0::2, 1::2], area[1::2, 1::2])
    if area.dtype.kind == "f":
        mean = np.mean(parts, axis=0, dtype=np.float64)
    else:
        mean = (np.sum(parts, axis=0, dtype=np.int64) + 2) >> 2
    halved: Pixels = mean.astype(area.dtype)
    return halved
