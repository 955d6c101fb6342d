"""Counting the objects of a measurement by kind, region by region."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import numpy as np
from numpy.typing import NDArray

from annotations.queries.classes import classes_in
from training.jobs.region_files import FrozenRegion, snapshot_of
from training.metrics.classes import ClassCounts, class_report, match_classes
from training.models import ModelVersion
from training.queries.classes import classes_of_version


class ClassTally:
    """Kinds that people gave to objects, and those that a version said; names are today's.

    Kinds of the version come first; those that only people know follow.
    """

    def __init__(self, version: ModelVersion, regions: Iterable[FrozenRegion]) -> None:
        self._said = classes_of_version(version)
        told = regions if self._said else []
        self._true = {one.region["id"]: classes_in(snapshot_of(one)) for one in told}
        known = {name for named in self._true.values() for name in named.values()}
        names = [*self._said, *sorted(known - set(self._said))]
        self._names = list(dict.fromkeys(name for name in names if name))
        self._is_told = bool(known)
        self._counts = ClassCounts.none(len(self._names))

    def take(
        self,
        frozen: FrozenRegion,
        truth: NDArray[np.integer[Any]],
        prediction: NDArray[np.integer[Any]],
        classes: NDArray[np.uint8] | None,
    ) -> None:
        """Count a region; both label images hold only objects that are judged."""
        if not self._is_told or classes is None:
            return
        number_of = {name: number for number, name in enumerate(self._names, 1)} | {"": 0}
        true = {one: number_of[name] for one, name in self._true[frozen.region["id"]].items()}
        by_number = [0, *(number_of[name] for name in self._said)]
        said = {one: by_number[number] for one, number in enumerate(classes.tolist(), 1)}
        self._counts += match_classes(truth, prediction, true, said, n_classes=len(self._names))

    def report(self) -> dict[str, Any] | None:
        """Summarise what was counted; None where people or the version know no kinds."""
        return class_report(self._counts, self._names) if self._is_told else None
