"""When files are collected, by whom, and what is said of it."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from pathlib import Path

import pytest
from django.core.management import call_command

from project import garbage, storage
from project.garbage import collect, collect_daily
from tests.project.garbage.blobs import stored
from tests.running_site import wait_for

pytestmark = pytest.mark.django_db(transaction=True)


def test_it_runs_at_most_once_a_day(monkeypatch):
    stored()
    runs = []
    monkeypatch.setattr(garbage, "collect", lambda: runs.append(1))

    collect_daily()
    assert not runs, "a new site has nothing that is old"
    os.utime(garbage.record_path(), (time.time() - 90_000,) * 2)
    collect_daily()
    assert runs == [1]


def test_a_collection_says_when_it_was_and_what_it_did():
    stored(b"x" * 10)

    collect()

    record = json.loads(garbage.record_path().read_text())
    assert (record["n_removed"], record["removed_bytes"]) == (1, 10)
    assert time.time() - garbage.record_path().stat().st_mtime < 60


@pytest.mark.processes
def test_a_worker_collects_in_the_background(site_environment, data_dir):
    digest = stored()
    garbage.record_path().write_text("{}")
    os.utime(garbage.record_path(), (time.time() - 90_000,) * 2)
    worker = subprocess.Popen(
        [sys.executable, "-m", "project.worker", "images", "default"],
        env=site_environment,
        cwd=Path(__file__).resolve().parents[3],
    )
    try:
        wait_for(lambda: not storage.has_blob(digest))
    finally:
        worker.terminate()
        worker.wait(120)


def test_the_command_says_how_much(capsys):
    stored(b"x" * 2000)

    call_command("collect_garbage", "--dry-run")
    assert "1 files, 2,000 bytes would be removed" in capsys.readouterr().out
    call_command("collect_garbage", "--json")
    assert json.loads(capsys.readouterr().out)["removed_bytes"] == 2000
