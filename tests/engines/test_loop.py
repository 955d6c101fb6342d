"""The training loop over a learner whose steps can be worked out by hand."""

from __future__ import annotations

import json
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from project.errors import Cancelled
from tests.engines.worlds import Notes, make_job, never
from training.engines.loop import Course, Usual, train_learner
from training.engines.recipes import after_trials
from training.engines.specs import StarDistParams
from training.engines.weights import MovingAverage, pulled

TARGET = 10.0
USUAL = Usual(steps_scratch=30, steps_tuning=30, rate_scratch=0.1, rate_tuning=0.1)


class Walker:
    """One number on its way to TARGET, and a statistic that no gradient changes."""

    def __init__(self) -> None:
        self.weights = {"w": np.zeros(1, np.float32), "statistic": np.zeros(1, np.float32)}
        self.seen: list[float] = []

    def step(self, regions: Any, rng: np.random.Generator, rate: float) -> float:
        away = TARGET - self.weights["w"]
        noise = np.float32(4 * rng.normal())
        self.weights["w"] = self.weights["w"] + np.float32(rate) * (away + noise)
        self.weights["statistic"] = self.weights["statistic"] + 1
        return float(away[0] ** 2)

    def validate(self) -> float:
        self.seen.append(float(self.weights["w"][0]))
        return float(abs(TARGET - self.weights["w"][0]))

    def trained(self) -> set[str]:
        return {"w"}

    def get_weights(self) -> dict[str, Any]:
        return {name: array.copy() for name, array in self.weights.items()}

    def set_weights(self, weights: dict[str, Any]) -> None:
        self.weights = {name: array.copy() for name, array in weights.items()}

    def save_weights(self, folder: Path, name: str) -> None:
        np.savez(folder / f"{name}.npz", **self.weights)

    def load_weights(self, folder: Path, name: str) -> None:
        with np.load(folder / f"{name}.npz") as stored:
            self.weights = dict(stored)

    def save_optimizer(self, folder: Path) -> None:
        (folder / "optimizer.json").write_text("{}")

    def load_optimizer(self, folder: Path) -> None:
        json.loads((folder / "optimizer.json").read_text())


@dataclass
class Walk:
    learner: Walker
    notes: Notes
    facts: dict[str, Any]

    @property
    def end(self) -> float:
        return float(self.learner.weights["w"][0])


def course_of(**params: Any) -> Course:
    given = {"steps": 30, "steps_per_epoch": 10, "warmup_steps": 0, "averaging": 0.0} | params
    return Course(StarDistParams(**given), USUAL, 1, np.ones(1))


def walk(folder: Path, should_stop: Any = never, parent: Path | None = None, **params: Any) -> Walk:
    folder.mkdir(parents=True, exist_ok=True)
    job = replace(make_job([], folder), parent=parent, params=params)
    learner, notes = Walker(), Notes()
    facts = train_learner(job, learner, course_of(**params), notes, should_stop)
    return Walk(learner, notes, facts)


def test_the_average_is_what_is_judged_and_kept(tmp_path):
    plain = walk(tmp_path / "plain", keep="last")
    averaged = walk(tmp_path / "averaged", keep="last", averaging=0.9)

    assert averaged.learner.seen != plain.learner.seen
    assert averaged.end == pytest.approx(averaged.learner.seen[-1])
    # Noise of single steps cancels out: successive judgements differ less.
    assert np.abs(np.diff(averaged.learner.seen)).max() < np.abs(np.diff(plain.learner.seen)).max()


def test_a_pull_ends_nearer_to_the_start_and_leaves_statistics_alone(tmp_path):
    ends = [
        walk(tmp_path / str(pull), parent=tmp_path, keep="last", pull_to_start=pull)
        for pull in (0.0, 2.0, 9.0)
    ]

    assert ends[0].end > ends[1].end > ends[2].end > 0
    assert all(each.learner.weights["statistic"] == 30 for each in ends)


def test_training_from_scratch_knows_no_pull(tmp_path):
    assert walk(tmp_path / "a", pull_to_start=9.0).end == walk(tmp_path / "b").end


@pytest.mark.parametrize("params", [{"averaging": 0.9}, {"averaging": 0.9, "pull_to_start": 3.0}])
def test_a_stop_changes_nothing(tmp_path, params):
    parent = tmp_path / "parent"
    parent.mkdir()
    whole = walk(tmp_path / "whole", parent=parent, keep="last", **params)
    calls = iter([False] * 17)
    with pytest.raises(Cancelled):
        walk(
            tmp_path / "stopped",
            lambda: next(calls, True),
            parent=parent,
            keep="last",
            **params,
        )
    resumed = walk(tmp_path / "stopped", parent=parent, keep="last", **params)

    assert "resumed" in resumed.notes.stages
    assert resumed.end == whole.end
    assert [each.validation_loss for each in resumed.notes.epochs] == [
        each.validation_loss for each in whole.notes.epochs[1:]
    ]


small = arrays(np.float32, 3, elements=st.floats(-5, 5, width=32))


@given(weights=small, start=small, share=st.floats(0, 3))
def test_a_pull_stays_between_where_weights_are_and_where_they_began(weights, start, share):
    found = pulled({"w": weights, "s": weights}, {"w": start}, share, {"w"})

    low, high = np.minimum(weights, start), np.maximum(weights, start)
    assert (found["w"] >= low - 1e-5).all()
    assert (found["w"] <= high + 1e-5).all()
    assert (found["s"] == weights).all()


@given(values=st.lists(small, min_size=1, max_size=20), decay=st.floats(0, 0.999))
def test_an_average_lies_among_what_it_was_shown(values, decay):
    average = MovingAverage(decay)
    for n, value in enumerate(values):
        average.take({"w": value}, n)

    found = average.values["w"]
    assert (found >= np.min(values, axis=0) - 1e-4).all()
    assert (found <= np.max(values, axis=0) + 1e-4).all()


def test_an_average_of_equal_weights_is_these():
    average = MovingAverage(0.95)
    for n in range(5):
        average.take({"w": np.full(2, 3.0, np.float32)}, n)

    assert average.values["w"].tolist() == [3.0, 3.0]


def test_trials_are_taken_from_the_time_that_was_given(tmp_path):
    job = replace(make_job([], tmp_path), max_seconds=100.0)

    assert after_trials(job, []).max_seconds == 100
    assert after_trials(job, [{"seconds": 12.5}, {"seconds": 10.0}]).max_seconds == 77.5
    assert after_trials(job, [{"seconds": 90.0}]).max_seconds == 50
    assert after_trials(make_job([], tmp_path), [{"seconds": 90.0}]).max_seconds is None
