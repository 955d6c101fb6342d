"""Bring the colours of H&E pictures to one look, by their own two stains.

References
----------
.. [1] Macenko et al., "A method for normalizing histology slides for quantitative analysis",
   IEEE ISBI 2009, doi:10.1109/ISBI.2009.5193250
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

FAINTEST = 1 / 255  # intensity below which a density is not told apart
CLEAR = 0.15  # optical density below which a pixel shows no stain
ANGLE_PERCENTILE = 1.0  # of the pixels' directions, from both ends: the stains
STRONGEST_PERCENTILE = 99.0
FEWEST_PIXELS = 200
LEAST_APART = 0.05  # sine between two stains; less is one stain and noise

# The published method's look: optical densities of haematoxylin and eosin per unit in R, G, B, and
# their strongest amounts.
TARGET = np.array([[0.5626, 0.7201, 0.4062], [0.2159, 0.8012, 0.5581]])
TARGET_STRONGEST = np.array([1.9705, 1.0308])


@dataclass(frozen=True, slots=True)
class Stains:
    """What an image is stained with.

    Attributes
    ----------
    densities : tuple of two tuples of three floats
        Optical densities of haematoxylin and eosin in R, G, B, of length 1.
    strongest : tuple of two floats
        Their amounts that only 1 % of the pixels exceed.
    """

    densities: tuple[tuple[float, float, float], tuple[float, float, float]]
    strongest: tuple[float, float]


def find_stains(pixels: NDArray[np.float32]) -> Stains | None:
    """Find the two stains of pixels.

    Parameters
    ----------
    pixels : ndarray of float32, shape (3, n)
        R, G, B from 0 to 1, white is 1.

    Returns
    -------
    Stains or None
        None where too few pixels are stained, or only by one stain.
    """
    density = -np.log(np.clip(pixels, FAINTEST, 1.0)).T.astype(np.float64)
    density = density[(density > CLEAR).any(axis=1)]
    if len(density) < FEWEST_PIXELS:
        return None
    _, vectors = np.linalg.eigh(np.cov(density.T))
    plane = vectors[:, [2, 1]]
    plane *= np.where(plane.sum(axis=0) < 0, -1, 1)
    angles = np.arctan2(density @ plane[:, 1], density @ plane[:, 0])
    ends = np.percentile(angles, [ANGLE_PERCENTILE, 100 - ANGLE_PERCENTILE])
    found = np.stack([plane @ [np.cos(angle), np.sin(angle)] for angle in ends])
    if abs(np.sin(ends[1] - ends[0])) < LEAST_APART or (found < -0.05).any():
        return None
    if found[0, 0] < found[1, 0]:
        found = found[::-1]  # haematoxylin takes more of the red
    amounts = density @ np.linalg.pinv(found)
    strongest = np.percentile(amounts, STRONGEST_PERCENTILE, axis=0)
    if (strongest <= 0).any():
        return None
    haematoxylin, eosin = ((float(r), float(g), float(b)) for r, g, b in found)
    return Stains((haematoxylin, eosin), (float(strongest[0]), float(strongest[1])))


def recoloured(pixels: NDArray[np.float32], stains: Stains) -> NDArray[np.float32]:
    """Give pixels the colours of the published look.

    Parameters
    ----------
    pixels : ndarray of float32, shape (3, h, w)
        From 0 to 1, white is 1.
    stains : Stains
        Of the image that they belong to.

    Returns
    -------
    ndarray of float32, shape (3, h, w)
        From 0 to 1; what neither stain explains is left out.
    """
    density = -np.log(np.clip(pixels, FAINTEST, 1.0)).astype(np.float64)
    amounts = np.tensordot(np.linalg.pinv(np.array(stains.densities)).T, density, axes=1)
    factor = TARGET_STRONGEST / np.array(stains.strongest)
    changed = np.tensordot(TARGET.T, amounts * factor[:, np.newaxis, np.newaxis], axes=1)
    result: NDArray[np.float32] = np.exp(-np.maximum(changed, 0)).astype(np.float32)
    return result
