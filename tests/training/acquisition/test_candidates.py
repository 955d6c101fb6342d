from __future__ import annotations

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from training.acquisition.candidates import draw_in_turn, is_free, region_grid, region_side

SIZES = st.integers(1, 2600)
SIDES = st.integers(256, 512)


@settings(deadline=None)
@given(SIZES, SIZES, SIDES)
def test_the_boxes_cover_every_pixel_once(height, width, side):
    boxes = region_grid(height, width, side)

    assert sum((row1 - row0) * (col1 - col0) for row0, col0, row1, col1 in boxes) == height * width
    assert all(
        is_free(box, boxes[:number] + boxes[number + 1 :]) for number, box in enumerate(boxes)
    )
    assert all(
        0 <= row0 < row1 <= height and 0 <= col0 < col1 <= width for row0, col0, row1, col1 in boxes
    )


@settings(deadline=None)
@given(SIZES, SIZES, SIDES)
def test_no_box_is_a_sliver_or_larger_than_512_pixels(height, width, side):
    for row0, col0, row1, col1 in region_grid(height, width, side):
        assert min(height, 256) <= row1 - row0 <= 512
        assert min(width, 256) <= col1 - col0 <= 512


def test_a_huge_image_is_cut_within_the_limits():
    boxes = region_grid(20_000, 20_000, region_side(26))

    assert len(boxes) == 76**2


def test_the_side_is_ten_diameters_within_limits():
    assert [region_side(d) for d in (None, 5, 30, 45, 90)] == [300, 256, 300, 450, 512]


@settings(deadline=None)
@given(st.lists(st.integers(0, 12), max_size=8), st.integers(1, 40), st.integers(0, 2**31 - 1))
def test_every_image_is_drawn_from_before_any_is_drawn_from_twice(sizes, most, seed):
    groups = [[(image, number) for number in range(n)] for image, n in enumerate(sizes)]

    drawn = draw_in_turn(groups, most, np.random.default_rng(seed))

    assert drawn == draw_in_turn(groups, most, np.random.default_rng(seed))
    assert len(drawn) == len(set(drawn)) == min(most, sum(sizes))
    n_drawn = [sum(image == number for image, _ in drawn) for number in range(len(sizes))]
    exhausted = [n == size for n, size in zip(n_drawn, sizes, strict=True)]
    open_counts = [n for n, done in zip(n_drawn, exhausted, strict=True) if not done]
    if open_counts:
        assert max(n_drawn) - min(open_counts) <= 1


def test_boxes_that_only_touch_are_free():
    assert is_free((0, 0, 5, 5), [(0, 5, 5, 9), (5, 0, 9, 5)])
    assert not is_free((0, 0, 5, 5), [(4, 4, 9, 9)])
