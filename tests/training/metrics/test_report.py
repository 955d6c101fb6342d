from __future__ import annotations

import json

import numpy as np
import pytest

from training.metrics.matching import match
from training.metrics.report import report


def image(*boxes: tuple[int, int, int, int]) -> np.ndarray:
    labels = np.zeros((32, 32), np.uint32)
    for instance_id, (row0, col0, row1, col1) in enumerate(boxes, start=1):
        labels[row0:row1, col0:col1] = instance_id
    return labels


CROWDED = image((0, 0, 8, 8), (0, 10, 8, 18), (10, 0, 18, 8), (10, 10, 18, 18))
LONELY = image((0, 0, 8, 8))


def test_pooled_counts_objects_and_mean_counts_images():
    results = [match(CROWDED, CROWDED), match(LONELY, np.zeros_like(LONELY))]

    summary = report(results)

    assert summary["pooled"]["ap"]["0.5"] == pytest.approx(4 / 5)
    assert summary["mean"]["ap"]["0.5"] == pytest.approx(1 / 2)
    assert summary["n_images"] == 2
    assert summary["n_instances"] == 5


def test_quality_splits_into_detection_and_segmentation():
    shifted = np.roll(LONELY, 1, axis=0)

    scores = report([match(LONELY, shifted)])["pooled"]

    assert scores["detection_quality"] == 1.0
    assert scores["segmentation_quality"] == pytest.approx(7 / 9)
    assert scores["panoptic_quality"] == pytest.approx(7 / 9)


def test_count_error_tells_too_many_from_too_few():
    summary = report([match(CROWDED, LONELY), match(LONELY, CROWDED)])

    assert summary["mean"]["count_bias"] == pytest.approx((-0.75 + 3) / 2)
    assert summary["mean"]["count_error"] == pytest.approx((0.75 + 3) / 2)
    assert summary["pooled"]["count_bias"] == 0


def test_the_report_is_plain_json():
    assert json.loads(json.dumps(report([match(CROWDED, LONELY)])))["n_images"] == 1


def test_no_image_is_refused():
    with pytest.raises(ValueError, match="no image"):
        report([])
