from __future__ import annotations

import imagecodecs
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp
from scipy import ndimage

from annotations.models import Purpose
from project.storage import read_blob
from tests.annotations.painting import paint_box
from tests.drawing import draw_blobs
from tests.training.worlds import annotated_image, declare, paint, stored_image
from training.actions.runs import queue_run
from training.jobs.evaluate import add_up
from training.jobs.examples import DRAWN, PREDICTED, ZOOM, worst_middle_best
from training.jobs.looks import match_box
from training.metrics.matching import match
from training.models import Evaluation, Example, ModelVersion, RunState

WHOLE = (0, 0, 20, 20)


def boxes(*places, shape=(20, 20)):
    """A label image with object 1, 2, … in the boxes given, later ones over earlier ones."""
    labels = np.zeros(shape, np.uint32)
    for instance_id, (row0, col0, row1, col1) in enumerate(places, start=1):
        labels[row0:row1, col0:col1] = instance_id
    return labels


def judge(prediction, truth, *, box=WHOLE, annotated=None):
    """Return (true positives, false positives, false negatives) at IoU 0.5."""
    known = np.ones(truth.shape, bool) if annotated is None else annotated
    found = match_box(prediction, np.bincount(prediction.ravel()), box, truth, known)
    counts = found.counts[0.5]
    assert found.n_truth == counts.tp + counts.fn
    assert found.n_predicted == counts.tp + counts.fp
    return counts.tp, counts.fp, counts.fn


def cut_from(truth, box):
    """Return a region's labels and what is vouched for, as a submitted region has them."""
    row0, col0, row1, col1 = box
    inside = truth[row0:row1, col0:col1]
    rim = np.ones(inside.shape, bool)
    rim[1:-1, 1:-1] = False
    return inside, ~np.isin(inside, np.unique(inside[rim & (inside > 0)]))


def test_nothing_to_find_and_nothing_found_is_right():
    assert judge(boxes(), boxes()) == (0, 0, 0)


def test_what_is_found_where_nothing_is_was_invented_and_what_is_not_found_was_missed():
    objects = boxes((2, 2, 6, 6), (10, 10, 15, 15))

    assert judge(objects, boxes()) == (0, 2, 0)
    assert judge(boxes(), objects) == (0, 0, 2)


def test_ids_do_not_matter():
    truth = boxes((2, 2, 6, 6), (10, 10, 15, 15))
    prediction = np.where(truth > 0, 90 - truth * 7, 0)

    assert judge(prediction, truth) == (2, 0, 0)


def test_a_box_is_compared_with_its_own_place_in_the_image():
    whole = boxes((3, 5, 8, 10), (14, 14, 18, 18))
    box = (2, 4, 12, 13)

    assert judge(whole, whole[2:12, 4:13], box=box) == (1, 0, 0)
    assert judge(np.roll(whole, 3, axis=1), whole[2:12, 4:13], box=box) == (0, 1, 1)


def test_an_object_that_the_box_cuts_counts_neither_way():
    whole = boxes((4, 2, 8, 14))  # a third of it lies in the box
    box = (0, 10, 20, 20)
    truth, annotated = cut_from(whole, box)

    assert judge(whole, truth, box=box, annotated=annotated) == (0, 0, 0)
    assert judge(boxes(), truth, box=box, annotated=annotated) == (0, 0, 0)


@pytest.mark.parametrize(("n_outside", "n_invented"), [(1, 1), (2, 1), (3, 0)])
def test_an_invented_object_over_the_border_counts_when_at_most_a_quarter_is_outside(
    n_outside, n_invented
):
    box = (0, 10, 20, 20)
    prediction = boxes((4, 10 - n_outside, 8, 18 - n_outside))

    assert judge(prediction, boxes(shape=(20, 10)), box=box) == (0, n_invented, 0)


def test_an_object_of_which_a_stump_looks_into_the_box_is_not_invented():
    prediction = boxes((4, 0, 8, 12))
    box = (0, 10, 20, 20)

    assert judge(prediction, boxes(shape=(20, 10)), box=box) == (0, 0, 0)


def test_objects_elsewhere_in_the_image_do_not_count():
    truth = boxes((2, 2, 6, 6), shape=(10, 10))
    prediction = boxes((2, 2, 6, 6), (12, 12, 18, 18))

    assert judge(prediction, truth, box=(0, 0, 10, 10)) == (1, 0, 0)


def test_nothing_is_judged_in_a_part_that_is_left_out():
    objects = boxes((2, 2, 6, 6), (10, 10, 15, 15))
    annotated = np.ones((20, 20), bool)
    annotated[8:18, 8:18] = False

    assert judge(objects, objects, annotated=annotated) == (1, 0, 0)
    assert judge(boxes((2, 2, 6, 6)), objects, annotated=annotated) == (1, 0, 0)
    assert judge(objects, boxes((2, 2, 6, 6)), annotated=annotated) == (1, 0, 0)


