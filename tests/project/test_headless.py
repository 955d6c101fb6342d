from __future__ import annotations

import contextlib
import json
import os
import subprocess
import sys
import tempfile
import threading
from pathlib import Path

import psutil
import psycopg
import pytest
from django.db import OperationalError, connection

from project.filelock import FileLock, LockHeld
from project.headless import (
    HeadlessCommand,
    RestoreUnderWay,
    SiteIsRunning,
    own_workers,
    site_kept_out,
)
from project.postgres import connection_parameters
from project.supervisor import AlreadyRunning, Site, site_lock
from project.worker import is_served
from tests.running_site import command_of, wait_for

ROOT = Path(__file__).resolve().parents[2]


class Double(HeadlessCommand):
    def add_arguments(self, parser):
        super().add_arguments(parser)
        parser.add_argument("n", type=int)

    def work(self, **options):
        if options["n"] < 0:
            raise LockHeld("Use a number that is not negative.")
        return {"double": 2 * options["n"]}


@pytest.fixture
def call(monkeypatch, capsys, db):
    monkeypatch.setattr("project.headless.own_workers", lambda queues: contextlib.nullcontext())

    def run(*arguments: str):
        try:
            Double().run_from_argv(["manage.py", "double", *arguments])
        except SystemExit as end:
            return end.code, capsys.readouterr()
        return 0, capsys.readouterr()

    return run


def test_a_result_is_printed_for_people_or_machines(call):
    assert call("21")[1].out == "double: 42\n"
    assert json.loads(call("21", "--json")[1].out) == {"double": 42}


@pytest.mark.parametrize(
    ("error", "said"),
    [
        (PermissionError(13, "Permission denied", "a.tif"), "a.tif: Permission denied."),
        (OSError(28, "No space left on device"), "No space left on device."),
        (
            OperationalError("connection failed: refused\nIs the server running?"),
            "The database does not do what is needed: connection failed: refused",
        ),
    ],
)
def test_what_the_machine_refuses_is_one_sentence_and_exit_code_1(call, monkeypatch, error, said):
    def work(self, **options):
        raise error

    monkeypatch.setattr(Double, "work", work)
    code, printed = call("1", "--json")

    assert code == 1
    assert printed.err == f"{said}\n"
    assert json.loads(printed.out)["message"] == said


def test_a_database_that_does_not_answer_is_one_sentence():
    ended = subprocess.run(
        [sys.executable, "manage.py", "backup", "/tmp/never.tar"],
        cwd=ROOT,
        env={**os.environ, "DATABASE_URL": "postgresql://nobody@127.0.0.1:1/none"},
        capture_output=True,
        text=True,
        check=False,
    )

    assert ended.returncode == 1
    assert ended.stderr.startswith("The database does not do what is needed: connection ")
    assert ended.stderr.count("\n") == 1


def test_an_expected_failure_is_one_sentence_and_exit_code_1(call):
    code, said = call("--", "-1")

    assert code == 1
    assert said.err == "Use a number that is not negative.\n"
    assert said.out == ""


@pytest.mark.processes
@pytest.mark.django_db(transaction=True)
def test_a_command_brings_its_own_worker_and_takes_it_away(environment):
    with own_workers(["train.threshold"]):
        assert is_served("train.threshold")
        with own_workers(["train.threshold"]):  # nothing is started twice
            assert is_served("train.threshold")
            assert len(own_processes()) == 1
    assert not own_processes()
    wait_for(lambda: not is_served("train.threshold"))  # the database notices a little later


def own_processes():
    children = psutil.Process().children(recursive=True)
    return [process for process in children if "project.worker" in command_of(process)]


