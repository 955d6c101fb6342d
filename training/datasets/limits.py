"""Percentiles of stored images: of a plane, or of the whole stack that a plane belongs to.

A plane of a stack without any object would show noise as bright as objects by its own percentiles.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache
from pathlib import Path
from typing import Any

from numpy.typing import NDArray

from annotations.imaging.pixels import PixelFile, open_pixels
from training.datasets.normalize import Limits, limits_of_blocks, sample_places

REMEMBERED = 256  # images with some numbers each


def sampled_blocks(file: PixelFile, *, t: int, channels: Sequence[int]) -> list[NDArray[Any]]:
    """Read what the percentiles of an image at a time are measured on: blocks of all planes.

    Parameters
    ----------
    file : PixelFile
    t : int
    channels : sequence of int

    Returns
    -------
    list of ndarray, shape (C, h, w)
        See `training.datasets.normalize.sample_places`.
    """
    shape = file.shape
    places = sample_places(shape.n_z, shape.height, shape.width)
    return [file.read(t=t, z=z, channels=channels, box=box) for z, box in places]


def limits_in_file(
    path: Path, *, t: int, channels: Sequence[int], recolour: bool = False
) -> Limits:
    """Measure the percentiles of an image at a time over all planes; remembered.

    Parameters
    ----------
    path : Path
        Canonical file.
    t : int
    channels : sequence of int
    recolour : bool
        See `training.datasets.normalize.measure_limits`.

    Returns
    -------
    Limits
    """
    written = path.stat()
    version = (written.st_mtime_ns, written.st_size)
    return _measured(str(path), version, t, tuple(channels), recolour)


@lru_cache(maxsize=REMEMBERED)
def _measured(
    path: str, version: tuple[int, int], t: int, channels: tuple[int, ...], recolour: bool
) -> Limits:
    with open_pixels(path) as file:
        return limits_of_blocks(sampled_blocks(file, t=t, channels=channels), recolour=recolour)
