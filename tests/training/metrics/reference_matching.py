"""Run in a child: what stardist or cellpose says about pairs of label images in an .npz."""

from __future__ import annotations

import json
import sys

import numpy as np

THRESHOLDS = [0.5, 0.6, 0.7, 0.8, 0.9]


def stardist(truth: np.ndarray, prediction: np.ndarray) -> list[list[float]]:
    from stardist.matching import matching

    found = matching(truth, prediction, thresh=THRESHOLDS)
    return [[m.tp, m.fp, m.fn, m.accuracy, m.f1, m.panoptic_quality] for m in found]


def cellpose(truth: np.ndarray, prediction: np.ndarray) -> list[list[float]]:
    from cellpose.metrics import average_precision

    ap, tp, fp, fn = average_precision(truth, prediction, threshold=THRESHOLDS)
    return [[float(x) for x in row] for row in zip(tp, fp, fn, ap, strict=True)]


if __name__ == "__main__":
    package, path = sys.argv[1:]
    with np.load(path) as data:
        pairs = zip(data["truth"], data["prediction"], strict=True)
        answers = [globals()[package](truth, prediction) for truth, prediction in pairs]
    sys.stdout.write("\n" + json.dumps(answers, default=float))
