"""How well a predicted label image agrees with the true one, object by object.

Label images may have any number of axes: of a stack they have planes, and pixels are voxels.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import linear_sum_assignment
from scipy.sparse import coo_array
from scipy.sparse.csgraph import connected_components

Labels: TypeAlias = NDArray[np.integer[Any]]
Annotated: TypeAlias = NDArray[np.bool_]

IOU_THRESHOLDS = (0.5, 0.6, 0.7, 0.8, 0.9)
IGNORED_SHARE = 0.25


@dataclass(frozen=True, slots=True)
class Overlap:
    """All pairs of objects that share pixels, and the objects' areas.

    Attributes
    ----------
    truth, prediction : ndarray of int64, shape (n_pairs,)
        Row of the pair's objects in `truth_ids` and `prediction_ids`.
    iou : ndarray of float64, shape (n_pairs,)
        Shared pixels by pixels of both together, in (0, 1].
    truth_ids, prediction_ids : ndarray of int64
        The ids present, ascending, without 0.
    """

    truth: NDArray[np.int64]
    prediction: NDArray[np.int64]
    iou: NDArray[np.float64]
    truth_ids: NDArray[np.int64]
    prediction_ids: NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class Counts:
    """Objects found, invented and missed at one IoU threshold; sums add up over images.

    Notes
    -----
    Where nothing is to be found and nothing was, every score is 1: the prediction is right.
    `stardist.matching` says 0 there and `cellpose.metrics` NaN.
    """

    tp: int
    fp: int
    fn: int
    iou_sum: float = 0.0

    def __add__(self, other: Counts) -> Counts:
        return Counts(
            self.tp + other.tp,
            self.fp + other.fp,
            self.fn + other.fn,
            self.iou_sum + other.iou_sum,
        )

    @property
    def ap(self) -> float:
        """TP / (TP + FP + FN): the "AP" of the 2018 Data Science Bowl, not COCO's area."""
        return _share(self.tp, self.tp + self.fp + self.fn)

    @property
    def precision(self) -> float:
        """TP / (TP + FP); 1 when nothing was predicted and nothing missed, else 0."""
        return _share(self.tp, self.tp + self.fp, empty=float(self.fn == 0))

    @property
    def recall(self) -> float:
        """TP / (TP + FN); 1 when nothing was to be found and nothing invented, else 0."""
        return _share(self.tp, self.tp + self.fn, empty=float(self.fp == 0))

    @property
    def f1(self) -> float:
        """2 TP / (2 TP + FP + FN); the same number is DQ."""
        return _share(2 * self.tp, 2 * self.tp + self.fp + self.fn)

    @property
    def detection_quality(self) -> float:
        """DQ of panoptic quality, equal to F1."""
        return self.f1

    @property
    def segmentation_quality(self) -> float:
        """SQ of panoptic quality: mean IoU of the matched objects."""
        return _share(self.iou_sum, self.tp, empty=float(self.fp + self.fn == 0))

    mean_matched_iou = segmentation_quality

    @property
    def panoptic_quality(self) -> float:
        """PQ = SQ · DQ."""
        return self.segmentation_quality * self.detection_quality


@dataclass(frozen=True, slots=True)
class ImageMatch:
    """What matching one image gave: counts by IoU threshold and the numbers of objects."""

    counts: Mapping[float, Counts]
    n_truth: int
    n_predicted: int

    @property
    def count_bias(self) -> float:
        """(predicted - true) / true; by 1 when there is no true object."""
        return (self.n_predicted - self.n_truth) / max(1, self.n_truth)


def _share(part: float, whole: float, empty: float = 1.0) -> float:
    return part / whole if whole else empty


def overlap(truth: Labels, prediction: Labels) -> Overlap:
    """Find all pairs of true and predicted objects that share pixels.

    Parameters
    ----------
    truth, prediction : ndarray of integers, shape (H, W) or (Z, H, W)
        Label images; 0 and below is background. Ids may have gaps and any size.

    Returns
    -------
    Overlap

    Raises
    ------
    ValueError
        When the shapes differ or an array holds no integers.

    Notes
    -----
    Only pairs that touch are stored, so an id of four thousand million costs nothing; both
    upstream packages allocate a matrix of the largest ids instead.
    """
    if truth.shape != prediction.shape:
        raise ValueError(f"label images differ in shape: {truth.shape} and {prediction.shape}")
    for labels in (truth, prediction):
        if not np.issubdtype(labels.dtype, np.integer):
            raise ValueError(f"a label image holds integers, not {labels.dtype}")
    truth_ids, truth_rows, truth_areas = _objects(truth)
    prediction_ids, prediction_rows, prediction_areas = _objects(prediction)
    both = (truth_rows >= 0) & (prediction_rows >= 0)
    width = max(1, len(prediction_ids))
    pairs, shared = np.unique(truth_rows[both] * width + prediction_rows[both], return_counts=True)
    rows, columns = pairs // width, pairs % width
    union = truth_areas[rows] + prediction_areas[columns] - shared
    return Overlap(rows, columns, shared / union, truth_ids, prediction_ids)


def _objects(
    labels: Labels,
) -> tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.int64]]:
    """Return the ids, each pixel's row in them (-1: background) and the areas."""
    ids, rows, areas = np.unique(labels.ravel(), return_inverse=True, return_counts=True)
    n_background = int(np.searchsorted(ids, 1))
    return (
        ids[n_background:].astype(np.int64),
        rows.reshape(-1).astype(np.int64) - n_background,
        areas[n_background:].astype(np.int64),
    )


