"""The two thresholds of StarDist, fitted by one sweep over cached network outputs.

Upstream's `optimize_thresholds` repeats suppression and matching up to twenty times per value and
refuses ignored pixels (stardist 0.9.2, utils.py and matching.py:34). Suppressing once at the
lowest probability is enough: a candidate is only ever suppressed by a more probable one, so the
survivors above any threshold are the same. So is drawing once, since the more probable lie on top.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from training.datasets.crops import Crop
from training.datasets.scale import rescaled
from training.engines.base import StopFlag
from training.engines.fitting import agreement
from training.engines.stardist_engine.instances import (
    POLYGONS,
    Forward,
    NetShape,
    Shapes,
    joined,
    parts_of,
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
    shapes: Shapes = POLYGONS,
) -> dict[str, float]:
    """Return the thresholds with the best AP over IoU 0.3, 0.5, 0.7, objects pooled.

    Ties go to the value nearest to StarDist's default. `scale` is that of the images before the
    network sees them. Of volumes only those at peaks of the probability are compared: all would
    take minutes.
    """
    best, best_key = dict(DEFAULT), (-1.0, 0.0)
    for nms, found in _objects(forward, net, crops, scale, shapes).items():
        for prob_threshold in PROB_THRESHOLDS:
            if should_stop():
                return best
            score = agreement(crops, (each.above(prob_threshold) for each in found))
            distance = abs(prob_threshold - DEFAULT["prob"]) + abs(nms - DEFAULT["nms"])
            if (score, -distance) > best_key:
                best, best_key = {"prob": prob_threshold, "nms": nms}, (score, -distance)
    return best


@dataclass(frozen=True, slots=True)
class _Drawing:
    """The objects of a crop above the lowest probability, and what each has."""

    label_image: NDArray[np.int32]
    prob: NDArray[np.float32]  # of id i at i - 1

    def above(self, threshold: float) -> NDArray[np.int32]:
        ids = np.where(self.prob > threshold, np.arange(1, len(self.prob) + 1), 0)
        result: NDArray[np.int32] = np.append(0, ids).astype(np.int32)[self.label_image]
        return result


def _objects(
    forward: Forward, net: NetShape, crops: Sequence[Crop], scale: float, shapes: Shapes
) -> dict[float, list[_Drawing]]:
    """Run the network once per crop, suppress and draw.

    A crop's output (one value per ray and pixel) is let go of before the next crop is looked at.
    """
    drawings: dict[float, list[_Drawing]] = {nms: [] for nms in NMS_THRESHOLDS}
    for crop in crops:
        x = np.moveaxis(rescaled(crop.pixels, scale), 0, -1)
        found = [
            part.candidates(
                min(PROB_THRESHOLDS), net.grid, among=part.peaks() if net.n_dims == 3 else None
            )
            for part in parts_of(x, forward, net)
        ]
        candidates = joined(found, x.shape, net)
        for nms, made in drawings.items():
            kept = candidates.of(shapes.survivors(candidates, nms))
            objects = kept.brought_from(x.shape, crop.labels.shape)
            made.append(_Drawing(shapes.drawn(objects, crop.labels.shape), objects.prob))
    return drawings
