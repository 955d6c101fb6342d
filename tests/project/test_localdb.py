"""The embedded server: private, durable, back after every crash."""

from __future__ import annotations

import os
import shutil
import signal
import stat
import subprocess
import sys
import tempfile
import threading
from pathlib import Path

import psutil
import psycopg
import pytest

from project.localdb import LocalServer
from project.pgbinaries import LocalDatabaseError, find_binaries, server_home
from tests.running_site import wait_for

ROOT = Path(__file__).resolve().parents[2]
pytestmark = pytest.mark.processes


@pytest.fixture(scope="module")
def server():
    """Give a running server in a short folder, gone after the module."""
    folder = Path(tempfile.mkdtemp(prefix="cyto-ldb-"))
    made = LocalServer(folder)
    made.start()
    yield made
    made.destroy()
    shutil.rmtree(folder, ignore_errors=True)


@pytest.fixture(autouse=True)
def real_broker():
    """Replace the automatic fixture: these tests need no queue."""


def test_a_second_start_finds_the_server_running(server):
    assert server.start() is False


def test_the_server_trusts_nobody_without_the_password(server):
    address = {"host": str(server.home.socket_dir), "port": "5432", "user": "cytoloop"}

    with pytest.raises(psycopg.OperationalError, match="password"):
        psycopg.connect(**address, dbname="cytoloop", password="guess")
    with pytest.raises(psycopg.OperationalError, match="password"):
        psycopg.connect(**address, dbname="cytoloop")


def test_its_files_are_private_and_it_listens_on_no_network(server):
    def mode(path: Path) -> int:
        return stat.S_IMODE(path.stat().st_mode)

    assert mode(server.password_file) == 0o600
    assert mode(server.home.socket_dir) == 0o700
    assert mode(server.cluster) == 0o700
    process = server.postmaster()
    listening = [c for c in process.net_connections("inet") if c.status == psutil.CONN_LISTEN]
    assert listening == []


def test_pages_carry_checksums_and_text_sorts_alike_everywhere(server):
    with server.connect() as connection:
        assert connection.execute("SHOW data_checksums").fetchone() == ("on",)
        assert connection.execute("SHOW fsync").fetchone() == ("on",)
        assert connection.execute("SELECT 'B' < 'a'").fetchone() == (True,)
        assert connection.execute("SHOW server_encoding").fetchone() == ("UTF8",)


def test_no_acknowledged_row_is_lost_when_the_server_is_killed(server):
    with server.connect() as connection:
        connection.execute("CREATE TABLE strokes (n bigint PRIMARY KEY)")
    acknowledged: list[int] = []

    def paint(first: int) -> None:
        with server.connect() as connection:
            try:
                for n in range(first, first + 1_000_000):
                    connection.execute("INSERT INTO strokes VALUES (%s)", [n])
                    acknowledged.append(n)
            except psycopg.OperationalError:
                return

    for number in range(3):
        painter = threading.Thread(target=paint, args=(number * 1_000_000,))
        painter.start()
        enough = len(acknowledged) + 50
        wait_for(lambda enough=enough: len(acknowledged) > enough)
        os.kill(server.postmaster().pid, signal.SIGKILL)
        painter.join(timeout=60)
        assert server.start() is True

    with server.connect() as connection:
        stored = {n for (n,) in connection.execute("SELECT n FROM strokes")}
    assert len(acknowledged) > 100
    assert set(acknowledged) <= stored
    assert len(stored) - len(acknowledged) <= 3, "at most one unanswered row per kill"


def test_a_pid_file_that_names_a_stranger_does_not_stop_the_start(server):
    server.stop()
    (server.cluster / "postmaster.pid").write_text(f"{os.getpid()}\n{server.cluster}\n0\n5432\n")

    assert server.postmaster() is None
    assert server.start() is True


def test_the_last_user_stops_the_server(server):
    server.stop()

    with server.in_use():
        with server.in_use():
            assert server.postmaster() is not None
        assert server.postmaster() is not None

    assert server.postmaster() is None
    server.start()


def test_a_start_that_was_cut_off_leaves_no_half_made_cluster(tmp_path):
    folder = Path(tempfile.mkdtemp(prefix="cyto-cut-"))
    server = LocalServer(folder)
    server.ensure_password()
    server.home.prepare()
    half = server.home.folder / "cluster.new-dead"
    half.mkdir()
    (half / "PG_VERSION").write_text("18")

    try:
        assert server.start() is True
        assert not half.exists()
    finally:
        server.destroy()
        shutil.rmtree(folder)


def test_a_deep_data_directory_gets_a_short_private_socket_folder():
    deep = Path("/tmp") / ("a" * 60) / ("b" * 60) / "data"

    home = server_home(deep)

    assert len(os.fsencode(home.socket_dir)) + len("/.s.PGSQL.5432") <= 107
    assert home.socket_dir != server_home(deep.with_name("other")).socket_dir


def test_files_of_another_major_version_are_refused_with_what_to_do():
    with pytest.raises(LocalDatabaseError, match="needs PostgreSQL 9"):
        find_binaries(9)


@pytest.mark.skipif(os.geteuid() != 0, reason="only root hands the server to another user")
def test_below_roots_private_home_the_server_lies_elsewhere():
    home = server_home(Path("/root/.local/share/cytoloop"))

    private = not stat.S_IMODE(Path("/root").stat().st_mode) & stat.S_IXOTH
    assert home.folder.is_relative_to("/var/lib/cytoloop") == private
    assert home.user is not None


@pytest.mark.skipif(
    subprocess.run(["unshare", "-U", "true"], capture_output=True, check=False).returncode != 0,
    reason="this machine makes no user namespaces, so nobody but root can be tried",
)
def test_a_normal_user_runs_the_server_as_themselves(tmp_path):
    folder = Path(tempfile.mkdtemp(prefix="cyto-user-"))
    command = ["unshare", "-U", sys.executable, "-m", "project.localdb"]

    try:
        started = subprocess.run(
            [*command, "start", folder], cwd=ROOT, capture_output=True, text=True, check=False
        )
        running = LocalServer(folder)
        running.home = type(running.home)(
            folder / "postgres/server", folder / "postgres/run", user=None
        )
        running.cluster = running.home.folder / "cluster"
        process = running.postmaster()
        subprocess.run([*command, "stop", folder], cwd=ROOT, check=True)
    finally:
        shutil.rmtree(folder, ignore_errors=True)

    assert started.returncode == 0, started.stderr
    assert process is not None
    assert running.postmaster() is None
