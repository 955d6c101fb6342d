from __future__ import annotations

import uuid

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from annotations.models import Activity
from tests.factories import ProjectFactory
from tests.training.actions.test_close_round import version_of
from tests.training.worlds import annotated_image
from training.actions.runs import queue_run
from training.models import Evaluation, ModelVersion, RunState
from training.queries.rounds import Labelled, rounds

pytestmark = pytest.mark.django_db


def finish(run, number):
    """Make the version of a run without training."""
    return ModelVersion.objects.create(
        project=run.project,
        number=number,
        engine=run.engine,
        run=run,
        origin="scratch",
        checkpoint_digest="0" * 64,
        size_bytes=1,
    )


def measure(version, training_set, ap50, split="validation", state=RunState.FINISHED):
    return Evaluation.objects.create(
        version=version,
        training_set=training_set,
        split=split,
        state=state,
        metrics={"pooled": {"ap": {"0.5": ap50}}},
    )


def train(user, project, **fields):
    return queue_run(user=user, project=project, **{"engine": "threshold", **fields})


def test_a_project_in_which_nothing_happened_has_an_empty_open_round(project):
    found = rounds(project)

    assert found.closed == ()
    assert found.open.labelled == Labelled(0, 0, 0)
    assert (found.open.n_ops, found.open.active_s, found.open.began_at) == (0, 0, None)


def test_the_open_round_counts_what_the_next_set_would_have(owner, project, world):
    found = rounds(project).open
    assert (found.labelled.n_images, found.labelled.n_regions, found.n_ops) == (3, 3, 3)
    assert found.began_at is not None

    run = train(owner, project)

    closed = rounds(project).closed[0].round
    assert (closed.n_images, closed.n_regions) == (3, 3)
    assert closed.began_at == found.began_at
    assert found.labelled.n_instances >= closed.n_instances > 0, "boxes, then pixels"
    now = rounds(project).open
    assert now.labelled == Labelled(0, 0, 0)
    assert (now.n_ops, now.began_at) == (0, closed.ended_at)
    assert run.training_set.n_regions == 3


def test_time_since_the_round_was_closed_belongs_to_the_open_one(owner, project, world):
    train(owner, project)
    Activity.objects.create(
        image=world["plain"][0],
        user=owner,
        session=uuid.uuid4(),
        n=0,
        active_s=90,
        ended_at=timezone.now(),
    )

    found = rounds(project)
    assert (found.closed[0].round.active_s, found.open.active_s) == (0, 90)


def test_all_numbers_of_a_round_are_of_its_own_validation_split(owner, project, world):
    run = train(owner, project)
    first = finish(run, 1)
    measure(first, run.training_set, 0.4)
    annotated_image(owner, project, seed=50, name="new")
    again = train(owner, project)
    second = finish(again, 2)
    measure(first, again.training_set, 0.5)
    measure(second, again.training_set, 0.8)
    measure(second, again.training_set, 0.1, split="test")

    newest, oldest = rounds(project).closed

    assert (oldest.before, newest.before.version) == (None, first)
    assert newest.before.ap50 == 0.5, "not 0.4, which is of other regions"
    assert [(one.version, one.ap50) for one in newest.after] == [(second, 0.8)]
    assert [(one.version, one.ap50) for one in oldest.after] == [(first, 0.4)]


def test_what_is_not_measured_has_no_number(owner, project, world):
    before = version_of(project)
    run = train(owner, project)
    version = finish(run, 2)
    measure(version, run.training_set, 0.9, state=RunState.FAILED)

    (closed,) = rounds(project).closed

    assert (closed.before.version, closed.before.ap50) == (before, None)
    assert [one.ap50 for one in closed.after] == [None]


def test_several_versions_of_one_set_stand_in_one_round(owner, project, world):
    versions = [finish(train(owner, project, seed=seed), seed) for seed in (1, 2, 3)]

    (closed,) = rounds(project).closed

    assert [one.version for one in closed.after] == versions
    assert {one.engine for one in closed.after} == {"threshold"}


def test_the_statements_do_not_grow(owner, project, world):
    with CaptureQueriesContext(connection) as empty:
        rounds(ProjectFactory())
    for number in range(1, 4):
        annotated_image(owner, project, seed=50 + number, name=f"new_{number}")
        run = train(owner, project)
        measure(finish(run, number), run.training_set, 0.5)
    annotated_image(owner, project, seed=70, name="open")

    with CaptureQueriesContext(connection) as full:
        found = rounds(project)

    assert len(found.closed) == 3
    assert found.open.labelled.n_regions == 1
    assert len(full) <= 8
    assert len(empty) <= 10, "the first round looks for its beginning in three tables"
