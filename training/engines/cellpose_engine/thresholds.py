"""Cellpose's two thresholds, fitted over cached network outputs."""

from __future__ import annotations

from collections.abc import Sequence

from training.datasets.crops import Crop
from training.engines.base import StopFlag
from training.engines.cellpose_engine.predictor import CellposePredictor
from training.engines.fitting import agreement

CELLPROBS = (0.0, -1.0, 1.0, -2.0, 2.0)
FLOWS = (0.4, 0.2, 0.6, 0.8)
DEFAULT = {"cellprob": 0.0, "flow": 0.4}


def fit_thresholds(
    predictor: CellposePredictor, crops: Sequence[Crop], should_stop: StopFlag
) -> dict[str, float]:
    """Return the thresholds with the best AP; first cellprob's, then the flow error's.

    The default stays unless another value is better: it is tried first.
    """
    maps = [predictor.maps(crop.pixels, should_stop).whole() for crop in crops]
    best, best_score = dict(DEFAULT), -1.0
    for name, values in (("cellprob", CELLPROBS), ("flow", FLOWS)):
        for value in values:
            if should_stop():
                return best
            tried = best | {name: value}
            if best_score >= 0 and tried == best:
                continue
            score = agreement(crops, (predictor.instances(each, tried) for each in maps))
            if score > best_score:
                best, best_score = tried, score
    return best
