"""POST /api/v1/images/{id}/activity/."""

from __future__ import annotations

import json
import uuid

import pytest

from annotations.models import Activity

pytestmark = pytest.mark.django_db


def say(client, image_id, **sent):
    body = {"session": str(uuid.uuid4()), "n": 0, "active_s": 12.5, **sent}
    return client.post(
        f"/api/v1/images/{image_id}/activity/", json.dumps(body), content_type="application/json"
    )


def test_an_editor_reports_and_hears_what_was_believed(as_person, annotator, image):
    session = str(uuid.uuid4())
    client = as_person(annotator)

    answer = say(client, image.pk, session=session, active_s=4000)
    again = say(client, image.pk, session=session, active_s=1)

    assert (answer.status_code, answer.json()) == (200, {"active_s": 60.0})
    assert again.json() == {"active_s": 60.0}
    assert Activity.objects.get().user == annotator


@pytest.mark.parametrize(
    ("who", "status"), [("viewer", 403), ("stranger", 404), ("reviewer", 200), ("owner", 200)]
)
def test_annotators_and_above_may(who, status, people, as_person, image):
    assert say(as_person(people[who]), image.pk).status_code == status


def test_someone_not_logged_in_may_not(client, image):
    assert say(client, image.pk).status_code == 401


def test_an_image_that_does_not_exist_is_not_found(as_person, annotator, image):
    assert say(as_person(annotator), uuid.uuid4()).status_code == 404


@pytest.mark.parametrize(
    "sent",
    [
        {"session": "tab"},
        {"n": -1},
        {"n": 2**31},
        {"active_s": -0.1},
        {"active_s": "nan"},
        {"active_s": "inf"},
        {"active_s": None},
    ],
)
def test_a_malformed_report_is_refused_with_a_sentence(sent, as_person, annotator, image):
    answer = say(as_person(annotator), image.pk, **sent)

    assert answer.status_code == 400
    assert answer.json()["message"]
    assert not Activity.objects.exists()


def test_somebody_elses_session_is_a_conflict(as_person, annotator, reviewer, image):
    session = str(uuid.uuid4())
    say(as_person(annotator), image.pk, session=session)

    assert say(as_person(reviewer), image.pk, session=session, n=1).status_code == 409
