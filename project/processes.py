"""Child processes: started by exec, limited, watched, spoken to in JSON lines, never orphaned.

A child reads JSON lines from stdin (end of file means that its parent is gone), writes JSON lines
to the file descriptor named by CYTOLOOP_REPORT_FD, and its stdout and stderr are its log.
`project.childside` is the child's end.
"""

from __future__ import annotations

import contextlib
import json
import logging
import os
import queue
import signal
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Any, BinaryIO, Self

import psutil

logger = logging.getLogger(__name__)

REPORT_FD = "CYTOLOOP_REPORT_FD"
LAUNCHER = Path(__file__).with_name("launch.py")
MAX_REPORT_BYTES = 16 << 20  # a longer line is no report of ours
POLL_S = 0.2  # how often a watched child is looked at
# What a child must not learn: it reads files that strangers made.
SECRET_NAMES = {
    *("DATABASE_URL", "BROKER_URL", "CYTOLOOP_DATA_DIR"),
    *("CYTOLOOP_SECRET_KEY", "CYTOLOOP_METRICS_TOKEN"),
}
SECRET_PREFIXES = ("PG", "AWS_")

# Linux sends the death signal when the *thread* that started the child ends, so every child is
# started by one thread that lives as long as the process.
_starter = ThreadPoolExecutor(max_workers=1, thread_name_prefix="child-starter")

# Set when the worker was asked to stop: running jobs hand their row back (see project.worker).
stopping = threading.Event()


@dataclass(frozen=True, slots=True)
class Limits:
    """What a child may use; None leaves it unlimited."""

    memory_bytes: int | None = None  # address space; too strict for TensorFlow and PyTorch
    rss_bytes: int | None = None  # resident memory, looked at by run_child
    cpu_s: int | None = None
    file_bytes: int | None = None  # of each file it writes, its log included
    open_files: int | None = None
    wall_s: float | None = None  # enforced by run_child

    def rlimits(self) -> dict[str, int]:
        """Return the part that the operating system enforces."""
        named = {
            "AS": self.memory_bytes,
            "CPU": self.cpu_s,
            "FSIZE": self.file_bytes,
            "NOFILE": self.open_files,
        }
        return {name: int(value) for name, value in named.items() if value is not None}


NO_LIMITS = Limits()


@dataclass(frozen=True, slots=True)
class ChildEnd:
    """How a child ended."""

    exit_code: int | None  # None when a signal ended it
    signal: int | None
    timed_out: bool  # the wall time was used up
    too_big: bool  # the resident memory passed its limit
    stopped: bool  # we stopped it because should_stop() said so
    log_tail: str

    @property
    def ok(self) -> bool:
        """Tell whether the child ended by itself and without complaint."""
        return self.exit_code == 0 and not (self.timed_out or self.too_big or self.stopped)


class Child:
    """A running child process; a context manager that leaves nothing behind."""

    def __init__(  # noqa: PLR0913 (named options)
        self,
        argv: Sequence[str],
        *,
        env: dict[str, str] | None = None,
        limits: Limits = NO_LIMITS,
        cwd: Path | None = None,
        log_path: Path | None = None,
        on_exit: Callable[[Child], None] | None = None,
        death_signal: signal.Signals = signal.SIGKILL,
    ) -> None:
        """Start the program with the environment, minus secrets, plus `env`."""
        self._on_exit = on_exit
        # An own log has no name from the start, so that a killed parent leaves none behind.
        self._log: BinaryIO = log_path.open("ab+") if log_path else _unnamed_file()
        self._reports: queue.SimpleQueue[dict[str, Any] | None] = queue.SimpleQueue()
        self._ended = False
        report_read, report_write = os.pipe()
        launcher = [sys.executable, "-I", "-S", str(LAUNCHER), _options(limits, death_signal)]
        try:
            self._process = _starter.submit(
                subprocess.Popen,
                [*launcher, *argv],
                stdin=subprocess.PIPE,
                stdout=self._log,
                stderr=subprocess.STDOUT,
                cwd=cwd,
                env={**scrubbed_environment(), **(env or {}), REPORT_FD: str(report_write)},
                pass_fds=(report_write,),
                start_new_session=True,
            ).result()
        except BaseException:
            os.close(report_read)
            self._log.close()
            raise
        finally:
            os.close(report_write)
        self._reader = threading.Thread(
            target=self._read_reports, args=(report_read,), name="child-reports", daemon=True
        )
        self._reader.start()
        _living.add(self)

    @property
    def pid(self) -> int:
        """The process id, which is its process group's too."""
        return self._process.pid

    @property
    def exit_code(self) -> int | None:
        """The exit status, minus the signal when one ended it, or None while it runs."""
        return self._process.poll()

    @property
    def running(self) -> bool:
        """Tell whether the child still runs."""
        return self.exit_code is None

    def send(self, message: dict[str, Any]) -> bool:
        """Write one JSON line to the child; False when it no longer reads."""
        line = json.dumps(message, separators=(",", ":")).encode() + b"\n"
        assert self._process.stdin is not None
        try:
            self._process.stdin.write(line)
            self._process.stdin.flush()
        except (BrokenPipeError, ValueError):
            return False
        return True

    def reports(self, timeout_s: float) -> Iterator[dict[str, Any]]:
        """Yield the reports that arrive within the time; end early when the child has ended."""
        deadline = time.monotonic() + timeout_s
        while not self._ended:
            try:
                report = self._reports.get(timeout=max(0.0, deadline - time.monotonic()))
            except queue.Empty:
                return
            if report is None:
                self._ended = True
                return
            yield report

    @property
    def drained(self) -> bool:
        """Tell whether the child closed its report channel and every report was taken."""
        return self._ended

    def wait(self, timeout_s: float | None = None) -> int | None:
        """Wait for the end and return the exit status, or None when the time ran out."""
        try:
            return self._process.wait(timeout_s)
        except subprocess.TimeoutExpired:
            return None

    def terminate(self) -> None:
        """Ask the child to end, without waiting for it."""
        if self.running:
            self._signal_group(signal.SIGTERM)

    def stop(self, grace_s: float = 5.0) -> int:
        """Ask the child and its own children to end, kill them after the grace, clean up."""
        if self.running and grace_s > 0:
            self._signal_group(signal.SIGTERM)
            self.wait(grace_s)
        self._signal_group(signal.SIGKILL)  # also what the child left behind in its group
        exit_code = self._process.wait()
        _living.discard(self)
        if self._process.stdin is not None:
            with contextlib.suppress(OSError):
                self._process.stdin.close()
        if self._on_exit is not None:
            on_exit, self._on_exit = self._on_exit, None
            on_exit(self)
        return exit_code

    def log_tail(self, n_bytes: int = 4000) -> str:
        """Return the newest bytes of stdout and stderr as text."""
        if self._log.closed:
            return ""
        size = os.fstat(self._log.fileno()).st_size
        start = max(0, size - n_bytes)
        return os.pread(self._log.fileno(), size - start, start).decode("utf-8", errors="replace")

    def rss_bytes(self) -> int:
        """Return the resident memory of the child and its own children."""
        total = 0
        with contextlib.suppress(psutil.Error):
            process = psutil.Process(self.pid)
            for member in [process, *process.children(recursive=True)]:
                with contextlib.suppress(psutil.Error):
                    total += member.memory_info().rss
        return total

    def close(self) -> None:
        """Stop the child if it still runs and let go of its log."""
        self.stop(grace_s=0)
        self._reader.join(timeout=5)  # a grandchild may hold the pipe open for ever
        self._log.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    def _signal_group(self, number: signal.Signals) -> None:
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.killpg(self._process.pid, number)

    def _read_reports(self, descriptor: int) -> None:
        with os.fdopen(descriptor, "rb") as pipe:
            while line := pipe.readline(MAX_REPORT_BYTES):
                report = _parsed(line)
                if report is not None:
                    self._reports.put(report)
        self._reports.put(None)


