"""Background around labelled objects, where people marked objects and nothing else."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage
from skimage.filters import threshold_otsu

# A box of a region (its first places along each axis, then its ends) to its pixels (C, …).
Look: TypeAlias = Callable[[tuple[int, ...]], NDArray[Any]]
Where: TypeAlias = NDArray[np.bool_]

TOUCHING_PX = 1.0  # so near an object everything is background: its outline must be taught
TELLING = 0.25  # share of the object's pixels that must be found beyond that around it
RIDGE = 0.1  # of each channel's own scatter: few pixels must not weigh many channels wildly


@dataclass(frozen=True, slots=True)
class Band:
    """What is taken for background around objects.

    Attributes
    ----------
    width_px : float
        0 for none.
    spacing : tuple of float, optional
        Distance of neighbours along each axis in pixels; 1 where it is not given.
    look : Look, optional
        Reads pixels of the region. Those that look like the object that they are near are left
        out: most of them belong to neighbours that nobody labelled.
    """

    width_px: float = 0.0
    spacing: tuple[float, ...] | None = None
    look: Look | None = None


def background_band(labels: NDArray[np.integer[Any]], is_free: Where, band: Band) -> Where:
    """Return which pixels around objects may be taken for background.

    Parameters
    ----------
    labels : ndarray of integers, shape (h, w) or (d, h, w)
        Objects have ids above 0.
    is_free : ndarray of bool, same shape
        Pixels that nobody said anything about.
    band : Band

    Returns
    -------
    ndarray of bool, same shape
    """
    near, alike = np.zeros(labels.shape, np.bool_), np.zeros(labels.shape, np.bool_)
    reach = [math.ceil(band.width_px / step) for step in band.spacing or (1.0,) * labels.ndim]
    for number, place in enumerate(ndimage.find_objects(np.maximum(labels, 0)), 1):
        if place is None:
            continue
        window = tuple(
            slice(max(side.start - more, 0), min(side.stop + more, size))
            for side, more, size in zip(place, reach, labels.shape, strict=True)
        )
        inside = labels[window] == number
        distance = ndimage.distance_transform_edt(~inside, sampling=band.spacing)
        around = is_free[window] & (distance <= band.width_px)
        near[window] |= around
        if band.look is not None and around.any():
            box = (*(side.start for side in window), *(side.stop for side in window))
            further = around & (distance > TOUCHING_PX)
            alike[window] |= further & like_inside(band.look(box), inside, around)
    return near & ~alike


def like_inside(pixels: NDArray[Any], inside: Where, around: Where) -> Where:
    """Tell which pixels look like those of an object and not like what is around it.

    Parameters
    ----------
    pixels : ndarray, shape (C, …)
        Intensities in any unit.
    inside, around : ndarray of bool, shape (…)
        The object, and what is near it.

    Returns
    -------
    ndarray of bool, shape (…)
        All False where intensities do not tell the object from its surroundings.

    Notes
    -----
    `likeness` is parted by Otsu's threshold [1]_.

    References
    ----------
    .. [1] Otsu, IEEE Trans. Syst. Man Cybern. 9 (1979), doi:10.1109/TSMC.1979.4310076
    """
    nothing = np.zeros(inside.shape, np.bool_)
    if min(int(inside.sum()), int(around.sum())) <= len(pixels) + 1:
        return nothing
    found = likeness(pixels, inside, around)
    both = np.concatenate([found[inside], found[around]])
    if not np.ptp(both) > 0:
        return nothing
    is_alike: Where = found > threshold_otsu(both)
    tells = is_alike[inside].mean() - is_alike[around].mean()
    return is_alike if tells >= TELLING else nothing


def likeness(pixels: NDArray[Any], inside: Where, around: Where) -> NDArray[np.float32]:
    """Return one number per pixel, the larger the more it looks like an object.

    Parameters
    ----------
    pixels : ndarray, shape (C, …)
        Intensities in any unit.
    inside, around : ndarray of bool, shape (…)
        Objects, and what is near them; more pixels than channels.

    Returns
    -------
    ndarray of float32, shape (…)
        The sum of the channels, weighed such that both differ most: Fisher's discriminant [1]_,
        with medians, which neighbours of the same kind hardly move.

    References
    ----------
    .. [1] Fisher, Annals of Eugenics 7 (1936), doi:10.1111/j.1469-1809.1936.tb02137.x
    """
    ours, others = (pixels[:, where].astype(np.float64) for where in (inside, around))
    scatter = np.atleast_2d(np.cov(ours)) + np.atleast_2d(np.cov(others))
    scatter += np.diag(RIDGE * np.diag(scatter) + 1e-12)
    weights = np.linalg.solve(scatter, np.median(ours, axis=1) - np.median(others, axis=1))
    found: NDArray[np.float32] = np.tensordot(weights, pixels, axes=1).astype(np.float32)
    return found
