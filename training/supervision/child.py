"""How the child process of an engine is started: interpreter, arguments, environment, limits."""

from __future__ import annotations

from pathlib import Path

from django.conf import settings

from project.processes import Limits
from training.supervision.interpreters import interpreter_of

MODULE = "training.supervision.child_main"
MIB = 1 << 20
# Imports, reading files, thresholds and the last checkpoint come on top of the time for training.
OVERHEAD_S = 1800


def child_argv(mode: str, engine: str, *, python: str = "") -> list[str]:
    """Return the command of a child; an engine may have an interpreter of its own.

    Raises UnknownEngine, EngineNotInstalled.
    """
    return [python or interpreter_of(engine), "-m", MODULE, mode, engine]


def child_environment(n_threads: int | None = None) -> dict[str, str]:
    """Return what a child's environment has besides the parent's."""
    threads = str(n_threads or settings.CYTOLOOP_CPUS)
    return {
        "PYTHONPATH": str(settings.BASE_DIR),
        "PYTHONUNBUFFERED": "1",
        # Threads that wait must sleep: spinning ones made StarDist 10 to 30 times slower as
        # soon as another process wanted a core.
        "OMP_WAIT_POLICY": "PASSIVE",
        "OMP_NUM_THREADS": threads,
        "OPENBLAS_NUM_THREADS": threads,
        "MKL_NUM_THREADS": threads,
        "TF_CPP_MIN_LOG_LEVEL": "2",
        "CUDA_DEVICE_ORDER": "PCI_BUS_ID",
    }


def training_limits(max_minutes: float | None) -> Limits:
    """Return the limits of a training: resident memory always, time when the person gave one."""
    wall_s = None if max_minutes is None else max_minutes * 60 + OVERHEAD_S
    max_mib = settings.CYTOLOOP_TRAIN_MAX_MIB
    return Limits(rss_bytes=max_mib * MIB if max_mib else None, wall_s=wall_s)


def oom_kills() -> int:
    """Return how many processes Linux has killed for lack of memory; 0 where it does not say.

    A child that dies by signal 9 while this grows was one of them: nothing else tells.
    """
    try:
        lines = Path("/proc/vmstat").read_text(encoding="ascii").splitlines()
    except OSError:
        return 0
    return next((int(line.split()[1]) for line in lines if line.startswith("oom_kill ")), 0)
