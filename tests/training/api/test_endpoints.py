"""Every training endpoint: who may, what comes back, what is refused, at what cost in SQL."""

from __future__ import annotations

import io
import json
import uuid
from datetime import timedelta

import numpy as np
import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from tests.training.worlds import stored_image
from training.actions.runs import queue_run
from training.models import EpochRecord, Evaluation, ModelVersion, PredictionRun, RunState

pytestmark = pytest.mark.django_db


@pytest.fixture
def run(owner, project, world):
    made = queue_run(user=owner, project=project, engine="threshold", seed=3)
    for epoch in (2, 1):
        EpochRecord.objects.create(
            run=made, epoch=epoch, n_epochs=2, train_loss=0.5, duration_s=1.0
        )
    return made


@pytest.fixture
def version(run, project, owner):
    from project.storage import put_bytes

    return ModelVersion.objects.create(
        project=project,
        number=1,
        engine="threshold",
        run=run,
        origin="scratch",
        checkpoint_digest=put_bytes(b"checkpoint"),
        export_digest=put_bytes(b"export"),
        size_bytes=10,
        channels={"count": 1, "mapping": [0]},
        config={"thresholds": {"prob": 0.4}, "packages": {"numpy": "2.0.2"}},
        created_by=owner,
    )


@pytest.fixture
def evaluation(version, run):
    return Evaluation.objects.create(
        version=version,
        training_set=run.training_set,
        split="validation",
        state=RunState.FINISHED,
        metrics={"pooled": {"ap": {"0.5": 0.8}}},
    )


@pytest.fixture
def addresses(project, run, version, world):
    """Every address of the part with its method, body and the smallest role that may."""
    image = world["train"][0]
    return {
        "list runs": ("get", f"projects/{project.pk}/runs/", None, "viewer"),
        "queue run": ("post", f"projects/{project.pk}/runs/", {"engine": "threshold"}, "reviewer"),
        "see run": ("get", f"runs/{run.pk}/", None, "viewer"),
        "pause run": ("post", f"runs/{run.pk}/pause/", {}, "reviewer"),
        "resume run": ("post", f"runs/{run.pk}/resume/", {}, "reviewer"),
        "cancel run": ("post", f"runs/{run.pk}/cancel/", {}, "reviewer"),
        "follow run": ("get", f"runs/{run.pk}/events/", None, "viewer"),
        "list versions": ("get", f"projects/{project.pk}/versions/", None, "viewer"),
        "see version": ("get", f"versions/{version.pk}/", None, "viewer"),
        "download": ("get", f"versions/{version.pk}/download/", None, "viewer"),
        "leaderboard": ("get", f"projects/{project.pk}/leaderboard/", None, "viewer"),
        "predict": (
            "post",
            f"projects/{project.pk}/predictions/",
            {"version": str(version.pk)},
            "annotator",
        ),
        "predictions": ("get", f"images/{image.pk}/predictions/", None, "viewer"),
        "see set": ("get", f"training-sets/{run.training_set_id}/", None, "viewer"),
    }


def call(client, method, path, body):
    if method == "get":
        answer = client.get(f"/api/v1/{path}")
        for close in answer._resource_closers:
            close()  # of the file only: closing the answer would end the test's connection
        return answer
    return client.post(f"/api/v1/{path}", json.dumps(body), content_type="application/json")


LADDER = ["viewer", "annotator", "reviewer", "owner"]


def test_every_address_asks_for_the_right_role(addresses, people, as_person, client):
    for name, (method, path, body, smallest) in addresses.items():
        assert call(client, method, path, body).status_code == 401, name
        answer = call(as_person(people["stranger"]), method, path, body)
        assert answer.status_code == 404, f"{name} tells a stranger that it exists"
        for role in LADDER:
            answer = call(as_person(people[role]), method, path, body)
            may = LADDER.index(role) >= LADDER.index(smallest)
            assert (answer.status_code != 403) == may, f"{name} as {role}: {answer.status_code}"
            if name != "cancel run":  # the second person to cancel is told that it has ended
                assert (answer.status_code < 300) == may, f"{name} as {role}"


def test_what_does_not_exist_is_not_found_with_a_sentence(as_person, owner):
    for path in (
        f"projects/{uuid.uuid4()}/runs/",
        f"runs/{uuid.uuid4()}/",
        f"versions/{uuid.uuid4()}/",
        f"images/{uuid.uuid4()}/predictions/",
        f"training-sets/{uuid.uuid4()}/",
        f"version-uploads/{uuid.uuid4()}/",
    ):
        answer = as_person(owner).get(f"/api/v1/{path}")
        assert answer.status_code == 404, path
        assert answer.json()["code"] == "not_found"
        assert answer.json()["message"].endswith(".")


