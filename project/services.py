"""A process that is kept running: started again with growing pauses when it ends."""

from __future__ import annotations

import contextlib
import json
import logging
import os
import signal
import subprocess
import sys
import time
from collections.abc import Sequence

from project.processes import LAUNCHER

logger = logging.getLogger(__name__)

# Before an ended service is started again, doubled each time: a broken one must not burn a core.
FIRST_PAUSE_S = 0.5
LONGEST_PAUSE_S = 30.0
SOUND_AFTER_S = 60.0  # a service that ran this long is sound: the next pause is short again


class Service:
    """One supervised process, in a session of its own so that Ctrl-C reaches only us."""

    def __init__(
        self, name: str, argv: Sequence[str], *, env: dict[str, str], pass_fds: Sequence[int] = ()
    ) -> None:
        self.name = name
        self.n_starts = 0
        self._argv = list(argv)
        self._env = {**os.environ, **env, "CYTOLOOP_SUPERVISED": "1"}
        self._pass_fds = tuple(pass_fds)
        self._process: subprocess.Popen[bytes] | None = None
        self._started_at = 0.0
        self._pause_s = FIRST_PAUSE_S
        self._next_start = 0.0

    @property
    def pid(self) -> int | None:
        """The process id, while it runs."""
        return self._process.pid if self._process and self._process.poll() is None else None

    def start(self) -> None:
        """Start the process; it gets SIGTERM when we die, however we die."""
        options = {"parent": os.getpid(), "death_signal": int(signal.SIGTERM), "limits": {}}
        launcher = [sys.executable, "-I", "-S", str(LAUNCHER), json.dumps(options)]
        self._process = subprocess.Popen(
            [*launcher, *self._argv],
            stdin=subprocess.PIPE,
            env=self._env,
            pass_fds=self._pass_fds,
            start_new_session=True,
        )
        self._started_at = time.monotonic()
        self.n_starts += 1

    def look(self) -> None:
        """Start the process again when it has ended and its pause is over."""
        if self._process is None or self._process.poll() is None:
            return
        now = time.monotonic()
        if not self._next_start:
            if now - self._started_at > SOUND_AFTER_S:
                self._pause_s = FIRST_PAUSE_S
            self._next_start = now + self._pause_s
            logger.warning(
                "%s ended with %s; it is started again in %.1f s.",
                self.name,
                self._process.returncode,
                self._pause_s,
            )
            self._pause_s = min(self._pause_s * 2, LONGEST_PAUSE_S)
        elif now >= self._next_start:
            self._next_start = 0.0
            self._close_pipe()
            self.start()

    def terminate(self) -> None:
        """Ask the process to end in good order."""
        if self.pid is not None:
            with contextlib.suppress(ProcessLookupError):
                os.kill(self.pid, signal.SIGTERM)

    def wait_or_kill(self, deadline: float) -> None:
        """Wait until the deadline (monotonic seconds), then kill the process and its group."""
        if self._process is None:
            return
        with contextlib.suppress(subprocess.TimeoutExpired):
            self._process.wait(max(0.0, deadline - time.monotonic()))
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.killpg(self._process.pid, signal.SIGKILL)
        self._process.wait()
        self._close_pipe()

    def _close_pipe(self) -> None:
        if self._process is not None and self._process.stdin is not None:
            self._process.stdin.close()
