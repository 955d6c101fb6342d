"""One object for one prompt: it is the one that the draft has there, or an improbable one."""

from __future__ import annotations

import numpy as np
import pytest

from tests.engines.children import run_program
from training.engines.base import PredictionArrays, Prompt
from training.engines.cellpose_engine.dynamics import instances
from training.engines.flow_networks.prompts import FlowSight
from training.engines.prompts import as_sight, object_meant
from training.engines.stardist_engine.instances import Outlines
from training.engines.stardist_engine.prompts import StarSight, containing
from training.supervision.prompts import box_around, rows_of

SHAPE = (40, 60)
N_RAYS = 32


CELLPOSE = pytest.param("cellpose", marks=pytest.mark.cellpose)


@pytest.mark.parametrize("engine", ["stardist", CELLPOSE])
def test_a_prompt_finds_the_object_that_the_whole_prediction_has_there(engine, tmp_path):
    found = run_program(
        "tests.engines.prompt_checks",
        engine,
        str(tmp_path),
        answers=tmp_path / "answers.json",
        timeout_s=1200,
    )
    assert found["n"] > 40
    assert found["by_point"] >= 0.9, found
    assert found["by_box"] >= 0.9, found
    assert found["score_difference"] < 0.01
    assert found["nothing"] == 0, "a threshold that nothing reaches"
    row0, col0, row1, col1 = found["looked_at"]
    assert (row1 - row0) * (col1 - col0) < np.prod(found["shape"]), "not the whole image"


def circles(*given):
    """Outlines of (row, col, radius, prob)."""
    given = np.array(given, np.float32)
    dist = np.repeat(given[:, 2:3], N_RAYS, axis=1)
    return Outlines(given[:, :2].astype(np.int64), given[:, 3], dist)


def stars(*given):
    return StarSight(circles(*given), SHAPE, SHAPE, prob_threshold=0.5, nms_threshold=0.4)


def test_the_suppressed_outline_is_not_what_a_click_means():
    sight = stars((20, 20, 8, 0.9), (21, 20, 6, 0.7))
    found = sight.find(Prompt(point=(22, 20)))
    assert found.mask.sum() == pytest.approx(np.pi * 64, rel=0.1)
    assert (found.score, found.threshold) == (pytest.approx(0.9), 0.5)


def test_an_improbable_outline_is_found_where_nothing_better_is():
    sight = stars((20, 20, 8, 0.9), (20, 45, 6, 0.1), (20, 46, 3, 0.2))
    found = sight.find(Prompt(point=(20, 50)))
    assert found.mask[20, 50]
    assert not found.mask[20, 20]
    assert found.score == pytest.approx(0.1)
    assert found.threshold < 0.1
    # Asked for again with the threshold that it took, the most probable one there is meant.
    again = sight.find(Prompt(point=(20, 46), threshold=found.threshold))
    assert again.score == pytest.approx(0.2)
    assert sight.find(Prompt(point=(20, 50), threshold=0.15)) is None
    assert sight.find(Prompt(point=(2, 2))) is None


def test_a_box_means_what_fits_it_best():
    sight = stars((20, 20, 8, 0.9), (20, 45, 6, 0.1))
    assert sight.find(Prompt(box=(10, 5, 30, 35))).mask[20, 20]
    assert sight.find(Prompt(box=(13, 38, 28, 52))).mask[20, 45]
    assert sight.find(Prompt(box=(0, 0, 3, 60))) is None


def test_outlines_contain_what_is_drawn_of_them():
    rng = np.random.default_rng(3)
    dist = rng.uniform(3, 9, (1, N_RAYS)).astype(np.float32)
    found = Outlines(np.array([[20, 30]]), np.ones(1, np.float32), dist)
    sight = StarSight(found, SHAPE, SHAPE, prob_threshold=0.5, nms_threshold=0.4)
    mask = sight.find(Prompt(point=(20, 30))).mask
    inside = [[containing(found, (row, col))[0] for col in range(60)] for row in range(40)]
    assert np.count_nonzero(mask != np.array(inside)) <= 0.06 * mask.sum(), "but for the border"