def test_engines_describe_their_form_as_json_schema(as_person, stranger):
    from jsonschema import Draft202012Validator

    engines = as_person(stranger).get("/api/v1/engines/").json()

    assert [engine["name"] for engine in engines][:3] == ["stardist", "cellpose", "threshold"]
    for engine in engines:
        Draft202012Validator.check_schema(engine["schema"])
        defaults = {param["name"]: param["default"] for param in engine["params"]}
        Draft202012Validator(engine["schema"]).validate(defaults)


def test_a_run_shows_epochs_in_order_and_what_it_used(as_person, viewer, run):
    shown = as_person(viewer).get(f"/api/v1/runs/{run.pk}/").json()

    assert [epoch["epoch"] for epoch in shown["epochs"]] == [1, 2]
    assert (shown["state"], shown["seed"], shown["start"]) == ("queued", 3, "scratch")
    assert shown["training_set"]["n_images"] == 3
    assert shown["version"] is None
    assert shown["created_by"] == "owner"


def test_queueing_answers_with_the_run(as_person, reviewer, project, world):
    answer = call(
        as_person(reviewer),
        "post",
        f"projects/{project.pk}/runs/",
        {"engine": "threshold", "start": "scratch", "max_minutes": 1.5, "params": {}},
    )

    assert answer.status_code == 201
    assert answer.json()["state"] == "queued"
    assert answer.json()["max_minutes"] == 1.5


@pytest.mark.parametrize(
    ("body", "status", "code"),
    [
        ({}, 400, "invalid_input"),
        ({"engine": "magic"}, 404, "unknown_engine"),
        ({"engine": "threshold", "params": {"x": 1}}, 400, "bad_engine_params"),
        ({"engine": "threshold", "start": "x"}, 400, "bad_start"),
        ({"engine": "threshold", "seed": "many"}, 400, "invalid_input"),
        ({"engine": "threshold", "channels": [7]}, 400, "bad_channels"),
    ],
)
def test_a_malformed_wish_is_refused_with_a_code(
    as_person, owner, project, world, body, status, code
):
    answer = call(as_person(owner), "post", f"projects/{project.pk}/runs/", body)

    assert (answer.status_code, answer.json()["code"]) == (status, code)


def test_too_few_objects_is_422_with_the_numbers(as_person, owner, project):
    answer = call(as_person(owner), "post", f"projects/{project.pk}/runs/", {"engine": "threshold"})

    assert answer.status_code == 422
    assert answer.json()["code"] == "too_few_instances"
    assert answer.json()["data"] == {"have": 0, "need": 3}


def test_cancelling_twice_is_a_conflict(as_person, owner, run):
    client = as_person(owner)

    assert call(client, "post", f"runs/{run.pk}/cancel/", {}).json()["state"] == "cancelled"
    again = call(client, "post", f"runs/{run.pk}/cancel/", {})
    assert (again.status_code, again.json()["code"]) == (409, "run_ended")


def test_a_run_is_paused_and_continued_until_it_has_ended(as_person, owner, run):
    client = as_person(owner)

    paused = call(client, "post", f"runs/{run.pk}/pause/", {}).json()
    assert (paused["state"], paused["pause_requested"]) == ("paused", False)
    assert paused["paused_at"]
    assert call(client, "post", f"runs/{run.pk}/resume/", {}).json()["state"] == "queued"
    call(client, "post", f"runs/{run.pk}/cancel/", {})
    for path in ("pause", "resume"):
        answer = call(client, "post", f"runs/{run.pk}/{path}/", {})
        assert (answer.status_code, answer.json()["code"]) == (409, "run_ended")
        assert answer.json()["message"] == "This run has already ended: cancelled."


def test_a_version_shows_where_it_comes_from_and_how_good_it_is(
    as_person, viewer, version, evaluation, project
):
    child = ModelVersion.objects.create(
        project=project,
        number=2,
        engine="threshold",
        parent=version,
        origin="version:1",
        checkpoint_digest="0" * 64,
        size_bytes=1,
    )

    shown = as_person(viewer).get(f"/api/v1/versions/{version.pk}/").json()
    assert shown["evaluations"][0]["metrics"]["pooled"]["ap"]["0.5"] == 0.8
    assert shown["thresholds"] == {"prob": 0.4}
    assert shown["versions"] == {"numpy": "2.0.2"}
    assert shown["seed"] == 3
    shown = as_person(viewer).get(f"/api/v1/versions/{child.pk}/").json()
    assert [one["number"] for one in shown["lineage"]] == [2, 1]
    assert shown["training_set"] is None


def test_a_download_is_the_upstream_file_under_a_sensible_name(as_person, viewer, version):
    answer = as_person(viewer).get(f"/api/v1/versions/{version.pk}/download/")

    assert b"".join(answer.streaming_content) == b"export"
    assert "threshold-v1.zip" in answer["Content-Disposition"]
    answer.close()


