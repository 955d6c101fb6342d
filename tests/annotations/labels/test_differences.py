from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from annotations.labels import chunks
from annotations.labels.differences import (
    KINDS,
    Kind,
    Overlaps,
    compare,
    joined,
    meets_any,
    overlaps,
)

SHAPES = st.tuples(st.integers(1, 8), st.integers(1, 8))
IDS = st.sampled_from([0, 1, 2, 3, 4, 4_000_000_000])
PAIRS = SHAPES.flatmap(
    lambda shape: st.tuples(*[arrays(np.uint32, shape, elements=IDS) for _ in range(2)])
)
# Long runs of few ids: much more often split, merged and knotted than noise is.
ROWS = st.lists(
    st.tuples(st.integers(0, 4), st.integers(0, 4), st.integers(1, 12)), min_size=1, max_size=9
).map(
    lambda runs: tuple(
        np.concatenate([np.full(n, ids[side], np.uint32) for *ids, n in runs])[None]
        for side in (0, 1)
    )
)
ANY = st.one_of(PAIRS, ROWS)

SWAPPED = {
    Kind.SPLIT: Kind.MERGED,
    Kind.MERGED: Kind.SPLIT,
    Kind.APPEARED: Kind.VANISHED,
    Kind.VANISHED: Kind.APPEARED,
    Kind.MOVED: Kind.MOVED,
    Kind.SAME: Kind.SAME,
}


def groups_of(a, b):
    """Return {(kind, ids in a, ids in b): (box, iou, changed)}."""
    found = compare(overlaps(a, b))
    return {
        (KINDS[kind], *(tuple(ids) for ids in found.members(i))): (
            tuple(found.boxes[i].tolist()),
            float(found.iou[i]),
            int(found.changed_px[i]),
        )
        for i, kind in enumerate(found.kind.tolist())
    }


def row(*runs):
    """Return a label image of one row: (id, length) after another."""
    return np.concatenate([np.full(n, one, np.uint32) for one, n in runs])[None]


def kinds_of(a, b):
    return sorted(key[0].value for key in groups_of(a, b))


@given(pair=ANY)
def test_an_image_is_the_same_as_itself(pair):
    a = pair[0]

    found = groups_of(a, a)

    ids = np.unique(a[a > 0]).tolist()
    assert set(found) == {(Kind.SAME, (one,), (one,)) for one in ids}
    assert all(iou == 1 and changed == 0 for _, iou, changed in found.values())


@given(pair=ANY)
def test_every_instance_is_in_exactly_one_group(pair):
    found = groups_of(*pair)

    for side, image in enumerate(pair, 1):
        members = sorted(one for key in found for one in key[side])
        assert members == np.unique(image[image > 0]).tolist()


@given(pair=ANY)
def test_exchanging_the_images_exchanges_the_words_and_nothing_else(pair):
    a, b = pair

    there = groups_of(a, b)
    back = groups_of(b, a)

    assert back == {(SWAPPED[kind], in_b, in_a): told for (kind, in_a, in_b), told in there.items()}


@given(pair=ANY)
def test_each_group_is_what_its_kind_says(pair):
    a, b = pair
    for (kind, in_a, in_b), (box, iou, changed) in groups_of(a, b).items():
        is_a, is_b = np.isin(a, in_a), np.isin(b, in_b)
        rows, columns = np.nonzero(is_a | is_b)
        assert box == (rows.min(), columns.min(), rows.max() + 1, columns.max() + 1)
        union, both = int((is_a | is_b).sum()), int((is_a & is_b).sum())
        shared = sum(int(((a == one) & (b == other)).sum()) for one in in_a for other in in_b)
        assert both == shared
        assert iou == pytest.approx(both / union)
        assert changed == union - both
        assert (len(in_a), len(in_b)) in shapes_of(kind, len(in_a), len(in_b))
        if kind == Kind.SAME:
            assert 10 * both >= 9 * union
        if kind == Kind.MOVED:
            assert 2 * both > union
            assert 10 * both < 9 * union
        if kind in (Kind.SPLIT, Kind.MERGED):
            whole, parts = (is_a, (b, in_b)) if kind == Kind.SPLIT else (is_b, (a, in_a))
            sizes = [(parts[0] == one) for one in parts[1]]
            assert all(2 * int((one & whole).sum()) > int(one.sum()) for one in sizes)
            assert all(10 * int((one & whole).sum()) > int(whole.sum()) for one in sizes)
            assert 2 * both > int(whole.sum())


def shapes_of(kind, n_a, n_b):
    return {
        Kind.SPLIT: {(1, max(2, n_b))},
        Kind.MERGED: {(max(2, n_a), 1)},
        Kind.APPEARED: {(0, 1)},
        Kind.VANISHED: {(1, 0)},
        Kind.MOVED: {(1, 1)},
        Kind.SAME: {(1, 1)},
    }[kind]


