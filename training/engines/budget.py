"""How many steps fit into the time, and the learning rate along them."""

from __future__ import annotations

import math
from dataclasses import asdict, dataclass
from typing import Any

MEASURED_STEPS = 4  # after the first two, which trace and warm caches
SKIPPED_STEPS = 2
MAX_AUTO_STEPS = 20_000
RESERVED_SHARE = 0.1  # of the time given: validation, checkpoints, the last step's overrun


@dataclass(slots=True)
class StepPlan:
    """The number of steps of a training, fixed once a few steps were measured.

    Without a time limit the number is known from the start, and equal seeds give equal weights.
    With one it depends on the machine; the number that was used is stored with the version.
    """

    asked: int  # 0: as many as fit, else `usual`
    usual: int
    steps_per_epoch: int
    max_seconds: float | None
    n_steps: int = 0
    planned: bool = False
    measured: int = 0
    measured_s: float = 0.0

    def __post_init__(self) -> None:
        if self.n_steps == 0:
            self.n_steps = self.asked or self.usual
            self.planned = self.max_seconds is None

    def note(self, duration_s: float, spent_s: float) -> None:
        """Take in the duration of a step; after a few of them decide how many fit."""
        if self.planned or self.max_seconds is None:
            return
        self.measured += 1
        if self.measured > SKIPPED_STEPS:
            self.measured_s += duration_s
        if self.measured < SKIPPED_STEPS + MEASURED_STEPS:
            return
        step_s = max(self.measured_s / MEASURED_STEPS, 1e-4)
        left_s = max(0.0, self.max_seconds * (1 - RESERVED_SHARE) - spent_s)
        fits = self.measured + int(left_s / step_s)
        self.n_steps = max(self.measured, min(self.asked or MAX_AUTO_STEPS, fits))
        self.planned = True

    def is_over_time(self, spent_s: float) -> bool:
        """Tell whether the time given is used up, however many steps were planned."""
        return self.max_seconds is not None and spent_s >= self.max_seconds

    @property
    def n_epochs(self) -> int:
        """Return the number of epochs; the last one may be shorter."""
        return max(1, math.ceil(self.n_steps / self.steps_per_epoch))

    def as_dict(self) -> dict[str, Any]:
        """Return the plan for a resumable checkpoint."""
        return asdict(self)


def learning_rate(step: int, n_steps: int, peak: float, warmup_steps: int) -> float:
    """Return the rate of a step (from 0): linear warm-up, flat, cosine fall over the last 40 %.

    The warm-up starts at peak / warmup_steps and never at 0, and is at most a fifth of the steps,
    so that short trainings reach their peak (Cellpose's own schedule does neither).
    """
    warmup = min(warmup_steps, n_steps // 5)
    if step < warmup:
        return peak * (step + 1) / warmup
    fall_from = 0.6 * n_steps
    if step < fall_from:
        return peak
    progress = (step - fall_from) / max(1.0, n_steps - fall_from)
    return peak * (0.02 + 0.98 * 0.5 * (1 + math.cos(math.pi * min(1.0, progress))))
