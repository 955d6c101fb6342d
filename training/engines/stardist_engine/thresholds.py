"""The two thresholds of StarDist, fitted by one sweep over cached network outputs.

Upstream's `optimize_thresholds` repeats suppression and matching up to twenty times per value and
refuses ignored pixels (stardist 0.9.2, utils.py and matching.py:34). Suppressing once at the
lowest probability is enough: a candidate is only ever suppressed by a more probable one, so the
survivors above any threshold are the same.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from stardist.geometry import polygons_to_label
from stardist.nms import non_maximum_suppression

from training.datasets.crops import Crop
from training.engines.base import StopFlag
from training.engines.fitting import agreement
from training.engines.stardist_engine.net import Model
from training.engines.stardist_engine.predictor import FastForward

PROB_THRESHOLDS = (0.1, 0.2, 0.3, 0.4, 0.45, 0.5, 0.55, 0.6, 0.65, 0.7, 0.8)
NMS_THRESHOLDS = (0.3, 0.4, 0.5)
DEFAULT = {"prob": 0.5, "nms": 0.4}


@dataclass(frozen=True, slots=True)
class Survivors:
    """Objects of one crop after suppression at the lowest threshold."""

    points: NDArray[np.int64]
    prob: NDArray[np.float32]
    dist: NDArray[np.float32]


def fit_thresholds(model: Model, crops: Sequence[Crop], should_stop: StopFlag) -> dict[str, float]:
    """Return the thresholds with the best AP over IoU 0.3, 0.5, 0.7, objects pooled.

    Ties go to the value nearest to StarDist's default.
    """
    survivors = _survivors(model, crops)
    best, best_key = dict(DEFAULT), (-1.0, 0.0)
    for nms, found in survivors.items():
        for prob_threshold in PROB_THRESHOLDS:
            if should_stop():
                return best
            score = _score(crops, found, prob_threshold)
            distance = abs(prob_threshold - DEFAULT["prob"]) + abs(nms - DEFAULT["nms"])
            if (score, -distance) > best_key:
                best, best_key = {"prob": prob_threshold, "nms": nms}, (score, -distance)
    return best


def _survivors(model: Model, crops: Sequence[Crop]) -> dict[float, list[Survivors]]:
    """Run the network once per crop, by the way that traces once for all sizes, and suppress.

    A crop's output (one value per ray and pixel) is let go of before the next crop is looked at.
    """
    found: dict[float, list[Survivors]] = {nms: [] for nms in NMS_THRESHOLDS}
    keras_model = model.keras_model
    model.keras_model = FastForward(keras_model, model.config.n_channel_in)
    try:
        for crop in crops:
            prob, dist = model.predict(np.moveaxis(crop.pixels, 0, -1))[:2]
            for nms, objects in found.items():
                objects.append(_suppress(model, prob, dist, nms))
    finally:
        model.keras_model = keras_model
    return found


def _suppress(
    model: Model, prob: NDArray[np.float32], dist: NDArray[np.float32], nms: float
) -> Survivors:
    points, probs, dists = non_maximum_suppression(
        dist, prob, grid=model.config.grid, prob_thresh=min(PROB_THRESHOLDS), nms_thresh=nms
    )
    return Survivors(points, probs, dists)


def _score(crops: Sequence[Crop], found: Sequence[Survivors], threshold: float) -> float:
    predicted = []
    for crop, objects in zip(crops, found, strict=True):
        kept = objects.prob > threshold
        predicted.append(
            polygons_to_label(
                objects.dist[kept], objects.points[kept], crop.labels.shape, prob=objects.prob[kept]
            )
        )
    return agreement(crops, predicted)
