from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from annotations.labels.diff import differences
from tests.drawing import draw_blobs


def image(*boxes):
    """Return a label image with the boxes as objects 1, 2, …"""
    label_image = np.zeros((60, 60), np.uint32)
    for i, (row0, col0, row1, col1) in enumerate(boxes, 1):
        label_image[row0:row1, col0:col1] = i
    return label_image


def test_equal_images_differ_in_nothing():
    label_image, _ = draw_blobs(120, 120)

    found = differences(label_image, label_image)

    assert found.counts() == {**dict.fromkeys(found.counts(), 0), "same": int(label_image.max())}


def test_an_object_that_is_only_in_one_image_appeared_or_vanished():
    found = differences(image((0, 0, 9, 9)), image((30, 30, 40, 40)))

    assert (found.vanished, found.appeared) == ((1,), (1,))


def test_an_object_in_two_parts_was_split():
    found = differences(image((0, 0, 10, 20)), image((0, 0, 10, 10), (0, 10, 10, 20)))

    assert found.split == ((1, (1, 2)),)


def test_two_objects_in_one_were_merged():
    found = differences(image((0, 0, 10, 10), (0, 10, 10, 20)), image((0, 0, 10, 20)))

    assert found.merged == (((1, 2), 1),)


def test_an_object_whose_centre_went_far_moved():
    found = differences(image((0, 0, 20, 20)), image((8, 0, 28, 20)))

    assert found.moved == ((1, 1),)


def test_an_object_with_other_pixels_at_its_place_was_reshaped():
    found = differences(image((0, 0, 20, 20)), image((0, 0, 21, 20)))

    assert found.reshaped == ((1, 1),)


def test_images_of_other_size_cannot_be_compared():
    with pytest.raises(ValueError, match="cannot be compared"):
        differences(image(), image()[:5])


@settings(max_examples=30, deadline=None)
@given(st.integers(0, 50), st.integers(51, 99))
def test_every_object_stands_in_exactly_one_place(first_seed, second_seed):
    first, _ = draw_blobs(150, 150, n=15, seed=first_seed)
    second, _ = draw_blobs(150, 150, n=15, seed=second_seed)

    found = differences(first, second)

    pairs = [*found.same, *found.reshaped, *found.moved]
    before = [a for a, _ in pairs] + list(found.vanished) + [a for a, _ in found.split]
    before += [a for group, _ in found.merged for a in group]
    before += [a for group, _ in found.regrouped for a in group]
    after = [b for _, b in pairs] + list(found.appeared) + [b for _, b in found.merged]
    after += [b for _, group in found.split for b in group]
    after += [b for _, group in found.regrouped for b in group]
    assert sorted(before) == list(range(1, int(first.max()) + 1))
    assert sorted(after) == list(range(1, int(second.max()) + 1))


@settings(max_examples=20, deadline=None)
@given(st.integers(0, 50), st.integers(0, 50))
def test_the_other_way_round_splits_are_merges(first_seed, second_seed):
    first, _ = draw_blobs(120, 120, seed=first_seed, gap=0)
    second, _ = draw_blobs(120, 120, seed=second_seed, gap=0)

    there, back = differences(first, second).counts(), differences(second, first).counts()

    assert there["split"] == back["merged"]
    assert there["appeared"] == back["vanished"]
    assert there["same"] == back["same"]
