"""Who is here: passed on to those who watch the layer, and stored nowhere."""

from __future__ import annotations

import asyncio
import uuid

import pytest
from asgiref.sync import sync_to_async
from django.core.cache import caches
from django.test import AsyncClient

from annotations.actions import presence as action
from annotations.models import LabelLayer, Role
from project import events
from tests.annotations.api.test_label_events import next_event
from tests.factories import ImageFactory, LayerFactory, ProjectFactory
from tests.people import client_of, make_person


@pytest.fixture(autouse=True)
def nobody_was_here():
    caches["memory"].clear()


@pytest.fixture
def told(monkeypatch):
    """The news that were published, as (channel, event)."""
    found = []
    monkeypatch.setattr(action.events, "publish", lambda *news: found.append(news))
    return found


def say(client, layer, **fields):
    return client.post(
        f"/api/v1/layers/{layer.pk}/presence/",
        {"session": str(uuid.uuid4()), **fields},
        content_type="application/json",
    )


def test_the_others_are_told_who_is_where(annotator, as_person, layer, told):
    session = str(uuid.uuid4())

    answer = say(
        as_person(annotator),
        layer,
        session=session,
        box=[10, 20, 110, 220],
        selected=7,
        is_painting=True,
        user=1234,
        name="somebody else",
    )

    assert answer.status_code == 204
    assert told == [
        (
            f"layer:{layer.pk}",
            {
                "type": "presence",
                "session": session,
                "user": annotator.pk,
                "name": annotator.get_full_name() or annotator.username,
                "t": 0,
                "z": 0,
                "box": (10, 20, 110, 220),
                "selected": 7,
                "is_painting": True,
                "hello": False,
                "gone": False,
            },
        )
    ]
    assert LabelLayer.objects.get(pk=layer.pk).seq == 0


@pytest.mark.parametrize(
    "fields",
    [
        {"session": "no id"},
        {"box": [0, 0, 10]},
        {"box": [0, 0, 0, 10]},
        {"box": [-1, 0, 10, 10]},
        {"box": [0, 0, 1_000_000, 10]},
        {"box": [0, 0, 10, 10.5]},
        {"z": 1},
        {"t": 2**40},
        {"selected": 2**32},
        {"is_painting": "perhaps"},
    ],
)
def test_what_makes_no_sense_is_told_to_nobody(annotator, as_person, layer, told, fields):
    assert say(as_person(annotator), layer, **fields).status_code == 400
    assert told == []


def test_who_only_looks_is_here_too_and_a_stranger_is_not(viewer, stranger, as_person, layer, told):
    assert say(as_person(viewer), layer).status_code == 204
    assert say(as_person(stranger), layer).status_code == 404
    assert len(told) == 1


def test_who_says_it_too_often_is_asked_to_wait_and_others_are_not(
    annotator, reviewer, as_person, layer, told
):
    client = as_person(annotator)
    answers = [say(client, layer).status_code for _ in range(241)]

    assert answers == [204] * 240 + [429]
    assert say(as_person(reviewer), layer).status_code == 204


def test_the_longest_names_fit_into_a_notification(annotator, as_person, layer, monkeypatch):
    annotator.first_name = annotator.last_name = "\N{GRINNING FACE}" * 150
    annotator.save()
    sent = []
    monkeypatch.setattr(events, "MAX_PAYLOAD_BYTES", 4000)
    original = events.publish
    monkeypatch.setattr(
        action.events, "publish", lambda *news: (original(*news), sent.append(news))
    )

    assert say(as_person(annotator), layer).status_code == 204
    assert len(sent[0][1]["name"]) == 150


@pytest.mark.django_db(transaction=True)
def test_an_open_page_hears_of_it():
    layer = LayerFactory(image=ImageFactory(project=ProjectFactory()))
    one = make_person("one", layer.image.project, Role.VIEWER)
    other = make_person("other", layer.image.project, Role.ANNOTATOR)

    async def run():
        client = AsyncClient()
        await client.aforce_login(one, backend="django.contrib.auth.backends.ModelBackend")
        answer = await client.get(f"/api/v1/layers/{layer.pk}/events/?after=0")
        stream = aiter(answer.streaming_content)
        await asyncio.wait_for(anext(stream), timeout=20)
        await sync_to_async(lambda: say(client_of(other), layer, hello=True))()
        heard = await next_event(stream, "presence")
        await stream.aclose()
        return heard

    heard = asyncio.run(run())
    assert (heard["user"], heard["hello"], heard["box"]) == (other.pk, True, None)
