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

    Stacks are turned in their planes, and upside down as often as not.

    Parameters
    ----------
    pixels : ndarray of float32, shape (C, h, h) or (C, d, h, h)
    labels : ndarray of int32, shape (h, h) or (d, h, h)
    rng : Generator

    Returns
    -------
    tuple of ndarray
    """
    quarters, flip = int(rng.integers(4)), bool(rng.integers(2))
    pixels = np.rot90(pixels, quarters, axes=(-2, -1))
    labels = np.rot90(labels, quarters, axes=(-2, -1))
    if flip:
        pixels, labels = pixels[..., ::-1], labels[..., ::-1]
    if labels.ndim == 3 and rng.integers(2):
        pixels, labels = pixels[:, ::-1], labels[::-1]
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


def resize(
    pixels: Image, labels: SparseLabels, side: int | tuple[int, ...]
) -> tuple[Image, SparseLabels]:
    """Bring a crop to a side length; labels by nearest neighbour, so ids stay ids.

    What gets much smaller is smoothed before, as `training.datasets.scale` does.

    Parameters
    ----------
    pixels : ndarray of float32, shape (C, h, h) or (C, d, h, w)
    labels : ndarray of int32, shape (h, h) or (d, h, w)
    side : int or tuple of int
        Of all axes, or of each.

    Returns
    -------
    tuple of ndarray
        Shapes (C, side, …) and (side, …).
    """
    sides = (side,) * labels.ndim if isinstance(side, int) else side
    if labels.shape == sides:
        return pixels, labels
    pairs = list(zip(labels.shape, sides, strict=True))
    sigmas = [(old / new - 1) / 2 if old > SMOOTHED_ABOVE * new else 0.0 for old, new in pairs]
    if any(sigmas):
        pixels = ndimage.gaussian_filter(pixels, (0, *sigmas), mode="mirror")
    nearest = []
    for axis, (old, new) in enumerate(pairs):
        places = (np.arange(new) + 0.5) * (old / new) - 0.5
        nearest.append(np.clip(np.round(places), 0, old - 1).astype(np.intp))
        pixels = _interpolated(pixels, places, axis + 1)
    return pixels, labels[np.ix_(*nearest)]


def _interpolated(pixels: Image, places: NDArray[np.float64], axis: int) -> Image:
    """Return the values between pixels along an axis, linearly."""
    low = np.clip(np.floor(places), 0, pixels.shape[axis] - 2).astype(np.intp)
    share = np.clip(places - low, 0, 1).astype(np.float32)
    share = share.reshape(-1, *[1] * (pixels.ndim - 1 - axis))
    result: Image = pixels.take(low, axis) * (1 - share) + pixels.take(low + 1, axis) * share
    return result


def change_intensities(pixels: Image, strengths: Strengths, rng: np.random.Generator) -> Image:
    """Change brightness, contrast, gamma, noise and sharpness, and the colours of stains.

    Parameters
    ----------
    pixels : ndarray of float32, shape (C, h, w) or (C, d, h, w)
        Normalised, background near 0.
    strengths : Strengths
    rng : Generator

    Returns
    -------
    ndarray of float32, same shape
        Planes are blurred one by one.
    """
    if strengths.stain > 0 and pixels.shape[0] == 3:
        pixels = jitter_stains(pixels, strengths.stain, rng)
    if strengths.intensity > 0:
        pixels = _new_contrast(pixels, strengths.intensity, rng)
    if strengths.blur_px > 0 and rng.random() < 0.3:
        sigma = rng.uniform(0, strengths.blur_px)
        pixels = ndimage.gaussian_filter(pixels, (sigma, sigma), axes=(-2, -1))
    if strengths.noise > 0:
        amount = rng.uniform(0, strengths.noise)
        pixels = pixels + rng.normal(0, amount, pixels.shape).astype(np.float32)
    return pixels.astype(np.float32, copy=False)


def _new_contrast(pixels: Image, strength: float, rng: np.random.Generator) -> Image:
    """Multiply, add and bend by a random amount per channel."""
    shape = (pixels.shape[0], *[1] * (pixels.ndim - 1))
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