def test_predictions_are_queued_once_and_listed_by_image(
    as_person, annotator, version, world, project, sent_messages, django_capture_on_commit_callbacks
):
    client, image = as_person(annotator), world["plain"][0]
    body = {"version": str(version.pk), "images": [str(image.pk)]}
    with django_capture_on_commit_callbacks(execute=True):
        first = call(client, "post", f"projects/{project.pk}/predictions/", body)
        again = call(client, "post", f"projects/{project.pk}/predictions/", body)

    assert first.status_code == 202
    assert [row["id"] for row in first.json()] == [row["id"] for row in again.json()]
    assert PredictionRun.objects.count() == 1
    listed = client.get(f"/api/v1/images/{image.pk}/predictions/").json()
    assert listed["results"][0]["version"] == str(version.pk)
    assert listed["results"][0]["layer"] is None
    assert ("predict.threshold", "predict", ("threshold",)) in sent_messages("predict.threshold")


def test_predicting_an_image_of_another_project_is_not_found(
    as_person, owner, stranger, version, project
):
    from annotations.models import Project

    elsewhere = stored_image(
        Project.objects.exclude(pk=project.pk).first(), np.zeros((20, 20), np.uint8)
    )
    body = {"version": str(version.pk), "images": [str(elsewhere.pk)]}

    answer = call(as_person(owner), "post", f"projects/{project.pk}/predictions/", body)
    assert answer.status_code == 404
    assert not PredictionRun.objects.exists()


def test_a_model_file_is_taken_in_and_checked_later(as_person, reviewer, annotator, project):
    def upload(client, data=b"some weights", **fields):
        file = io.BytesIO(data)
        file.name = "model.zip"
        fields = {"engine": "threshold", **fields, "file": file}
        return client.post(f"/api/v1/projects/{project.pk}/versions/", fields)

    answer = upload(as_person(reviewer), licence="CC-BY")
    assert answer.status_code == 202
    assert (answer.json()["state"], answer.json()["file_name"]) == ("queued", "model.zip")
    shown = as_person(annotator).get(f"/api/v1/version-uploads/{answer.json()['id']}/")
    assert shown.json()["version"] is None

    assert upload(as_person(annotator)).status_code == 403
    assert upload(as_person(reviewer), data=b"").json()["code"] == "not_a_checkpoint"
    assert upload(as_person(reviewer), engine="magic").status_code == 404


def test_the_manifest_of_a_set_can_be_read(as_person, viewer, run):
    shown = as_person(viewer).get(f"/api/v1/training-sets/{run.training_set_id}/").json()

    assert shown["manifest"]["format"] == "cytoloop-training-set"
    assert len(shown["manifest"]["images"]) == 3


@pytest.mark.parametrize("name", ["runs", "versions"])
def test_a_list_costs_the_same_sql_for_one_row_as_for_many(
    as_person, viewer, owner, project, version, evaluation, name
):
    client = as_person(viewer)
    address = f"/api/v1/projects/{project.pk}/{name}/"
    client.get(address)
    with CaptureQueriesContext(
        connection,
    ) as one:
        client.get(address)
    for number in range(2, 7):
        run = queue_run(user=owner, project=project, engine="threshold")
        made = ModelVersion.objects.create(
            project=project,
            number=number,
            engine="threshold",
            run=run,
            parent=version,
            origin="version:1",
            checkpoint_digest="0" * 64,
            size_bytes=1,
            created_by=owner,
        )
        Evaluation.objects.create(
            version=made, training_set=run.training_set, split="validation", state="finished"
        )
    with CaptureQueriesContext(connection) as many:
        assert client.get(address).json()["count"] == 6

    assert len(many) == len(one) <= 9, [query["sql"][:120] for query in many]


def test_the_event_stream_begins_with_what_is_known(run):
    from training.api.runs import so_far

    run.log = "line one\n"
    run.save()
    events = list(so_far(run.pk))

    assert [event["type"] for event in events] == ["epoch", "epoch", "log", "state"]
    assert events[-1]["state"] == "queued"


def test_the_leaderboard_says_where_a_version_came_from_and_how_long_it_took(
    as_person, viewer, project, run, version, evaluation, django_assert_num_queries
):
    began = timezone.now()
    type(run).objects.filter(pk=run.pk).update(
        started_at=began, finished_at=began + timedelta(seconds=90)
    )
    uploaded = ModelVersion.objects.create(
        project=project,
        number=2,
        engine="threshold",
        parent=version,
        origin="version:1",
        checkpoint_digest="0" * 64,
        size_bytes=1,
    )
    better = {"pooled": {"ap": {"0.5": 0.9}}}
    Evaluation.objects.create(
        version=uploaded,
        training_set=run.training_set,
        split="validation",
        state=RunState.FINISHED,
        metrics=better,
    )
    client = as_person(viewer)

    with django_assert_num_queries(5):  # two of them the session
        rows = client.get(f"/api/v1/projects/{project.pk}/leaderboard/").json()

    assert [row["version"]["number"] for row in rows] == [2, 1]
    assert [row["trained_s"] for row in rows] == [None, 90.0]
    assert rows[0]["parent"]["number"] == 1
    assert rows[1]["parent"] is None