_living: set[Child] = set()


def run_child(  # noqa: PLR0913 (named options)
    argv: Sequence[str],
    *,
    job: dict[str, Any],
    limits: Limits = NO_LIMITS,
    on_report: Callable[[dict[str, Any]], None],
    should_stop: Callable[[], bool] = lambda: False,
    log_path: Path | None = None,
    env: dict[str, str] | None = None,
    cwd: Path | None = None,
    grace_s: float | Callable[[], float] = 10.0,
) -> ChildEnd:
    """Run a child to its end: hand it one job, pass on its reports, keep its limits.

    `grace_s`, or what it returns at that moment, is the time to end in after should_stop().

    An error raised by `on_report` stops the child and is raised again.
    """
    started = time.monotonic()
    timed_out = too_big = stopped = False
    with Child(argv, env=env, limits=limits, cwd=cwd, log_path=log_path) as child:
        child.send(job)
        while child.running:
            _pass_on(child, on_report)
            stopped = should_stop()
            timed_out = limits.wall_s is not None and time.monotonic() - started > limits.wall_s
            too_big = limits.rss_bytes is not None and child.rss_bytes() > limits.rss_bytes
            if stopped or timed_out or too_big:
                grace = grace_s() if callable(grace_s) else grace_s
                child.stop(grace if stopped else 0)
        # The last reports may still lie in the pipe; a grandchild could hold it open for ever.
        for report in child.reports(2.0):
            on_report(report)
        status = child.stop(grace_s=0)
        return ChildEnd(
            exit_code=status if status >= 0 else None,
            signal=-status if status < 0 else None,
            timed_out=timed_out,
            too_big=too_big,
            stopped=stopped,
            log_tail=child.log_tail(),
        )


def stop_all(grace_s: float = 3.0) -> None:
    """Stop every child of this process (warm ones outlive the job that started them)."""
    children = list(_living)
    for child in children:
        child.terminate()
    for child in children:
        child.stop(grace_s)


def scrubbed_environment() -> dict[str, str]:
    """Return the environment without what opens the database, the queue or the cloud."""
    return {
        name: value
        for name, value in os.environ.items()
        if name.removesuffix("_FILE") not in SECRET_NAMES and not name.startswith(SECRET_PREFIXES)
    }


def _pass_on(child: Child, on_report: Callable[[dict[str, Any]], None]) -> None:
    """Pass on the reports of one poll; wait for it even when the child closed its channel."""
    for report in child.reports(POLL_S):
        on_report(report)
    if child.drained:
        child.wait(POLL_S)


def _options(limits: Limits, death_signal: signal.Signals) -> str:
    return json.dumps(
        {"parent": os.getpid(), "death_signal": int(death_signal), "limits": limits.rlimits()}
    )


def _unnamed_file() -> BinaryIO:
    # Appending, so that the child's two streams never write over each other.
    handle, name = tempfile.mkstemp(prefix="cytoloop-child-")
    os.close(handle)
    file = Path(name).open("ab+")  # noqa: SIM115 (closed with the child)
    Path(name).unlink()
    return file


def _parsed(line: bytes) -> dict[str, Any] | None:
    try:
        report = json.loads(line)
    except ValueError:
        logger.warning("A child sent a line that is no report: %.200r", line)
        return None
    return report if isinstance(report, dict) else None