def matched_pairs(pairs: Overlap, threshold: float) -> NDArray[np.int64]:
    """Choose which true object goes with which predicted one at an IoU threshold.

    Parameters
    ----------
    pairs : Overlap
    threshold : float
        In (0, 1]; a pair may match when its IoU is at least this.

    Returns
    -------
    ndarray of int64, shape (n,)
        Positions in `pairs`; no object occurs twice, the number of pairs is the largest
        possible, and among those the sum of IoU is.

    Notes
    -----
    The Hungarian method (Kuhn 1955) as in the 2018 Data Science Bowl, but solved apart for each
    group of objects that are linked by possible pairs: 5,000 objects take milliseconds.

    References
    ----------
    .. [1] Caicedo et al., Nature Methods 16 (2019), doi:10.1038/s41592-019-0612-7
    .. [2] Kuhn, Naval Research Logistics 2 (1955), doi:10.1002/nav.3800020109
    """
    possible = np.flatnonzero(pairs.iou >= threshold)
    rows, columns = pairs.truth[possible], pairs.prediction[possible]
    degree_t = np.bincount(rows, minlength=len(pairs.truth_ids))
    degree_p = np.bincount(columns, minlength=len(pairs.prediction_ids))
    alone = (degree_t[rows] == 1) & (degree_p[columns] == 1)
    chosen = [possible[alone]]
    contested = possible[~alone]
    if contested.size:
        chosen.extend(_assigned(pairs, group) for group in _linked_groups(pairs, contested))
    return np.sort(np.concatenate(chosen))


def _linked_groups(pairs: Overlap, positions: NDArray[np.int64]) -> list[NDArray[np.int64]]:
    """Split contested pairs into groups that share no object."""
    n_truth, n_total = len(pairs.truth_ids), len(pairs.truth_ids) + len(pairs.prediction_ids)
    rows, columns = pairs.truth[positions], pairs.prediction[positions] + n_truth
    links = coo_array((np.ones(len(rows)), (rows, columns)), shape=(n_total, n_total))
    _, group_of = connected_components(links, directed=False)
    groups = group_of[rows]
    order = np.argsort(groups, kind="stable")
    starts = np.flatnonzero(np.diff(groups[order])) + 1
    return np.split(positions[order], starts)


def _assigned(pairs: Overlap, positions: NDArray[np.int64]) -> NDArray[np.int64]:
    """Solve one group; possible pairs count 1 + a tie-break too small to outweigh a pair."""
    rows, row_of = np.unique(pairs.truth[positions], return_inverse=True)
    columns, column_of = np.unique(pairs.prediction[positions], return_inverse=True)
    gain = np.zeros((len(rows), len(columns)))
    gain[row_of, column_of] = 1.0 + pairs.iou[positions] / (2 * min(gain.shape))
    where = np.full(gain.shape, -1, dtype=np.int64)
    where[row_of, column_of] = positions
    picked: NDArray[np.int64] = where[linear_sum_assignment(gain, maximize=True)]
    return picked[picked >= 0]


def match(
    truth: Labels,
    prediction: Labels,
    *,
    annotated: Annotated | None = None,
    thresholds: Sequence[float] = IOU_THRESHOLDS,
) -> ImageMatch:
    """Match the objects of one image.

    Parameters
    ----------
    truth, prediction : ndarray of integers, shape (H, W) or (Z, H, W)
    annotated : ndarray of bool, of the same shape, optional
        Pixels that a person vouches for; None means all. See `keep_annotated`.
    thresholds : sequence of float
        IoU from which a pair counts as found.

    Returns
    -------
    ImageMatch

    Examples
    --------
    >>> truth = np.zeros((8, 8), np.uint32); truth[1:5, 1:5] = 7
    >>> shifted = np.roll(truth, 1, axis=0)
    >>> match(truth, shifted, thresholds=[0.5, 0.7]).counts[0.5].ap
    1.0
    >>> match(truth, shifted, thresholds=[0.5, 0.7]).counts[0.7].ap
    0.0
    """
    if annotated is not None:
        truth, prediction = keep_annotated(truth, annotated), keep_annotated(prediction, annotated)
    pairs = overlap(truth, prediction)
    n_truth, n_predicted = len(pairs.truth_ids), len(pairs.prediction_ids)
    counts = {}
    for threshold in thresholds:
        found = matched_pairs(pairs, threshold)
        tp = len(found)
        iou_sum = float(pairs.iou[found].sum())
        counts[threshold] = Counts(tp, n_predicted - tp, n_truth - tp, iou_sum)
    return ImageMatch(counts, n_truth, n_predicted)


def keep_annotated(
    labels: Labels, annotated: Annotated, ignored_share: float = IGNORED_SHARE
) -> Labels:
    """Drop the objects that nobody can judge, then the pixels.

    Parameters
    ----------
    labels : ndarray of integers, shape (H, W) or (Z, H, W)
    annotated : ndarray of bool, of the same shape
    ignored_share : float
        An object with more than this share of its area outside `annotated` is dropped whole.

    Returns
    -------
    ndarray, of the same shape
        A copy: dropped objects and pixels outside `annotated` are 0.

    Notes
    -----
    The default is that of NucEval; `stardist.matching` refuses ignored pixels instead
    (0.9.2, matching.py:34).
    """
    ids, rows, areas = np.unique(labels, return_inverse=True, return_counts=True)
    rows = rows.reshape(labels.shape)
    outside = np.bincount(rows[~annotated], minlength=len(ids))
    kept = ids.copy()
    kept[outside > ignored_share * areas] = 0
    kept[ids <= 0] = 0
    result: Labels = np.where(annotated, kept[rows], 0).astype(labels.dtype)
    return result
