"""Small pictures for people: channels added up in their colours, outlines drawn over them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TypeAlias, TypeVar

import numpy as np
from numpy.typing import NDArray
from skimage.segmentation import find_boundaries

View: TypeAlias = NDArray[np.uint8]
Box: TypeAlias = tuple[int, int, int, int]
Number = TypeVar("Number", bound=np.generic)


def added_up(views: Sequence[View], colours: Sequence[str]) -> View:
    """Add channels up in their colours.

    Parameters
    ----------
    views : sequence of ndarray of uint8, shape (H, W)
        One per channel.
    colours : sequence of str
        As many, "#rrggbb".

    Returns
    -------
    ndarray of uint8, shape (H, W, 3)
        Sums above 255 are 255.
    """
    total = np.zeros((*views[0].shape, 3), np.float32)
    for view, colour in zip(views, colours, strict=True):
        rgb = [int(colour[place : place + 2], 16) / 255 for place in (1, 3, 5)]
        total += view[..., np.newaxis] * np.array(rgb, np.float32)
    return np.clip(total, 0, 255).astype(np.uint8)


def middle_of(box: Box, most: int) -> Box:
    """Return the middle of a box, at most so many pixels high and wide.

    Examples
    --------
    >>> middle_of((10, 0, 110, 30), 50)
    (35, 0, 85, 30)
    """
    row0, col0, row1, col1 = box
    top, left = max(row1 - row0 - most, 0) // 2, max(col1 - col0 - most, 0) // 2
    return row0 + top, col0 + left, min(row0 + top + most, row1), min(col0 + left + most, col1)


def enlarged(plane: NDArray[Number], zoom: int) -> NDArray[Number]:
    """Repeat every pixel `zoom` times in both directions."""
    return plane.repeat(zoom, axis=0).repeat(zoom, axis=1)


def draw_outlines(
    view: View, label_image: NDArray[np.uint32], colour: tuple[int, int, int], *, zoom: int
) -> None:
    """Draw lines around instances into a view that is shown enlarged.

    Parameters
    ----------
    view : ndarray of uint8, shape (H * zoom, W * zoom, 3)
        Written to. The lines are two of its pixels wide, half of them on each side; there are
        none along its own edge, where instances only seem to end.
    label_image : ndarray of uint32, shape (H, W)
    colour : tuple of int
        Red, green, blue.
    zoom : int
        At least 1.
    """
    view[find_boundaries(enlarged(label_image, zoom), mode="thick")] = colour
