"""How far a person is in the tour of the editor."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from annotations.models import TourState
from annotations.queries.tour import LATER
from tests.factories import ImageFactory

pytestmark = pytest.mark.django_db

ADDRESS = "/api/v1/me/tour/"
JSON = {"content_type": "application/json"}


@pytest.fixture
def client(as_person, annotator):
    return as_person(annotator)


def put(client, status, step="paint"):
    return client.put(ADDRESS, {"status": status, "step": step}, **JSON)


def test_it_is_due_at_first_and_looking_keeps_nothing(client, project):
    page = reverse("editor", args=[ImageFactory(project=project).pk])

    told = client.get(ADDRESS).json()
    shown = client.get(page).content.decode()

    assert told == {"status": "new", "step": "look", "is_due": True}
    assert 'data-tour="new"' in shown
    assert 'data-tour-due="1"' in shown
    assert not TourState.objects.exists()


@pytest.mark.parametrize(
    ("status", "is_due"),
    [("under_way", True), ("later", False), ("dismissed", False), ("done", False)],
)
def test_what_is_kept_comes_back_and_the_newest_stays(client, project, status, is_due):
    page = reverse("editor", args=[ImageFactory(project=project).pk])

    put(client, "under_way", "brush")
    kept = put(client, status, "edge").json()

    assert kept == client.get(ADDRESS).json()
    assert kept == {"status": status, "step": "edge", "is_due": is_due}
    assert TourState.objects.count() == 1
    shown = client.get(page).content.decode()
    assert 'data-tour-step="edge"' in shown
    assert ('data-tour-due="1"' in shown) is is_due


def test_not_now_holds_for_a_working_day(client):
    put(client, "later")
    TourState.objects.update(changed_at=timezone.now() - LATER - timedelta(minutes=1))

    assert client.get(ADDRESS).json()["is_due"] is True


def test_not_again_holds(client):
    put(client, "dismissed")
    TourState.objects.update(changed_at=timezone.now() - timedelta(days=1000))

    assert client.get(ADDRESS).json()["is_due"] is False


def test_each_person_has_their_own(as_person, people, client):
    put(client, "done")

    assert as_person(people["owner"]).get(ADDRESS).json()["status"] == "new"
    assert Client().get(ADDRESS).status_code in (401, 403)
    assert put(Client(), "done").status_code in (401, 403)
    assert TourState.objects.count() == 1


@pytest.mark.parametrize("bad", [("new", "paint"), ("done", "end"), ("", "paint"), ("done", "")])
def test_what_is_no_answer_is_refused_and_nothing_is_kept(client, bad):
    assert put(client, *bad).status_code == 400
    assert not TourState.objects.exists()
