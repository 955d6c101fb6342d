from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp
from scipy import ndimage

from tests.drawing import draw_blobs
from training.acquisition.agreement import carry_over, compare_views
from training.acquisition.views import VIEWS

LABELS = hnp.arrays(np.uint32, (9, 12), elements=st.integers(0, 6))


def bright_parts(image):
    """Segment as an engine does that treats all directions alike."""
    return ndimage.label(image > 100)[0].astype(np.uint32)


@pytest.mark.parametrize("view", VIEWS)
def test_undoing_a_view_gives_the_image_back(view):
    image = np.arange(2 * 5 * 7).reshape(2, 5, 7)

    assert (view.undo(view.apply(image)) == image).all()


def test_all_views_and_the_image_itself_differ():
    image = np.arange(25).reshape(5, 5)
    seen = [image.tobytes(), *(view.apply(image).tobytes() for view in VIEWS)]

    assert len(set(seen)) == 8


@settings(max_examples=20, deadline=None)
@given(st.integers(0, 10_000))
def test_a_predictor_that_treats_all_directions_alike_leaves_no_doubt(seed):
    _, image = draw_blobs(60, 90, n=6, radius=(5, 8), seed=seed)
    views = [view.undo(bright_parts(view.apply(image))) for view in VIEWS]

    doubts = compare_views(bright_parts(image), views)

    assert doubts.doubt.tolist() == [0.0] * doubts.instance_ids.size
    assert doubts.missed_weight.size == 0


@settings(deadline=None)
@given(LABELS, st.lists(LABELS, min_size=1, max_size=4), st.randoms(use_true_random=False))
def test_the_numbers_of_the_objects_do_not_matter(prediction, views, random):
    order = list(range(1, 7))
    random.shuffle(order)
    renumber = np.array([0, *order], np.uint32)

    doubts = compare_views(prediction, views)
    renumbered = compare_views(renumber[prediction], [renumber[view] for view in views])

    by_id = dict(zip(doubts.instance_ids.tolist(), doubts.doubt.tolist(), strict=True))
    again = dict(zip(renumbered.instance_ids.tolist(), renumbered.doubt.tolist(), strict=True))
    assert again == pytest.approx({int(renumber[i]): d for i, d in by_id.items()})
    assert sorted(map(tuple, doubts.missed_boxes.tolist())) == sorted(
        map(tuple, renumbered.missed_boxes.tolist())
    )
    assert doubts.missed_weight.sum() == pytest.approx(renumbered.missed_weight.sum())


@settings(deadline=None)
@given(LABELS, st.lists(LABELS, min_size=1, max_size=4))
def test_doubt_and_weights_are_shares(prediction, views):
    doubts = compare_views(prediction, views)

    assert ((doubts.doubt >= -1e-12) & (doubts.doubt <= 1)).all()
    assert ((doubts.missed_weight > 0) & (doubts.missed_weight <= 1)).all()


def square(row, col, side=6, number=1):
    label_image = np.zeros((40, 40), np.uint32)
    label_image[row : row + side, col : col + side] = number
    return label_image


def test_an_object_that_half_of_the_views_do_not_show_is_half_doubted():
    doubts = compare_views(square(3, 3), [square(3, 3, number=9), np.zeros((40, 40), np.uint32)])

    assert doubts.doubt.tolist() == [0.5]


def test_an_object_that_only_views_show_is_missed_by_the_share_of_views():
    prediction = square(0, 0)
    other = square(20, 20)
    shifted = square(21, 20)
    nothing = np.zeros((40, 40), np.uint32)

    doubts = compare_views(prediction, [other, shifted, nothing, nothing])

    assert doubts.missed_boxes.tolist() == [[20, 20, 26, 26]]
    assert doubts.missed_weight.tolist() == [0.5]


def test_a_split_object_is_doubted_and_not_missed():
    prediction = square(5, 5, side=10)
    halves = prediction.copy()
    halves[10:15, 5:15] = 2

    doubts = compare_views(prediction, [halves])

    assert doubts.doubt.tolist() == pytest.approx([0.5])
    assert doubts.missed_weight.size == 0


def test_agreement_needs_a_view():
    with pytest.raises(ValueError, match="at least one view"):
        compare_views(square(0, 0), [])


@settings(deadline=None)
@given(LABELS, st.lists(LABELS, min_size=1, max_size=3))
def test_a_draft_equal_to_the_prediction_has_its_doubts(prediction, views):
    doubts = compare_views(prediction, views)

    instance_ids, doubt = carry_over(prediction, prediction, doubts)

    assert instance_ids.tolist() == doubts.instance_ids.tolist()
    assert doubt == pytest.approx(doubts.doubt)


def test_a_drafted_object_that_is_not_found_again_is_doubted_wholly():
    doubts = compare_views(square(20, 20), [square(20, 20)])

    assert carry_over(square(0, 0, number=4), square(20, 20), doubts)[1].tolist() == [1.0]
