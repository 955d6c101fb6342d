"""How far a prediction agrees with those of turned and mirrored views, object by object."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from training.metrics.matching import overlap

LabelImage: TypeAlias = NDArray[np.uint32]

SAME_IOU = 0.3  # two views' objects above it are one object, drawn differently


@dataclass(frozen=True, slots=True)
class Doubts:
    """What the views say about a prediction.

    Attributes
    ----------
    instance_ids : ndarray of int64, shape (n,)
        The prediction's ids, ascending.
    doubt : ndarray of float64, shape (n,)
        1 - agreement of each, from 0 (every view draws it alike) to 1 (no view shows it).
    missed_boxes : ndarray of int64, shape (m, 4)
        Objects that views show and the prediction has not: row0, col0, row1, col1, half-open.
    missed_weight : ndarray of float64, shape (m,)
        The share of views that show each, in (0, 1].
    """

    instance_ids: NDArray[np.int64]
    doubt: NDArray[np.float64]
    missed_boxes: NDArray[np.int64]
    missed_weight: NDArray[np.float64]


def compare_views(prediction: LabelImage, views: Sequence[LabelImage]) -> Doubts:
    """Measure how far views agree with a prediction, and what it may have missed.

    Parameters
    ----------
    prediction : ndarray of uint32, shape (H, W)
        Label image of the image as it is.
    views : sequence of ndarray of uint32, shape (H, W)
        Label images of turned and mirrored views, turned back. At least one.

    Returns
    -------
    Doubts

    Raises
    ------
    ValueError
        Without a view.

    Notes
    -----
    The agreement of an object is the mean over the views of its best IoU with an object there.
    A view's object counts as missed when it has IoU 0.3 with no object of the prediction and
    less than half of it lies on any; the same place in several views (IoU 0.3) is one object,
    whose weight is the share of views that show it. Ids have no influence.

    References
    ----------
    Consistency under augmentation chooses what to label better than entropy does: Dawoud et
    al., Knowing What to Label for Few Shot Microscopy Image Cell Segmentation, WACV 2023,
    arXiv:2211.10244. Merging views in microscopy: Moshkov et al. 2020,
    doi:10.1038/s41598-020-61808-3.
    """
    if not views:
        raise ValueError("Agreement needs at least one view.")
    present = np.unique(prediction)
    ids = present[present > 0].astype(np.int64)
    agreement = np.zeros(ids.size)
    missed = _Missed(prediction)
    for view in views:
        pairs = overlap(prediction, view)
        best = np.zeros(ids.size)
        np.maximum.at(best, pairs.truth, pairs.iou)
        agreement += best
        found = np.zeros(pairs.prediction_ids.size)
        np.maximum.at(found, pairs.prediction, pairs.iou)
        missed.add(view, pairs.prediction_ids[found < SAME_IOU])
    boxes, counts = missed.boxes_and_counts()
    doubt = np.clip(1 - agreement / len(views), 0, 1)
    return Doubts(ids, doubt, boxes, counts / len(views))


def carry_over(
    draft: LabelImage, prediction: LabelImage, doubts: Doubts
) -> tuple[NDArray[np.int64], NDArray[np.float64]]:
    """Return the doubt of a draft's objects, from a prediction of the same place.

    Parameters
    ----------
    draft : ndarray of uint32, shape (H, W)
        Label image that a person sees, predicted with the whole image around it.
    prediction : ndarray of uint32, shape (H, W)
        Label image that the views were compared with.
    doubts : Doubts
        Of that prediction.

    Returns
    -------
    instance_ids : ndarray of int64, shape (n,)
        The draft's ids, ascending.
    doubt : ndarray of float64, shape (n,)
        1 - IoU · agreement of the object that overlaps most; 1 where there is none. The same
        doubts where both label images show the same objects.
    """
    pairs = overlap(draft, prediction)
    agreement = np.zeros(pairs.truth_ids.size)
    place = np.searchsorted(doubts.instance_ids, pairs.prediction_ids[pairs.prediction])
    np.maximum.at(agreement, pairs.truth, pairs.iou * (1 - doubts.doubt[place]))
    return pairs.truth_ids, np.clip(1 - agreement, 0, 1)


class _Missed:
    """Objects that only views show, gathered view by view."""

    def __init__(self, prediction: LabelImage) -> None:
        self._known = prediction > 0
        self._gathered = np.zeros(prediction.shape, np.int64)
        self._boxes: list[tuple[int, int, int, int]] = []
        self._counts: list[int] = []

    def add(self, view: LabelImage, candidates: NDArray[np.int64]) -> None:
        """Count the candidates of a view that the prediction does not cover."""
        if not candidates.size:
            return
        area = np.bincount(view.ravel())
        covered = np.bincount(view[self._known], minlength=area.size)
        new = candidates[covered[candidates] < 0.5 * area[candidates]]
        wanted = np.zeros(area.size, np.int64)
        wanted[new] = new
        objects = wanted[view]
        seen, fresh = self._known_again(objects)
        for number in seen:
            self._counts[number - 1] += 1
        self._remember(objects, fresh)

    def _known_again(self, objects: NDArray[np.int64]) -> tuple[set[int], list[int]]:
        """Return which gathered objects are among these, and which of these are new."""
        pairs = overlap(self._gathered, objects)
        same = pairs.iou >= SAME_IOU
        seen = {int(pairs.truth_ids[i]) for i in pairs.truth[same]}
        matched = {int(pairs.prediction_ids[i]) for i in pairs.prediction[same]}
        return seen, [int(one) for one in pairs.prediction_ids if int(one) not in matched]

    def _remember(self, objects: NDArray[np.int64], fresh: list[int]) -> None:
        places = ndimage.find_objects(objects.astype(np.int32)) if fresh else []
        for instance_id in fresh:
            rows, cols = places[instance_id - 1]
            self._boxes.append((rows.start, cols.start, rows.stop, cols.stop))
            self._counts.append(1)
            around = self._gathered[rows, cols]
            around[(objects[rows, cols] == instance_id) & (around == 0)] = len(self._counts)

    def boxes_and_counts(self) -> tuple[NDArray[np.int64], NDArray[np.float64]]:
        """Return the boxes of all gathered objects and in how many views each was seen."""
        boxes = np.array(self._boxes, np.int64).reshape(-1, 4)
        return boxes, np.array(self._counts, np.float64)
