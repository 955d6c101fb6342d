"""The tasks of training: ids in, one job, and what it leads to.

The chain of a round can be read here: train → drafts of what people look at → how good is it →
drafts of all other images → what to paint next. Every task names its queue, retries, time limit
and priority. Retries are 0 because the row counts its own attempts; time limits are infinite
because an exception cannot stop native code: the job stops its child process instead.
"""

from __future__ import annotations

from typing import Any

import dramatiq
from django.db.models import Q

from project import garbage
from project.broker import send
from project.leases import register_for_reaping
from project.worker import n_serving
from training.jobs.adopt import adopt as adopt_job
from training.jobs.checkpoints import remove_ended_run_folders, remove_run_folder
from training.jobs.evaluate import evaluate as evaluate_job
from training.jobs.news import publish_run_by_id
from training.jobs.parts import make_part, stop_parts
from training.jobs.pauses import pause_if_asked
from training.jobs.predict import predict as predict_job
from training.jobs.prompts import answer_question as answer_question_job
from training.jobs.register import FollowUp
from training.jobs.suggestions import due_selections
from training.jobs.suggestions import select_regions as select_regions_job
from training.jobs.train import train as train_job
from training.models import (
    Evaluation,
    PredictionPart,
    PredictionRun,
    RunState,
    Selection,
    TrainingRun,
    TrainingSet,
    VersionUpload,
)
from training.queries.parts import open_parts
from training.queries.predictions import next_prediction
from training.queries.queues import engine_of
from training.queries.queues import predict_queue as predict_queue  # others ask us for it
from training.queries.sets import digests_in

NO_LIMIT = float("inf")


def train_queue(engine: str) -> str:
    """Return the queue of an engine's trainings."""
    return f"train.{engine}"


def selection_queue(engine: str) -> str:
    """Return the queue of a selection: that of the engine whose drafts it doubts, if any."""
    return predict_queue(engine) if engine else "default"


@dramatiq.actor(queue_name="default", max_retries=0, time_limit=NO_LIMIT, priority=20)
def train(run_id: str) -> None:
    """Do a training run; then predict, measure, predict the rest."""
    ended = train_job(run_id)
    if ended.again:
        ring_for_run(run_id)
    if ended.made is not None:
        follow_up(ended.made)


@dramatiq.actor(queue_name="default", max_retries=0, time_limit=NO_LIMIT, priority=10)
def evaluate(evaluation_id: str) -> None:
    """Measure a version on held-out regions."""
    if evaluate_job(evaluation_id).again:
        ring_for_evaluation(evaluation_id)


@dramatiq.actor(queue_name="default", max_retries=0, time_limit=NO_LIMIT, priority=0)
def predict(engine: str) -> None:
    """Make the most urgent draft of an engine, and come back while there are more.

    One message after the other instead of one per image: a message could only be taken in the
    order it was sent, while the job takes what is looked at now.
    """
    if predict_job(engine):
        send(predict, engine, queue=predict_queue(engine))
    for selection_id in due_selections(engine):
        ring_for_selection(selection_id)


@dramatiq.actor(queue_name="default", max_retries=0, time_limit=NO_LIMIT, priority=0)
def predict_part(part_id: str) -> None:
    """Make a part of a large image's prediction, and come back while there are more.

    One after the other, so that this worker's other predictions have their turn.
    """
    left = make_part(part_id)
    if left is not None:
        ring_for_part(left)


@dramatiq.actor(queue_name="default", max_retries=0, time_limit=NO_LIMIT, priority=20)
def select_regions(selection_id: str) -> None:
    """Choose the regions worth painting next."""
    if select_regions_job(selection_id).again:
        ring_for_selection(selection_id)


@dramatiq.actor(queue_name="default", max_retries=0, time_limit=NO_LIMIT, priority=10)
def adopt(upload_id: str) -> None:
    """Make a version of an uploaded model; of a starter model, then predict."""
    ended = adopt_job(upload_id)
    if ended.again:
        ring_for_upload(upload_id)
    if ended.made is not None:
        follow_up(ended.made)


@dramatiq.actor(queue_name="default", max_retries=0, time_limit=NO_LIMIT, priority=-10)
def answer_question(fields: dict[str, Any]) -> None:
    """Answer what somebody asks of a model and waits for.

    The message carries the question itself: there is no row that anybody would look for later.
    """
    answer_question_job(fields)


def follow_up(after: FollowUp) -> None:
    """Ring for the drafts of a new version, and for its measuring."""
    if after.n_predictions:
        send(predict, after.engine, queue=predict_queue(after.engine))
    for evaluation_id in after.evaluation_ids:
        ring_for_evaluation(evaluation_id)  # maybe on another engine's queue


def ring_for_run(run_id: Any) -> None:
    """Queue the task of a run again, or pause it when a person asked for that meanwhile."""
    if pause_if_asked(run_id):
        return
    send(train, str(run_id), queue=train_queue(engine_of(TrainingRun, run_id)))


def ring_for_evaluation(evaluation_id: Any) -> None:
    """Queue the task of an evaluation again."""
    queue = predict_queue(engine_of(Evaluation, evaluation_id))
    send(evaluate, str(evaluation_id), queue=queue)


def ring_for_prediction(prediction_id: Any) -> None:
    """Queue the prediction task of an engine, once for all the rows that wait."""
    engine = engine_of(PredictionRun, prediction_id)
    if str(next_prediction(engine)) == str(prediction_id):
        send(predict, engine, queue=predict_queue(engine))


def ring_for_part(part_id: Any) -> None:
    """Queue the task of a part, unless enough wait for each worker of the engine to have one."""
    queue = predict_queue(engine_of(PredictionPart, part_id))
    part = PredictionPart.objects.only("prediction_id").get(pk=part_id)
    first = open_parts(part.prediction_id).values_list("pk", flat=True)[: max(n_serving(queue), 1)]
    if part.pk in list(first):
        send(predict_part, str(part_id), queue=queue)


def ring_for_upload(upload_id: Any) -> None:
    """Queue the task of an uploaded model again."""
    send(adopt, str(upload_id), queue=predict_queue(engine_of(VersionUpload, upload_id)))


def ring_for_selection(selection_id: Any) -> None:
    """Queue the task of a selection again."""
    queue = selection_queue(engine_of(Selection, selection_id))
    send(select_regions, str(selection_id), queue=queue)


def end_lost_run(run_id: Any) -> None:
    """Clean up after a run that no worker brought to an end, and tell its page."""
    remove_run_folder(run_id)
    publish_run_by_id(run_id)


def end_lost_prediction(prediction_id: Any) -> None:
    """Stop the parts of a prediction that no worker brought to an end."""
    stop_parts([prediction_id])


register_for_reaping(TrainingRun, ring_for_run, end_lost_run)
register_for_reaping(VersionUpload, ring_for_upload)
register_for_reaping(Evaluation, ring_for_evaluation)
register_for_reaping(PredictionRun, ring_for_prediction, end_lost_prediction)
register_for_reaping(PredictionPart, ring_for_part)
register_for_reaping(Selection, ring_for_selection)

garbage.register_manifest(TrainingSet, "manifest_digest", digests_in)
# Once its version is made, or refused, nothing reads an uploaded file again.
garbage.register_wanted(
    VersionUpload, "upload_digest", lambda now: Q(state__in=RunState.open_states())
)
garbage.register_wanted(
    PredictionPart,
    "result_digest",
    lambda now: Q(prediction__state__in=RunState.open_states()),
)
garbage.register_tidying(remove_ended_run_folders)
