"""From the channels of an image to those that a network is shown."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from training.datasets.augment import stain_densities
from training.datasets.normalize import N_RGB, Image

ALL, MEAN, HAEMATOXYLIN, ONE = "all", "mean", "haematoxylin", "channel"
DENSEST = 2.0  # optical density of haematoxylin that becomes 1; little is darker
# Percentiles make the darkest pixels 0, whose density would have no end; this leaves some light.
ABSORBED = 0.9


def shown(pixels: Image, way: str) -> Image:
    """Return the channels that a network is shown.

    Parameters
    ----------
    pixels : ndarray of float32, shape (C, h, w)
        Normalised, inverted where objects are dark.
    way : str
        "all"; "mean"; "channel:2" for one of them, counted from 0; or "haematoxylin", of three
        channels that are 1 - RGB of a bright-field image.

    Returns
    -------
    ndarray of float32, shape (C, h, w) or (1, h, w)

    References
    ----------
    Colour deconvolution by Ruifrok and Johnston, Anal Quant Cytol Histol 23 (2001).
    """
    kind, _, number = way.partition(":")
    if kind == MEAN:
        mean: Image = pixels.mean(axis=0, keepdims=True, dtype=np.float32)
        return mean
    if kind == ONE:
        one: Image = pixels[int(number)][np.newaxis]
        return one
    if kind == HAEMATOXYLIN and pixels.shape[0] == N_RGB:
        haematoxylin: Image = stain_densities(ABSORBED * pixels)[:1] / np.float32(DENSEST)
        return haematoxylin
    return pixels


def with_channels(pixels: NDArray[Any], n_channels: int) -> NDArray[Any]:
    """Return pixels (C, h, w) with so many channels: one is repeated, the mean of many, too."""
    if pixels.shape[0] == n_channels:
        return pixels
    is_one = pixels.shape[0] == 1
    grey = pixels if is_one else pixels.mean(axis=0, keepdims=True, dtype=np.float32)
    return np.repeat(grey, n_channels, axis=0)


def n_shown(n_channels: int, way: str) -> int:
    """Return how many channels `shown` gives of so many."""
    return n_channels if way == ALL or (way == HAEMATOXYLIN and n_channels != N_RGB) else 1


def is_way(way: object, n_channels: int) -> bool:
    """Tell whether something is a way that `shown` knows for so many channels."""
    known = {ALL, MEAN, HAEMATOXYLIN, *(f"{ONE}:{i}" for i in range(n_channels))}
    return isinstance(way, str) and way in known


def ways_of(n_channels: int, *, inverted: bool, clearest: int) -> list[str]:
    """Return the ways that are worth trying.

    Parameters
    ----------
    n_channels : int
    inverted : bool
        Whether objects are dark, as stains are on white.
    clearest : int
        The channel in which objects stand out most.
    """
    if n_channels == 1:
        return [ALL]
    ways = [ALL, MEAN, f"{ONE}:{clearest}"]
    return [*ways, HAEMATOXYLIN] if n_channels == N_RGB and inverted else ways


def in_words(way: str, n_channels: int) -> str:
    """Say what `shown` does."""
    kind, _, number = way.partition(":")
    if kind == MEAN:
        return f"mean of {n_channels} channels"
    if kind == ONE:
        return f"channel {int(number) + 1} of {n_channels}"
    if kind == HAEMATOXYLIN and n_channels == N_RGB:
        return "haematoxylin, by colour deconvolution"
    return "as they are"
