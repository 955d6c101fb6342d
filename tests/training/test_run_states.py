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
from training.actions.runs import RunEnded, cancel_run
from training.models import ModelVersion, RunState, TrainingRun, TrainingSet


class RunLife(RuleBasedStateMachine):
    """Workers claim, work, die, thaw and finish; a person cancels; the reaper reaps."""

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
        leases.reap(TrainingRun, lambda pk: None)
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
        if before.state == RunState.QUEUED:
            assert after.state == RunState.CANCELLED
            self.ended = RunState.CANCELLED

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
    monkeypatch.setattr(leases, "_registered", {})
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
