"""The training loop that all networks share: steps, reports, checkpoints, stopping, resuming."""

from __future__ import annotations

import contextlib
import json
import math
import time
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any, ClassVar, Protocol

import numpy as np
from numpy.typing import NDArray

from project.errors import Cancelled, JobError
from training.datasets.balance import draw_order
from training.engines.base import EpochReport, Reporter, StopFlag, TrainJob
from training.engines.budget import StepPlan, learning_rate
from training.engines.checkpoint import (
    RESUME_FOLDER,
    TRIALS_FILE,
    job_fingerprint,
    resumable,
    whole_folder,
    write_json,
)
from training.engines.weights import MovingAverage, Weights, pulled

# A checkpoint of Cellpose is 80 MB, written and packed; epochs may last a second. Losing 20 s of
# training costs less.
CHECKPOINT_EVERY_S = 20.0
PAUSE_PER_SAVING = 10.0


class TrainingDiverged(JobError):
    """The loss is not a number any more."""

    code: ClassVar[str] = "training_diverged"


class Learner(Protocol):
    """A network with its optimizer; all randomness comes from what it is handed."""

    def step(self, regions: NDArray[np.int64], rng: np.random.Generator, rate: float) -> float:
        """Make one update on crops of these regions and return the loss."""

    def validate(self) -> float | None:
        """Return the loss on the fixed validation crops, if there are any."""

    def trained(self) -> set[str]:
        """Return the names of the weights that steps change by their gradient."""

    def get_weights(self) -> Weights:
        """Return copies of all weights, statistics of batches among them."""

    def set_weights(self, weights: Weights) -> None:
        """Put weights in the place of those with the same names."""

    def save_weights(self, folder: Path, name: str) -> None:
        """Write the weights under a name without suffix."""

    def load_weights(self, folder: Path, name: str) -> None:
        """Read weights written by `save_weights`."""

    def save_optimizer(self, folder: Path) -> None:
        """Write the optimizer's state."""

    def load_optimizer(self, folder: Path) -> None:
        """Read the optimizer's state."""


@dataclass(frozen=True, slots=True)
class LoopSettings:
    """What the loop needs to know besides the plan."""

    peak_rate: float
    warmup_steps: int
    batch_size: int
    keep_best: bool
    pull: float = 0.0  # towards the start, times the learning rate
    averaging: float = 0.0  # decay of the moving average; 0: none


@dataclass(frozen=True, slots=True)
class Usual:
    """What an engine chooses where the person left the choice: from scratch, and when tuning."""

    steps_scratch: int
    steps_tuning: int
    rate_scratch: float
    rate_tuning: float


@dataclass(frozen=True, slots=True)
class Course:
    """What a training is asked to do, and what its engine would choose."""

    params: Any  # fields of specs.SharedParams
    usual: Usual
    batch_size: int
    weights: NDArray[np.float64]  # of the training regions


@dataclass(slots=True)
class Progress:
    """Where a training stands; the JSON part of a resumable checkpoint."""

    step: int = 0
    spent_s: float = 0.0
    best_loss: float | None = None
    best_epoch: int = 0
    # Of the epoch that is open: a stop in it changes neither its loss nor how long it took.
    losses: list[float] = field(default_factory=list)
    began_s: float = 0.0  # of `spent_s`


