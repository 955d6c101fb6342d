"""An open stream ends soon after its reader lost the right to hear it."""

from __future__ import annotations

import asyncio

import pytest
from asgiref.sync import sync_to_async
from django.test import AsyncClient

from annotations.models import Membership, Role
from project import events
from tests.factories import ImageFactory, LayerFactory, ProjectFactory
from tests.people import make_person
from training.models import TrainingRun, TrainingSet

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def streams():
    """A person and the streams that they may open: address by name."""
    project = ProjectFactory()
    person = make_person("mei", project, Role.ANNOTATOR)
    layer = LayerFactory(image=ImageFactory(project=project))
    training_set = TrainingSet.objects.create(project=project, number=1, manifest_digest="0" * 64)
    run = TrainingRun.objects.create(
        project=project, number=1, training_set=training_set, engine="threshold"
    )
    return person, {
        "project": f"/api/v1/projects/{project.pk}/events/",
        "layer": f"/api/v1/layers/{layer.pk}/events/",
        "run": f"/api/v1/runs/{run.pk}/events/",
    }


def taken_out(person):
    Membership.objects.filter(user=person).delete()


def account_closed(person):
    person.is_active = False
    person.save()


@pytest.mark.parametrize("kind", ["project", "layer", "run"])
@pytest.mark.parametrize("lose", [taken_out, account_closed])
def test_a_silent_stream_ends_when_its_reader_loses_the_right(streams, kind, lose, monkeypatch):
    monkeypatch.setattr(events, "RIGHTS_S", 0)
    monkeypatch.setattr(events, "KEEP_ALIVE_S", 0.05)
    person, addresses = streams

    async def scenario():
        client = AsyncClient()
        await sync_to_async(client.force_login)(
            person, backend="django.contrib.auth.backends.ModelBackend"
        )
        answer = await client.get(addresses[kind])
        assert answer.status_code == 200
        body = aiter(answer.streaming_content)
        while b"alive" not in await asyncio.wait_for(anext(body), 60):
            pass
        await sync_to_async(lose)(person)

        async def rest():
            return [part async for part in body]

        return await asyncio.wait_for(rest(), 60)

    assert set(asyncio.run(scenario())) <= {b": alive\n\n"}
