from __future__ import annotations

import json
import os
import subprocess
import sys

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from training.metrics.matching import (
    IOU_THRESHOLDS,
    Counts,
    keep_annotated,
    match,
    matched_pairs,
    overlap,
)

label_images = hnp.arrays(
    np.uint32, st.just((7, 7)), elements=st.integers(0, 6), fill=st.just(np.uint32(0))
)


def blobs(rng: np.random.Generator, *, n: int = 25, side: int = 96) -> np.ndarray:
    """Discs that overwrite each other, ids with gaps."""
    rows, columns = np.mgrid[:side, :side]
    labels = np.zeros((side, side), np.int32)
    for instance_id in rng.permutation(2 * n)[:n] + 1:
        row, column, radius = [*rng.integers(0, side, 2).tolist(), int(rng.integers(3, 12))]
        labels[(rows - row) ** 2 + (columns - column) ** 2 <= radius**2] = instance_id
    return labels


def disturbed(labels: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """Shift it, drop some objects, merge some, invent one."""
    moved = np.roll(labels, rng.integers(-3, 4, 2), axis=(0, 1))
    ids = np.unique(moved)[1:]
    for dropped in rng.choice(ids, 3):
        moved[moved == dropped] = 0
    moved[moved == ids[0]] = ids[-1]
    moved[:5, :5] = ids.max() + 3
    return moved


def dense(labels: np.ndarray) -> np.ndarray:
    return np.unique(labels, return_inverse=True)[1].reshape(labels.shape).astype(np.int32)


def reference(package: str, truth: list, prediction: list, tmp_path) -> list:
    path = tmp_path / "pairs.npz"
    np.savez(path, truth=np.stack(truth), prediction=np.stack(prediction))
    script = [sys.executable, "-m", "tests.training.metrics.reference_matching", package, str(path)]
    environment = os.environ | {"OMP_WAIT_POLICY": "PASSIVE", "OMP_NUM_THREADS": "1"}
    done = subprocess.run(script, capture_output=True, text=True, env=environment, check=False)
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout.splitlines()[-1])


def with_background(labels: np.ndarray) -> np.ndarray:
    """Make id 0 occur and the ids dense: all that both upstream packages count rightly."""
    labels = labels.copy()
    labels[-1, -1] = 0
    return dense(labels)


@pytest.mark.stardist
def test_counts_equal_those_of_stardist(tmp_path):
    rng = np.random.default_rng(0)
    truth = [blobs(rng) for _ in range(30)]
    prediction = [disturbed(labels, rng) for labels in truth]
    no_background = np.repeat(np.arange(1, 13, dtype=np.int32), 768).reshape(96, 96)
    truth.append(no_background)
    prediction.append(np.roll(no_background, 3, axis=0))

    answers = reference("stardist", truth, prediction, tmp_path)

    for true, predicted, answer in zip(truth, prediction, answers, strict=True):
        for threshold, expected in zip(IOU_THRESHOLDS, answer, strict=True):
            ours = match(true, predicted).counts[threshold]
            values = [ours.tp, ours.fp, ours.fn, ours.ap, ours.f1, ours.panoptic_quality]
            if ours.tp == 0:
                values[5] = 0.0
            assert values == pytest.approx(expected)


@pytest.mark.cellpose
def test_counts_equal_those_of_cellpose_where_ids_are_dense(tmp_path):
    rng = np.random.default_rng(1)
    truth = [with_background(blobs(rng)) for _ in range(20)]
    prediction = [with_background(disturbed(labels, rng)) for labels in truth]

    answers = reference("cellpose", truth, prediction, tmp_path)

    for true, predicted, answer in zip(truth, prediction, answers, strict=True):
        for threshold, expected in zip(IOU_THRESHOLDS, answer, strict=True):
            ours = match(true, predicted).counts[threshold]
            assert [ours.tp, ours.fp, ours.fn, ours.ap] == pytest.approx(expected)


@pytest.mark.cellpose
def test_gaps_in_ids_are_not_missed_objects_as_cellpose_counts_them(tmp_path):
    truth = np.zeros((20, 20), np.int32)
    truth[2:6, 2:6] = 5
    empty = np.zeros_like(truth)

    answers = reference("cellpose", [truth, empty], [truth, empty], tmp_path)

    assert answers[0][0][:3] == [1, 4, 4]  # ids 1 to 4 are counted as false and as missed
    assert np.isnan(answers[1][0][3])
    assert match(truth, truth).counts[0.5] == Counts(1, 0, 0, 1.0)
    assert match(empty, empty).counts[0.5].ap == 1.0


def test_an_image_without_background_matches_itself():
    labels = np.arange(1, 10, dtype=np.uint32).repeat(9).reshape(9, 9)

    counts = match(labels, labels).counts[0.9]

    assert (counts.tp, counts.fp, counts.fn) == (9, 0, 0)
    assert counts.panoptic_quality == 1.0


def test_a_huge_id_costs_no_memory():
    labels = np.zeros((4, 4), np.uint32)
    labels[1:3, 1:3] = 4_294_967_295

    assert match(labels, labels).counts[0.5].tp == 1


def test_an_object_cut_in_two_equal_halves_is_found_once():
    truth = np.zeros((4, 8), np.uint32)
    truth[:] = 1
    halves = truth.copy()
    halves[:, 4:] = 2

    counts = match(truth, halves).counts[0.5]

    assert (counts.tp, counts.fp, counts.fn) == (1, 1, 0)


