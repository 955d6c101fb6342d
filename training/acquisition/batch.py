"""Which regions to suggest together: doubtful for their cost, unlike each other, some at random."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.spatial.distance import cdist

COST_WEIGHT = 0.5  # 0 asks for the most expensive regions, 1 for nearly empty ones
SHORTLIST = 4  # times as many as wanted, of which the most different are kept
RANDOM_SHARE = 8  # one in so many is chosen at random
BLIND_SHARE = 0.2
BLIND_WANTED = 3  # regions for blind validation that a project should have


@dataclass(frozen=True, slots=True)
class Quota:
    """How many of a batch are chosen in which way; the sum is what was asked for."""

    best: int  # typical or doubtful
    random: int
    blind: int  # at random too, for blind validation


def quota(n: int, *, n_earlier: int, n_blind: int) -> Quota:
    """Divide a batch between the strategy, chance, and blind validation.

    Parameters
    ----------
    n : int
        Regions wanted, at least 1.
    n_earlier : int
        Selections that the project has had.
    n_blind : int
        Regions for blind validation that it has, open or submitted.

    Returns
    -------
    Quota
        One in eight at random (rounded down); of a batch below eight, one in every second
        batch. While the project has fewer than 3 regions for blind validation, a fifth of the
        batch is for it: at least 1, at most as many as are wanting, none of a single region.
        The strategy keeps at least one place of a batch of two or more.

    Notes
    -----
    Chosen regions are no fair sample, so the random ones watch over the choice, and versions
    are measured on random ones only (Farquhar, Gal, Rainforth, ICLR 2021, arXiv:2101.11665).

    Examples
    --------
    >>> quota(8, n_earlier=0, n_blind=0)
    Quota(best=5, random=1, blind=2)
    >>> quota(4, n_earlier=1, n_blind=3)
    Quota(best=3, random=1, blind=0)
    """
    by_chance = n // RANDOM_SHARE if n >= RANDOM_SHARE else n_earlier % 2
    wanting = max(0, BLIND_WANTED - n_blind)
    blind = min(wanting, max(1, round(BLIND_SHARE * n))) if n > 1 else 0
    if n > 1:
        by_chance = min(by_chance, n - 1 - blind)
    return Quota(n - by_chance - blind, by_chance, blind)


def score(expected_wrong: float, missed: float, seconds: float) -> float:
    """Return how much a region is worth painting: expected errors against their cost.

    Parameters
    ----------
    expected_wrong, missed : float
        Objects expected to be wrong, and to be missing.
    seconds : float
        Expected time to correct them, from `cost.correction_seconds`.

    Returns
    -------
    float
        log(errors + 0.5) - 0.5 · log(seconds).
    """
    return math.log(expected_wrong + missed + 0.5) - COST_WEIGHT * math.log(max(seconds, 1e-3))


def choose_doubtful(
    scores: NDArray[np.float64],
    vectors: NDArray[np.float64],
    labelled: NDArray[np.float64],
    n: int,
) -> list[int]:
    """Choose regions with high scores that differ from each other and from what is labelled.

    Parameters
    ----------
    scores : ndarray of float64, shape (p,)
    vectors : ndarray of float64, shape (p, d)
        How the regions look, from `embedding.unit_vectors`.
    labelled : ndarray of float64, shape (l, d)
        Regions that people have labelled, embedded together with the pool.
    n : int

    Returns
    -------
    list of int
        At most n different indices, the highest score first.

    Notes
    -----
    The shortlist is the better half of the pool, but no more than 4 n and no fewer than n. Its
    best score is taken, then always the region farthest from all taken and labelled ones
    (greedy k-center: Sener, Savarese, ICLR 2018, arXiv:1708.00489). Ties go to the higher score.
    """
    if n < 1 or not len(scores):
        return []
    order = np.argsort(-scores, kind="stable")
    shortlist = order[: max(n, min(SHORTLIST * n, math.ceil(len(order) / 2)))]
    chosen = [0]
    places = vectors[shortlist]
    apart = cdist(places, np.concatenate([places[:1], labelled])).min(axis=1)
    while len(chosen) < min(n, len(shortlist)):
        apart[chosen] = -1
        chosen.append(int(np.argmax(apart)))
        apart = np.minimum(apart, cdist(places, places[chosen[-1:]])[:, 0])
    return [int(shortlist[i]) for i in sorted(chosen)]