def flows_of(*boxes):
    """Flows towards the middle of boxes, and the logits of a network that doubts the last one."""
    flows, cellprob = np.zeros((2, *SHAPE), np.float32), np.full(SHAPE, -6, np.float32)
    for number, (row0, col0, row1, col1) in enumerate(boxes):
        rows, cols = np.mgrid[row0:row1, col0:col1]
        way = np.stack([(row0 + row1 - 1) / 2 - rows, (col0 + col1 - 1) / 2 - cols])
        flows[:, row0:row1, col0:col1] = 5 * way / np.maximum(np.hypot(*way), 1e-3)
        cellprob[row0:row1, col0:col1] = 3 if number < len(boxes) - 1 else -2
    return flows, cellprob


def draw(flows, cellprob, thresholds):
    return instances(
        flows,
        cellprob,
        cellprob_threshold=thresholds["cellprob"],
        flow_threshold=thresholds["flow"],
        n_steps=200,
    )


def test_pixels_that_meet_are_the_object_and_a_doubtful_one_needs_a_lower_threshold():
    boxes = [(5, 5, 18, 18), (5, 18, 18, 31), (22, 30, 36, 46)]
    sight = FlowSight(*flows_of(*boxes), draw, {"cellprob": 0.0, "flow": 0.4})
    found = sight.find(Prompt(point=(11, 16)))
    expected = np.zeros(SHAPE, bool)
    expected[5:18, 5:18] = True
    assert np.count_nonzero(found.mask != expected) <= 6
    assert found.threshold == 0.0
    assert found.score > 0.9
    doubtful = sight.find(Prompt(point=(30, 40)))
    assert doubtful.mask[22:36, 30:46].mean() > 0.9
    assert doubtful.threshold == -2.5
    assert sight.find(Prompt(point=(30, 40), threshold=0.0)) is None
    assert sight.find(Prompt(box=(22, 29, 37, 47))).mask[30, 40]
    assert sight.find(Prompt(point=(38, 3))) is None, "sure of background"


def test_of_other_engines_the_drawn_objects_are_chosen_from():
    label_image = np.zeros(SHAPE, np.uint32)
    label_image[2:9, 2:9], label_image[12:30, 20:50] = 1, 2
    sight = as_sight(PredictionArrays(label_image, np.array([0.25, 0.75], np.float32)))
    assert sight.find(Prompt(point=(20, 30))).score == 0.75
    assert sight.find(Prompt(point=(35, 3))) is None
    assert object_meant(label_image, Prompt(box=(0, 0, 12, 12))) == 1
    assert object_meant(label_image, Prompt(box=(12, 18, 31, 50))) == 2
    assert object_meant(label_image, Prompt(box=(8, 8, 40, 22))) == 0, "hardly touched"


def test_clicks_near_each_other_look_at_the_same_box():
    shape = (5000, 4000)
    corners = [(row, col) for row in (1024, 1151) for col in (0, 127)]
    boxes = {box_around((row, col, row + 1, col + 1), 100, shape) for row, col in corners}
    assert boxes == {(1024 - 128, 0, 1152 + 128, 128 + 128)}
    largest = box_around((2560, 2560, 2561, 2561), 10_000, shape)
    assert largest == (2048, 2048, 3200, 3200), "bounded, however far an engine sees"
    assert box_around((10, 10, 11, 11), 100, (300, 400)) == (0, 0, 300, 400)


def test_rows_are_those_of_the_image():
    mask = np.array([[0, 1, 1, 0, 1], [0, 0, 0, 0, 0], [1, 1, 1, 1, 1]], bool)
    assert rows_of(mask, (100, 50, 103, 55)) == [100, 51, 53, 100, 54, 55, 102, 50, 55]
