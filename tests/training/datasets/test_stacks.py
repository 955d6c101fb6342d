from __future__ import annotations

import itertools

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.engines.children import run_program
from training.datasets.stacks import (
    LEAST_IOU,
    NO_OVERLAPS,
    PlaneLinker,
    all_overlaps,
    continued,
    link_planes,
    overlaps,
)


def random_plane(rng, side=24, n=6):
    """Return a plane of rectangles with ids 1 to the number of those that are seen."""
    plane = np.zeros((side, side), np.uint32)
    for i in range(1, n + 1):
        row, col = rng.integers(0, side - 4, 2)
        height, width = rng.integers(3, 9, 2)
        plane[row : row + height, col : col + width] = i
    ids = np.unique(plane[plane > 0])
    dense = np.zeros(n + 1, np.uint32)
    dense[ids] = np.arange(1, ids.size + 1)
    return dense[plane]


def random_stack(seed, n_z=5):
    """Return planes of which each resembles the one before."""
    rng = np.random.default_rng(seed)
    planes = [random_plane(rng)]
    while len(planes) < n_z:
        again = np.roll(planes[-1], tuple(rng.integers(-2, 3, 2)), (0, 1))
        other = random_plane(rng, n=3)
        mixed = np.where(other > 0, other + 100, again)
        ids = np.unique(mixed[mixed > 0])
        planes.append(np.searchsorted(np.r_[0, ids], mixed).astype(np.uint32))
    return np.stack(planes)


def scores_of(stack):
    return [np.full(int(plane.max()), 0.5, np.float32) for plane in stack]


def iou(one, other):
    return np.count_nonzero(one & other) / np.count_nonzero(one | other)


def goes_on(below, above):
    areas = [np.bincount(plane.ravel()) for plane in (below, above)]
    return continued(overlaps(below, above), *areas, LEAST_IOU)


STACKS = st.integers(0, 10**6).map(random_stack)


@given(stack=STACKS)
def test_ids_of_a_stack_are_dense_and_every_section_keeps_its_shape(stack):
    labels, scores = link_planes(stack, scores_of(stack))

    assert np.unique(labels[labels > 0]).tolist() == list(range(1, len(scores) + 1))
    for plane, linked in zip(stack, labels, strict=True):
        pairs = np.unique(np.stack([plane[plane > 0], linked[plane > 0]]), axis=1)
        assert pairs.shape[1] == plane.max(), "one id per section, one section per id"
        assert np.array_equal(linked > 0, plane > 0)


@given(stack=STACKS, least=st.floats(0.05, 1))
def test_what_is_linked_overlaps_enough_and_best(stack, least):
    labels, _ = link_planes(stack, scores_of(stack), least_iou=least)

    for below, above in itertools.pairwise(labels):
        on = set(np.unique(below).tolist()) & set(np.unique(above).tolist()) - {0}
        for one in on:
            shared = iou(below == one, above == one)
            assert shared >= least
            rivals = set(np.unique(above[below == one]).tolist()) - {0, one}
            assert all(iou(below == one, above == rival) <= shared for rival in rivals)


@given(plane=st.integers(0, 10**6), n_z=st.integers(1, 5))
def test_equal_planes_link_all(plane, n_z):
    plane = random_plane(np.random.default_rng(plane))
    stack = np.repeat(plane[None], n_z, axis=0)

    labels, scores = link_planes(stack, scores_of(stack), least_iou=1.0)

    assert np.array_equal(labels, stack)
    assert len(scores) == plane.max()


def test_below_the_least_iou_nothing_is_linked():
    stack = np.zeros((2, 10, 10), np.uint32)
    stack[0, :, :4] = stack[1, :, 2:6] = 1  # shared 20 of 60

    assert link_planes(stack, scores_of(stack), least_iou=1 / 3)[0].max() == 1
    assert link_planes(stack, scores_of(stack), least_iou=0.334)[0].max() == 2


