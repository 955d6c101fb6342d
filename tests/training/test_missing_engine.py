"""An engine whose environment nobody has made: offered with the sentence, refused at once."""

from __future__ import annotations

import io
import json
from pathlib import Path

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.core.management import CommandError, call_command

from training.actions.predictions import queue_predictions
from training.actions.runs import queue_run
from training.management.commands import engines as command
from training.models import ModelVersion, PredictionRun, TrainingRun, TrainingSet, VersionUpload
from training.queries.plans import BadStart
from training.queries.preflight import preflight
from training.supervision.child import child_argv
from training.supervision.interpreters import EngineNotInstalled, environment_of, python_in

SENTENCE = "Cellpose-SAM is not installed: run manage.py install_engine cellpose_sam."
OFFICIAL = "pretrained:cpsam_v2"


@pytest.fixture
def installed(data_dir) -> Path:
    """Put a file where the environment's interpreter would be; nothing here starts it."""
    python = python_in(environment_of("cellpose_sam"))
    python.parent.mkdir(parents=True)
    python.touch()
    return python


def test_it_is_listed_with_the_sentence(as_person, stranger, data_dir):
    listed = {row["name"]: row for row in as_person(stranger).get("/api/v1/engines/").json()}

    assert listed["cellpose_sam"]["missing"] == SENTENCE
    assert listed["cellpose_sam"]["needs_gpu"]
    assert not listed["cellpose_sam"]["from_scratch"]
    assert [listed[name]["missing"] for name in ("stardist", "cellpose", "threshold")] == [""] * 3


def test_a_run_is_refused_before_anything_is_queued(
    as_person, owner, project, world, sent_messages
):
    body = {"engine": "cellpose_sam", "start": OFFICIAL}
    path = f"/api/v1/projects/{project.pk}/runs/"

    for answer in (
        as_person(owner).post(path, body, "application/json"),
        as_person(owner).post(f"{path}check/", body, "application/json"),
    ):
        assert answer.status_code == 422
        assert answer.json()["code"] == "engine_not_installed"
        assert answer.json()["message"] == SENTENCE
    assert not TrainingRun.objects.exists()
    assert not TrainingSet.objects.exists()
    assert sent_messages() == []


def test_a_model_file_and_drafts_are_refused_too(as_person, owner, project, sent_messages):
    path = f"/api/v1/projects/{project.pk}/versions/"
    file = SimpleUploadedFile("model", b"x")
    answer = as_person(owner).post(path, {"engine": "cellpose_sam", "file": file})
    assert (answer.status_code, answer.json()["code"]) == (422, "engine_not_installed")
    assert not VersionUpload.objects.exists()

    version = ModelVersion.objects.create(
        project=project, number=1, engine="cellpose_sam", size_bytes=1, created_by=owner
    )
    with pytest.raises(EngineNotInstalled):
        queue_predictions(user=owner, version=version)
    assert not PredictionRun.objects.exists()
    assert sent_messages() == []


def test_what_was_queued_before_ends_with_the_sentence(data_dir):
    with pytest.raises(EngineNotInstalled, match="install_engine cellpose_sam"):
        child_argv("train", "cellpose_sam")


def test_as_soon_as_it_is_there_it_is_used(installed, owner, project, world, as_person):
    listed = {row["name"]: row for row in as_person(owner).get("/api/v1/engines/").json()}
    assert listed["cellpose_sam"]["missing"] == ""
    assert child_argv("train", "cellpose_sam")[0] == str(installed)

    run = queue_run(user=owner, project=project, engine="cellpose_sam", start=OFFICIAL)

    assert (run.engine, run.pretrained) == ("cellpose_sam", "cpsam_v2")


def test_it_does_not_begin_from_scratch(installed, owner, project, world):
    for ask in (queue_run, preflight):
        with pytest.raises(BadStart, match=r"from scratch.*pretrained:cpsam_v2"):
            ask(user=owner, project=project, engine="cellpose_sam", start="scratch")


def test_without_a_gpu_the_form_says_so(installed, owner, project, world, settings):
    def codes():
        found = preflight(
            user=owner, project=project, engine="cellpose_sam", start=OFFICIAL
        ).findings
        return {finding.code for finding in found}

    assert "needs_gpu" in codes()
    settings.CYTOLOOP_DEVICE = "cuda"
    assert "needs_gpu" not in codes()


def test_the_list_of_engines_fails_only_for_whom_asked_for_it(monkeypatch, data_dir):
    monkeypatch.setattr(command, "try_engine", lambda name: command.Tried(True, "", 1.0, "cpu"))
    out = io.StringIO()

    call_command("engines", "--json", stdout=out)
    rows = {row["engine"]: row for row in json.loads(out.getvalue())["engines"]}
    assert (rows["cellpose_sam"]["is_installed"], rows["cellpose_sam"]["is_working"]) == (
        False,
    ) * 2
    assert rows["cellpose_sam"]["sentence"] == SENTENCE
    assert rows["stardist"]["is_installed"]

    with pytest.raises(CommandError, match="Not working here: cellpose_sam"):
        call_command("engines", "cellpose_sam", stdout=out)
    assert SENTENCE in out.getvalue()
