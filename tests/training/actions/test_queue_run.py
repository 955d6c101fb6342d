from __future__ import annotations

import uuid

import numpy as np
import pytest

from annotations.models import AuditEntry, Purpose, Role
from project.errors import InvalidInput, NotAllowed, NotFound
from tests.factories import ProjectFactory
from tests.people import make_person
from tests.training.worlds import declare, stored_image
from training.actions.runs import (
    RunEnded,
    cancel_run,
    pause_run,
    queue_run,
    resume_run,
)
from training.engines.registry import BadEngineParams, UnknownEngine
from training.models import ModelVersion, RunState, TrainingRun
from training.queries.plans import BadChannels, BadStart

pytestmark = pytest.mark.django_db


def queue(user, project, **fields):
    return queue_run(user=user, project=project, **{"engine": "threshold", **fields})


def made_version(project, engine="threshold", **fields):
    return ModelVersion.objects.create(
        project=project,
        number=ModelVersion.objects.filter(project=project).count() + 1,
        engine=engine,
        origin="scratch",
        checkpoint_digest="0" * 64,
        size_bytes=1,
        **fields,
    )


def test_a_queued_run_names_all_that_it_will_use(owner, project, world):
    run = queue(owner, project, seed=7, max_minutes=2.5)

    assert run.state == RunState.QUEUED
    assert run.training_set.n_images == 3
    assert run.params["invert"] == "auto", "defaults are filled in"
    assert (run.seed, run.max_minutes, run.channels) == (7, 2.5, [0])
    assert run.created_by == owner
    assert not run.warnings


def test_the_message_leaves_with_the_transaction(
    owner, project, world, sent_messages, django_capture_on_commit_callbacks
):
    with django_capture_on_commit_callbacks() as callbacks:
        run = queue(owner, project)
        assert not sent_messages()
    for callback in callbacks:
        callback()

    assert ("train.threshold", "train", (str(run.pk),)) in sent_messages("train.threshold")


def test_runs_are_numbered_per_project(owner, project, world):
    assert [queue(owner, project).number for _ in range(3)] == [1, 2, 3]


def test_training_without_validation_is_allowed_but_said(owner, project):
    from tests.training.worlds import annotated_image

    annotated_image(owner, project)
    run = queue(owner, project)

    assert "cannot be measured" in run.warnings[0]


@pytest.mark.parametrize(
    ("fields", "error", "word"),
    [
        ({"engine": "magic"}, UnknownEngine, "magic"),
        ({"params": {"rays": 3}}, BadEngineParams, "rays"),
        ({"params": {"max_regions": 0}}, BadEngineParams, "from 1"),
        ({"start": "nowhere"}, BadStart, "scratch"),
        ({"start": "version:abc"}, BadStart, "id"),
        ({"start": "pretrained:nuclei"}, BadStart, "pretrained"),
        ({"start": f"version:{uuid.uuid4()}"}, NotFound, "model version"),
        ({"seed": -1}, InvalidInput, "seed"),
        ({"max_minutes": 0}, InvalidInput, "minutes"),
        ({"channels": [1]}, BadChannels, "Channel 1"),
        ({"channels": [0, 0]}, BadChannels, "once"),
        ({"channels": [-1]}, BadChannels, "once"),
    ],
)
def test_a_wish_that_cannot_be_met_is_refused_with_a_sentence(
    owner, project, world, fields, error, word
):
    with pytest.raises(error) as caught:
        queue(owner, project, **fields)

    assert word in caught.value.message
    assert not TrainingRun.objects.exists()


def test_a_version_of_another_engine_cannot_be_trained_further(owner, project, world):
    version = made_version(project, engine="cellpose")

    with pytest.raises(BadStart, match="cellpose"):
        queue(owner, project, start=f"version:{version.pk}")