def sessions_that_serve():
    """Return the database's processes that hold the lock of a served queue."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT pid FROM pg_locks JOIN pg_stat_activity USING (pid)"
            " WHERE locktype = 'advisory' AND granted AND datname = current_database()"
            " AND classid = hashtext('cytoloop.queue')::oid"
        )
        return {pid for (pid,) in cursor.fetchall()}


@pytest.fixture
def environment(site_environment, monkeypatch):
    for name in ("DATABASE_URL", "BROKER_URL", "CYTOLOOP_DATA_DIR"):
        monkeypatch.setenv(name, site_environment[name])


@pytest.mark.processes
@pytest.mark.django_db(transaction=True)
def test_a_command_goes_on_when_the_one_whose_worker_it_used_ends(environment):
    with contextlib.ExitStack() as first:
        first.enter_context(own_workers(["train.threshold"]))
        (worker,) = own_processes()
        before = sessions_that_serve()
        with own_workers(["train.threshold"]):
            first.close()
            assert not worker.is_running()

            wait_for(lambda: bool(sessions_that_serve() - before))
    assert not own_processes()


@pytest.mark.processes
@pytest.mark.django_db(transaction=True)
def test_a_killed_worker_of_a_command_is_started_again(environment):
    with own_workers(["train.threshold"]):
        (worker,) = own_processes()
        before = sessions_that_serve()
        worker.kill()

        wait_for(lambda: bool(sessions_that_serve() - before))


@pytest.mark.processes
@pytest.mark.django_db(transaction=True)
def test_a_command_brings_a_worker_where_the_running_site_has_none(environment, monkeypatch):
    monkeypatch.setattr("project.headless.SITE_GRACE_S", 600.0)

    with site_lock(), own_workers(["train.threshold"]):
        assert not own_processes()

        monkeypatch.setattr("project.headless.SITE_GRACE_S", 0.0)
        wait_for(lambda: is_served("train.threshold"))


@pytest.mark.django_db(transaction=True)
def test_asking_whether_a_queue_is_served_disturbs_nobody_who_asks_too():
    other = psycopg.connect(**connection_parameters(), autocommit=True)
    names = "hashtext('cytoloop.queue'), hashtext('train.threshold')"
    with other:
        assert not is_served("train.threshold")
        other.execute(f"SELECT pg_advisory_lock_shared({names})")
        assert is_served("train.threshold")
        assert not is_served("train.other")


def test_a_restore_and_a_site_keep_each_other_out(data_dir):
    with site_kept_out(), pytest.raises(AlreadyRunning, match="just being restored"):
        Site(print).run()
    with site_lock(), pytest.raises(SiteIsRunning), site_kept_out():
        pass


@pytest.mark.django_db(transaction=True)
def test_a_command_waits_for_no_database_that_is_just_being_replaced(environment):
    with site_kept_out(), pytest.raises(RestoreUnderWay), own_workers([]):
        pass


def test_a_lock_has_one_holder_and_its_note_says_who(tmp_path):
    lock = FileLock(tmp_path / "lock")
    with lock:
        lock.write_note("http://somewhere 12")
        with pytest.raises(LockHeld) as refused:
            FileLock(tmp_path / "lock").acquire()
        assert refused.value.data["note"] == "http://somewhere 12"
        assert FileLock(tmp_path / "lock").held()
    assert not lock.held()
    assert lock.note() == ""


def test_shared_holders_keep_an_exclusive_one_out(tmp_path):
    path = tmp_path / "lock"
    with FileLock(path, shared=True), FileLock(path, shared=True), pytest.raises(LockHeld):
        FileLock(path).acquire()
    with FileLock(path):
        pass


def test_waiting_for_a_lock_ends_when_it_is_free(tmp_path):
    first = FileLock(tmp_path / "lock")
    first.acquire()
    threading.Timer(0.2, first.release).start()

    with FileLock(tmp_path / "lock", wait_s=60):
        pass


def test_a_killed_holder_frees_the_lock():
    path = Path(tempfile.mkdtemp()) / "lock"
    code = (
        "import sys, time\nfrom pathlib import Path\nfrom project.filelock import FileLock\n"
        "lock = FileLock(Path(sys.argv[1])); lock.acquire(); print('held', flush=True)\n"
        "time.sleep(60)"
    )
    holder = subprocess.Popen(
        [sys.executable, "-c", code, str(path)], cwd=ROOT, stdout=subprocess.PIPE
    )
    with holder.stdout as output:
        output.readline()
    assert FileLock(path).held()

    holder.kill()
    holder.wait()

    assert not FileLock(path).held()