class Loop:
    """Runs a learner along a plan.

    Every step draws from a generator seeded by (seed, step), every epoch's order of regions by
    (seed, epoch): a resumed training continues exactly as the uninterrupted one would have.
    """

    def __init__(
        self,
        job: TrainJob,
        learner: Learner,
        plan: StepPlan,
        settings: LoopSettings,
        weights: NDArray[np.float64],
    ) -> None:
        self.job = job
        self.learner = learner
        self.plan = plan
        self.settings = settings
        self.region_weights = weights
        self.progress = Progress()
        self._average = MovingAverage(settings.averaging) if settings.averaging else None
        self._start = learner.get_weights() if settings.pull else {}
        self._fingerprint = job_fingerprint(job)
        self._best_folder = job.workdir / "best"

    def run(self, report: Reporter, should_stop: StopFlag) -> Progress:
        """Train to the end of the plan and leave the chosen weights in the learner.

        Raises Cancelled within one step of a stop, with a resumable checkpoint written.
        """
        self._resume(report)
        began = time.monotonic() - self.progress.spent_s
        saved_at, pause_s = -math.inf, CHECKPOINT_EVERY_S
        clock: Callable[[], float] = lambda: time.monotonic() - began  # noqa: E731
        while not self._is_done():
            self._epoch(report, should_stop, clock)
            saving_at = time.monotonic()
            if saving_at - saved_at >= pause_s:
                self._save(report)
                saved_at = time.monotonic()
                # One of some GB takes its time, which training must not spend on nothing else.
                pause_s = max(CHECKPOINT_EVERY_S, PAUSE_PER_SAVING * (saved_at - saving_at))
        if self.settings.keep_best and self.progress.best_loss is not None:
            self.learner.load_weights(self._best_folder, "best")
        elif self._average is not None and self._average.values:
            self.learner.set_weights(self._average.values)
        return self.progress

    def _is_done(self) -> bool:
        return self.progress.step >= self.plan.n_steps or (
            self.progress.step > 0 and self.plan.is_over_time(self.progress.spent_s)
        )

    def _epoch(self, report: Reporter, should_stop: StopFlag, clock: Callable[[], float]) -> None:
        """Run the steps up to the next multiple of the epoch's length."""
        per_epoch, batch = self.plan.steps_per_epoch, self.settings.batch_size
        epoch = self.progress.step // per_epoch
        order = draw_order(
            self.region_weights, per_epoch * batch, np.random.default_rng([self.job.seed, 1, epoch])
        ).reshape(per_epoch, batch)
        losses, rate = self.progress.losses, 0.0
        if not losses:
            self.progress.began_s = clock()
        while not self._is_done() and self.progress.step < (epoch + 1) * per_epoch:
            if should_stop():
                self.progress.spent_s = clock()
                self._save(report)
                raise Cancelled("The training was stopped; it can be continued from its last step.")
            step, step_began = self.progress.step, clock()
            rate = learning_rate(
                step, self.plan.n_steps, self.settings.peak_rate, self.settings.warmup_steps
            )
            rng = np.random.default_rng([self.job.seed, 0, step])
            losses.append(self._finite(self.learner.step(order[step % per_epoch], rng, rate)))
            self._steer(rate)
            self.progress.step += 1
            self.progress.spent_s = clock()
            self.plan.note(self.progress.spent_s - step_began, self.progress.spent_s)
        self._close_epoch(report, epoch + 1, rate, clock() - self.progress.began_s)

    def _steer(self, rate: float) -> None:
        """Pull the weights towards the start, and take them into the average."""
        if not self.settings.pull and self._average is None:
            return
        weights = self.learner.get_weights()
        if self.settings.pull:
            share = rate * self.settings.pull
            weights = pulled(weights, self._start, share, self.learner.trained())
            self.learner.set_weights(weights)
        if self._average is not None:
            self._average.take(weights, self.progress.step)

    @contextlib.contextmanager
    def _averaged(self) -> Iterator[None]:
        """Let the learner hold the averaged weights for a while."""
        if self._average is None or not self._average.values:
            yield
            return
        weights = self.learner.get_weights()
        self.learner.set_weights(self._average.values)
        try:
            yield
        finally:
            self.learner.set_weights(weights)

    def _finite(self, loss: float) -> float:
        if not math.isfinite(loss):
            raise self._diverged("the loss is no number any more")
        return loss

    def _diverged(self, what: str) -> TrainingDiverged:
        return TrainingDiverged(
            f"The training diverged: {what}. Start again with a lower learning rate.",
            step=self.progress.step,
        )

    def _close_epoch(self, report: Reporter, epoch: int, rate: float, duration_s: float) -> None:
        with self._averaged():
            validation = self._judge(epoch)
        losses, self.progress.losses = self.progress.losses, []
        report.epoch(
            EpochReport(
                epoch=epoch,
                n_epochs=max(epoch, self.plan.n_epochs),
                train_loss=float(np.mean(losses)),
                validation_loss=validation,
                learning_rate=rate,
                duration_s=duration_s,
                metrics={"step": float(self.progress.step), "n_steps": float(self.plan.n_steps)},
            )
        )

    def _judge(self, epoch: int) -> float | None:
        """Measure the weights, and keep them when they are the best so far."""
        validation = self.learner.validate()
        if validation is None or not math.isfinite(validation):
            return None  # a NaN would be written into reports that are JSON
        best = self.progress.best_loss
        if best is None or validation < best:
            self.progress.best_loss, self.progress.best_epoch = validation, epoch
            self._best_folder.mkdir(parents=True, exist_ok=True)
            self.learner.save_weights(self._best_folder, "best")
        return validation

    def _save(self, report: Reporter) -> None:
        """Write the resumable checkpoint; the one before stays until this one is whole.

        Raises TrainingDiverged when the last step has spoilt the weights: its loss came before.
        """
        weights = self.learner.get_weights().values()
        if not all(np.isfinite(array).all() for array in weights):
            raise self._diverged("the weights are no numbers any more")
        target = self.job.workdir / RESUME_FOLDER
        with whole_folder(target) as folder:
            self.learner.save_weights(folder, "weights")
            self.learner.save_optimizer(folder)
            if self._average is not None:
                self._average.save(folder)
            if self.progress.best_loss is not None:
                for path in self._best_folder.iterdir():
                    (folder / path.name).write_bytes(path.read_bytes())
            trials = self.job.workdir / TRIALS_FILE
            if trials.is_file():
                (folder / TRIALS_FILE).write_bytes(trials.read_bytes())
            write_json(folder / "state.json", self._state())
        report.checkpoint(target)

    def _state(self) -> dict[str, Any]:
        return {
            "job": self._fingerprint,
            "step": self.progress.step,
            "spent_s": self.progress.spent_s,
            "best_loss": self.progress.best_loss,
            "best_epoch": self.progress.best_epoch,
            "losses": self.progress.losses,
            "began_s": self.progress.began_s,
            "plan": self.plan.as_dict(),
        }

    def _resume(self, report: Reporter) -> None:
        """Continue from the resumable checkpoint of this very job, if there is one."""
        folder = resumable(self.job.workdir, self._fingerprint)
        if folder is None:
            if (self.job.workdir / RESUME_FOLDER).exists():
                report.warn("Its checkpoint was of another training, so the training began again.")
            return
        state = json.loads((folder / "state.json").read_text(encoding="utf-8"))
        self.learner.load_weights(folder, "weights")
        self.learner.load_optimizer(folder)
        if self._average is not None:
            self._average.load(folder)
        self.progress = Progress(
            state["step"],
            state["spent_s"],
            state["best_loss"],
            state["best_epoch"],
            state["losses"],
            state["began_s"],
        )
        if self.progress.best_loss is not None:
            self._best_folder.mkdir(parents=True, exist_ok=True)
            for path in folder.glob("best.*"):
                (self._best_folder / path.name).write_bytes(path.read_bytes())
        for name in ("n_steps", "planned", "measured", "measured_s"):
            setattr(self.plan, name, state["plan"][name])
        report.stage("resumed", step=self.progress.step, n_steps=self.plan.n_steps)


