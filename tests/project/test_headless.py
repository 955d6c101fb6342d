from __future__ import annotations

import json
import subprocess
import sys
import tempfile
import threading
from pathlib import Path

import pytest

from project.filelock import FileLock, LockHeld
from project.headless import HeadlessCommand, own_workers
from project.worker import is_served

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
    from contextlib import nullcontext

    monkeypatch.setattr("project.headless.own_workers", lambda queues: nullcontext())

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


def test_an_expected_failure_is_one_sentence_and_exit_code_1(call):
    code, said = call("--", "-1")

    assert code == 1
    assert said.err == "Use a number that is not negative.\n"
    assert said.out == ""


@pytest.mark.processes
@pytest.mark.django_db(transaction=True)
def test_a_command_brings_its_own_worker_and_takes_it_away(site_environment, monkeypatch):
    for name in ("DATABASE_URL", "BROKER_URL", "CYTOLOOP_DATA_DIR"):
        monkeypatch.setenv(name, site_environment[name])

    with own_workers(["train.threshold"]):
        assert is_served("train.threshold")
        with own_workers(["train.threshold"]):  # nothing is started twice
            assert is_served("train.threshold")
    assert not is_served("train.threshold")


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

    with FileLock(tmp_path / "lock", wait_s=5):
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
