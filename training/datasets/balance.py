"""How often each region is drawn from."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray


def region_weights(
    n_annotated_px: Sequence[int], n_instances: Sequence[int], tags: Sequence[tuple[str, ...]]
) -> NDArray[np.float64]:
    """Return the probability of each region to be drawn.

    Parameters
    ----------
    n_annotated_px, n_instances : sequences of int
        Per region.
    tags : sequence of tuple of str
        Stain, organ, style: regions with the same tags form a stratum.

    Returns
    -------
    ndarray of float64, shape (n,)
        Sums to 1; regions without annotated pixels get 0.

    Notes
    -----
    Strata weigh the square root of their number of regions, so a rare stain is seen more often
    than its share without being learnt by heart. Inside a stratum a region weighs the square
    root of its area, and one without objects half of that: negatives teach, but less.
    """
    areas = np.sqrt(np.asarray(n_annotated_px, dtype=np.float64))
    areas *= np.where(np.asarray(n_instances) > 0, 1.0, 0.5)
    weights = np.zeros(len(areas))
    strata = [tuple(sorted(names)) for names in tags]
    for stratum in sorted(set(strata)):
        members = np.array([names == stratum for names in strata])
        total = areas[members].sum()
        if total > 0:
            weights[members] = areas[members] / total * np.sqrt(members.sum())
    total = weights.sum()
    return weights / total if total > 0 else weights


def draw_order(
    weights: NDArray[np.float64], n_draws: int, rng: np.random.Generator
) -> NDArray[np.int64]:
    """Draw regions so that every share is met as evenly as possible.

    Parameters
    ----------
    weights : ndarray of float64, shape (n,)
        Probabilities.
    n_draws : int
    rng : Generator

    Returns
    -------
    ndarray of int64, shape (n_draws,)
        Region numbers in random order: systematic sampling, so that twenty draws from two
        equal regions are ten each, and few regions are oversampled without gaps.
    """
    points = (np.arange(n_draws) + rng.random()) / n_draws
    drawn = np.searchsorted(np.cumsum(weights), points, side="right")
    result: NDArray[np.int64] = rng.permutation(np.minimum(drawn, len(weights) - 1))
    return result
