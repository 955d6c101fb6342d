"""Round 0, before any model can be trusted: regions that are typical of many, and spread."""

from __future__ import annotations

from collections.abc import Hashable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.cluster.vq import kmeans, vq
from scipy.spatial.distance import cdist

N_NEIGHBOURS = 20
SMALL_CLUSTER = 5  # in a big pool a smaller one is an oddity
BIG_POOL = 50
N_STARTS = 10  # of k-means: the best of so many random starts


@dataclass(frozen=True, slots=True)
class Typical:
    """A chosen region, how typical it is, and how many look like it (itself included)."""

    index: int
    typicality: float
    n_alike: int


def choose_typical(
    vectors: NDArray[np.float64],
    labelled: NDArray[np.float64],
    images: Sequence[Hashable],
    *,
    n: int,
    seed: int,
) -> list[Typical]:
    """Choose typical regions of kinds that are labelled least (TypiClust).

    Parameters
    ----------
    vectors : ndarray of float64, shape (p, d)
        The pool, from `embedding.unit_vectors`.
    labelled : ndarray of float64, shape (l, d)
        Regions that people have labelled already, embedded together with the pool.
    images : sequence, length p
        The image of each region: none is taken twice while others remain.
    n : int
        How many regions to choose.
    seed : int

    Returns
    -------
    list of Typical
        At most n, each index once, the first the most wanted.

    Notes
    -----
    k-means into l + n clusters; those with the fewest labelled regions first, the largest of
    them before the others; from each the region with the highest typicality, which is one over
    the mean distance to its nearest neighbours (at most 20) within the cluster. Clusters below
    5 are left to the end in pools of 50 and more.

    References
    ----------
    Hacohen, Dekel, Weinshall: Active Learning on a Budget: Opposite Strategies Suit High and
    Low Budgets, ICML 2022, arXiv:2202.02794.
    """
    if not len(vectors) or n < 1:
        return []
    everything = np.concatenate([vectors, labelled]) if len(labelled) else vectors
    cluster = _clusters(everything, len(labelled) + n, seed)
    pool, known = cluster[: len(vectors)], cluster[len(vectors) :]
    groups = [np.flatnonzero(pool == one) for one in np.unique(pool)]
    n_labelled = [int(np.count_nonzero(known == pool[group[0]])) for group in groups]
    is_odd = [len(vectors) >= BIG_POOL and len(group) < SMALL_CLUSTER for group in groups]
    order = sorted(
        range(len(groups)), key=lambda i: (is_odd[i], n_labelled[i], -len(groups[i]), groups[i][0])
    )
    ranked = [_by_typicality(vectors, groups[i]) for i in order]
    return _take_in_turn(ranked, images, n)


def _clusters(points: NDArray[np.float64], k: int, seed: int) -> NDArray[np.int64]:
    """Return the cluster of each point; fewer than k where points coincide."""
    distinct = np.unique(points, axis=0)
    if len(distinct) <= k:
        centres = distinct
    else:
        rng = np.random.default_rng(seed)
        centres, _ = kmeans(points, k, iter=N_STARTS, rng=rng)  # drops clusters that run empty
    labels: NDArray[np.int64] = vq(points, centres)[0].astype(np.int64)
    return labels


def _by_typicality(vectors: NDArray[np.float64], group: NDArray[np.int64]) -> list[Typical]:
    """Return the regions of a cluster, the most typical first."""
    members = vectors[group]
    n_near = max(1, min(N_NEIGHBOURS, len(group) // 2))
    near = np.sort(cdist(members, members), axis=1)[:, 1 : n_near + 1]  # without the region itself
    mean = near.mean(axis=1) if near.size else np.zeros(len(group))
    typicality = 1 / (mean + 1e-3)
    order = np.lexsort((group, -typicality))
    return [Typical(int(group[i]), float(typicality[i]), len(group)) for i in order]


def _take_in_turn(
    ranked: Sequence[Sequence[Typical]], images: Sequence[Hashable], n: int
) -> list[Typical]:
    """Take one of each cluster, then a second one, …; first of images not used yet."""
    chosen: list[Typical] = []
    used: set[Hashable] = set()
    taken: set[int] = set()
    for fresh_only in (True, False):
        found = True
        while found and len(chosen) < n:
            found = False
            for cluster in ranked:
                free = (one for one in cluster if one.index not in taken)
                one = next((o for o in free if not fresh_only or images[o.index] not in used), None)
                if one is not None and len(chosen) < n:
                    chosen.append(one)
                    taken.add(one.index)
                    used.add(images[one.index])
                    found = True
    return chosen
