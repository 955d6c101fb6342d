"""The stream of a layer: every op once and in order, whatever happened in between."""

from __future__ import annotations

import asyncio
import json

import pytest
from asgiref.sync import sync_to_async
from django.test import AsyncClient

from annotations.actions.drafts import decide
from annotations.actions.labels import ensure_annotation_layer
from annotations.api.ops import OpNews
from annotations.models import InstanceState, Membership, Role
from project.errors import NotFound
from tests.annotations.api.test_label_api import draft_of
from tests.annotations.painting import paint_box
from tests.factories import ImageFactory, LayerFactory, ProjectFactory
from tests.people import make_person


def test_a_reader_gets_what_is_missing_once_and_in_order(annotator, layer):
    news = OpNews(annotator, layer.pk, 0)
    for k in range(3):
        paint_box(annotator, layer, (k * 10, 0, k * 10 + 5, 5))

    assert [event["seq"] for event in news.missing()] == [1, 2, 3]
    paint_box(annotator, layer, (90, 0, 95, 5))
    assert [event["seq"] for event in news.expand({"type": "ops", "seq": 4})] == [4]
    assert list(news.expand({"type": "ops", "seq": 4})) == []


def test_a_reader_starts_after_its_seq(annotator, layer):
    for k in range(3):
        paint_box(annotator, layer, (k * 10, 0, k * 10 + 5, 5))

    assert [event["seq"] for event in OpNews(annotator, layer.pk, 2).missing()] == [3]


def test_other_news_are_passed_on(annotator, layer):
    event = {"type": "instances", "layer": str(layer.pk)}

    assert list(OpNews(annotator, layer.pk, 0).expand(event)) == [event]


def test_who_was_taken_out_hears_nothing_more(annotator, owner, layer):
    news = OpNews(annotator, layer.pk, 0)
    paint_box(owner, layer, (0, 0, 5, 5))
    Membership.objects.filter(user=annotator).delete()

    with pytest.raises(NotFound):
        list(news.missing())


@pytest.mark.parametrize(("person", "status"), [("stranger", 404), (None, 401)])
def test_who_may_not_watch(people, as_person, layer, client, person, status):
    client = as_person(people[person]) if person else client

    assert client.get(f"/api/v1/layers/{layer.pk}/events/").status_code == status


def test_a_senseless_place_to_read_on_is_refused(annotator, as_person, layer):
    assert as_person(annotator).get(f"/api/v1/layers/{layer.pk}/events/?after=x").status_code == 400


async def next_event(stream, kind):
    """Return the data of the next event of a kind."""
    while True:
        text = (await asyncio.wait_for(anext(stream), timeout=20)).decode()
        lines = dict(line.split(": ", 1) for line in text.splitlines() if ": " in line[1:])
        if lines.get("event") == kind:
            return json.loads(lines["data"])


def listen_and(user, layer, act):
    """Open the stream after seq 1, call `act` in a thread, and return the first two ops."""

    async def run():
        client = AsyncClient()
        await client.aforce_login(user, backend="django.contrib.auth.backends.ModelBackend")
        answer = await client.get(f"/api/v1/layers/{layer.pk}/events/?after=1")
        assert answer.status_code == 200
        stream = aiter(answer.streaming_content)
        first = await next_event(stream, "op")
        await sync_to_async(act)()
        second = await next_event(stream, "op")
        await stream.aclose()
        return first, second

    return asyncio.run(run())


@pytest.mark.django_db(transaction=True)
def test_an_open_page_gets_the_missed_ops_and_then_every_new_one():
    layer = LayerFactory(image=ImageFactory(project=ProjectFactory()))
    user = make_person("p", layer.image.project, Role.ANNOTATOR)
    paint_box(user, layer, (0, 0, 5, 5))
    paint_box(user, layer, (10, 0, 15, 5))

    first, second = listen_and(user, layer, lambda: paint_box(user, layer, (20, 0, 25, 5)))

    assert (first["seq"], second["seq"]) == (2, 3)
    assert second["n_pixels"] == 25


def test_a_decision_tells_the_drafts_watchers(annotator, image, monkeypatch):
    from annotations.actions import drafts

    told = []
    draft = draft_of(image)
    monkeypatch.setattr(
        drafts.events, "publish", lambda channel, data: told.append((channel, data))
    )

    decide(user=annotator, layer_id=draft.pk, instance_ids=[1], state=InstanceState.REJECTED)

    assert told == [(f"layer:{draft.pk}", {"type": "instances", "layer": str(draft.pk)})]
    assert ensure_annotation_layer(user=annotator, image=image)
