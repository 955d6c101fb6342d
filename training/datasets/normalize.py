"""Intensity normalisation: by percentiles of the whole image, then cut.

Crops normalised one by one look different from the same place in a whole image, which is what
the network sees later; so the limits are measured once per image and used for every crop.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

from training.datasets.macenko import Stains, find_stains, recoloured

Box: TypeAlias = tuple[int, int, int, int]
Image: TypeAlias = NDArray[np.float32]

LOWER, UPPER = 1.0, 99.8
BLOCK_PX = 512
N_RGB = 3
STAINED_PX = 100_000  # enough to find two stains
MAX_BLOCKS = 64  # 16.8 million pixels: whole images up to 4096 x 4096


@dataclass(frozen=True, slots=True)
class Limits:
    """What becomes 0 and 1, per channel; and the stains whose colours are brought to one look."""

    low: tuple[float, ...]
    high: tuple[float, ...]
    stains: Stains | None = None


def sample_boxes(height: int, width: int) -> list[Box]:
    """Return the blocks of an image that its percentiles are measured on.

    Parameters
    ----------
    height, width : int

    Returns
    -------
    list of (row0, col0, row1, col1)
        All blocks of 512 pixels, or 64 of them spread evenly over a larger image. The same for
        a file and for the array read from it, so training and prediction agree to the bit.

    Examples
    --------
    >>> sample_boxes(600, 512)
    [(0, 0, 512, 512), (512, 0, 600, 512)]
    >>> len(sample_boxes(20000, 20000))
    64
    """
    boxes = [
        (row, col, min(row + BLOCK_PX, height), min(col + BLOCK_PX, width))
        for row in range(0, height, BLOCK_PX)
        for col in range(0, width, BLOCK_PX)
    ]
    if len(boxes) <= MAX_BLOCKS:
        return boxes
    picked = np.linspace(0, len(boxes) - 1, MAX_BLOCKS).round().astype(int)
    return [boxes[i] for i in picked]


def sample_places(n_planes: int, height: int, width: int) -> list[tuple[int, Box]]:
    """Return planes and blocks that a stack's percentiles are measured on.

    Parameters
    ----------
    n_planes, height, width : int

    Returns
    -------
    list of (z, (row0, col0, row1, col1))
        All blocks of 512 pixels of all planes, or 64 of them spread evenly over a larger stack;
        the same for a file and for the array read from it.

    Examples
    --------
    >>> len(sample_places(40, 512, 512)), len(sample_places(100, 2048, 2048))
    (40, 64)
    """
    boxes = sample_boxes(height, width)
    places = [(z, box) for z in range(n_planes) for box in boxes]
    if len(places) <= MAX_BLOCKS:
        return places
    picked = np.linspace(0, len(places) - 1, MAX_BLOCKS).round().astype(int)
    return [places[i] for i in picked]


def measure_limits(
    read: Callable[[Box], NDArray[Any]], height: int, width: int, *, recolour: bool = False
) -> Limits:
    """Measure an image's percentiles per channel.

    Parameters
    ----------
    read : callable
        Gives the pixels of a box, shape (C, h, w).
    height, width : int
        Size of the whole image.
    recolour : bool
        Find the stains of a picture of three channels, too.

    Returns
    -------
    Limits
        Percentiles 1 and 99.8 of the finite values. Where both are equal (a constant channel,
        or one with a few bright spots) the extremes are taken; a constant channel becomes 0.
    """
    blocks = [read(box) for box in sample_boxes(height, width)]
    return limits_of_blocks(blocks, recolour=recolour)


def limits_of_blocks(blocks: Sequence[NDArray[Any]], *, recolour: bool = False) -> Limits:
    """Measure the percentiles of an image's sampled blocks (C, …), as `measure_limits` says."""
    low, high = [], []
    for channel in range(blocks[0].shape[0]):
        values = np.concatenate([block[channel].ravel() for block in blocks])
        if np.issubdtype(values.dtype, np.floating):
            values = values[np.isfinite(values)]
        lower, upper = np.percentile(values, [LOWER, UPPER]) if values.size else (0.0, 0.0)
        if upper <= lower and values.size:
            lower, upper = float(values.min()), float(values.max())
        low.append(float(lower))
        high.append(float(upper))
    limits = Limits(tuple(low), tuple(high))
    if not recolour or len(low) != N_RGB:
        return limits
    return replace(limits, stains=find_stains(_some_pixels(blocks, limits)))


