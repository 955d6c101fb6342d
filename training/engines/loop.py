"""The training loop that all networks share: steps, reports, checkpoints, stopping, resuming."""

from __future__ import annotations

import json
import math
import time
from collections.abc import Callable
from dataclasses import asdict, dataclass
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
    job_fingerprint,
    resumable,
    whole_folder,
    write_json,
)

# A checkpoint of Cellpose is 80 MB, written and packed; epochs may last a second. Losing 20 s of
# training costs less.
CHECKPOINT_EVERY_S = 20.0


class TrainingDiverged(JobError):
    """The loss is not a number any more."""

    code: ClassVar[str] = "training_diverged"


class Learner(Protocol):
    """A network with its optimizer; all randomness comes from what it is handed."""

    def step(self, regions: NDArray[np.int64], rng: np.random.Generator, rate: float) -> float:
        """Make one update on crops of these regions and return the loss."""

    def validate(self) -> float | None:
        """Return the loss on the fixed validation crops, if there are any."""

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
        self._fingerprint = job_fingerprint(job)
        self._best_folder = job.workdir / "best"

    def run(self, report: Reporter, should_stop: StopFlag) -> Progress:
        """Train to the end of the plan and leave the chosen weights in the learner.

        Raises Cancelled within one step of a stop, with a resumable checkpoint written.
        """
        self._resume(report)
        began = time.monotonic() - self.progress.spent_s
        saved_at = -math.inf
        clock: Callable[[], float] = lambda: time.monotonic() - began  # noqa: E731
        while not self._is_done():
            self._epoch(report, should_stop, clock)
            if time.monotonic() - saved_at >= CHECKPOINT_EVERY_S:
                self._save(report)
                saved_at = time.monotonic()
        if self.settings.keep_best and self.progress.best_loss is not None:
            self.learner.load_weights(self._best_folder, "best")
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
        losses: list[float] = []
        rate, epoch_began = 0.0, clock()
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
            self.progress.step += 1
            self.progress.spent_s = clock()
            self.plan.note(self.progress.spent_s - step_began, self.progress.spent_s)
        self._close_epoch(report, epoch + 1, losses, rate, clock() - epoch_began)

    def _finite(self, loss: float) -> float:
        if not math.isfinite(loss):
            raise TrainingDiverged(
                "The training diverged: the loss is no number any more. "
                "Start again with a lower learning rate.",
                step=self.progress.step,
            )
        return loss

    def _close_epoch(
        self, report: Reporter, epoch: int, losses: list[float], rate: float, duration_s: float
    ) -> None:
        validation = self.learner.validate()
        if validation is not None and math.isfinite(validation):
            best = self.progress.best_loss
            if best is None or validation < best:
                self.progress.best_loss, self.progress.best_epoch = validation, epoch
                self._best_folder.mkdir(parents=True, exist_ok=True)
                self.learner.save_weights(self._best_folder, "best")
        else:
            validation = None  # a NaN would be written into reports that are JSON
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

    def _save(self, report: Reporter) -> None:
        """Write the resumable checkpoint; the one before stays until this one is whole."""
        target = self.job.workdir / RESUME_FOLDER
        with whole_folder(target) as folder:
            self.learner.save_weights(folder, "weights")
            self.learner.save_optimizer(folder)
            if self.progress.best_loss is not None:
                for path in self._best_folder.iterdir():
                    (folder / path.name).write_bytes(path.read_bytes())
            write_json(folder / "state.json", self._state())
        report.checkpoint(target)

    def _state(self) -> dict[str, Any]:
        return {
            "job": self._fingerprint,
            "step": self.progress.step,
            "spent_s": self.progress.spent_s,
            "best_loss": self.progress.best_loss,
            "best_epoch": self.progress.best_epoch,
            "plan": self.plan.as_dict(),
        }

    def _resume(self, report: Reporter) -> None:
        """Continue from the resumable checkpoint of this very job, if there is one."""
        folder = resumable(self.job.workdir, self._fingerprint)
        if folder is None:
            return
        state = json.loads((folder / "state.json").read_text(encoding="utf-8"))
        self.learner.load_weights(folder, "weights")
        self.learner.load_optimizer(folder)
        self.progress = Progress(
            state["step"], state["spent_s"], state["best_loss"], state["best_epoch"]
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
        params.learning_rate or (usual.rate_scratch if is_fresh else usual.rate_tuning),
        params.warmup_steps,
        course.batch_size,
        keep_best=params.keep == "best",
    )
    report.stage(
        "training", n_steps=plan.n_steps, n_epochs=plan.n_epochs, batch_size=course.batch_size
    )
    progress = Loop(job, learner, plan, settings, course.weights).run(report, should_stop)
    return {
        "params": asdict(params),
        "n_steps": progress.step,
        "best_epoch": progress.best_epoch,
        "peak_learning_rate": settings.peak_rate,
        "seed": job.seed,
    }