def test_an_object_goes_on_in_one_only_the_best():
    below = np.zeros((10, 10), np.uint32)
    below[:, :8] = 1
    above = np.zeros((10, 10), np.uint32)
    above[:4, :8], above[4:, :8] = 1, 2

    assert goes_on(below, above).tolist() == [0, 0, 1]
    assert goes_on(above, below).tolist() == [0, 2]


@given(stack=STACKS, cut=st.integers(1, 23))
def test_planes_in_pieces_are_linked_as_whole_ones(stack, cut):
    expected, scores = link_planes(stack, scores_of(stack))
    linker, last = PlaneLinker(), None
    for plane, linked, told in zip(stack, expected, scores_of(stack), strict=True):
        pieces = [slice(None, cut), slice(cut, None)]
        found = NO_OVERLAPS
        if last is not None:
            found = all_overlaps(overlaps(last[piece], plane[piece]) for piece in pieces)
        ids = linker.take(np.bincount(plane.ravel())[1:], found, told)
        last = ids[plane]
        assert np.array_equal(last, linked)
    assert np.array_equal(linker.scores(), scores)


@given(stack=STACKS, other=STACKS)
def test_stacks_after_each_other_share_no_id_and_are_linked_each_alone(stack, other):
    linker = PlaneLinker()
    n_before = 0
    for one in (stack, other):
        linker.begin()
        found = np.stack([linker.add(p, s) for p, s in zip(one, scores_of(one), strict=True)])
        expected = link_planes(one, scores_of(one))[0]
        assert np.array_equal(found, np.where(expected > 0, expected + n_before, 0))
        n_before += int(expected.max())
    assert len(linker.scores()) == n_before


def test_an_empty_plane_ends_every_object():
    stack = np.zeros((3, 8, 8), np.uint32)
    stack[0, 2:6, 2:6] = stack[2, 2:6, 2:6] = 1

    labels, scores = link_planes(stack, scores_of(stack))

    assert (labels[0].max(), labels[1].max(), labels[2].max()) == (1, 0, 2)
    assert len(scores) == 2


def test_scores_are_means_over_planes_that_know_one():
    stack = np.repeat(random_plane(np.random.default_rng(0))[None], 3, axis=0)
    n = int(stack.max())
    told = [np.full(n, 0.2), np.full(n, 0.6), np.full(n, np.nan)]

    assert link_planes(stack, told)[1] == pytest.approx(np.full(n, 0.4))
    assert np.isnan(link_planes(stack, [np.full(n, np.nan)] * 3)[1]).all()


def test_the_kind_is_that_of_most_pixels_and_unknown_does_not_vote():
    linker = PlaneLinker()
    for height, kind in ((4, 2), (5, 1), (6, 0), (3, 2)):
        plane = np.zeros((8, 8), np.uint32)
        plane[:height] = 1
        linker.add(plane, np.ones(1), np.array([kind], np.uint8))

    assert linker.classes().tolist() == [2]
    assert PlaneLinker().classes().tolist() == []


def test_without_linking_every_section_is_an_object():
    stack = random_stack(3)
    linker = PlaneLinker(None)
    labels = np.stack([linker.add(p, s) for p, s in zip(stack, scores_of(stack), strict=True)])

    n = sum(int(plane.max()) for plane in stack)
    assert np.unique(labels[labels > 0]).tolist() == list(range(1, n + 1))


def test_ids_that_are_not_dense_are_refused():
    with pytest.raises(ValueError, match="not 1 to 1"):
        PlaneLinker().add(np.full((2, 2), 3, np.uint32), np.ones(1))


@pytest.mark.cellpose
def test_cellpose_stitches_the_same(tmp_path):
    answers = tmp_path / "answers.json"
    found = run_program(
        "tests.training.datasets.cellpose_stitching", str(answers), answers=answers, timeout_s=300
    )

    assert found["compared"] > 10
    assert found["equal"] == found["compared"]
