from __future__ import annotations

import json

import pytest

from annotations.models import AuditEntry, Role
from tests.drawing import draw_blobs
from tests.people import make_person
from tests.training.conftest import JOIN_S
from tests.training.worlds import stored_image, wait_for
from training import tasks
from training.actions.predictions import queue_predictions
from training.models import ModelVersion, PredictionRun, RunState
from training.supervision.warm import warm_child

pytestmark = pytest.mark.django_db(transaction=True)

N_IMAGES = 3


@pytest.fixture
def version(odd_engine, version):
    return version


@pytest.fixture
def waiting(project, version, owner):
    """Three predictions that nobody has begun, by the name of their image."""
    _, pixels = draw_blobs(128, 128, n=4, radius=(7, 10), seed=1)
    images = [stored_image(project, pixels, name=f"new_{i}") for i in range(N_IMAGES)]
    return queue_predictions(user=owner, version=version, images=[image.pk for image in images])


@pytest.fixture
def news(monkeypatch):
    heard = []
    monkeypatch.setattr("training.jobs.news.publish", lambda channel, event: heard.append(event))
    return heard


def post(client, path, body=None):
    answer = client.post(f"/api/v1/{path}", body or {}, content_type="application/json")
    return answer.status_code, json.loads(answer.content)


def states():
    return list(
        PredictionRun.objects.filter(image__name__startswith="new")
        .order_by("image__name")
        .values_list("state", flat=True)
    )


def test_a_waiting_prediction_is_cancelled_at_once_and_never_made(
    as_person, reviewer, waiting, work_off, news
):
    status, body = post(as_person(reviewer), f"predictions/{waiting[0].pk}/cancel/")
    work_off()

    assert status == 200
    assert (body["state"], body["error_code"]) == ("cancelled", "cancelled")
    assert states() == ["cancelled", "finished", "finished"]
    assert [one["id"] for one in news if one.get("state") == "cancelled"] == [str(waiting[0].pk)]
    entry = AuditEntry.objects.get(verb="cancel_prediction")
    assert (entry.user, entry.target) == (reviewer, str(waiting[0].pk))


def test_a_running_prediction_is_stopped_and_the_next_is_made(
    odd_engine, as_person, owner, waiting, work_off, in_background, news
):
    odd_engine(predict_s=600)
    working = in_background(lambda: tasks.predict.fn("threshold"))
    running = PredictionRun.objects.filter(state=RunState.RUNNING)
    row = wait_for(running.first)
    wait_for(lambda: warm_child("threshold").pid)

    status, _ = post(as_person(owner), f"predictions/{row.pk}/cancel/")
    working.join(JOIN_S)

    assert status == 200
    assert not working.is_alive(), "it is not waited for"
    row.refresh_from_db()
    assert (row.state, row.lease, row.layer) == (RunState.CANCELLED, None, None)
    assert news[-1]["state"] == "cancelled"
    odd_engine()
    work_off()
    assert states() == ["cancelled", "finished", "finished"]


def test_what_has_ended_is_not_cancelled(as_person, owner, waiting, work_off):
    work_off()

    status, body = post(as_person(owner), f"predictions/{waiting[0].pk}/cancel/")

    assert (status, body["code"]) == (409, "prediction_ended")
    assert "finished" in body["message"]


def test_a_cancelled_prediction_can_be_asked_for_again(
    as_person, owner, version, waiting, work_off
):
    post(as_person(owner), f"predictions/{waiting[0].pk}/cancel/")
    queue_predictions(user=owner, version=version, images=[waiting[0].image_id])
    work_off()

    assert states() == ["finished"] * N_IMAGES


def test_all_that_wait_are_cancelled_what_is_made_stays(
    as_person, owner, project, version, waiting, work_off, news
):
    n_finished = PredictionRun.objects.filter(state=RunState.FINISHED).count()

    status, body = post(
        as_person(owner), f"projects/{project.pk}/predictions/cancel/", {"version": str(version.pk)}
    )
    work_off()

    assert (status, body) == (200, {"n_cancelled": N_IMAGES})
    assert states() == ["cancelled"] * N_IMAGES
    assert PredictionRun.objects.filter(state=RunState.FINISHED).count() == n_finished
    assert len([one for one in news if one.get("state") == "cancelled"]) == N_IMAGES
    assert post(as_person(owner), f"projects/{project.pk}/predictions/cancel/") == (
        200,
        {"n_cancelled": 0},
    )


def test_another_versions_predictions_go_on(
    as_person, owner, project, version, waiting, work_off, stranger
):
    other = ModelVersion.objects.create(
        project=project, number=9, engine="threshold", origin="upload", size_bytes=1
    )
    path = f"projects/{project.pk}/predictions/cancel/"

    assert post(as_person(owner), path, {"version": str(other.pk)}) == (200, {"n_cancelled": 0})

    elsewhere = stranger.memberships.get().project
    make_person("owner", elsewhere, Role.OWNER)
    status, _ = post(
        as_person(owner),
        f"projects/{elsewhere.pk}/predictions/cancel/",
        {"version": str(version.pk)},
    )
    assert status == 404, "a version of another project"
    assert states() == ["queued"] * N_IMAGES


@pytest.mark.parametrize(
    ("name", "expected"),
    [("owner", 200), ("reviewer", 200), ("annotator", 403), ("viewer", 403), ("stranger", 404)],
)
def test_who_may_cancel(as_person, people, project, waiting, name, expected):
    client = as_person(people[name])

    assert post(client, f"predictions/{waiting[0].pk}/cancel/")[0] == expected
    assert post(client, f"projects/{project.pk}/predictions/cancel/")[0] == expected
    assert states() == (["cancelled"] if expected == 200 else ["queued"]) * N_IMAGES
