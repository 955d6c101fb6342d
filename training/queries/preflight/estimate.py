"""How long a training will take and in how much memory, by what the last one like it took."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django.db.models import Avg

from training.models import EpochRecord, RunState, TrainingRun

SAME_SPEED = ("patch_px", "batch_size", "grid", "net", "depth", "filters", "precision")


def estimate(engine: str, params: Mapping[str, Any], max_minutes: float | None) -> str:
    """Say how many steps and minutes, and how much memory, by the newest run like this one."""
    runs = TrainingRun.objects.filter(engine=engine, state=RunState.FINISHED)
    alike = {f"params__{name}": params[name] for name in SAME_SPEED if name in params}
    run = runs.filter(**alike).order_by("-finished_at").first()
    epochs = EpochRecord.objects.filter(run=run)
    epoch_s = epochs.aggregate(mean=Avg("duration_s"))["mean"] if run else None
    if run is None or not epoch_s:
        return ""
    step_s = epoch_s / run.params.get("steps_per_epoch", 1)
    steps = int(params.get("steps") or 0)
    if not steps and max_minutes is None:
        return ""
    seconds = steps * step_s if steps else float("inf")
    seconds = min(seconds, 60 * (max_minutes or float("inf")))
    memory = f" It needed {run.peak_mib / 1024:.1f} GiB of memory." if run.peak_mib else ""
    return (
        f"About {in_words(seconds)} for some {round(seconds / step_s):,} steps, as fast as run "
        f"{run.number} was; loading and measuring come on top.{memory}"
    )


def in_words(seconds: float) -> str:
    """Write a duration for a person."""
    return f"{seconds:.0f} s" if seconds < 90 else f"{seconds / 60:.0f} min"
