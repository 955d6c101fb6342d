"""The child's end of `project.processes`: take jobs, report, end with the parent.

Standard library only: a child may run in an interpreter that has no Django.
"""

from __future__ import annotations

import contextlib
import json
import os
import signal
import sys
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any, BinaryIO

_report_lock = threading.Lock()
_report_file: BinaryIO | None = None


def report(**fields: Any) -> None:
    """Send one report to the parent (or print it, when there is none)."""
    line = json.dumps(fields, separators=(",", ":")).encode() + b"\n"
    with _report_lock:
        file = _report_stream()
        file.write(line)
        file.flush()


def read_job() -> dict[str, Any]:
    """Wait for the one job of this child; afterwards the parent's end ends this process too."""
    line = sys.stdin.buffer.readline()
    if not line:
        sys.exit("The parent ended before it sent a job.")
    threading.Thread(target=_end_with_parent, name="parent-watch", daemon=True).start()
    job: dict[str, Any] = json.loads(line)
    return job


def requests() -> Iterator[dict[str, Any]]:
    """Yield what the parent sends, until it closes the pipe or ends."""
    for line in sys.stdin.buffer:
        yield json.loads(line)


def peak_mib() -> int | None:
    """Return the most memory that this process has held so far; None where nobody counts it."""
    # Not getrusage where it can be helped: that begins with the memory of the parent that forked.
    with contextlib.suppress(OSError):
        lines = Path("/proc/self/status").read_text(encoding="ascii").splitlines()
        peak = next(line for line in lines if line.startswith("VmHWM:"))
        return round(int(peak.split()[1]) / 1024)
    if sys.platform != "darwin":
        return None
    import resource  # noqa: PLC0415 (not on Windows)

    return round(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / (1 << 20))


def follow_parent() -> None:
    """Ask this process to stop (SIGTERM) when the supervisor that started it is gone.

    Linux does it by the death signal; elsewhere the end of stdin tells.
    """
    if os.environ.get("CYTOLOOP_SUPERVISED") and not sys.platform.startswith("linux"):
        threading.Thread(target=_stop_with_parent, name="parent-watch", daemon=True).start()


def _report_stream() -> BinaryIO:
    global _report_file  # noqa: PLW0603 (one channel per process)
    if _report_file is None:
        number = os.environ.get("CYTOLOOP_REPORT_FD")
        _report_file = os.fdopen(int(number), "wb") if number else sys.stdout.buffer
    return _report_file


def _end_with_parent() -> None:
    # Not through sys.stdin: an interpreter that ends while a thread waits inside a buffered
    # reader aborts ("_enter_buffered_busy").
    while os.read(0, 1024):
        pass
    os._exit(1)


def _stop_with_parent() -> None:
    while os.read(0, 1024):
        pass
    os.kill(os.getpid(), signal.SIGTERM)