def train_learner(
    job: TrainJob, learner: Learner, course: Course, report: Reporter, should_stop: StopFlag
) -> dict[str, Any]:
    """Train along a course and return what a version stores about it.

    Raises Cancelled, TrainingDiverged.
    """
    params, usual = course.params, course.usual
    is_fresh = not (job.parent or job.pretrained)
    plan = StepPlan(
        params.steps,
        usual.steps_scratch if is_fresh else usual.steps_tuning,
        params.steps_per_epoch,
        job.max_seconds,
    )
    settings = LoopSettings(
        params.rate_factor
        * (params.learning_rate or (usual.rate_scratch if is_fresh else usual.rate_tuning)),
        params.warmup_steps,
        course.batch_size,
        keep_best=params.keep == "best",
        pull=0.0 if is_fresh else params.pull_to_start,
        averaging=params.averaging,
    )
    report.stage(
        "training", n_steps=plan.n_steps, n_epochs=plan.n_epochs, batch_size=course.batch_size
    )
    progress = Loop(job, learner, plan, settings, course.weights).run(report, should_stop)
    return {
        "params": asdict(params),
        "n_steps": progress.step,
        "best_epoch": progress.best_epoch,
        "validation_loss": progress.best_loss,
        "peak_learning_rate": settings.peak_rate,
        "seed": job.seed,
    }
