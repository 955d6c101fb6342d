"""Images too large to be held in memory: read and normalised where they are looked at."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Protocol, TypeAlias, runtime_checkable

import numpy as np
from numpy.typing import NDArray

from annotations.imaging.pixels import PixelFile
from training.datasets.channels import ALL, n_shown, shown
from training.datasets.limits import limits_in_file, sampled_blocks
from training.datasets.normalize import Image, Limits, limits_of, normalize

Place: TypeAlias = tuple[slice, slice, slice]

LARGE_PX = 4 << 20  # pixels of a plane; smaller images are read and normalised at once


class Pixels(Protocol):
    """Pixels of shape (C, H, W) that are sliced in rows and columns: an array, or a file."""

    @property
    def shape(self) -> tuple[int, ...]:
        """(C, H, W)."""

    def __getitem__(self, place: Place, /) -> NDArray[Any]:
        """Return all channels of some rows and columns."""


@runtime_checkable
class KnowsLimits(Protocol):
    """Pixels that are a part of what their percentiles are measured on."""

    def limits(self, *, recolour: bool = False) -> Limits:
        """Return the percentiles."""


class PixelsOfFile:
    """A plane of a stored image; what is sliced is read.

    Its percentiles are those of the whole stack that it belongs to.

    Parameters
    ----------
    file : PixelFile
        It must stay open.
    t, z : int
    channels : sequence of int
        In the order wanted.
    """

    def __init__(self, file: PixelFile, *, t: int, z: int, channels: Sequence[int]) -> None:
        self._file = file
        self._t, self._z, self._channels = t, z, tuple(channels)
        self.shape = (len(self._channels), file.shape.height, file.shape.width)

    def limits(self, *, recolour: bool = False) -> Limits:
        """Return the percentiles of all planes of its time; they are measured once."""
        return limits_in_file(
            self._file.path, t=self._t, channels=self._channels, recolour=recolour
        )

    def sampled(self) -> list[NDArray[Any]]:
        """Return what they are measured on."""
        return sampled_blocks(self._file, t=self._t, channels=self._channels)

    def __getitem__(self, place: Place, /) -> NDArray[Any]:
        rows, cols = (
            side.indices(size) for side, size in zip(place[1:], self.shape[1:], strict=True)
        )
        box = (rows[0], cols[0], rows[1], cols[1])
        return self._file.read(t=self._t, z=self._z, channels=self._channels, box=box)

    def __array__(self, dtype: Any = None, copy: bool | None = None) -> NDArray[Any]:
        # For engines from elsewhere that take arrays only.
        everything = slice(None)
        return np.asarray(self[everything, everything, everything], dtype=dtype)


class NormalizedPixels:
    """Pixels that are normalised when they are sliced."""

    def __init__(self, pixels: Pixels, limits: Limits, *, invert: bool, way: str) -> None:
        self._pixels, self._limits, self._invert, self._way = pixels, limits, invert, way
        self.shape = (n_shown(pixels.shape[0], way), *pixels.shape[1:])

    def __getitem__(self, place: Place, /) -> Image:
        part = normalize(self._pixels[place], self._limits, invert=self._invert)
        return shown(part, self._way)


def normalized(
    pixels: Pixels,
    *,
    invert: bool = False,
    reference: Pixels | None = None,
    way: str = ALL,
    recolour: bool = False,
) -> Image | NormalizedPixels:
    """Normalise an image: at once, or a large one where it is sliced; the numbers are the same.

    Parameters
    ----------
    pixels : ndarray or Pixels, shape (C, H, W)
    invert, reference, recolour
        See `training.datasets.normalize.normalize_image`.
    way : str
        Which channels come out, see `training.datasets.channels.shown`.

    Returns
    -------
    ndarray of float32 or NormalizedPixels, shape (C', H, W)
    """
    whole = pixels if reference is None else reference
    if isinstance(whole, KnowsLimits):
        limits = whole.limits(recolour=recolour)
    else:
        limits = limits_of(whole, recolour=recolour)
    if pixels.shape[1] * pixels.shape[2] <= LARGE_PX:
        return shown(normalize(np.asarray(pixels), limits, invert=invert), way)
    return NormalizedPixels(pixels, limits, invert=invert, way=way)
