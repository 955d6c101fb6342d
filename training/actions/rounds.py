"""Close a round: what was labelled for the set that is trained on now, and at what cost."""

from __future__ import annotations

from django.utils import timezone

from annotations.models import Project
from annotations.queries.activity import active_seconds
from training.jobs.news import publish_round
from training.models import Round, TrainingSet
from training.queries.numbers import next_number
from training.queries.rounds import (
    began_at,
    labelled_in,
    last_round,
    n_ops_since,
    newest_version,
)
from training.queries.sets import read_manifest


def close_round(project: Project, training_set: TrainingSet) -> Round:
    """Close the open round by the set it led to; a set that was trained on keeps its round.

    Call it in the transaction that queues the run, which holds the lock of the project's row.
    """
    known = Round.objects.filter(training_set=training_set).first()
    if known is not None:
        return known
    last = last_round(project)
    since = last.ended_at if last is not None else None
    labelled = labelled_in(read_manifest(training_set), last)
    now = timezone.now()
    closed = Round.objects.create(
        project=project,
        number=next_number(project, Round),
        training_set=training_set,
        before=newest_version(project),
        began_at=began_at(project, last) or now,
        ended_at=now,
        n_images=labelled.n_images,
        n_regions=labelled.n_regions,
        n_instances=labelled.n_instances,
        n_ops=n_ops_since(project, since),
        active_s=sum(active_seconds(project, since).values()),
    )
    publish_round(closed)
    return closed
