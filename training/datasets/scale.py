"""Images at another size, so that objects have the size that a network knows."""

from __future__ import annotations

import numpy as np
from skimage.transform import resize

from training.datasets.normalize import Image

SMALLEST, LARGEST = 1 / 8, 4.0
NEAR_ENOUGH = 1.5  # networks bear this without being told


def chosen_scale(asked: float, diameter_px: float, known_px: float, before: float = 1.0) -> float:
    """Return the factor by which images are resized before a network sees them.

    Parameters
    ----------
    asked : float
        What a person chose; 0: decide.
    diameter_px : float
        Of the objects at hand, in pixels of their images.
    known_px : float
        Of the objects that the weights know, in pixels of the network; 0: unknown.
    before : float
        The factor of the version that the weights come from.

    Returns
    -------
    float
        The one before, unless objects would then differ from known ones by more than 1.5 times.
    """
    if asked:
        return asked
    if not known_px:
        return before
    wanted = known_px / diameter_px
    if before / NEAR_ENOUGH <= wanted <= before * NEAR_ENOUGH:
        return before
    return float(min(max(wanted, SMALLEST), LARGEST))


def rescaled(pixels: Image, scale: float) -> Image:
    """Resize an image, smoothed before it gets smaller.

    Parameters
    ----------
    pixels : ndarray of float32, shape (C, h, w)
    scale : float

    Returns
    -------
    ndarray of float32, shape (C, round(h * scale), round(w * scale)), sides at least 1
    """
    if scale == 1:
        return pixels
    shape = (pixels.shape[0], *(max(1, round(side * scale)) for side in pixels.shape[1:]))
    result: Image = resize(
        pixels, shape, order=1, anti_aliasing=scale < 1, preserve_range=True
    ).astype(np.float32)
    return result
