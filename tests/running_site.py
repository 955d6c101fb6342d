"""`manage.py up` in a folder of its own, for the tests and benchmarks that need a whole site."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from pathlib import Path
from types import TracebackType

import psutil

from project.localdb import LocalServer

ROOT = Path(__file__).resolve().parent.parent
START_S = 180  # ten times what an idle machine needs
STOP_S = 150  # workers may take 35 s to hand their jobs back, the database a minute to stop


class RunningSite:
    """A site with an embedded database; use it in `with`, or stop it yourself.

    Raises RuntimeError, with what it said last, when it does not get ready.
    """

    def __init__(self, folder: Path, **environment: str) -> None:
        self.folder = folder
        self.env = {
            **{k: v for k, v in os.environ.items() if k not in ("DATABASE_URL", "BROKER_URL")},
            "CYTOLOOP_DATA_DIR": str(folder),
            "CYTOLOOP_PORT": "0",
            "PYTHONUNBUFFERED": "1",
            **environment,
        }
        self.lines: list[str] = []
        self.members: list[psutil.Process] = []
        self.process = subprocess.Popen(
            [sys.executable, "manage.py", "up"],
            cwd=ROOT,
            env=self.env,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )
        self._reader = threading.Thread(target=self._read, daemon=True)
        self._reader.start()
        try:
            wait_for(lambda: bool(self.url) or self.process.poll() is not None, START_S)
        except TimeoutError:
            self.stop()
        if not self.url:
            self._reader.join(timeout=5)
            raise RuntimeError("The site did not start:\n" + "\n".join(self.lines[-30:]))
        self.members = psutil.Process(self.process.pid).children(recursive=True)

    def __enter__(self) -> RunningSite:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.remove()

    def _read(self) -> None:
        # All the time: a full pipe would stop whoever writes into it.
        assert self.process.stdout is not None
        with self.process.stdout as lines:
            for line in lines:
                self.lines.append(line.rstrip())

    @property
    def url(self) -> str:
        """Return where the site is; empty before it is ready."""
        return self._said(r"^cytoloop ready at (\S+)")

    @property
    def login_link(self) -> str:
        """Return the link that lets the owner in once."""
        return self._said(r"^Log in once.*: (\S+)")

    def _said(self, pattern: str) -> str:
        found = (re.search(pattern, line) for line in self.lines)
        return next((each[1] for each in found if each), "")

    def api_token(self) -> str:
        """Return a new token of the owner."""
        return self.manage("api_token").split()[-1]

    def manage(self, *command: str) -> str:
        """Run a management command on this site's data and return what it prints."""
        argv = [sys.executable, "manage.py", *command]
        done = subprocess.run(
            argv, cwd=ROOT, env=self.env, check=True, capture_output=True, text=True
        )
        return done.stdout

    def named(self, word: str) -> psutil.Process:
        """Return a running process of the site that has the word in its command line."""
        found = [p for p in self.members if word in command_of(p)]
        assert found, f"no process with {word}"
        return found[0]

    def stop(self, number: signal.Signals = signal.SIGINT) -> int:
        """Ask the site to stop and return its exit code; without an answer it is killed."""
        if self.process.poll() is None:
            self.members += psutil.Process(self.process.pid).children(recursive=True)
            self.process.send_signal(number)
        try:
            self.process.wait(timeout=STOP_S)
        except subprocess.TimeoutExpired:
            self.kill()
        self._reader.join(timeout=10)
        return self.process.returncode

    def kill(self) -> None:
        """Kill the supervisor alone."""
        self.process.kill()
        self.process.wait()

    def remove(self) -> None:
        """Stop the site and remove its database, wherever that lies."""
        self.stop()
        LocalServer(self.folder).destroy()


def command_of(process: psutil.Process) -> str:
    """Return the command line of a process; empty when it is gone."""
    try:
        return " ".join(process.cmdline())
    except psutil.Error:
        return ""


def wait_for(condition: Callable[[], bool], timeout_s: float = 120) -> None:
    """Wait until something is true; raises TimeoutError."""
    deadline = time.monotonic() + timeout_s
    while not condition():
        if time.monotonic() > deadline:
            raise TimeoutError(f"never became true within {timeout_s:.0f} s")
        time.sleep(0.1)
