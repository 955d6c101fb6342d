"""The life of a run as a state machine: whatever workers, people and clocks do, the laws hold."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.utils import timezone
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)

from project import leases
from tests.factories import MembershipFactory, ProjectFactory, UserFactory
from training.actions.runs import RunEnded, cancel_run, pause_run, resume_run
from training.jobs.pauses import pause_if_asked
from training.models import ModelVersion, RunState, TrainingRun, TrainingSet


class RunLife(RuleBasedStateMachine):
    """Workers claim, work, die, thaw and finish; people pause, go on, cancel; the reaper reaps."""

    @initialize()
    def queue(self):
        project = ProjectFactory()
        self.owner = UserFactory()
        MembershipFactory(project=project, user=self.owner, role="owner")
        used = TrainingSet.objects.create(project=project, number=1, manifest_digest="0" * 64)
        self.run = TrainingRun.objects.create(
            project=project, number=1, training_set=used, engine="threshold"
        )
        self.tokens = []  # of every worker that ever claimed it, the dead ones too
        self.ended = None
        self.n_versions = 0
        self.uncounted = 0
        self.is_paused = False

    def now(self):
        return TrainingRun.objects.get(pk=self.run.pk)

    @rule()
    def claim(self):
        before = self.now()
        token = leases.claim(TrainingRun, self.run.pk)
        is_free = before.state == RunState.QUEUED or (
            before.state == RunState.RUNNING and before.lease_until < timezone.now()
        )
        assert (token is not None) == (is_free and before.attempt < before.max_attempts)
        if token is not None:
            self.tokens.append(token)

    @precondition(lambda self: self.tokens)
    @rule(data=st.data(), epoch=st.integers(1, 5))
    def report(self, data, epoch):
        token = data.draw(st.sampled_from(self.tokens))
        wrote = leases.write(TrainingRun, self.run.pk, token, progress={"epoch": epoch})
        now = self.now()
        assert wrote == (now.state == RunState.RUNNING and now.lease == token)

    @precondition(lambda self: self.tokens)
    @rule(data=st.data(), state=st.sampled_from(["finished", "failed", "errored", "cancelled"]))
    def finish(self, data, state):
        token = data.draw(st.sampled_from(self.tokens))
        if leases.finish(TrainingRun, self.run.pk, token, state):
            assert self.ended is None, "a run ends once"
            self.ended = state
            self.n_versions += state == "finished"

    @precondition(lambda self: self.tokens)
    @rule(data=st.data())
    def hand_back(self, data):
        token = data.draw(st.sampled_from(self.tokens))
        leases.hand_back(TrainingRun, self.run.pk, token)

    @rule()
    def let_the_lease_run_out(self):
        past = timezone.now() - timedelta(seconds=1)
        TrainingRun.objects.filter(pk=self.run.pk, state=RunState.RUNNING).update(lease_until=past)

    @rule()
    def reap(self):
        leases.reap(TrainingRun, pause_if_asked)
        now = self.now()
        if now.state == RunState.LOST and self.ended is None:
            self.ended = RunState.LOST
            assert now.attempt >= now.max_attempts

    @rule()
    def cancel(self):
        before = self.now()
        try:
            after = cancel_run(user=self.owner, run=before)
        except RunEnded:
            assert before.state in RunState.terminal_states()
            return
        if before.state in (RunState.QUEUED, RunState.PAUSED):
            assert after.state == RunState.CANCELLED
            self.ended = RunState.CANCELLED

    @rule()
    def pause(self):
        before = self.now()
        try:
            after = pause_run(user=self.owner, run=before)
        except RunEnded:
            assert before.cancel_requested or before.state in RunState.terminal_states()
            return
        assert after.state == RunState.PAUSED or after.pause_requested

    @rule()
    def resume(self):
        before = self.now()
        try:
            after = resume_run(user=self.owner, run=before)
        except RunEnded:
            assert before.cancel_requested or before.state in RunState.terminal_states()
            return
        assert after.state in RunState.open_states()
        assert not after.pause_requested
        self.is_paused = False

    @invariant()
    def only_a_person_wakes_a_paused_run(self):
        if hasattr(self, "run"):
            now = self.now()
            assert now.state == RunState.PAUSED or not self.is_paused or self.ended is not None
            self.is_paused = now.state == RunState.PAUSED
            assert not (self.is_paused and (now.pause_requested or now.paused_at is None))

    @invariant()
    def a_run_that_waits_is_not_one_that_should_be_paused(self):
        if hasattr(self, "run"):
            now = self.now()
            assert now.state != RunState.QUEUED or not now.pause_requested

    @invariant()
    def only_a_running_run_has_a_lease(self):
        if hasattr(self, "run"):
            now = self.now()
            assert (now.lease is not None) == (now.state == RunState.RUNNING)

    @invariant()
    def what_has_ended_stays_so(self):
        if hasattr(self, "run") and self.ended is not None:
            assert self.now().state == self.ended

    @invariant()
    def no_more_attempts_than_allowed(self):
        if hasattr(self, "run"):
            now = self.now()
            assert 0 <= now.attempt <= now.max_attempts


@pytest.mark.django_db
def test_a_run_keeps_its_laws_whatever_happens(monkeypatch):
    monkeypatch.setattr("training.actions.runs.publish_run", lambda run: None)
    monkeypatch.setattr("training.jobs.pauses.publish_run_by_id", lambda pk: None)
    bell = leases.Registered(pause_if_asked, None)
    monkeypatch.setattr(leases, "_registered", {TrainingRun: bell})
    run_state_machine_as_test(
        RunLife,
        settings=settings(
            max_examples=40,
            stateful_step_count=20,
            deadline=None,
            suppress_health_check=list(HealthCheck),
        ),
    )
    assert not ModelVersion.objects.exists()