def _some_pixels(blocks: Sequence[NDArray[Any]], limits: Limits) -> Image:
    """Return at most so many normalised pixels of some blocks, evenly spread, shape (C, n)."""
    n_pixels = sum(block[0].size for block in blocks)
    step = max(1, n_pixels // STAINED_PX)
    flat = [block.reshape(len(block), -1)[:, ::step] for block in blocks]
    return normalize(np.concatenate(flat, axis=1)[:, np.newaxis], limits)[:, 0]


def normalize(pixels: NDArray[Any], limits: Limits, *, invert: bool = False) -> Image:
    """Bring pixels to about 0…1.

    Parameters
    ----------
    pixels : ndarray, shape (C, h, w) or (C, d, h, w)
        Any real number type; NaN becomes 0, infinities the limits.
    limits : Limits
    invert : bool
        Return 1 - x, for objects darker than their surroundings.

    Returns
    -------
    ndarray of float32, same shape
        From -0.5 to 1.5 at most: single hot pixels cannot dominate a loss.
    """
    result = np.empty(pixels.shape, dtype=np.float32)
    for channel, (low, high) in enumerate(zip(limits.low, limits.high, strict=True)):
        span = high - low
        if span <= 0:
            result[channel] = 0
            continue
        result[channel] = (pixels[channel].astype(np.float32) - low) / span
    np.nan_to_num(result, copy=False, nan=0.0, posinf=1.5, neginf=-0.5)
    np.clip(result, -0.5, 1.5, out=result)
    if limits.stains is not None:
        result = recoloured(result, limits.stains)
    return 1 - result if invert else result


def limits_of(pixels: Any, *, recolour: bool = False) -> Limits:
    """Measure the percentiles of pixels that can be sliced, shape (C, H, W)."""
    height, width = pixels.shape[1:]

    def read(box: Box) -> NDArray[Any]:
        part: NDArray[Any] = pixels[:, box[0] : box[2], box[1] : box[3]]
        return part

    return measure_limits(read, height, width, recolour=recolour)


def normalize_image(
    pixels: NDArray[Any],
    *,
    invert: bool = False,
    reference: NDArray[Any] | None = None,
    recolour: bool = False,
) -> Image:
    """Normalise a whole image by its own limits, or a part of one by those of the whole.

    Parameters
    ----------
    pixels : ndarray, shape (C, H, W)
    invert : bool
    reference : ndarray, shape (C, h, w), optional
        Pixels of the image that `pixels` was cut from.
    recolour : bool
        See `measure_limits`.

    Returns
    -------
    ndarray of float32, shape (C, H, W)
    """
    limits = limits_of(pixels if reference is None else reference, recolour=recolour)
    return normalize(pixels, limits, invert=invert)


def contrast_of_objects(
    images: Sequence[Image],
    foregrounds: Sequence[NDArray[np.bool_]],
    backgrounds: Sequence[NDArray[np.bool_]],
) -> float:
    """Return how much brighter objects are than what is around them.

    Parameters
    ----------
    images : sequence of ndarray, shape (C, h, w)
        Normalised pixels.
    foregrounds, backgrounds : sequences of ndarray of bool, shape (h, w)

    Returns
    -------
    float
        Mean over images of the difference of the medians of the channels' mean; negative when
        objects are darker, 0 when nothing can be compared.
    """
    differences = []
    for image, inside, outside in zip(images, foregrounds, backgrounds, strict=True):
        if inside.any() and outside.any():
            grey = image.mean(axis=0)
            differences.append(float(np.median(grey[inside]) - np.median(grey[outside])))
    return float(np.mean(differences)) if differences else 0.0
