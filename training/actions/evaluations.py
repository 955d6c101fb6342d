"""Ask for a measurement again that could not be made, or that lacks the fast way."""

from __future__ import annotations

from typing import Any, ClassVar

from django.db import transaction
from django.db.models import Q

from annotations.actions.audit import audit
from annotations.models import Role
from annotations.rules import require
from project.broker import send
from project.errors import Conflict
from training import tasks
from training.jobs.news import publish_evaluation
from training.models import Evaluation, RunState
from training.queries.versions import lacks_fast_way


class EvaluationNotFailed(Conflict):
    """The measurement is under way, or done and lacks nothing."""

    code: ClassVar[str] = "evaluation_not_failed"


@transaction.atomic
def repeat_evaluation(*, user: Any, evaluation: Evaluation) -> Evaluation:
    """Measure a version again where that failed, or where drafts are fast and that is unmeasured.

    Raises NotFound, NotAllowed, EvaluationNotFailed.
    """
    version = evaluation.version
    require(user, version.project, Role.REVIEWER)
    # Of two who ask at once, one queues it.
    wanted = Q(state__in=RunState.repeatable_states())
    if lacks_fast_way(evaluation):
        wanted |= Q(state=RunState.FINISHED)
    rows = Evaluation.objects.filter(wanted, pk=evaluation.pk)
    updated = rows.update(**Evaluation.queued_anew())
    if updated != 1:
        raise EvaluationNotFailed(
            "Only a measurement that failed, or one from before fast drafts were switched on, can "
            "be repeated."
        )
    evaluation.refresh_from_db()
    audit(user=user, project=version.project, verb="repeat_evaluation", target=evaluation)
    publish_evaluation(evaluation)
    send(tasks.evaluate, str(evaluation.pk), queue=tasks.predict_queue(version.engine))
    return evaluation
