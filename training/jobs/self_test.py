"""Try an engine out in a child process, as a training would."""

from __future__ import annotations

import tempfile
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from django.conf import settings

from project.processes import Limits, run_child
from project.storage import scratch_dir
from training.supervision.child import child_argv, child_environment

WALL_S = 600.0  # imports alone may take half a minute on a machine that is busy


@dataclass(frozen=True, slots=True)
class Tried:
    """How a self-test went."""

    is_working: bool
    sentence: str  # why not; empty when it works
    duration_s: float
    device: str = ""
    precision: str = ""
    packages: dict[str, str] = field(default_factory=dict)


def try_engine(name: str, *, python: str = "") -> Tried:
    """Let an engine train a few steps on a made image and predict it.

    By its own interpreter, or by another one that shall become its own.
    Raises UnknownEngine, EngineNotInstalled.
    """
    argv = child_argv("selftest", name, python=python)
    reports: list[dict[str, Any]] = []
    began = time.monotonic()
    with tempfile.TemporaryDirectory(dir=scratch_dir(), prefix="self-test-") as folder:
        end = run_child(
            argv,
            job={
                "workdir": folder,
                "device": settings.CYTOLOOP_DEVICE,
                "n_threads": settings.CYTOLOOP_CPUS,
            },
            limits=Limits(wall_s=WALL_S),
            on_report=reports.append,
            env=child_environment(),
            cwd=Path(folder),
            grace_s=0,
        )
    duration_s = time.monotonic() - began
    last: dict[str, Any] = reports[-1] if reports else {"type": ""}
    if last["type"] == "done":
        return Tried(True, "", duration_s, last["device"], last["precision"], last["packages"])
    if last["type"] == "error":
        return Tried(False, last["message"], duration_s)
    said = str(last.get("traceback") or end.log_tail or "It ended without a word.")
    return Tried(False, said.strip().splitlines()[-1], duration_s)
