"""Ask for a measurement again that could not be made."""

from __future__ import annotations

from typing import Any, ClassVar

from django.db import transaction

from annotations.actions.audit import audit
from annotations.models import Role
from annotations.rules import require
from project.broker import send
from project.errors import Conflict
from training import tasks
from training.jobs.news import publish_evaluation
from training.models import Evaluation, RunState


class EvaluationNotFailed(Conflict):
    """The measurement is under way or done."""

    code: ClassVar[str] = "evaluation_not_failed"


@transaction.atomic
def repeat_evaluation(*, user: Any, evaluation: Evaluation) -> Evaluation:
    """Measure a version again on the regions where that failed.

    Raises NotFound, NotAllowed, EvaluationNotFailed.
    """
    version = evaluation.version
    require(user, version.project, Role.REVIEWER)
    # Of two who ask at once, one queues it.
    rows = Evaluation.objects.filter(pk=evaluation.pk, state__in=RunState.repeatable_states())
    updated = rows.update(**Evaluation.queued_anew())
    if updated != 1:
        raise EvaluationNotFailed("Only a measurement that failed can be repeated.")
    evaluation.refresh_from_db()
    audit(user=user, project=version.project, verb="repeat_evaluation", target=evaluation)
    publish_evaluation(evaluation)
    send(tasks.evaluate, str(evaluation.pk), queue=tasks.predict_queue(version.engine))
    return evaluation
