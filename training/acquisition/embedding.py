"""How a region looks, as a vector: regions that look alike lie close together."""

from __future__ import annotations

import math
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage
from skimage.filters import threshold_otsu

Features: TypeAlias = NDArray[np.float64]

PERCENTILES = (1, 10, 25, 50, 75, 90, 99)
SCALES_PX = (1, 2, 4, 8)
N_BANDS = 8  # of the power spectrum, from 1/128 to 1/2 cycles per pixel
SPECKLE_PX = 9  # smaller spots are noise, not objects
N_COMPONENTS = 32
# White noise, smoothed, is a bell curve: Otsu explains 2/pi = 0.64 of its variance, and its
# 99.5th percentile lies 2.6 standard deviations above the median.
SEPARABLE, OUTSTANDING = 0.7, 4.0
TINY = 1e-9


def describe(pixels: NDArray[np.float32]) -> Features:
    """Describe a region by its intensities, edges, texture and blobs.

    Parameters
    ----------
    pixels : ndarray of float32, shape (C, h, w)
        Normalised by the limits of the whole image, about 0…1; at least 8 pixels a side.

    Returns
    -------
    ndarray of float64, shape (28,)
        Of the mean of the channels: percentiles, standard deviation and skewness, logarithm of
        the gradient's energy at four scales, logarithm of the radial power spectrum's shares,
        Otsu's foreground share and the variance it explains, blobs per megapixel, their median
        area and its spread (logarithms). Then how much the channels differ, pixel by pixel and
        as a whole: 0 where there is one. The length does not depend on the channels.
    """
    grey = pixels.mean(axis=0, dtype=np.float64)
    spread = float(grey.std())
    skew = float(np.mean((grey - grey.mean()) ** 3)) / (spread**3 + TINY)
    parts = [
        np.percentile(grey, PERCENTILES),
        [spread, skew],
        _gradient_energy(grey),
        _radial_power(grey),
        _blobs(grey),
        [float(pixels.std(axis=0).mean()), float(pixels.mean(axis=(1, 2)).std())],
    ]
    return np.concatenate([np.asarray(part, np.float64) for part in parts])


def has_foreground(pixels: NDArray[np.float32]) -> bool:
    """Tell whether anything stands out in a region.

    Parameters
    ----------
    pixels : ndarray of float32, shape (C, h, w)

    Returns
    -------
    bool
        False for a constant region and for one that holds noise alone, on a level or slowly
        changing ground: nothing there is bright or dark enough, or common enough, to be an
        object. Any channel may show it.
    """
    return any(_stands_out(channel) for channel in pixels)


def unit_vectors(features: NDArray[np.float64]) -> NDArray[np.float64]:
    """Turn descriptions of a pool into vectors of length 1 that can be compared.

    Parameters
    ----------
    features : ndarray of float64, shape (n, f)
        One description per region, of the whole pool at once.

    Returns
    -------
    ndarray of float64, shape (n, d)
        z-scores, their principal components (at most 32), divided by their norm; a region that
        is average in everything stays at 0.

    Notes
    -----
    The sign of a component depends on nothing but the pool, and distances do not depend on it.
    """
    deviation = features.std(axis=0)
    varies = deviation > TINY
    scores = (features[:, varies] - features[:, varies].mean(axis=0)) / deviation[varies]
    if not scores.size:
        return np.zeros((len(features), 1))
    left, lengths, _ = np.linalg.svd(scores, full_matrices=False)
    components = left[:, :N_COMPONENTS] * lengths[:N_COMPONENTS]
    norms = np.linalg.norm(components, axis=1, keepdims=True)
    vectors: NDArray[np.float64] = np.where(norms > TINY, components / (norms + TINY), 0.0)
    return vectors


def _gradient_energy(grey: NDArray[np.float64]) -> list[float]:
    energies = []
    for scale in SCALES_PX:
        coarse = _means_of_blocks(grey, scale)
        steps = np.diff(coarse, axis=0)[:, 1:] ** 2 + np.diff(coarse, axis=1)[1:] ** 2
        energies.append(float(np.log(steps.mean() + TINY)) if steps.size else math.log(TINY))
    return energies


