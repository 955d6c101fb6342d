"""When memory runs out in training: again with half the batch, while it can be halved."""

from __future__ import annotations

from typing import Any

from project.errors import OutOfMemory
from training.jobs.attempt import WorthAnotherAttempt
from training.models import TrainingRun


def with_half_the_batch(
    run: TrainingRun, progress: dict[str, Any], error: OutOfMemory
) -> WorthAnotherAttempt | OutOfMemory:
    """Return what to raise: another attempt with a smaller batch, or the sentence that ends it.

    The run's parameters become the ones really used, so that they reproduce its version; a
    warning says what they were. Its checkpoint belongs to the larger batch and is left behind.
    """
    batch_size = batch_size_of(run, progress)
    if batch_size is None:
        return error  # an engine without batches, or memory ran out before the first one
    if batch_size == 1:
        return OutOfMemory(
            "Memory ran out even with a batch of a single crop. Choose a smaller crop size, or "
            "use a machine with more memory.",
            batch_size=1,
        )
    half = batch_size // 2
    return WorthAnotherAttempt(
        OutOfMemory(
            f"Memory ran out again, the last time with {crops(batch_size)} per batch. Choose a "
            f"batch size of {half} or a smaller crop size, or use a machine with more memory.",
            batch_size=batch_size,
        ),
        params={**run.params, "batch_size": half},
        warnings=[
            *run.warnings,
            f"Memory ran out with {crops(batch_size)} per batch, so the training began again with "
            f"{half}.",
        ],
        resume_file="",
    )


def batch_size_of(run: TrainingRun, progress: dict[str, Any]) -> int | None:
    """Return the batch size in use: as the run says, else as its engine chose and reported."""
    if "batch_size" not in run.params:
        return None
    return int(run.params["batch_size"]) or progress.get("batch_size")


def crops(n: int) -> str:
    """Return a number of crops in words."""
    return f"{n} crop{'s' * (n != 1)}"
