from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from annotations.imaging.drawing import added_up, draw_outlines, enlarged, middle_of

RED = (255, 0, 0)


def test_channels_add_up_in_their_colours_and_end_at_white():
    bright = np.full((2, 3), 200, np.uint8)

    drawn = added_up([bright, bright, bright], ["#ff0000", "#00ff00", "#ff0000"])

    assert drawn.shape == (2, 3, 3)
    assert drawn[0, 0].tolist() == [255, 200, 0]


@given(st.tuples(*[st.integers(0, 500)] * 2), st.tuples(*[st.integers(1, 600)] * 3))
def test_the_middle_of_a_box_lies_inside_and_is_as_large_as_it_may_be(corner, sizes):
    height, width, most = sizes
    box = (*corner, corner[0] + height, corner[1] + width)

    row0, col0, row1, col1 = middle_of(box, most)

    assert (row1 - row0, col1 - col0) == (min(height, most), min(width, most))
    assert abs((row0 - box[0]) - (box[2] - row1)) <= 1
    assert abs((col0 - box[1]) - (box[3] - col1)) <= 1


def test_outlines_run_along_both_sides_of_borders_and_not_along_the_edge():
    label_image = np.zeros((4, 4), np.uint32)
    label_image[:, :2] = 7
    view = enlarged(np.zeros((4, 4, 3), np.uint8), 3)

    draw_outlines(view, label_image, RED, zoom=3)

    assert (view[:, 5:7] == RED).all()
    assert not view[:, :5].any()
    assert not view[:, 7:].any()


def test_touching_instances_have_a_line_between_them():
    view = np.zeros((2, 4, 3), np.uint8)

    draw_outlines(view, np.array([[1, 1, 2, 2]] * 2, np.uint32), RED, zoom=1)

    assert (view[:, 1:3] == RED).all()
    assert not view[:, [0, 3]].any()
