from __future__ import annotations

from datetime import timedelta

import pytest
from django.utils import timezone
from hypothesis import HealthCheck, given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st

from annotations.models import Project
from project.leases import claim, finish, hand_back, reap, renew, write
from training.models import RunState, TrainingRun, TrainingSet

pytestmark = pytest.mark.django_db


@pytest.fixture
def run() -> TrainingRun:
    project = Project.objects.create(name="leases")
    training_set = TrainingSet.objects.create(project=project, number=1, manifest_digest="0" * 64)
    return TrainingRun.objects.create(
        project=project, number=1, training_set=training_set, engine="threshold"
    )


def let_the_lease_run_out(run: TrainingRun) -> None:
    past = timezone.now() - timedelta(seconds=1)
    TrainingRun.objects.filter(pk=run.pk).update(lease_until=past)


def test_one_row_has_one_owner(run):
    first, second = claim(TrainingRun, run.pk), claim(TrainingRun, run.pk)

    assert first is not None
    assert second is None


def test_an_owner_whose_lease_ran_out_may_not_write_once_another_claimed(run):
    old = claim(TrainingRun, run.pk)
    let_the_lease_run_out(run)
    new = claim(TrainingRun, run.pk)

    assert not renew(TrainingRun, run.pk, old)
    assert not write(TrainingRun, run.pk, old, log="from the grave")
    assert not finish(TrainingRun, run.pk, old, RunState.FINISHED)
    assert write(TrainingRun, run.pk, new, log="mine")
    run.refresh_from_db()
    assert (run.log, run.attempt) == ("mine", 2)


def test_a_run_ends_once(run):
    token = claim(TrainingRun, run.pk)

    assert finish(TrainingRun, run.pk, token, RunState.FINISHED)
    assert not finish(TrainingRun, run.pk, token, RunState.FAILED)
    assert claim(TrainingRun, run.pk) is None


def test_handing_back_uses_up_no_attempt(run):
    for _ in range(5):
        token = claim(TrainingRun, run.pk)
        assert hand_back(TrainingRun, run.pk, token)

    run.refresh_from_db()
    assert (run.state, run.attempt, run.lease) == (RunState.QUEUED, 0, None)


def test_the_reaper_leaves_a_living_owner_alone(run):
    claim(TrainingRun, run.pk)
    rung: list = []

    assert reap(TrainingRun, rung.append) == 0
    assert rung == []


def test_the_reaper_queues_an_abandoned_row_with_its_message(run):
    claim(TrainingRun, run.pk)
    let_the_lease_run_out(run)
    rung: list = []

    assert reap(TrainingRun, rung.append) == 1
    assert reap(TrainingRun, rung.append) == 0

    run.refresh_from_db()
    assert rung == [run.pk]
    assert (run.state, run.lease) == (RunState.QUEUED, None)


def test_a_row_without_an_attempt_left_is_lost_and_says_so(run):
    lost: list = []
    for _ in range(run.max_attempts):
        claim(TrainingRun, run.pk)
        let_the_lease_run_out(run)
        reap(TrainingRun, lambda pk: None, on_lost=lost.append)

    run.refresh_from_db()
    assert run.state == RunState.LOST
    assert run.error_code == "worker_lost"
    assert lost == [run.pk]
    assert claim(TrainingRun, run.pk) is None


def test_a_row_that_waits_for_long_is_rung_for_once_per_interval(run, settings):
    settings.CYTOLOOP_RING_AGAIN_S = 60
    TrainingRun.objects.update(queued_at=timezone.now() - timedelta(seconds=61))
    rung: list = []

    reap(TrainingRun, rung.append)
    reap(TrainingRun, rung.append)

    assert rung == [run.pk]


STEPS = st.lists(
    st.sampled_from(["claim", "expire", "reap", "finish", "back", "write"]), max_size=14
)


@hypothesis_settings(
    max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(steps=STEPS)
def test_whatever_happens_a_running_row_has_one_lease_and_an_ended_one_none(run, steps):
    fresh = {"state": RunState.QUEUED, "attempt": 0, "lease": None, "lease_until": None}
    TrainingRun.objects.filter(pk=run.pk).update(**fresh)
    tokens, n_ends = [], 0

    for step in steps:
        if step == "claim" and (token := claim(TrainingRun, run.pk)):
            tokens.append(token)
        elif step == "expire":
            let_the_lease_run_out(run)
        elif step == "reap":
            reap(TrainingRun, lambda pk: None)
        elif step == "finish":
            n_ends += sum(finish(TrainingRun, run.pk, t, RunState.FINISHED) for t in tokens)
        elif step == "back" and tokens:
            hand_back(TrainingRun, run.pk, tokens[-1])
        elif step == "write":
            assert sum(write(TrainingRun, run.pk, t, log="x") for t in tokens) <= 1
        run.refresh_from_db()
        assert (run.state == RunState.RUNNING) == (run.lease is not None)
        assert 0 <= run.attempt <= run.max_attempts

    assert n_ends <= 1
    assert (run.state == RunState.FINISHED) == (n_ends == 1)
