"""Which way of training suits the data: each is tried for a moment, the best is then trained.

What "best" means is the loss on the blind validation regions after a few steps. It says which way
gets going, not how far each would get; all trials are kept with the version.
"""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Generic, TypeAlias, TypeVar

from training.datasets.channels import in_words, ways_of
from training.engines.base import Reporter, StopFlag, TrainJob
from training.engines.checkpoint import TRIALS_FILE, job_fingerprint, resumable, write_json
from training.engines.data import TrainingData, clearest_channel
from training.engines.loop import Course, Learner, train_learner
from training.engines.silent import Silent

TRIAL_STEPS = 24
TRIAL_SHARE = 0.3  # of the time given, for all trials together
MOST_TRIALS = 8
LearnerT = TypeVar("LearnerT", bound=Learner)
Changes: TypeAlias = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Recipe:
    """A way of training: what is set differently, and how people call it."""

    name: str
    changes: Changes

    def with_changes(self, other: Recipe) -> Recipe:
        """Return another recipe on top of this one."""
        return Recipe(other.name, {**self.changes, **other.changes})


@dataclass(frozen=True, slots=True)
class Begun(Generic[LearnerT]):
    """A training that is ready for its first step."""

    learner: LearnerT
    course: Course
    facts: dict[str, Any]  # what its version will store
    others: tuple[Recipe, ...] = ()  # the engine's own, tried besides


Begin: TypeAlias = Callable[[Any], Begun[Any]]  # of an engine's params


USUAL = Recipe("As usual", {})
# Decoder only and smaller steps forget less; a pull does so too and lets all layers learn.
TUNING = (
    Recipe("Decoder only", {"layers": "decoder"}),
    Recipe("Pulled to the start", {"pull_to_start": 10.0}),
    Recipe("A third of the learning rate", {"rate_factor": 1 / 3}),
)


def choose_recipe(
    job: TrainJob,
    params: Any,
    data: TrainingData,
    begin: Begin,
    report: Reporter,
    should_stop: StopFlag,
) -> tuple[Any, list[dict[str, Any]]]:
    """Return the parameters to train with and the trials that led to them.

    Raises Cancelled, TrainingDiverged.
    """
    if params.recipe != "auto":
        return params, []
    stored = _stored(job)
    if stored is None:
        if not len(data.validation):
            report.warn("Without a validation region no recipe can be judged; the usual one is.")
            return params, []
        stored = Trials(job, params, begin, report, should_stop).run(data)
        write_json(job.workdir / TRIALS_FILE, stored)
    return replace(params, **stored["changes"]), stored["trials"]


def after_trials(job: TrainJob, trials: Sequence[Mapping[str, Any]]) -> TrainJob:
    """Return the job with what the trials left of its time, at least half of it."""
    if job.max_seconds is None:
        return job
    left_s = job.max_seconds - sum(trial["seconds"] for trial in trials)
    return replace(job, max_seconds=max(left_s, job.max_seconds / 2))


class Trials:
    """Short trainings, one after the other."""

    def __init__(
        self, job: TrainJob, params: Any, begin: Begin, report: Reporter, should_stop: StopFlag
    ) -> None:
        self._job, self._params, self._begin = job, params, begin
        self._report, self._should_stop = report, should_stop
        self._made: list[dict[str, Any]] = []

    def run(self, data: TrainingData) -> dict[str, Any]:
        """Try the engine's own ways and the channels, then ways of tuning with the best."""
        lowest, others = self._tried(USUAL)
        best, lowest = self._better(others, USUAL, lowest)
        channels = [best.with_changes(each) for each in channel_recipes(data, self._params)]
        best, lowest = self._better(channels, best, lowest)
        if self._job.parent or self._job.pretrained:
            tuning = [best.with_changes(each) for each in TUNING]
            best, lowest = self._better(tuning, best, lowest)
        self._report.stage("tried", trials=list(self._made))
        return {"changes": dict(best.changes), "trials": self._made}

    def _better(
        self, recipes: Sequence[Recipe], best: Recipe, lowest: float
    ) -> tuple[Recipe, float]:
        """Return the best of some recipes and the best so far."""
        for recipe in recipes:
            loss, _ = self._tried(recipe)
            if loss < lowest:
                best, lowest = recipe, loss
        return best, lowest

    def _tried(self, recipe: Recipe) -> tuple[float, tuple[Recipe, ...]]:
        """Return the loss that a recipe comes to, and what its engine would try besides."""
        self._report.stage("trying", trying=recipe.name, trials=list(self._made))
        began = time.monotonic()
        limit = self._job.max_seconds
        job = replace(
            self._job,
            workdir=self._job.workdir / "trials" / str(len(self._made)),
            max_seconds=limit and limit * TRIAL_SHARE / MOST_TRIALS,
        )
        begun = self._begin(replace(self._params, **recipe.changes))
        short = replace(begun.course.params, steps=TRIAL_STEPS, steps_per_epoch=TRIAL_STEPS // 2)
        course = replace(begun.course, params=short)
        facts = train_learner(job, begun.learner, course, Silent(), self._should_stop)
        self._made.append(
            {
                "name": recipe.name,
                "changes": dict(recipe.changes),
                "validation_loss": facts["validation_loss"],
                "n_steps": facts["n_steps"],
                "seconds": round(time.monotonic() - began, 1),
            }
        )
        loss = facts["validation_loss"]
        return (float("inf") if loss is None else float(loss)), begun.others


def channel_recipes(data: TrainingData, params: Any) -> list[Recipe]:
    """Return the ways of showing channels besides the usual one; none when it was chosen.

    `data` must be seen as the training sees it: only inverted pictures have stains.
    """
    if params.channel_input != "auto" or data.n_channels == 1:
        return []
    usual, inverted = data.train.way, data.train.invert
    ways = ways_of(data.n_channels, inverted=inverted, clearest=clearest_channel(data))
    return [
        Recipe(
            f"Channels: {in_words(way, data.n_channels)}",
            {"channel_input": way.partition(":")[0]},
        )
        for way in ways
        if way != usual
    ]


def _stored(job: TrainJob) -> dict[str, Any] | None:
    """Return what an earlier attempt of the same job chose."""
    folder = resumable(job.workdir, job_fingerprint(job))
    if folder is None or not (folder / TRIALS_FILE).is_file():
        return None
    path = folder / TRIALS_FILE
    found: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    (job.workdir / TRIALS_FILE).write_bytes(path.read_bytes())
    return found
