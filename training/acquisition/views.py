"""Turned and mirrored views of an image, and the way back for the label images found in them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray


@dataclass(frozen=True, slots=True)
class View:
    """Quarter turns against the clock, after mirroring left to right when `mirrored`."""

    turns: int
    mirrored: bool = False

    def apply(self, image: NDArray[Any]) -> NDArray[Any]:
        """Return the view of an image.

        Parameters
        ----------
        image : ndarray, shape (…, H, W)

        Returns
        -------
        ndarray, shape (…, H, W) or (…, W, H)
            A contiguous copy: frameworks refuse negative strides.
        """
        seen = image[..., ::-1] if self.mirrored else image
        return np.ascontiguousarray(np.rot90(seen, self.turns, axes=(-2, -1)))

    def undo(self, label_image: NDArray[Any]) -> NDArray[Any]:
        """Return what was found in the view, at its place in the image.

        Parameters
        ----------
        label_image : ndarray, shape (…, h, w)

        Returns
        -------
        ndarray
            `undo(apply(x))` is x.
        """
        back = np.rot90(label_image, -self.turns, axes=(-2, -1))
        return np.ascontiguousarray(back[..., ::-1] if self.mirrored else back)


# Besides the image as it is. The first three, the usual number, turn and mirror every axis.
VIEWS = (
    View(1),
    View(0, mirrored=True),
    View(2),
    View(3, mirrored=True),
    View(3),
    View(2, mirrored=True),
    View(1, mirrored=True),
)
