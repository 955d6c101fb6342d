from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import psutil
import pytest

from project.processes import NO_LIMITS, Child, Limits, run_child

PYTHON = sys.executable
ECHO = """
from project.childside import read_job, report
job = read_job()
report(echo=job)
print("a line for the log")
"""
FOR_EVER = """
import time
from project.childside import read_job, report
read_job()
report(ready=True)
while True:
    time.sleep(0.1)
"""


def run(code: str, *, job: dict | None = None, limits: Limits = NO_LIMITS, **options):
    reports: list[dict] = []
    end = run_child(
        [PYTHON, "-c", code], job=job or {}, limits=limits, on_report=reports.append, **options
    )
    return end, reports


def wait_until(condition, timeout_s: float = 40) -> bool:
    deadline = time.monotonic() + timeout_s
    while time.monotonic() < deadline:
        if condition():
            return True
        time.sleep(0.05)
    return condition()


def test_a_child_gets_its_job_and_reports_and_its_output_is_the_log(tmp_path):
    log = tmp_path / "log"

    end, reports = run(ECHO, job={"a": [1, "ü"]}, log_path=log)

    assert end.ok
    assert reports == [{"echo": {"a": [1, "ü"]}}]
    assert log.read_text() == "a line for the log\n"
    assert end.log_tail == "a line for the log\n"


def test_a_traceback_ends_in_the_log_tail():
    end, _ = run("raise RuntimeError('broken lens')")

    assert end.exit_code == 1
    assert "broken lens" in end.log_tail
    assert not end.ok


def test_a_program_that_is_not_there_ends_with_a_sentence():
    end = run_child(["/no/such/python"], job={}, on_report=print)

    assert end.exit_code == 1
    assert "/no/such/python cannot be started" in end.log_tail


def test_a_child_does_not_learn_the_secrets(monkeypatch):
    for name in ("DATABASE_URL", "BROKER_URL", "CYTOLOOP_SECRET_KEY_FILE", "PGPASSWORD"):
        monkeypatch.setenv(name, "hidden")
    monkeypatch.setenv("CYTOLOOP_CPUS", "2")

    _, reports = run(
        "import os\nfrom project.childside import report\nreport(env=dict(os.environ))"
    )

    assert "hidden" not in reports[0]["env"].values()
    assert reports[0]["env"]["CYTOLOOP_CPUS"] == "2"


def test_a_child_that_takes_too_long_is_killed():
    end, reports = run(FOR_EVER, limits=Limits(wall_s=5))  # a busy machine needs one to start it

    assert end.timed_out
    assert end.signal == signal.SIGKILL
    assert reports == [{"ready": True}]


def test_a_child_that_asks_for_too_much_memory_gets_an_error():
    end, _ = run("bytearray(1 << 30)", limits=Limits(memory_bytes=512 << 20))

    assert end.exit_code == 1
    assert "MemoryError" in end.log_tail


def test_a_child_whose_memory_grows_is_killed():
    code = "import time\nhold = bytearray(b'x') * (300 << 20)\ntime.sleep(30)"

    end, _ = run(code, limits=Limits(rss_bytes=200 << 20, wall_s=20))

    assert end.too_big
    assert end.signal == signal.SIGKILL


def test_a_child_cannot_fill_the_disk(tmp_path):
    code = f"open({str(tmp_path / 'big')!r}, 'wb').write(bytes(4 << 20))"

    end, _ = run(code, limits=Limits(file_bytes=1 << 20))

    assert not end.ok
    assert (tmp_path / "big").stat().st_size <= 1 << 20


def test_a_child_that_is_told_to_stop_may_finish_its_sentence(tmp_path):
    code = """
import signal, sys, time
from project.childside import read_job, report
signal.signal(signal.SIGTERM, lambda *_: (report(saved=True), sys.exit(0)))
read_job(); report(ready=True)
time.sleep(30)
"""
    seen: list[dict] = []

    end = run_child(
        [PYTHON, "-c", code], job={}, on_report=seen.append, should_stop=lambda: bool(seen)
    )

    assert end.stopped
    assert seen == [{"ready": True}, {"saved": True}]


def test_an_error_in_a_report_reader_stops_the_child_and_is_raised():
    pids: list[int] = []

    def refuse(report: dict) -> None:
        pids.append(report["pid"])
        raise ValueError("not ours")

    code = """
import os, time
from project.childside import report
report(pid=os.getpid())
time.sleep(30)
"""
    with pytest.raises(ValueError, match="not ours"):
        run_child([PYTHON, "-c", code], job={}, on_report=refuse)

    assert wait_until(lambda: not psutil.pid_exists(pids[0]))


def test_grandchildren_do_not_outlive_the_child():
    code = """
import subprocess, sys
from project.childside import report
report(pid=subprocess.Popen([sys.executable, "-c", "import time; time.sleep(60)"]).pid)
"""
    _, reports = run(code)

    assert wait_until(lambda: not psutil.pid_exists(reports[0]["pid"]))


def test_a_line_that_is_no_report_is_passed_over(caplog):
    code = """
import os
fd = int(os.environ["CYTOLOOP_REPORT_FD"])
os.write(fd, b"not json\\n[1]\\n{\\"a\\":1}\\n")
"""
    _, reports = run(code)

    assert reports == [{"a": 1}]


def test_a_warm_child_answers_one_request_after_the_other():
    code = """
from project.childside import report, requests
for request in requests():
    report(double=request["n"] * 2)
"""
    with Child([PYTHON, "-c", code]) as child:
        answers = []
        for n in range(3):
            assert child.send({"n": n})
            answers.append(next(iter(child.reports(60)))["double"])
        assert child.rss_bytes() > 0

    assert answers == [0, 2, 4]
    assert child.exit_code is not None
    assert child.send({"n": 1}) is False


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="the death signal is Linux's")
@pytest.mark.processes
def test_a_child_dies_with_its_killed_parent():
    parent = subprocess.Popen(
        [
            PYTHON,
            "-c",
            "import sys, time\nfrom project.processes import Child\n"
            "child = Child([sys.executable, '-c', 'import time; time.sleep(60)'])\n"
            "print(child.pid, flush=True)\ntime.sleep(60)",
        ],
        stdout=subprocess.PIPE,
        cwd=Path(__file__).parents[2],
    )
    assert parent.stdout is not None
    child_pid = int(parent.stdout.readline())
    assert psutil.pid_exists(child_pid)

    os.kill(parent.pid, signal.SIGKILL)
    parent.wait()
    parent.stdout.close()

    assert wait_until(lambda: not psutil.pid_exists(child_pid))