def _means_of_blocks(grey: NDArray[np.float64], side: int) -> NDArray[np.float64]:
    """Return the means of whole blocks; what is left over at the ends is not used."""
    rows, cols = grey.shape[0] // side, grey.shape[1] // side
    blocks = grey[: rows * side, : cols * side].reshape(rows, side, cols, side)
    means: NDArray[np.float64] = blocks.mean(axis=(1, 3))
    return means


def _radial_power(grey: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return the logarithms of each frequency band's share of the power."""
    height, width = grey.shape
    window = np.hanning(height)[:, None] * np.hanning(width)  # else the edges ring in all bands
    power = np.abs(np.fft.rfft2((grey - grey.mean()) * window)) ** 2
    frequency = np.hypot(np.fft.fftfreq(height)[:, None], np.fft.rfftfreq(width))
    edges = np.geomspace(1 / 128, 0.5, N_BANDS + 1)[1:-1]
    band = np.digitize(frequency, edges)
    sums = np.bincount(band.ravel(), power.ravel(), minlength=N_BANDS)
    shares: NDArray[np.float64] = np.log(sums / (sums.sum() + TINY) + 1e-6)
    return shares


def _blobs(grey: NDArray[np.float64]) -> list[float]:
    """Return foreground share, variance explained, and count, size and its spread of blobs."""
    smooth = ndimage.gaussian_filter(grey, 1.0)
    if float(np.ptp(smooth)) < TINY:
        return [0.0, 0.0, 0.0, 0.0, 0.0]
    foreground = smooth > threshold_otsu(smooth)
    if foreground.mean() > 0.5:
        foreground = ~foreground  # dark objects on a bright ground
    parts, _ = ndimage.label(foreground)
    areas = np.bincount(parts.ravel())[1:]
    areas = areas[areas >= SPECKLE_PX]
    logs = np.log(areas) if areas.size else np.zeros(1)
    return [
        float(foreground.mean()),
        _explained(smooth, foreground),
        float(np.log1p(areas.size * 1e6 / grey.size)),
        float(np.median(logs)),
        float(logs.std()),
    ]


def _explained(values: NDArray[np.floating[Any]], foreground: NDArray[np.bool_]) -> float:
    """Return which share of the variance lies between foreground and the rest."""
    share = float(foreground.mean())
    if share in (0.0, 1.0):
        return 0.0
    apart = float(values[foreground].mean() - values[~foreground].mean())
    return share * (1 - share) * apart**2 / (float(values.var()) + TINY)


def _stands_out(channel: NDArray[Any]) -> bool:
    smooth = ndimage.gaussian_filter(channel.astype(np.float64), 2.0)
    smooth -= _uneven_light(smooth)  # no object
    if float(np.ptp(smooth)) < 1e-6:
        return False
    low, middle, high = np.percentile(smooth, [0.5, 50, 99.5])
    noise = 1.4826 * float(np.median(np.abs(smooth - middle)))
    if max(high - middle, middle - low) > OUTSTANDING * noise:
        return True
    return _explained(smooth, smooth > threshold_otsu(smooth)) > SEPARABLE


def _uneven_light(values: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return the parabola (of rows and columns) that fits best."""
    side = max(1, min(values.shape) // 32)
    coarse = _means_of_blocks(values, side)

    def terms(shape: tuple[int, ...], step: int) -> list[NDArray[np.float64]]:
        row = ((np.arange(shape[0]) + 0.5) * step / values.shape[0])[:, None]
        col = ((np.arange(shape[1]) + 0.5) * step / values.shape[1])[None]
        ones = np.ones(shape)
        return [ones, row * ones, col * ones, row * col, row**2 * ones, col**2 * ones]

    design = np.stack([term.ravel() for term in terms(coarse.shape, side)], axis=1)
    weights = np.linalg.lstsq(design, coarse.ravel(), rcond=None)[0]
    fitted = [weight * term for weight, term in zip(weights, terms(values.shape, 1), strict=True)]
    light: NDArray[np.float64] = np.sum(fitted, axis=0)
    return light
