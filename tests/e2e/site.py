"""A live server over the test's own database, and Chromium in front of it."""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from pathlib import Path

from django.test import Client

from annotations.actions.tour import keep_tour
from annotations.models import TourStatus, TourStep

REPOSITORY = Path(__file__).resolve().parent.parent.parent
MANIFEST = REPOSITORY / "project" / "static" / "dist" / "manifest.json"
START_TIMEOUT_S = 120
VIEWPORT = {"width": 1280, "height": 800}
CHROMIUM_ARGUMENTS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]


def chromium() -> str | None:
    """Return the path of an installed Chromium or Chrome."""
    names = ("chromium", "chromium-browser", "google-chrome")
    return next((path for name in names if (path := shutil.which(name))), None)


def build_front_end() -> None:
    """Build the pages' scripts, unless they are newer than all they are made of."""
    make = ["make", "--silent", str(MANIFEST.relative_to(REPOSITORY))]
    subprocess.run(make, cwd=REPOSITORY, check=True, capture_output=True)


def collect_static_files(folder: Path) -> Path:
    """Collect the static files below a data directory; return where they are."""
    env = {**os.environ, "CYTOLOOP_DATA_DIR": str(folder)}
    argv = [sys.executable, "manage.py", "collectstatic", "--noinput", "-v0"]
    subprocess.run(argv, cwd=REPOSITORY, env=env, check=True)
    return folder / "static"


def free_port() -> int:
    """Return a port that nobody listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


class LiveSite:
    """The web process; stop and start it to see what a page does meanwhile."""

    def __init__(self, environment: dict[str, str], log: Path) -> None:
        self._environment = environment
        self._log = log
        self.port = free_port()
        self.url = f"http://127.0.0.1:{self.port}"
        self._process: subprocess.Popen[bytes] | None = None

    @property
    def pid(self) -> int:
        """The web process."""
        if self._process is None:
            raise RuntimeError("the site is not running")
        return self._process.pid

    def start(self) -> None:
        """Start the web process and wait until it answers."""
        argv = [sys.executable, "-m", "uvicorn", "project.asgi:application"]
        argv += ["--port", str(self.port), "--lifespan", "off", "--no-access-log"]
        argv += ["--timeout-graceful-shutdown", "1"]
        with self._log.open("ab") as log:
            self._process = subprocess.Popen(
                argv, cwd=REPOSITORY, env=self._environment, stdout=log, stderr=log
            )
        deadline = time.monotonic() + START_TIMEOUT_S
        while not self._answers():
            if self._process.poll() is not None or time.monotonic() > deadline:
                raise RuntimeError(f"the site did not start:\n{self._log.read_text()[-3000:]}")
            time.sleep(0.1)

    def kill(self) -> None:
        """End the web process without any grace."""
        if self._process:
            self._process.kill()
            self._process.wait()
            self._process = None

    def _answers(self) -> bool:
        try:
            with urllib.request.urlopen(f"{self.url}/livez", timeout=2) as answer:
                return answer.status == 200
        except (urllib.error.URLError, OSError):
            return False

    def session_cookie(self, user, *, knows_tour: bool = True) -> dict[str, object]:
        """Return the cookie of a session in which the user is logged in.

        Who knows the tour of the editor finds no card of it over the image.
        """
        if knows_tour:
            keep_tour(user=user, status=TourStatus.DISMISSED, step=TourStep.LOOK)
        client = Client()
        client.force_login(user, backend="django.contrib.auth.backends.ModelBackend")
        value = client.cookies["sessionid"].value
        return {"name": "sessionid", "value": value, "url": self.url}
