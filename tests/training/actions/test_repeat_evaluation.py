from __future__ import annotations

import pytest

from annotations.models import AuditEntry
from project.errors import NotAllowed, NotFound
from training.actions.evaluations import EvaluationNotFailed, repeat_evaluation
from training.actions.sets import freeze_training_set
from training.models import Evaluation, ModelVersion, RunState

pytestmark = pytest.mark.django_db


@pytest.fixture
def evaluation(owner, project, world):
    version = ModelVersion.objects.create(
        project=project,
        number=1,
        engine="threshold",
        origin="upload",
        checkpoint_digest="0" * 64,
        size_bytes=1,
    )
    return Evaluation.objects.create(
        version=version,
        training_set=freeze_training_set(user=owner, project=project),
        split="validation",
        state=RunState.FAILED,
        attempt=3,
        error_code="data_problem",
        error_message="An image was deleted.",
    )


def test_a_failed_measurement_waits_again_with_its_message(
    owner, evaluation, sent_messages, django_capture_on_commit_callbacks
):
    with django_capture_on_commit_callbacks(execute=True):
        queued = repeat_evaluation(user=owner, evaluation=evaluation)

    assert (queued.state, queued.attempt, queued.error_message) == (RunState.QUEUED, 0, "")
    assert [message[1:] for message in sent_messages()] == [("evaluate", (str(queued.pk),))]
    assert AuditEntry.objects.filter(verb="repeat_evaluation", target=queued.pk).exists()


def test_one_that_is_done_or_under_way_is_left_alone(owner, evaluation):
    for state in (RunState.FINISHED, RunState.QUEUED):
        Evaluation.objects.filter(pk=evaluation.pk).update(state=state)

        with pytest.raises(EvaluationNotFailed):
            repeat_evaluation(user=owner, evaluation=evaluation)

        evaluation.refresh_from_db()
        assert evaluation.state == state


def test_who_may_not_ask(people, evaluation):
    with pytest.raises(NotAllowed):
        repeat_evaluation(user=people["annotator"], evaluation=evaluation)
    with pytest.raises(NotFound):
        repeat_evaluation(user=people["stranger"], evaluation=evaluation)
