"""`manage.py up` from start to stop, as a person runs it."""

from __future__ import annotations

import re
import shutil
import signal
import subprocess
import sys
import tempfile
import urllib.error
import urllib.parse
import urllib.request
from collections.abc import Callable, Iterator
from pathlib import Path

import psutil
import pytest

from project.localdb import LocalServer
from tests.running_site import ROOT, RunningSite, wait_for

pytestmark = pytest.mark.processes

ANSWER_S = 60  # against hanging only


@pytest.fixture(autouse=True)
def real_broker():
    """Replace the automatic fixture: the site brings its own queue."""


@pytest.fixture(scope="module")
def folder():
    made = Path(tempfile.mkdtemp(prefix="cyto-up-"))
    yield made
    LocalServer(made).destroy()
    shutil.rmtree(made, ignore_errors=True)


@pytest.fixture
def start(folder) -> Iterator[Callable[[], RunningSite]]:
    """Start sites on the folder; those that still run at the end are stopped."""
    started: list[RunningSite] = []

    def one() -> RunningSite:
        started.append(RunningSite(folder))
        return started[-1]

    yield one
    for site in started:
        site.stop()


def get(url: str) -> tuple[int, str]:
    opener = urllib.request.build_opener(urllib.request.HTTPCookieProcessor())
    try:
        with opener.open(url, timeout=ANSWER_S) as answer:
            return answer.status, answer.url
    except urllib.error.HTTPError as error:
        return error.code, url
    except OSError:  # refused or cut off: the process is just being replaced
        return 0, url


def press_the_button(link: str) -> str:
    """Log in by a link as a browser does, and return the address that it comes to."""
    opener = urllib.request.build_opener(urllib.request.HTTPCookieProcessor())
    with opener.open(link, timeout=ANSWER_S) as page:
        hidden = re.search(r'name="csrfmiddlewaretoken" value="([^"]+)"', page.read().decode())
    assert hidden is not None
    data = urllib.parse.urlencode({"csrfmiddlewaretoken": hidden[1]}).encode()
    with opener.open(link, data, timeout=ANSWER_S) as answer:
        return answer.url


def what_was_made(folder: Path) -> list[int]:
    """Return when that was made what takes a first start so long: database and static files."""
    database = LocalServer(folder).cluster / "PG_VERSION"
    return [path.stat().st_mtime_ns for path in (database, folder / "static.stamp")]


def postgres_of(folder: Path) -> list[psutil.Process]:
    return [
        process
        for process in psutil.process_iter(["cmdline"])
        if str(folder) in " ".join(process.info["cmdline"] or [])
    ]


def test_the_site_starts_serves_heals_and_stops_without_a_trace(folder, start, socket_enabled):
    site = start()

    # It says where it is, once, and lets the owner in, once.
    ready = [line for line in site.lines if "cytoloop ready at" in line]
    assert ready == [f"cytoloop ready at {site.url}"]
    link = site.login_link
    assert link.startswith(f"{site.url}/login/once/")
    assert get(f"{site.url}/livez")[0] == get(f"{site.url}/readyz")[0] == 200
    assert get(link)[0] == get(link)[0] == 200, "looking does not use it up"
    assert press_the_button(link).endswith("/accounts/password/set/")
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
    LocalServer(folder).postmaster().kill()
    site.named("project.web").kill()
    wait_for(lambda: get(f"{site.url}/readyz")[0] == 200)

    assert site.stop() == 0
    wait_for(lambda: not any(p.is_running() for p in site.members))
    assert postgres_of(folder) == []


def test_the_next_start_makes_nothing_anew_and_a_killed_supervisor_leaves_no_process(folder, start):
    site = start()
    made = what_was_made(folder)
    assert site.login_link, "there is still no password"

    site.kill()
    wait_for(lambda: not any(p.is_running() for p in site.members))

    # Only the database is left; the next start takes it over and stops it.
    again = start()
    assert what_was_made(folder) == made
    assert again.stop(signal.SIGTERM) == 0
    assert postgres_of(folder) == []
