"""The thread of a worker that looks after rows."""

from __future__ import annotations

import threading

import psycopg
import pytest
from django.db import DatabaseError

from project import leases, processes, worker
from project.errors import QueueUnavailable


@pytest.mark.parametrize(
    "error",
    [DatabaseError("x"), psycopg.Error("x"), QueueUnavailable("x"), OSError(28, "no space")],
)
def test_the_keeper_outlives_what_ends_by_itself(monkeypatch, settings, caplog, error):
    settings.CYTOLOOP_LEASE_S = 0.04
    stopping = threading.Event()
    calls = []

    def reap():
        calls.append(1)
        if len(calls) == 3:
            stopping.set()
        raise error

    monkeypatch.setattr(processes, "stopping", stopping)
    monkeypatch.setattr(leases, "reap_registered", reap)
    monkeypatch.setattr(worker.Keeper, "_hold_locks", lambda self: None)
    monkeypatch.setattr(worker.Keeper, "_collect_garbage", lambda self: None)

    worker.Keeper(set()).run()

    assert len(calls) == 3
    assert caplog.text.count("trying again") == 3


def test_the_keeper_outlives_a_scratch_folder_that_cannot_be_read(monkeypatch, caplog):
    def refuse(folder):
        raise PermissionError(13, "Permission denied", str(folder))

    monkeypatch.setattr(worker, "tidy_scratch", refuse)
    monkeypatch.setattr(worker.Keeper, "_collect_garbage", lambda self: None)

    worker.Keeper(set())._tidy()

    assert "not tidied" in caplog.text
