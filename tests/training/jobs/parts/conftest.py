from __future__ import annotations

import pytest

from tests.training.jobs.parts.worlds import PART_PX, prediction_of, scattered, stop
from tests.training.worlds import stored_image
from training import tasks
from training.actions.predictions import queue_predictions
from training.actions.runs import queue_run
from training.models import ModelVersion


@pytest.fixture
def version(owner, project, world, work_off):
    """A version of the real threshold engine, which has drafted all images."""
    queue_run(user=owner, project=project, engine="threshold")
    work_off()
    return ModelVersion.objects.get()


@pytest.fixture
def odd_version(odd_engine, version):
    """A version whose engine misbehaves on demand."""
    return version


@pytest.fixture
def large(project, settings):
    """An image of nine parts."""
    settings.CYTOLOOP_PART_PX = PART_PX
    return stored_image(project, scattered(1500, 1300)[1], name="large")


@pytest.fixture
def news(monkeypatch):
    heard = []
    monkeypatch.setattr("training.jobs.news.publish", lambda channel, event: heard.append(event))
    return heard


@pytest.fixture
def laid_out(odd_version, owner, large, monkeypatch):
    """A prediction whose parts wait, as when its holder has just been stopped."""
    queue_predictions(user=owner, version=odd_version, images=[large.pk])
    with monkeypatch.context() as patch:
        patch.setattr("training.jobs.parts.make_next", stop)
        tasks.predict.fn("threshold")
    return prediction_of(large)
