"""Fixtures of the training tests: an annotated project, and engines that misbehave on demand."""

from __future__ import annotations

import json
import sys
import threading
from pathlib import Path

import pytest
from django.db import connection

from tests.training import queued
from tests.training.worlds import small_world
from training.actions.runs import queue_run
from training.models import ModelVersion
from training.supervision import warm

ROOT = Path(__file__).resolve().parents[2]
JOIN_S = 60  # shorter than what the odd engine is told to do where it shall be interrupted


@pytest.fixture(autouse=True)
def no_warm_children():
    """End warm children between tests: they know the old test's environment."""
    yield
    warm.close_all()


@pytest.fixture
def world(owner, project):
    """Two training images, one for blind validation, one without annotation."""
    return small_world(owner, project)


@pytest.fixture
def odd_engine(settings, monkeypatch, tmp_path):
    """Put the odd engine in the place of the threshold engine; call it to set its behaviour."""
    script = tmp_path / "odd-python"
    script.write_text(
        f'#!/bin/sh\nexport PYTHONPATH="{ROOT}"\n'
        f'exec "{sys.executable}" "{ROOT / "tests" / "training" / "odd_child.py"}" "$@"\n'
    )
    script.chmod(0o755)
    settings.CYTOLOOP_ENGINE_PYTHON = {**settings.CYTOLOOP_ENGINE_PYTHON, "threshold": str(script)}
    monkeypatch.setenv("CYTOLOOP_ENGINE_PYTHON_THRESHOLD", str(script))

    def behave(**wanted):
        monkeypatch.setenv("ODD_ENGINE", json.dumps(wanted))
        warm.close_all()

    behave()
    return behave


@pytest.fixture
def work_off():
    """Return a function that does all queued tasks in this process, as a worker would."""
    return queued.work_off


@pytest.fixture
def version(owner, project, world, work_off):
    """A version of the threshold engine, which has drafted all images."""
    queue_run(user=owner, project=project, engine="threshold")
    work_off()
    return ModelVersion.objects.get()


@pytest.fixture
def in_background():
    """Return a function that calls another in a thread of its own, as a worker does."""
    threads = []

    def start(function):
        def call():
            try:
                function()
            finally:
                connection.close()

        thread = threading.Thread(target=call, daemon=True)
        thread.start()
        threads.append(thread)
        return thread

    yield start
    for thread in threads:
        thread.join(JOIN_S)