def test_a_little_of_an_object_in_a_part_left_out_is_not_held_against_it():
    truth = boxes((4, 4, 8, 12))
    annotated = np.ones((20, 20), bool)
    annotated[:, 10:] = False  # a quarter of the object
    kept = boxes((4, 4, 8, 10))

    assert judge(truth, truth, annotated=annotated) == (1, 0, 0)
    assert judge(kept, truth, annotated=annotated) == (1, 0, 0)


def test_a_region_inside_of_another_ones_object_asks_for_nothing():
    whole = boxes((2, 2, 18, 18))
    box = (6, 6, 12, 12)
    truth, annotated = cut_from(whole, box)

    assert judge(whole, truth, box=box, annotated=annotated) == (0, 0, 0)
    assert judge(boxes((7, 7, 11, 11)), truth, box=box, annotated=annotated) == (0, 0, 0)


def test_an_object_around_a_smaller_one_is_matched_by_its_own_pixels():
    ring = boxes((2, 2, 16, 16), (7, 7, 11, 11))

    assert judge(ring, ring) == (2, 0, 0)
    assert judge(boxes((2, 2, 16, 16)), ring) == (1, 0, 1)


@given(
    hnp.arrays(np.bool_, (12, 12)),
    st.tuples(st.integers(0, 5), st.integers(0, 5), st.integers(6, 12), st.integers(6, 12)),
)
def test_a_perfect_prediction_never_invents_or_misses(foreground, box):
    truth = ndimage.label(foreground)[0].astype(np.uint32)
    inside, annotated = cut_from(truth, box)

    assert judge(truth, inside, box=box, annotated=annotated)[1:] == (0, 0)


def test_regions_of_one_image_are_added_up():
    truth = boxes((2, 2, 6, 6), (10, 10, 15, 15))
    areas = np.bincount(truth.ravel())
    known = np.ones((9, 20), bool)
    parts = [
        match_box(truth, areas, (0, 0, 9, 20), truth[:9], known),
        match_box(truth, areas, (9, 0, 18, 20), truth[9:18] * 0, known),
    ]

    total = add_up(parts)

    assert (total.n_truth, total.n_predicted) == (1, 2)
    assert (total.counts[0.5].tp, total.counts[0.5].fp, total.counts[0.5].fn) == (1, 1, 0)


@pytest.mark.django_db(transaction=True)
def test_a_region_is_measured_on_its_own_plane(owner, project, work_off):
    annotated_image(owner, project, seed=1)
    truth, drawn = draw_blobs(160, 160, n=8, radius=(7, 12), seed=2)
    stack = np.stack([np.zeros_like(drawn), drawn])[None]  # nothing to see in the first plane
    image = stored_image(project, stack, name="stack")
    paint(owner, image, truth, z=1)
    declare(owner, image, purpose=Purpose.BLIND_VALIDATION, z=1)

    run = queue_run(user=owner, project=project, engine="threshold")
    work_off()
    run.refresh_from_db()
    assert run.state == RunState.FINISHED, run.error_message + run.traceback

    evaluation = Evaluation.objects.get(version=ModelVersion.objects.get())
    assert evaluation.state == RunState.FINISHED, evaluation.error_message
    assert evaluation.metrics["pooled"]["ap"]["0.5"] > 0.8
    drawn_plane = picture_of(evaluation.examples.get())
    assert drawn_plane.shape == (160 * ZOOM, 160 * ZOOM, 3)
    assert n_pixels_like(drawn_plane, PREDICTED) > 500
    assert n_pixels_like(drawn_plane, DRAWN) > 50, "what both drew is covered by the prediction"


def picture_of(example):
    return imagecodecs.jpeg8_decode(read_blob(example.picture_digest)).astype(int)


def n_pixels_like(picture, colour):
    return np.count_nonzero(np.abs(picture - colour).max(axis=2) < 60)


def test_the_examples_are_the_worst_the_middle_and_the_best_each_once():
    truth = [boxes(*[(0, 4 * k, 3, 4 * k + 3) for k in range(n)]) for n in (5, 1, 3, 2, 4)]
    one = boxes((0, 0, 3, 3))
    matches = [match(one, label_image) for label_image in truth]

    assert worst_middle_best(matches) == [0, 2, 1]
    assert worst_middle_best(matches[:2]) == [0, 1]
    assert worst_middle_best(matches[:1]) == [0]


@pytest.mark.django_db(transaction=True)
def test_a_picture_shows_what_was_measured_also_after_people_corrected_it(owner, project, work_off):
    truth, drawn = draw_blobs(120, 120, n=6, radius=(7, 12), seed=2)
    annotated_image(owner, project, seed=1)
    image = stored_image(project, drawn, name="measured")
    paint(owner, image, np.zeros_like(truth))
    declare(owner, image, purpose=Purpose.BLIND_VALIDATION)
    queue_run(user=owner, project=project, engine="threshold")
    work_off()
    example = Example.objects.get()
    before = picture_of(example)

    layer = image.layers.get(kind="annotation")
    paint_box(owner, layer, (10, 10, 40, 40))

    assert n_pixels_like(before, DRAWN) == 0
    assert n_pixels_like(before, PREDICTED) > 500
    assert np.array_equal(picture_of(Example.objects.get()), before)