def test_contested_pairs_prefer_more_pairs_over_a_higher_iou():
    truth = np.array([[1, 1, 1, 1, 2, 2, 2, 2, 2, 0]], np.uint32)
    prediction = np.array([[1, 1, 1, 0, 1, 1, 1, 1, 1, 2]], np.uint32)
    pairs = overlap(truth, prediction)

    assert len(matched_pairs(pairs, 0.1)) == 1
    assert pairs.truth[matched_pairs(pairs, 0.1)[0]] == 1


def test_objects_mostly_outside_the_annotated_area_are_dropped_in_both():
    truth = np.zeros((10, 10), np.uint32)
    truth[0:4, 0:4] = 1
    truth[0:4, 6:10] = 2
    annotated = np.ones((10, 10), bool)
    annotated[:, 7:] = False

    result = match(truth, np.zeros_like(truth), annotated=annotated)

    assert result.n_truth == 1
    assert match(np.zeros_like(truth), truth, annotated=annotated).n_predicted == 1


def test_a_quarter_outside_is_still_judged_by_what_is_inside():
    labels = np.zeros((4, 4), np.uint32)
    labels[:, :] = 3
    annotated = np.ones((4, 4), bool)
    annotated[0] = False

    kept = keep_annotated(labels, annotated)

    assert kept[1:].all()
    assert not kept[0].any()
    assert not keep_annotated(labels, annotated & (np.arange(4) > 0)).any()


def test_negative_labels_are_background():
    truth = np.array([[-1, -1, 2, 2]], np.int32)

    assert match(truth, truth).n_truth == 1


def test_shapes_and_kinds_that_do_not_fit_are_refused():
    with pytest.raises(ValueError, match="differ in shape"):
        match(np.zeros((2, 2), int), np.zeros((2, 3), int))
    with pytest.raises(ValueError, match="integers"):
        match(np.zeros((2, 2)), np.zeros((2, 2)))


@given(label_images, label_images)
@settings(max_examples=200, deadline=None)
def test_scores_stay_within_bounds_and_fall_with_the_threshold(truth, prediction):
    result = match(truth, prediction)

    previous = 1.0
    for threshold in IOU_THRESHOLDS:
        counts = result.counts[threshold]
        assert 0 <= counts.ap <= counts.f1 <= 1
        assert counts.ap <= previous
        assert counts.tp + counts.fn == result.n_truth
        assert counts.tp + counts.fp == result.n_predicted
        assert counts.iou_sum >= threshold * counts.tp - 1e-9
        assert counts.panoptic_quality <= counts.f1 + 1e-9
        previous = counts.ap


@given(label_images, label_images)
@settings(max_examples=100, deadline=None)
def test_swapping_truth_and_prediction_swaps_missed_and_invented(truth, prediction):
    there, back = match(truth, prediction), match(prediction, truth)

    for threshold in IOU_THRESHOLDS:
        one, other = there.counts[threshold], back.counts[threshold]
        assert (one.tp, one.fp, one.fn) == (other.tp, other.fn, other.fp)
        assert one.iou_sum == pytest.approx(other.iou_sum)


@given(label_images)
@settings(max_examples=100, deadline=None)
def test_a_label_image_matches_any_renumbering_of_itself(labels):
    renumbered = np.where(labels > 0, 1000 - 7 * labels.astype(np.int64), 0)

    assert match(labels, renumbered).counts[0.9].ap == 1.0


@given(label_images, label_images, st.sampled_from([0.1, 0.3, 0.5]))
@settings(max_examples=150, deadline=None)
def test_grouped_assignment_equals_the_whole_hungarian_method(truth, prediction, threshold):
    from scipy.optimize import linear_sum_assignment

    pairs = overlap(truth, prediction)
    iou = np.zeros((len(pairs.truth_ids), len(pairs.prediction_ids)))
    iou[pairs.truth, pairs.prediction] = pairs.iou
    gain = np.where(iou >= threshold, 1 + iou / (2 * max(1, min(iou.shape))), 0)
    rows, columns = linear_sum_assignment(gain, maximize=True)
    kept = iou[rows, columns] >= threshold

    found = matched_pairs(pairs, threshold)

    assert len(found) == kept.sum()
    assert pairs.iou[found].sum() == pytest.approx(iou[rows, columns][kept].sum())
    assert len(set(pairs.truth[found])) == len(set(pairs.prediction[found])) == len(found)


@given(seed=st.integers(0, 10**6))
def test_a_stack_of_one_plane_is_measured_as_the_plane(seed):
    rng = np.random.default_rng(seed)
    truth, prediction = rng.integers(0, 4, (2, 6, 7))
    annotated = rng.random((6, 7)) < 0.7

    flat = match(truth, prediction, annotated=annotated)

    assert match(truth[None], prediction[None], annotated=annotated[None]) == flat


@given(seed=st.integers(0, 10**6))
def test_volumes_are_measured_as_planes_laid_side_by_side(seed):
    rng = np.random.default_rng(seed)
    truth, prediction = rng.integers(0, 5, (2, 3, 4, 5))
    annotated = rng.random((3, 4, 5)) < 0.7

    volumes = match(truth, prediction, annotated=annotated)

    flat = [array.reshape(3 * 4, 5) for array in (truth, prediction, annotated)]
    assert volumes == match(flat[0], flat[1], annotated=flat[2])


def test_a_volume_that_is_found_in_half_its_planes_is_half_found():
    truth = np.zeros((4, 8, 8), np.uint32)
    truth[:, 2:6, 2:6] = 3
    prediction = np.where(np.arange(4)[:, None, None] < 2, truth, 0)

    found = match(truth, prediction, thresholds=[0.5, 0.6])

    assert (found.counts[0.5].tp, found.counts[0.6].tp) == (1, 0)
