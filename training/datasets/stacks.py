"""Objects of a stack, put together from what was found in its planes one by one."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any, NamedTuple, TypeAlias

import numpy as np
from numpy.typing import NDArray

LabelImage: TypeAlias = NDArray[np.uint32]
Ints: TypeAlias = NDArray[np.int64]

LEAST_IOU = 0.25  # Cellpose's stitch_threshold


class Overlaps(NamedTuple):
    """Which objects of two planes share pixels: their ids, int64, shape (n,), each pair once."""

    below: Ints
    above: Ints
    shared_px: Ints


NO_OVERLAPS = Overlaps(np.zeros(0, np.int64), np.zeros(0, np.int64), np.zeros(0, np.int64))


def anisotropy(z_step_um: float | None, pixel_size_um: float | None) -> float:
    """Return the distance of planes in pixels of a plane; 0 when either is unknown."""
    return z_step_um / pixel_size_um if z_step_um and pixel_size_um else 0.0


class PlaneLinker:
    """Gives the objects of one plane after the other ids of the whole stack.

    Parameters
    ----------
    least_iou : float or None
        From which IoU an object goes on in the next plane; None: never.

    Notes
    -----
    Only one plane is held, so a stack need not fit in memory. Of several stacks, one after the
    other, no two objects have the same id.
    """

    def __init__(self, least_iou: float | None = LEAST_IOU) -> None:
        self._least_iou = least_iou
        self._last: LabelImage | None = None
        self._begins = True
        self._n = 0
        self._ids: list[Ints] = []  # of the stack, per plane
        self._areas: list[Ints] = []
        self._scores: list[NDArray[np.float32]] = []
        self._classes: list[NDArray[np.uint8]] = []

    def begin(self) -> None:
        """Say that the next plane is the first one of another stack."""
        self._last = None
        self._begins = True

    def add(
        self,
        label_image: LabelImage,
        scores: NDArray[np.floating[Any]],
        classes: NDArray[np.uint8] | None = None,
    ) -> LabelImage:
        """Take the next plane and return it with ids of the stack.

        Parameters
        ----------
        label_image : ndarray of uint32, shape (H, W)
            Ids 1 to n.
        scores : ndarray of float, shape (n,)
        classes : ndarray of uint8, shape (n,), optional
            Kinds of objects, from 1; 0 is unknown.

        Returns
        -------
        ndarray of uint32, shape (H, W)
            An object that goes on has the id it had in the plane before; others get new ones, in
            the order of theirs.

        Raises
        ------
        ValueError
            When the ids are not 1 to n, or the planes differ in shape.
        """
        n = len(scores)
        areas = np.bincount(label_image.ravel(), minlength=n + 1)
        if len(areas) != n + 1 or (areas[1:] == 0).any():
            raise ValueError(f"the ids of a plane with {n} scores are not 1 to {n}")
        found = NO_OVERLAPS
        if self._last is not None and self._least_iou is not None:
            found = overlaps(self._last, label_image)
        ids = self.take(areas[1:], found, scores, classes)
        self._last = ids[label_image]
        return self._last

    def take(
        self,
        areas: Ints,
        found: Overlaps,
        scores: NDArray[np.floating[Any]],
        classes: NDArray[np.uint8] | None = None,
    ) -> NDArray[np.uint32]:
        """Take the next plane by its objects alone, where no plane is held as a whole.

        Parameters
        ----------
        areas : ndarray of int64, shape (n,)
            Pixels of the objects 1 to n.
        found : Overlaps
            Of the objects of the plane before, by their ids of the stack, with these.
        scores, classes
            See `add`.

        Returns
        -------
        ndarray of uint32, shape (n + 1,)
            The id of the stack of each object at its number; 0 at 0.
        """
        n = len(scores)
        ids = np.zeros(n + 1, np.int64)
        if not self._begins and self._least_iou is not None:
            below = np.zeros(self._n + 1, np.int64)
            below[self._ids[-1]] = self._areas[-1]
            ids = continued(found, below, np.concatenate([[0], areas]), self._least_iou)
        self._begins = False
        new = np.flatnonzero(ids[1:] == 0) + 1
        ids[new] = self._n + 1 + np.arange(new.size)
        self._n += new.size
        self._ids.append(ids[1:])
        self._areas.append(areas)
        self._scores.append(np.asarray(scores, np.float32))
        self._classes.append(np.zeros(n, np.uint8) if classes is None else classes)
        return ids.astype(np.uint32)

    def scores(self) -> NDArray[np.float32]:
        """Return the score of every object, float32, shape (n,): the mean over its planes.

        Planes whose score is not a number do not count.
        """
        ids, scores = self._all(self._ids, np.int64), self._all(self._scores, np.float32)
        known = ~np.isnan(scores)
        sums = np.bincount(ids[known], scores[known], self._n + 1)[1:]
        counts = np.bincount(ids[known], minlength=self._n + 1)[1:]
        mean = np.full(self._n, np.nan, np.float32)
        np.divide(sums, counts, out=mean, where=counts > 0, casting="same_kind")
        return mean

    def classes(self) -> NDArray[np.uint8]:
        """Return the kind of every object, uint8, shape (n,): that of most of its pixels.

        Of two that have as many, the smaller number; 0 where no plane tells.
        """
        ids, classes = self._all(self._ids, np.int64), self._all(self._classes, np.uint8)
        votes = np.zeros((self._n + 1, int(classes.max(initial=0)) + 1))
        np.add.at(votes, (ids, classes), self._all(self._areas, np.int64))
        votes[:, 0] = 0
        kinds: NDArray[np.uint8] = votes[1:].argmax(axis=1).astype(np.uint8)
        return kinds

    @staticmethod
    def _all(parts: Sequence[NDArray[Any]], dtype: type) -> NDArray[Any]:
        return np.concatenate(parts) if parts else np.zeros(0, dtype)


def link_planes(
    label_images: LabelImage,
    scores: Sequence[NDArray[np.floating[Any]]],
    *,
    least_iou: float = LEAST_IOU,
) -> tuple[LabelImage, NDArray[np.float32]]:
    """Make one object of those that lie over each other in neighbouring planes.

    Parameters
    ----------
    label_images : ndarray of uint32, shape (Z, H, W)
        In each plane ids from 1 to its number of objects.
    scores : sequence of Z arrays of float
        Of the objects of each plane.
    least_iou : float
        In (0, 1].

    Returns
    -------
    labels : ndarray of uint32, shape (Z, H, W)
        Ids 1 to n.
    scores : ndarray of float32, shape (n,)
        Means over planes.

    Notes
    -----
    The rule of `cellpose.utils.stitch3D` (3.1.1.3, utils.py:519): an object can go on only in the
    one that it overlaps best, and of several that would go on in one, the best is taken. Of equal
    overlaps the smaller id is taken; there it links all that are equal and merges them.

    Examples
    --------
    >>> disc = np.zeros((3, 4, 4), np.uint32); disc[:, 1:3, 1:3] = 1
    >>> labels, scores = link_planes(disc, [np.array([0.5]), np.array([1.0]), np.array([0.0])])
    >>> np.array_equal(labels, disc), scores.tolist()
    (True, [0.5])
    """
    linker = PlaneLinker(least_iou)
    linked = np.zeros_like(label_images, np.uint32)
    for z, (label_image, of_plane) in enumerate(zip(label_images, scores, strict=True)):
        linked[z] = linker.add(label_image, of_plane)
    return linked, linker.scores()


def overlaps(below: LabelImage, above: LabelImage) -> Overlaps:
    """Find which objects of two planes, or of the same part of both, share how many pixels.

    Parameters
    ----------
    below, above : ndarray of uint32, shape (H, W)

    Returns
    -------
    Overlaps
    """
    if below.shape != above.shape:
        raise ValueError(f"planes differ in shape: {below.shape} and {above.shape}")
    both = (below > 0) & (above > 0)
    pairs = below[both].astype(np.uint64) << np.uint64(32) | above[both]
    return _as_overlaps(*np.unique(pairs, return_counts=True))


def all_overlaps(parts: Iterable[Overlaps]) -> Overlaps:
    """Add up what was found in the parts of two planes."""
    lower, upper, shared = (np.concatenate(each) for each in zip(NO_OVERLAPS, *parts, strict=True))
    pairs, index = np.unique(
        lower.astype(np.uint64) << np.uint64(32) | upper.astype(np.uint64), return_inverse=True
    )
    total = np.zeros(pairs.size, np.int64)
    np.add.at(total, index, shared)
    return _as_overlaps(pairs, total)


def _as_overlaps(pairs: NDArray[np.uint64], shared: Ints) -> Overlaps:
    lower, upper = pairs >> np.uint64(32), pairs & np.uint64(0xFFFFFFFF)
    return Overlaps(lower.astype(np.int64), upper.astype(np.int64), shared.astype(np.int64))


def continued(found: Overlaps, areas_below: Ints, areas_above: Ints, least_iou: float) -> Ints:
    """Find which object of one plane goes on in which of the next.

    Parameters
    ----------
    found : Overlaps
        Of both planes.
    areas_below, areas_above : ndarray of int64
        Pixels of each object at its id; ids of the plane below may have gaps.
    least_iou : float

    Returns
    -------
    ndarray of int64, shape of areas_above
        The id below of each object above; 0: it begins there. None occurs twice.
    """
    lower, upper, shared = found
    iou = shared / (areas_below[lower] + areas_above[upper] - shared)
    kept = iou >= least_iou
    lower, upper, iou = lower[kept], upper[kept], iou[kept]
    best = _first_of_each(lower, iou, upper)
    lower, upper, iou = lower[best], upper[best], iou[best]
    best = _first_of_each(upper, iou, lower)
    ids = np.zeros(len(areas_above), np.int64)
    ids[upper[best]] = lower[best]
    return ids


def _first_of_each(group: Ints, iou: NDArray[np.float64], then: Ints) -> Ints:
    """Return the places of the best pair of each group; of equal ones that with the smaller id."""
    order = np.lexsort((then, -iou, group))
    ordered = group[order]
    is_first = np.ones(ordered.size, np.bool_)
    is_first[1:] = ordered[1:] != ordered[:-1]
    best: Ints = order[is_first]
    return best
