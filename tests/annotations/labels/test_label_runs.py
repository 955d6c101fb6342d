"""A label image in bands and runs is the same as the whole array."""

from __future__ import annotations

from dataclasses import astuple

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from annotations.labels import chunks, label_image, label_runs, ops
from tests.drawing import draw_blobs

IDS = st.sampled_from([0, 1, 5, 9, 4_000_000_000])
# Chunks have 512 pixels a side: an array of few cells is blown up so that it crosses their borders.
cells = hnp.arrays(
    np.uint32, hnp.array_shapes(min_dims=3, max_dims=3, min_side=1, max_side=3), elements=IDS
)


def blown_up(few, by):
    return few.repeat(by, axis=-2).repeat(by, axis=-1)


def by_hand(stack):
    """Number the instances 1 to n by looking at all pixels."""
    present, inverse = np.unique(np.append(stack.ravel(), 0), return_inverse=True)
    return inverse[:-1].reshape(stack.shape).astype(np.uint32), present.size - 1


def read_back(planes, shape):
    held = {
        z: {at: label_runs.painted(runs) for at, runs in op.items()} for z, op in planes.items()
    }
    return np.stack([chunks.join(held[z], (0, 0, *shape[1:])) for z in sorted(held)])


@settings(deadline=None, max_examples=40)
@given(cells, st.integers(100, 400))
def test_an_import_by_bands_is_that_of_the_whole_array(few, by):
    stack = blown_up(few, by)
    planes = {z: {} for z in range(len(stack))}
    for band in label_runs.bands_of(stack):
        planes[band[0]] |= label_runs.band_op(band)

    named, n = label_runs.with_dense_ids(planes)

    dense, n_expected = by_hand(stack)
    assert n == n_expected
    assert np.array_equal(read_back(named, stack.shape), dense)
    for z, plane in enumerate(dense):
        whole = {at: ops.between(chunks.empty(), chunk) for at, chunk in chunks.split(plane)}
        assert list(named[z]) == list(whole)
        assert ops.encode(named[z]) == ops.encode(whole)
        assert label_runs.paint_the_same(named[z], whole)
        measured, expected = label_runs.measure_painted(named[z]), label_image.measure(plane)
        for column, other in zip(astuple(measured), astuple(expected), strict=True):
            assert np.array_equal(column, other)


@given(hnp.arrays(np.uint32, (8, 512), elements=IDS, fill=IDS).map(lambda few: few.repeat(64, 0)))
def test_runs_paint_the_chunk_that_they_are_of(chunk):
    op = label_runs.painting([((0, 0), chunk)])
    painted = label_runs.painted(op[0, 0]) if op else chunks.empty()

    assert painted.dtype == np.uint32
    assert np.array_equal(painted, chunk)


@given(st.lists(st.integers(0, 1300), min_size=1, max_size=6), st.integers(0, 2))
def test_parts_of_any_height_become_bands(heights, z):
    plane = np.arange(sum(heights) * 2, dtype=np.uint32).reshape(-1, 2)
    parts = np.split(plane, np.cumsum(heights)[:-1])

    bands = list(label_runs.in_bands(parts, z))

    assert [len(rows) for *_, rows in bands[:-1]] == [512] * (len(bands) - 1)
    assert [row0 for _, row0, _ in bands] == list(range(0, len(plane), 512))
    assert {at for at, *_ in bands} <= {z}
    assert np.array_equal(label_runs.join([(0, *band[1:]) for band in bands], plane.shape), plane)


def test_pictures_that_differ_in_one_pixel_are_not_the_same():
    plane, _ = draw_blobs(600, 700, n=9)
    other = plane.copy()
    other[599, 699] += 1

    one, two = (label_runs.painting(chunks.split(picture)) for picture in (plane, other))

    assert label_runs.paint_the_same(one, dict(one))
    assert not label_runs.paint_the_same(one, two)
    assert not label_runs.paint_the_same(two, one)


@pytest.mark.parametrize("planes", [{}, {0: {}}, {0: {}, 1: {}}])
def test_nothing_painted_is_no_instance(planes):
    named, n = label_runs.with_dense_ids(planes)

    assert (named, n) == (planes, 0)
    assert label_runs.measure_painted({}).instance_id.size == 0


def test_a_huge_id_costs_no_memory():
    plane = np.zeros((100, 100), np.uint32)
    plane[5, 5] = 4_294_967_295

    named, n = label_runs.with_dense_ids({0: label_runs.painting(chunks.split(plane))})

    assert n == 1
    assert named[0][0, 0].new.tolist() == [1]
