"""Changes to a crop that leave its truth as it is: turned, scaled, brighter, noisier."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from training.datasets.labels import SparseLabels
from training.datasets.normalize import Image

# Optical density of haematoxylin, eosin and DAB per unit in R, G, B (rows), Ruifrok & Johnston
# 2001; scikit-image uses the same.
STAINS = np.array([[0.65, 0.70, 0.29], [0.07, 0.99, 0.11], [0.27, 0.57, 0.78]], dtype=np.float32)
TO_STAINS = np.linalg.inv(STAINS)
FAINTEST = 1e-3
SMOOTHED_ABOVE = 1.3


@dataclass(frozen=True, slots=True)
class Strengths:
    """How much is changed; all 0 leaves intensities alone."""

    intensity: float = 0.0
    noise: float = 0.0
    blur_px: float = 0.0
    stain: float = 0.0


def turn(
    pixels: Image, labels: SparseLabels, rng: np.random.Generator
) -> tuple[Image, SparseLabels]:
    """Flip and rotate by quarter turns: one of the eight symmetries of a square.

    Parameters
    ----------
    pixels : ndarray of float32, shape (C, h, h)
    labels : ndarray of int32, shape (h, h)
    rng : Generator

    Returns
    -------
    tuple of ndarray
    """
    quarters, flip = int(rng.integers(4)), bool(rng.integers(2))
    pixels, labels = np.rot90(pixels, quarters, axes=(1, 2)), np.rot90(labels, quarters)
    if flip:
        pixels, labels = pixels[:, :, ::-1], labels[:, ::-1]
    return np.ascontiguousarray(pixels), np.ascontiguousarray(labels)


def draw_scale(scale_range: float, rng: np.random.Generator) -> float:
    """Draw a magnification, as often below as above 1.

    Parameters
    ----------
    scale_range : float
        0.25 draws from 1/1.25 to 1.25.
    rng : Generator

    Returns
    -------
    float
    """
    return float(np.exp(rng.uniform(-1, 1) * np.log1p(scale_range)))


def resize(pixels: Image, labels: SparseLabels, side: int) -> tuple[Image, SparseLabels]:
    """Bring a square crop to a side length; labels by nearest neighbour, so ids stay ids.

    What gets much smaller is smoothed before, as `training.datasets.scale` does.

    Parameters
    ----------
    pixels : ndarray of float32, shape (C, h, h)
    labels : ndarray of int32, shape (h, h)
    side : int

    Returns
    -------
    tuple of ndarray
        Shapes (C, side, side) and (side, side).
    """
    size = labels.shape[0]
    if size == side:
        return pixels, labels
    if size > SMOOTHED_ABOVE * side:
        sigma = (size / side - 1) / 2
        pixels = ndimage.gaussian_filter(pixels, (0, sigma, sigma), mode="mirror")
    places = (np.arange(side) + 0.5) * (size / side) - 0.5
    nearest = np.clip(np.round(places), 0, size - 1).astype(np.intp)
    low = np.clip(np.floor(places), 0, size - 2).astype(np.intp)
    share = np.clip(places - low, 0, 1).astype(np.float32)
    rows = pixels[:, low] * (1 - share)[:, None] + pixels[:, low + 1] * share[:, None]
    resized: Image = rows[:, :, low] * (1 - share) + rows[:, :, low + 1] * share
    return resized, labels[np.ix_(nearest, nearest)]


def change_intensities(pixels: Image, strengths: Strengths, rng: np.random.Generator) -> Image:
    """Change brightness, contrast, gamma, noise and sharpness, and the colours of stains.

    Parameters
    ----------
    pixels : ndarray of float32, shape (C, h, w)
        Normalised, background near 0.
    strengths : Strengths
    rng : Generator

    Returns
    -------
    ndarray of float32, shape (C, h, w)
    """
    if strengths.stain > 0 and pixels.shape[0] == 3:
        pixels = jitter_stains(pixels, strengths.stain, rng)
    if strengths.intensity > 0:
        pixels = _new_contrast(pixels, strengths.intensity, rng)
    if strengths.blur_px > 0 and rng.random() < 0.3:
        sigma = rng.uniform(0, strengths.blur_px)
        pixels = ndimage.gaussian_filter(pixels, (0, sigma, sigma))
    if strengths.noise > 0:
        amount = rng.uniform(0, strengths.noise)
        pixels = pixels + rng.normal(0, amount, pixels.shape).astype(np.float32)
    return pixels.astype(np.float32, copy=False)


def _new_contrast(pixels: Image, strength: float, rng: np.random.Generator) -> Image:
    """Multiply, add and bend by a random amount per channel."""
    shape = (pixels.shape[0], 1, 1)
    gain = np.exp(rng.uniform(-strength, strength, shape))
    shift = rng.uniform(-strength, strength, shape) * 0.3
    gamma = np.exp(rng.uniform(-strength, strength, shape))
    bent: NDArray[Any] = np.sign(pixels) * np.abs(pixels) ** gamma
    result: Image = (bent * gain + shift).astype(np.float32)
    return result


def stain_densities(inverted: Image) -> Image:
    """Return optical densities of haematoxylin, eosin and DAB.

    Parameters
    ----------
    inverted : ndarray of float32, shape (3, h, w)
        1 - RGB of a bright-field image: white is 0.

    Returns
    -------
    ndarray of float32, shape (3, h, w)
    """
    density = -np.log(np.clip(1 - inverted, FAINTEST, 1.5))
    result: Image = np.tensordot(TO_STAINS.T, density, axes=1).astype(np.float32)
    return result


def jitter_stains(inverted: Image, strength: float, rng: np.random.Generator) -> Image:
    """Make stains stronger or fainter, one by one.

    Parameters
    ----------
    inverted : ndarray of float32, shape (3, h, w)
        1 - RGB of a bright-field image: white is 0.
    strength : float
        Largest relative and absolute change of a stain's density.
    rng : Generator

    Returns
    -------
    ndarray of float32, shape (3, h, w)

    References
    ----------
    .. [1] Ruifrok and Johnston, Anal Quant Cytol Histol 23 (2001)
    .. [2] Tellez et al., Medical Image Analysis 58 (2019), doi:10.1016/j.media.2019.101544
    """
    stains = stain_densities(inverted)
    gain = 1 + rng.uniform(-strength, strength, (3, 1, 1))
    shift = rng.uniform(-strength, strength, (3, 1, 1))
    changed = np.tensordot(STAINS.T, stains * gain + shift, axes=1)
    result: Image = (1 - np.exp(-changed)).astype(np.float32)
    return result
