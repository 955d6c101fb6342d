"""The two thresholds of StarDist, fitted by one sweep over cached network outputs.

Upstream's `optimize_thresholds` repeats suppression and matching up to twenty times per value and
refuses ignored pixels (stardist 0.9.2, utils.py and matching.py:34). Suppressing once at the
lowest probability is enough: a candidate is only ever suppressed by a more probable one, so the
survivors above any threshold are the same.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from training.datasets.crops import Crop
from training.datasets.scale import rescaled
from training.engines.base import StopFlag
from training.engines.fitting import agreement
from training.engines.stardist_engine.instances import (
    Forward,
    NetShape,
    Outlines,
    drawn,
    joined,
    parts_of,
    suppressed,
)

PROB_THRESHOLDS = (0.1, 0.2, 0.3, 0.4, 0.45, 0.5, 0.55, 0.6, 0.65, 0.7, 0.8)
NMS_THRESHOLDS = (0.3, 0.4, 0.5)
DEFAULT = {"prob": 0.5, "nms": 0.4}


def fit_thresholds(
    forward: Forward,
    net: NetShape,
    crops: Sequence[Crop],
    should_stop: StopFlag,
    *,
    scale: float = 1.0,
) -> dict[str, float]:
    """Return the thresholds with the best AP over IoU 0.3, 0.5, 0.7, objects pooled.

    Ties go to the value nearest to StarDist's default. `scale` is that of the images before the
    network sees them.
    """
    best, best_key = dict(DEFAULT), (-1.0, 0.0)
    for nms, found in _survivors(forward, net, crops, scale).items():
        for prob_threshold in PROB_THRESHOLDS:
            if should_stop():
                return best
            score = _score(crops, found, prob_threshold)
            distance = abs(prob_threshold - DEFAULT["prob"]) + abs(nms - DEFAULT["nms"])
            if (score, -distance) > best_key:
                best, best_key = {"prob": prob_threshold, "nms": nms}, (score, -distance)
    return best


def _survivors(
    forward: Forward, net: NetShape, crops: Sequence[Crop], scale: float
) -> dict[float, list[Outlines]]:
    """Run the network once per crop, and suppress.

    A crop's output (one value per ray and pixel) is let go of before the next crop is looked at.
    """
    survivors: dict[float, list[Outlines]] = {nms: [] for nms in NMS_THRESHOLDS}
    for crop in crops:
        x = np.moveaxis(rescaled(crop.pixels, scale), 0, -1)
        parts = parts_of(x, forward, net)
        found = [part.candidates(min(PROB_THRESHOLDS), net.grid) for part in parts]
        candidates = joined(found, x.shape, net)
        for nms, objects in survivors.items():
            objects.append(suppressed(candidates, nms).brought_from(x.shape, crop.labels.shape))
    return survivors


def _score(crops: Sequence[Crop], found: Sequence[Outlines], threshold: float) -> float:
    predicted = []
    for crop, objects in zip(crops, found, strict=True):
        likely = objects.of(objects.prob > threshold)
        predicted.append(drawn(likely, crop.labels.shape))
    return agreement(crops, predicted)
