from __future__ import annotations

import pytest

from annotations.models import AuditEntry
from tests.people import client_of

pytestmark = pytest.mark.django_db


def test_an_owner_switches_fast_drafts(people, project):
    client, path = client_of(people["owner"]), f"/api/v1/projects/{project.pk}/"
    assert client.get(path).json()["fast_drafts"] is False

    answer = client.patch(path, {"fast_drafts": True}, content_type="application/json")

    assert (answer.status_code, answer.json()["fast_drafts"]) == (200, True)
    assert client.get(path).json()["fast_drafts"] is True
    entry = AuditEntry.objects.get(verb="update_project")
    assert entry.data == {"fast_drafts": True}


def test_what_is_not_named_stays(people, project):
    client, path = client_of(people["owner"]), f"/api/v1/projects/{project.pk}/"
    client.patch(path, {"fast_drafts": True}, content_type="application/json")

    client.patch(path, {"description": "more"}, content_type="application/json")

    assert client.get(path).json()["fast_drafts"] is True
    assert client.get(path).json()["name"] == project.name


def test_others_cannot(people, project):
    for role in ("reviewer", "annotator", "viewer"):
        answer = client_of(people[role]).patch(
            f"/api/v1/projects/{project.pk}/",
            {"fast_drafts": True},
            content_type="application/json",
        )
        assert answer.status_code == 403, role
    project.refresh_from_db()
    assert not project.fast_drafts


def test_an_owner_says_how_stacks_are_drafted(people, project):
    client, path = client_of(people["owner"]), f"/api/v1/projects/{project.pk}/"
    assert client.get(path).json()["stack_drafts"] == "linked"

    answer = client.patch(path, {"stack_drafts": "volume"}, content_type="application/json")
    wrong = client.patch(path, {"stack_drafts": "cubes"}, content_type="application/json")

    assert (answer.status_code, answer.json()["stack_drafts"]) == (200, "volume")
    assert wrong.status_code == 400
    listed = client.get("/api/v1/projects/").json()["results"]
    assert [one["stack_drafts"] for one in listed] == ["volume"]
    reviewer = client_of(people["reviewer"])
    denied = reviewer.patch(path, {"stack_drafts": "planes"}, content_type="application/json")
    assert denied.status_code == 403
