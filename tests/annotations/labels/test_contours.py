from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from scipy import ndimage

from annotations.labels.contours import parts_of, twice_area

masks = st.tuples(st.integers(1, 12), st.integers(1, 12)).flatmap(lambda s: arrays(bool, s))


def filled(rings, shape):
    """Fill rings by the even-odd rule, pixel middle by pixel middle."""
    inside = np.zeros(shape, bool)
    for ring in rings:
        for (row0, col0), (row1, col1) in zip(ring, np.roll(ring, -1, axis=0), strict=True):
            assert (row0 == row1) != (col0 == col1), "along the edges of pixels"
            if col0 == col1:
                inside[min(row0, row1) : max(row0, row1), :col0] ^= True
    return inside


@settings(max_examples=300, deadline=None)
@given(mask=masks)
def test_filled_the_rings_of_each_part_give_the_part_again(mask):
    parts = parts_of(mask)

    seen = np.zeros(mask.shape, bool)
    for part in parts:
        own = filled([part.outer, *part.holes], mask.shape)
        assert not (seen & own).any(), "parts do not overlap"
        assert ndimage.label(own)[1] == 1, "a part is in one piece"
        seen |= own
    assert (seen == mask).all()
    assert len(parts) == ndimage.label(mask)[1]


@settings(max_examples=300, deadline=None)
@given(mask=masks)
def test_no_ring_meets_itself_and_its_direction_says_what_it_is(mask):
    for part in parts_of(mask):
        for ring in (part.outer, *part.holes):
            assert len({tuple(vertex) for vertex in ring}) == len(ring)
        assert twice_area(part.outer) > 0
        assert all(twice_area(hole) < 0 for hole in part.holes)


def test_a_pixel_is_a_square_and_straight_sides_have_no_vertices():
    mask = np.zeros((5, 6), bool)
    mask[1:3, 2:6] = True

    (part,) = parts_of(mask)

    assert not part.holes
    assert {tuple(vertex) for vertex in part.outer} == {(1, 2), (1, 6), (3, 6), (3, 2)}


@pytest.mark.parametrize(
    ("rows", "n_parts", "n_holes"),
    [
        (["#.", ".#"], 2, 0),
        (["###", "#.#", "###"], 1, 1),
        (["####", "#.##", "##.#", "####"], 1, 2),
        ([".###", "#..#", "#..#", "####"], 1, 1),  # the hole touches the outside in a vertex
        (["#####", "#...#", "#.#.#", "#...#", "#####"], 2, 1),  # an island in the hole
        (["..."], 0, 0),
    ],
)
def test_parts_and_holes(rows, n_parts, n_holes):
    parts = parts_of(np.array([[pixel == "#" for pixel in row] for row in rows]))

    assert (len(parts), sum(len(part.holes) for part in parts)) == (n_parts, n_holes)
