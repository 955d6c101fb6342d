"""What thresholds are fitted on, and how well a choice of them fits."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from training.datasets.crops import Crop, CropSource
from training.engines.data import TrainingData
from training.metrics.matching import Counts, match

IOUS = (0.3, 0.5, 0.7)
# Fewer validation objects than this say little about thresholds; training regions are added.
ENOUGH_OBJECTS = 30


def fitting_crops(
    data: TrainingData, *, most: int, most_px: int, margin_px: int
) -> tuple[list[Crop], str]:
    """Return at most so many crops, and in words which regions they show.

    Validation regions were drawn blind and are preferred; where their objects are few, half of
    the crops are left to the training regions. No crop at all comes back when none has an object.
    """
    n_objects = sum(region.n_instances for region in data.validation.regions)

    def some(source: CropSource, n: int) -> list[Crop]:
        return [source.whole(i, most_px=most_px, margin_px=margin_px) for i in source.own[:n]]

    if n_objects >= ENOUGH_OBJECTS:
        crops, shown = some(data.validation, most), "validation regions"
    else:
        crops = some(data.validation, most // 2)
        crops += some(data.train, most - len(crops))
        shown = "validation and training regions" if n_objects else "training regions"
    if not any((crop.labels > 0).any() for crop in crops):
        return [], "defaults"
    return crops, shown


def agreement(crops: Sequence[Crop], predicted: Iterable[NDArray[Any]]) -> float:
    """Return the AP of all crops' objects together, mean over IoU 0.3, 0.5 and 0.7."""
    totals = dict.fromkeys(IOUS, Counts(0, 0, 0))
    for crop, label_image in zip(crops, predicted, strict=True):
        result = match(crop.labels, label_image, annotated=crop.labels >= 0, thresholds=IOUS)
        totals = {iou: totals[iou] + result.counts[iou] for iou in IOUS}
    return float(np.mean([counts.ap for counts in totals.values()]))
