"""`manage.py up` from start to stop, as a person runs it."""

from __future__ import annotations

import os
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import threading
import time
import urllib.error
import urllib.request
from pathlib import Path
from typing import ClassVar

import psutil
import pytest

ROOT = Path(__file__).resolve().parents[2]
pytestmark = pytest.mark.processes


@pytest.fixture(autouse=True)
def real_broker():
    """Replace the automatic fixture: the site brings its own queue."""


class RunningSite:
    """A site in a folder of its own, with an embedded database."""

    started: ClassVar[list[RunningSite]] = []

    def __init__(self, folder: Path) -> None:
        self.started.append(self)
        self.env = {
            **{k: v for k, v in os.environ.items() if k not in ("DATABASE_URL", "BROKER_URL")},
            "CYTOLOOP_DATA_DIR": str(folder),
            "CYTOLOOP_PORT": "0",
        }
        self.lines: list[str] = []
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
        wait_for(lambda: self.url or self.process.poll() is not None, 120)
        if not self.url:
            self._reader.join(timeout=5)
            pytest.fail("it did not start:\n" + "\n".join(self.lines[-30:]))
        self.members = psutil.Process(self.process.pid).children(recursive=True)

    def _read(self) -> None:
        # All the time: a full pipe would stop whoever writes into it.
        assert self.process.stdout is not None
        with self.process.stdout as lines:
            for line in lines:
                self.lines.append(line.rstrip())

    @property
    def url(self) -> str:
        ready = [line for line in self.lines if line.startswith("cytoloop ready at ")]
        return ready[0].removeprefix("cytoloop ready at ") if ready else ""

    def stop(self, number: signal.Signals = signal.SIGINT) -> int:
        self.members += psutil.Process(self.process.pid).children(recursive=True)
        self.process.send_signal(number)
        self.process.wait(timeout=60)
        self._reader.join(timeout=10)
        return self.process.returncode

    def kill(self) -> None:
        self.process.kill()
        self.process.wait()

    def named(self, word: str) -> psutil.Process:
        found = [p for p in self.members if p.is_running() and word in " ".join(p.cmdline())]
        assert found, f"no process with {word}"
        return found[0]


@pytest.fixture(scope="module")
def folder():
    made = Path(tempfile.mkdtemp(prefix="cyto-up-"))
    RunningSite.started.clear()
    yield made
    for site in RunningSite.started:
        if site.process.returncode is None:
            site.stop()
    from project.localdb import LocalServer

    LocalServer(made).destroy()
    shutil.rmtree(made, ignore_errors=True)


def get(url: str) -> tuple[int, str]:
    opener = urllib.request.build_opener(urllib.request.HTTPCookieProcessor())
    try:
        with opener.open(url, timeout=5) as answer:
            return answer.status, answer.url
    except urllib.error.HTTPError as error:
        return error.code, url
    except OSError:  # refused or cut off: the process is just being replaced
        return 0, url


def wait_for(condition, timeout_s: float = 20) -> None:
    deadline = time.monotonic() + timeout_s
    while not condition():
        assert time.monotonic() < deadline, "timeout"
        time.sleep(0.1)


def postgres_of(folder: Path) -> list[psutil.Process]:
    return [
        process
        for process in psutil.process_iter(["cmdline"])
        if str(folder) in " ".join(process.info["cmdline"] or [])
    ]


def test_the_site_starts_serves_heals_and_stops_without_a_trace(folder, socket_enabled):
    site = RunningSite(folder)

    # It says where it is, once, and lets the owner in, once.
    ready = [line for line in site.lines if "cytoloop ready at" in line]
    assert ready == [f"cytoloop ready at {site.url}"]
    link = next(re.search(r"http\S+", line)[0] for line in site.lines if "Log in once" in line)
    assert link.startswith(f"{site.url}/login/once/")
    assert get(f"{site.url}/livez")[0] == get(f"{site.url}/readyz")[0] == 200
    assert get(link)[0] != 410
    assert get(link)[0] == 410, "the link works once"
    assert get(f"{site.url}/metrics")[0] == 403

    # A second one beside it says so.
    second = subprocess.run(
        [sys.executable, "manage.py", "up"],
        cwd=ROOT,
        env=site.env,
        capture_output=True,
        text=True,
        check=False,
    )
    assert second.returncode == 1
    assert f"already running at {site.url}" in second.stderr
    assert second.stderr.count("\n") == 1

    # What dies comes back: the database, the web process.
    (postmaster,) = [p for p in postgres_of(folder) if "postgres" in p.name()][:1]
    postmaster.kill()
    site.named("project.web").kill()
    wait_for(lambda: get(f"{site.url}/readyz")[0] == 200, 60)

    assert site.stop() == 0
    wait_for(lambda: not any(p.is_running() for p in site.members), 5)
    assert postgres_of(folder) == []


def test_the_next_start_is_quick_and_a_killed_supervisor_leaves_no_process(folder):
    started = time.monotonic()
    site = RunningSite(folder)
    assert time.monotonic() - started < 30, "nothing is made anew"
    assert any("Log in once" in line for line in site.lines), "there is still no password"

    site.kill()
    wait_for(lambda: not any(p.is_running() for p in site.members), 40)

    # Only the database is left; the next start takes it over and stops it.
    again = RunningSite(folder)
    assert again.stop(signal.SIGTERM) == 0
    assert postgres_of(folder) == []
