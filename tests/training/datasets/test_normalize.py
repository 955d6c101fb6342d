from __future__ import annotations

import numpy as np
import pytest

from training.datasets.normalize import (
    contrast_of_objects,
    measure_limits,
    normalize,
    normalize_image,
    sample_boxes,
)


def test_percentiles_become_zero_and_one():
    image = np.arange(100_000, dtype=np.uint32).reshape(1, 250, 400)

    result = normalize_image(image)

    assert np.mean(result <= 0) == pytest.approx(0.01, abs=1e-3)
    assert np.mean(result >= 1) == pytest.approx(0.002, abs=1e-3)


def test_a_crop_is_normalised_as_the_whole_image_is():
    rng = np.random.default_rng(0)
    image = rng.integers(0, 60_000, (2, 700, 600)).astype(np.uint16)
    limits = measure_limits(lambda b: image[:, b[0] : b[2], b[1] : b[3]], 700, 600)

    crop = normalize(image[:, 100:150, 30:90], limits)

    assert (crop == normalize_image(image)[:, 100:150, 30:90]).all()


@pytest.mark.parametrize("value", [0, 7, np.nan, np.inf])
def test_constant_and_broken_images_become_zero(value):
    image = np.full((1, 20, 20), value, np.float32)

    assert not normalize_image(image).any()


def test_a_few_bright_spots_on_nothing_are_kept():
    image = np.zeros((1, 100, 100), np.uint8)
    image[0, 5, 5] = 200

    assert normalize_image(image)[0, 5, 5] == 1


def test_a_huge_image_is_measured_on_blocks_spread_over_it():
    boxes = sample_boxes(20_000, 20_000)

    assert len(boxes) == len(set(boxes)) == 64
    assert boxes[0][0] == 0
    assert boxes[-1][2] == 20_000


def test_contrast_tells_dark_objects_from_bright_ones():
    image = np.zeros((1, 4, 4), np.float32)
    image[0, :2] = 1
    inside = image[0] > 0

    assert contrast_of_objects([image], [inside], [~inside]) == 1
    assert contrast_of_objects([1 - image], [inside], [~inside]) == -1
    assert contrast_of_objects([image], [inside], [inside & ~inside]) == 0
