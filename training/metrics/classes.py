"""How well a prediction tells kinds of objects apart, counted at one IoU threshold."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

from training.metrics.matching import Counts, Labels, matched_pairs, overlap
from training.metrics.report import PRIMARY_IOU

ClassReport: TypeAlias = dict[str, Any]

UNKNOWN = 0


@dataclass(frozen=True, slots=True)
class ClassCounts:
    """Objects by kind; sums add up over images.

    Attributes
    ----------
    matched : ndarray of int64, shape (n + 1, n + 1)
        Pairs of a true and a predicted object, by the kinds of both; 0 is unknown.
    missed : ndarray of int64, shape (n + 1,)
        True objects without a predicted one, by kind.
    invented : ndarray of int64, shape (n + 1,)
        Predicted objects without a true one, by kind.
    """

    matched: NDArray[np.int64]
    missed: NDArray[np.int64]
    invented: NDArray[np.int64]

    @classmethod
    def none(cls, n_classes: int) -> ClassCounts:
        """Return the counts of no image."""
        side = n_classes + 1
        return cls(
            np.zeros((side, side), np.int64), np.zeros(side, np.int64), np.zeros(side, np.int64)
        )

    def __add__(self, other: ClassCounts) -> ClassCounts:
        return ClassCounts(
            self.matched + other.matched,
            self.missed + other.missed,
            self.invented + other.invented,
        )

    @property
    def accuracy(self) -> float | None:
        """Share of the matched objects of known kind that got it; None when there is none."""
        judged = self.matched[1:]
        total = int(judged.sum())
        return float(judged[:, 1:].trace()) / total if total else None

    def of_class(self, number: int) -> Counts:
        """Count the objects of a kind, as if there were no others.

        A predicted object on a true one of unknown kind may be right, and counts neither way.
        """
        tp = int(self.matched[number, number])
        n_truth = int(self.matched[number].sum() + self.missed[number])
        n_predicted = int(self.matched[1:, number].sum() + self.invented[number])
        return Counts(tp, n_predicted - tp, n_truth - tp)


def match_classes(
    truth: Labels,
    prediction: Labels,
    truth_classes: Mapping[int, int],
    predicted_classes: Mapping[int, int],
    *,
    n_classes: int,
    threshold: float = PRIMARY_IOU,
) -> ClassCounts:
    """Match the objects of one image whatever their kinds, and compare the kinds.

    Parameters
    ----------
    truth, prediction : ndarray of integers, shape (H, W)
        Label images; 0 and below is background. Objects that nobody can judge are left out before
        (`training.metrics.matching.keep_annotated`).
    truth_classes, predicted_classes : mapping of int to int
        Kind of each object by its id, from 1 to `n_classes`; what is missing is unknown.
    n_classes : int
    threshold : float
        IoU from which a pair counts as found.

    Returns
    -------
    ClassCounts

    Examples
    --------
    >>> truth = np.array([[1, 1, 0, 2, 2]])
    >>> found = match_classes(truth, truth, {1: 1, 2: 2}, {1: 1, 2: 1}, n_classes=2)
    >>> found.accuracy
    0.5
    >>> found.of_class(1).ap, found.of_class(2).ap
    (0.5, 0.0)
    """
    pairs = overlap(truth, prediction)
    chosen = matched_pairs(pairs, threshold)
    rows, columns = pairs.truth[chosen], pairs.prediction[chosen]
    true_kinds = _numbers(pairs.truth_ids, truth_classes)
    said_kinds = _numbers(pairs.prediction_ids, predicted_classes)
    found = ClassCounts.none(n_classes)
    np.add.at(found.matched, (true_kinds[rows], said_kinds[columns]), 1)
    np.add.at(found.missed, np.delete(true_kinds, rows), 1)
    np.add.at(found.invented, np.delete(said_kinds, columns), 1)
    return found


def _numbers(ids: NDArray[np.int64], classes: Mapping[int, int]) -> NDArray[np.intp]:
    return np.array([classes.get(one, UNKNOWN) for one in ids.tolist()], np.intp)


def class_report(counts: ClassCounts, names: Sequence[str]) -> ClassReport:
    """Summarise the kinds of the objects of some images.

    Parameters
    ----------
    counts : ClassCounts
        Pooled over the images.
    names : sequence of str
        Of the kinds, the first being number 1.

    Returns
    -------
    dict
        ``names``; ``accuracy`` of the kind among matched objects (None without any) and
        ``n_judged``, their number; ``by_class``: per kind ``name``, ``ap``, ``precision``,
        ``recall``, ``n_truth`` and ``n_predicted``; ``confusion``: rows are true kinds, columns
        what was said, the last column nothing.
    """
    by_class = []
    for number, name in enumerate(names, 1):
        found = counts.of_class(number)
        by_class.append(
            {
                "name": name,
                "ap": found.ap,
                "precision": found.precision,
                "recall": found.recall,
                "n_truth": found.tp + found.fn,
                "n_predicted": found.tp + found.fp,
            }
        )
    judged = counts.matched[1:]
    return {
        "names": list(names),
        "accuracy": counts.accuracy,
        "n_judged": int(judged.sum()),
        "by_class": by_class,
        "confusion": np.roll(judged, -1, axis=1).tolist(),
    }