def test_a_version_of_a_project_one_is_not_in_is_not_found(owner, project, world, stranger):
    version = made_version(ProjectFactory())

    with pytest.raises(NotFound):
        queue(owner, project, start=f"version:{version.pk}")


def test_a_version_of_another_own_project_may_be_the_start(owner, project, world):
    elsewhere = ProjectFactory()
    make_person("owner", elsewhere, Role.VIEWER)
    version = made_version(elsewhere)

    assert queue(owner, project, start=f"version:{version.pk}").parent == version


def test_the_parents_channels_are_kept_when_the_images_have_them(owner, project):
    from annotations.models import Purpose
    from tests.drawing import draw_blobs
    from tests.training.worlds import declare, paint

    truth, pixels = draw_blobs(160, 160, n=8, radius=(7, 12))
    image = stored_image(project, np.stack([pixels, 255 - pixels]), name="two channels")
    paint(owner, image, truth)
    declare(owner, image, purpose=Purpose.TRAINING)
    parent = made_version(project, channels={"count": 1, "mapping": [1]})

    assert queue(owner, project).channels == [0, 1]
    assert queue(owner, project, start=f"version:{parent.pk}").channels == [1]
    assert queue(owner, project, channels=[1, 0]).channels == [1, 0]


@pytest.mark.parametrize("who", ["annotator", "viewer"])
def test_members_below_reviewer_may_neither_train_nor_cancel(who, people, owner, project, world):
    run = queue(owner, project)

    with pytest.raises(NotAllowed):
        queue(people[who], project)
    with pytest.raises(NotAllowed):
        cancel_run(user=people[who], run=run)


def test_a_stranger_finds_nothing(stranger, owner, project, world):
    run = queue(owner, project)

    with pytest.raises(NotFound):
        queue(stranger, project)
    for action in (cancel_run, pause_run, resume_run):
        with pytest.raises(NotFound):
            action(user=stranger, run=run)


def test_whoever_may_not_cancel_may_not_pause(annotator, owner, project, world):
    run = queue(owner, project)

    for action in (cancel_run, pause_run, resume_run):
        with pytest.raises(NotAllowed):
            action(user=annotator, run=run)


def test_queueing_pausing_and_cancelling_are_audited(owner, reviewer, project, world):
    run = queue(owner, project)
    for action in (resume_run, pause_run, pause_run, resume_run, cancel_run):
        action(user=reviewer, run=run)

    verbs = AuditEntry.objects.filter(target=str(run.pk)).values_list("verb", "user__username")
    assert list(verbs.order_by("pk")) == [
        ("queue_run", "owner"),
        ("pause_run", "reviewer"),
        ("resume_run", "reviewer"),
        ("cancel_run", "reviewer"),
    ], "what changes nothing is no entry"


def test_a_run_that_ended_cannot_be_cancelled(owner, project, world):
    run = queue(owner, project)
    cancel_run(user=owner, run=run)

    with pytest.raises(RunEnded, match="already ended"):
        cancel_run(user=owner, run=run)


def test_cancelling_a_running_run_is_a_wish_until_its_worker_sees_it(owner, project, world):
    run = queue(owner, project)
    TrainingRun.objects.filter(pk=run.pk).update(state=RunState.RUNNING, lease=uuid.uuid4())

    cancelled = cancel_run(user=owner, run=run)

    assert cancelled.state == RunState.RUNNING
    assert cancelled.cancel_requested


def test_a_run_says_when_its_measure_taught_a_version_that_it_starts_from(owner, project, world):
    first = queue(owner, project)
    parent = made_version(project, run=first)
    teacher = world["train"][0]
    teacher.regions.all().delete()
    declare(owner, teacher, box=(0, 0, 80, 160), purpose=Purpose.BLIND_VALIDATION)

    fresh, further = queue(owner, project), queue(owner, project, start=f"version:{parent.pk}")

    assert not any("too good" in sentence for sentence in fresh.warnings)
    assert any(teacher.name in sentence for sentence in further.warnings)