@given(pair=ANY, data=st.data())
def test_it_does_not_matter_how_the_plane_is_cut(pair, data):
    a, b = pair
    height, width = a.shape
    side = data.draw(st.integers(1, 5))
    places = [(r, c) for r in range(0, height, side) for c in range(0, width, side)]
    parts = [
        overlaps(a[r : r + side, c : c + side], b[r : r + side, c : c + side]).shifted(r, c)
        for r, c in data.draw(st.permutations(places))
    ]
    cut = data.draw(st.integers(0, len(parts)))

    whole = overlaps(a, b)
    for found in (joined(parts), joined([joined(parts[:cut]), joined(parts[cut:])])):
        for name in Overlaps.__slots__:
            assert np.array_equal(getattr(found, name), getattr(whole, name)), name


def test_what_lies_in_the_chunks_of_a_layer_is_compared_as_one_plane():
    a, b = np.zeros((700, 900), np.uint32), np.zeros((700, 900), np.uint32)
    a[500:540, 500:540] = 3  # over the corner of four chunks
    b[500:540, 500:520], b[500:540, 520:540] = 1, 2
    in_a, in_b = dict(chunks.split(a)), dict(chunks.split(b))
    empty = chunks.empty()

    found = joined(
        overlaps(in_a.get(place, empty), in_b.get(place, empty)).shifted(
            place[0] * 512, place[1] * 512
        )
        for place in in_a.keys() | in_b.keys()
    )

    assert compare(found).members(0) == ([3], [1, 2])
    assert compare(found).boxes.tolist() == [[500, 500, 540, 540]]


@pytest.mark.parametrize(
    ("a", "b", "kinds"),
    [
        # Nine tenths is the same, less is moved, a half is neither.
        (row((1, 10)), row((5, 9), (0, 1)), ["same"]),
        (row((1, 100)), row((5, 89), (0, 11)), ["moved"]),
        (row((1, 100)), row((5, 51), (0, 49)), ["moved"]),
        (row((1, 100)), row((5, 50), (0, 50)), ["appeared", "vanished"]),
        # Two halves, and a crumb that is none.
        (row((1, 100)), row((5, 50), (6, 50)), ["split"]),
        (row((1, 100)), row((5, 80), (6, 11), (0, 9)), ["split"]),
        (row((1, 100)), row((5, 80), (6, 10), (0, 10)), ["appeared", "moved"]),
        # Parts must cover the whole, and lie in it.
        (row((1, 100)), row((5, 20), (0, 50), (6, 30)), ["appeared", "appeared", "vanished"]),
        (row((1, 100), (0, 40)), row((5, 60), (6, 80)), ["appeared", "moved"]),
        (row((1, 100), (0, 39)), row((5, 60), (6, 79)), ["split"]),
        (row((1, 50), (2, 50)), row((5, 100)), ["merged"]),
        # Each has a part of its own besides the other: neither is split or merged.
        (
            row((1, 100), (2, 30)),
            row((5, 25), (6, 105)),
            ["appeared", "moved", "vanished"],
        ),
    ],
)
def test_the_borders_between_the_kinds(a, b, kinds):
    assert kinds_of(a, b) == kinds


def test_groups_come_by_kind_and_the_largest_change_first():
    a = row((1, 4), (0, 1), (2, 9), (0, 1), (3, 6), (0, 20))
    b = row((0, 21), (4, 2), (0, 1), (5, 7), (0, 10))

    found = compare(overlaps(a, b))

    told = [(KINDS[kind], *found.members(i)) for i, kind in enumerate(found.kind)]
    assert told == [
        (Kind.VANISHED, [2], []),
        (Kind.VANISHED, [3], []),
        (Kind.VANISHED, [1], []),
        (Kind.APPEARED, [], [5]),
        (Kind.APPEARED, [], [4]),
    ]
    assert found.counts()[Kind.VANISHED] == 3


def test_two_empty_images_have_no_differences():
    empty = np.zeros((3, 5), np.uint32)

    found = compare(overlaps(empty, empty))

    assert len(found) == 0
    assert set(found.counts().values()) == {0}


def test_images_of_different_size_are_not_compared():
    with pytest.raises(ValueError, match="differ in shape"):
        overlaps(np.zeros((2, 3), np.uint32), np.zeros((3, 2), np.uint32))


def test_boxes_that_only_touch_do_not_meet():
    boxes = np.array([[0, 0, 5, 5], [5, 0, 9, 5], [0, 5, 5, 9], [20, 20, 21, 21]])

    assert meets_any(boxes, [(5, 0, 6, 5)]).tolist() == [False, True, False, False]
    assert meets_any(boxes, [(4, 4, 6, 6), (20, 20, 30, 30)]).all()
    assert not meets_any(boxes, []).any()
