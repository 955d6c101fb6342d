from __future__ import annotations

import numpy as np
import pytest

from tests.engines.worlds import Notes, ellipses, make_job, write_region
from training.datasets.crops import Crop
from training.engines.data import TrainingData, open_data
from training.engines.fitting import ENOUGH_OBJECTS, agreement, fitting_crops
from training.engines.registry import parse_params
from training.engines.specs import THRESHOLD, ThresholdParams

SIZES = {"most": 6, "most_px": 128, "margin_px": 0}


def data_of(folder, *, n_train: int, n_validation: int, n_objects: int) -> TrainingData:
    splits = ["train"] * n_train + ["validation"] * n_validation
    regions = [
        write_region(folder, f"image-{i}", *ellipses(i, n=n_objects), split=split)
        for i, split in enumerate(splits)
    ]
    job = make_job(regions, folder / "run")
    return open_data(THRESHOLD, job, parse_params(ThresholdParams, {}), Notes())


@pytest.mark.parametrize(
    ("n_validation", "n_objects", "n_crops", "shown"),
    [
        (4, 14, 4, "validation regions"),
        (9, 14, 6, "validation regions"),
        (1, 4, 6, "validation and training regions"),
        (0, 4, 6, "training regions"),
    ],
)
def test_thresholds_are_fitted_on_blind_regions_and_on_others_only_where_those_are_few(
    tmp_path, n_validation, n_objects, n_crops, shown
):
    data = data_of(tmp_path, n_train=8, n_validation=n_validation, n_objects=n_objects)
    found = sum(region.n_instances for region in data.validation.regions)
    assert (found >= ENOUGH_OBJECTS) == (shown == "validation regions"), found

    crops, said = fitting_crops(data, **SIZES)

    assert said == shown
    assert len(crops) == n_crops


def test_many_validation_regions_with_few_objects_leave_half_of_the_crops_to_the_others(tmp_path):
    data = data_of(tmp_path, n_train=8, n_validation=8, n_objects=2)

    crops, _ = fitting_crops(data, **SIZES)

    pixels = [data.train.whole(i, most_px=128).pixels for i in range(3)]
    for crop, expected in zip(crops[3:], pixels, strict=True):
        assert np.array_equal(crop.pixels, expected)


def test_agreement_is_one_for_the_truth_and_counts_the_objects_of_all_crops_together():
    _, many = ellipses(1, n=14)
    _, few = ellipses(2, n=2)
    crops = [
        Crop(np.zeros((1, *labels.shape), np.float32), labels.astype(np.int32))
        for labels in (many, few)
    ]
    n_many, n_few = (len(np.unique(labels)) - 1 for labels in (many, few))

    assert agreement(crops, [many, few]) == 1.0
    assert agreement(crops, [many, np.zeros_like(few)]) == n_many / (n_many + n_few)


def test_agreement_does_not_see_what_is_not_annotated():
    _, labels = ellipses(3, n=14)
    known = labels.astype(np.int32)
    known[:, 64:] = -1
    crop = Crop(np.zeros((1, *labels.shape), np.float32), known)
    rubbish = labels.copy()
    rubbish[:, 80:] = 0

    assert agreement([crop], [labels]) == pytest.approx(agreement([crop], [rubbish]))
