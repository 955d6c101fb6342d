"""What every reader gives: a description of the image and its rows."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Protocol

import numpy as np

from annotations.imaging.pixels import Pixels, PixelShape

ORIENTATION = 274  # tag of TIFF and EXIF alike
TURNED = frozenset({5, 6, 7, 8})  # orientations that swap height and width


@dataclass(frozen=True, slots=True)
class Description:
    """What a file tells about its image.

    `dtype` is that of the rows a source gives; `file_dtype` names the file's own type.
    """

    format: str
    shape: PixelShape
    file_dtype: str
    channel_names: tuple[str, ...] = ()
    channel_colours: tuple[str | None, ...] = ()
    pixel_size_um: float | None = None
    z_step_um: float | None = None
    notes: tuple[str, ...] = field(default=())  # sentences a person should know


class Source(Protocol):
    """An open image file; pages are numbered as in `pixels.page_number`."""

    description: Description

    def rows(self, page: int, row0: int, row1: int) -> Pixels:
        """Return rows of a page, shape (rows, W), or (rows, W, 3) in RGB."""
        ...

    def close(self) -> None:
        """Close the file."""
        ...


def oriented(plane: Pixels, orientation: int) -> Pixels:
    """Turn and mirror a plane (H, W) or (H, W, S) as the Orientation tag asks; a view, no copy."""
    if orientation in TURNED:
        plane = plane.swapaxes(0, 1)
    flip_rows = orientation in (3, 4, 7, 8)
    flip_cols = orientation in (2, 3, 6, 7)
    return plane[:: -1 if flip_rows else 1, :: -1 if flip_cols else 1]


class ArraySource:
    """An image with one page that was decoded as a whole, maybe into a file."""

    def __init__(self, plane: Pixels, format_name: str, orientation: int, notes: list[str]) -> None:
        plane = drop_alpha(plane, notes)
        self._plane = oriented(plane, orientation)
        height, width = self._plane.shape[:2]
        is_rgb = self._plane.ndim == 3
        shape = PixelShape(1, 3 if is_rgb else 1, 1, height, width, str(plane.dtype), is_rgb)
        self.description = Description(format_name, shape, str(plane.dtype), notes=tuple(notes))

    def rows(self, page: int, row0: int, row1: int) -> Pixels:
        """Return rows of the only page."""
        return self._plane[row0:row1]

    def close(self) -> None:
        """Nothing is held open."""


def drop_alpha(plane: Pixels, notes: list[str]) -> Pixels:
    """Return (H, W) or (H, W, 3) without transparency; say so when something was transparent."""
    if plane.ndim == 2:
        return plane
    samples = plane.shape[2]
    if samples in (2, 4):
        opaque = np.iinfo(plane.dtype).max
        if plane[..., -1].min() < opaque:
            notes.append("The transparency of this picture is not used.")
    return plane[..., 0] if samples <= 2 else plane[..., :3]
