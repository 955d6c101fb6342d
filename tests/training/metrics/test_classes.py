from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import array_shapes, arrays

from training.metrics.classes import ClassCounts, class_report, match_classes
from training.metrics.matching import match

N = 3
shapes = array_shapes(min_dims=2, max_dims=2, max_side=8)
kinds = st.dictionaries(st.integers(1, 6), st.integers(0, N), max_size=6)


@st.composite
def pictures(draw):
    shape = draw(shapes)
    labels = arrays(np.int32, shape, elements=st.integers(0, 6))
    return draw(labels), draw(labels)


def compare(picture, truth_kinds, said_kinds):
    return match_classes(*picture, truth_kinds, said_kinds, n_classes=N)


@given(pictures())
def test_one_kind_for_all_is_no_kind(picture):
    all_one = dict.fromkeys(range(1, 7), 1)
    found = compare(picture, all_one, all_one).of_class(1)
    counts = match(*picture, thresholds=[0.5]).counts[0.5]
    assert (found.tp, found.fp, found.fn) == (counts.tp, counts.fp, counts.fn)


@given(pictures(), kinds, kinds)
def test_every_object_is_counted_once(picture, truth_kinds, said_kinds):
    found = compare(picture, truth_kinds, said_kinds)
    n_truth, n_said = (len(set(np.unique(labels)) - {0}) for labels in picture)
    assert found.matched.sum() + found.missed.sum() == n_truth
    assert found.matched.sum() + found.invented.sum() == n_said


@given(pictures(), kinds, kinds, st.permutations(range(1, N + 1)))
def test_other_numbers_are_other_rows(picture, truth_kinds, said_kinds, order):
    before = compare(picture, truth_kinds, said_kinds)
    renumbered = [
        {one: ([0, *order])[kind] for one, kind in known.items()}
        for known in (truth_kinds, said_kinds)
    ]
    after = compare(picture, *renumbered)
    for old, new in enumerate(order, 1):
        assert before.of_class(old) == after.of_class(new)
    assert before.accuracy == after.accuracy


@given(pictures(), kinds, kinds)
def test_an_object_of_unknown_kind_is_held_against_nobody(picture, truth_kinds, said_kinds):
    whole = compare(picture, truth_kinds, said_kinds)
    known = {one: kind for one, kind in truth_kinds.items() if kind}
    for number in range(1, N + 1):
        n_truth = sum(kind == number for one, kind in known.items() if one in picture[0])
        counts = whole.of_class(number)
        assert counts.tp + counts.fn == n_truth
        assert counts.fp <= whole.invented[number] + whole.matched[1:, number].sum()


def test_a_picture_against_itself_is_perfect():
    labels = np.kron(np.arange(1, 7).reshape(2, 3), np.ones((2, 2), int))
    kinds_of = {1: 1, 2: 1, 3: 2, 4: 2, 5: 2}  # of the last one nobody knows
    found = match_classes(labels, labels, kinds_of, kinds_of | {6: 1}, n_classes=2)
    report = class_report(found, ["round", "long"])
    assert report["accuracy"] == 1
    assert report["n_judged"] == 5
    assert report["confusion"] == [[2, 0, 0], [0, 3, 0]]
    assert [(each["name"], each["ap"], each["n_truth"]) for each in report["by_class"]] == [
        ("round", 1.0, 2),
        ("long", 1.0, 3),
    ]


def test_a_wrong_kind_and_a_silent_engine_are_no_finds():
    labels = np.array([[1, 2, 3, 0]])
    found = match_classes(labels, labels, {1: 1, 2: 1, 3: 2}, {1: 1, 2: 2}, n_classes=2)
    assert found.accuracy == 1 / 3
    assert (found.of_class(1).ap, found.of_class(2).ap) == (1 / 2, 0)
    assert class_report(found, ["a", "b"])["confusion"] == [[1, 1, 0], [0, 0, 1]]


def test_nothing_matched_has_no_accuracy():
    assert (ClassCounts.none(2) + ClassCounts.none(2)).accuracy is None
