"""Cellpose's two thresholds, fitted over cached network outputs."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from training.datasets.crops import Crop
from training.engines.base import StopFlag
from training.engines.cellpose_engine.learner import to_inputs
from training.engines.cellpose_engine.predictor import CellposePredictor, instances
from training.metrics.matching import Counts, match

CELLPROBS = (0.0, -1.0, 1.0, -2.0, 2.0)
FLOWS = (0.4, 0.2, 0.6, 0.8)
IOUS = (0.3, 0.5, 0.7)
DEFAULT = {"cellprob": 0.0, "flow": 0.4}


def fit_thresholds(
    predictor: CellposePredictor, crops: Sequence[Crop], should_stop: StopFlag
) -> dict[str, float]:
    """Return the thresholds with the best AP; first cellprob's, then the flow error's.

    The default stays unless another value is better: it is tried first.
    """
    outputs = [predictor.outputs(to_inputs(crop.pixels), should_stop) for crop in crops]
    best, best_score = dict(DEFAULT), -1.0
    for name, values in (("cellprob", CELLPROBS), ("flow", FLOWS)):
        for value in values:
            if should_stop():
                return best
            tried = best | {name: value}
            if best_score >= 0 and tried == best:
                continue
            totals = dict.fromkeys(IOUS, Counts(0, 0, 0))
            for crop, (flows, cellprob) in zip(crops, outputs, strict=True):
                predicted = instances(flows, cellprob, tried, rescale=predictor.rescale)
                result = match(crop.labels, predicted, annotated=crop.labels >= 0, thresholds=IOUS)
                totals = {iou: totals[iou] + result.counts[iou] for iou in IOUS}
            score = float(np.mean([counts.ap for counts in totals.values()]))
            if score > best_score:
                best, best_score = tried, score
    return best
