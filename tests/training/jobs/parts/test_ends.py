"""Parts that fail, are cancelled, or wait for another try."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.utils import timezone

from project import garbage, leases
from project.storage import has_blob
from tests.project.garbage.blobs import make_all_old
from tests.training.conftest import JOIN_S
from tests.training.jobs.parts.worlds import cancel_while_made, predicted, prediction_of, refuse
from tests.training.worlds import wait_for
from training import tasks
from training.actions.predictions import (
    cancel_prediction,
    cancel_waiting_predictions,
    queue_predictions,
)
from training.models import PredictionPart, PredictionRun, RunState

pytestmark = pytest.mark.django_db(transaction=True)


def test_a_part_that_kills_its_child_once_is_made_again(
    odd_engine, odd_version, owner, large, work_off, tmp_path
):
    odd_engine(fail="kill", fail_once=str(tmp_path / "was killed"))

    row = predicted(owner, odd_version, large, work_off)

    assert (tmp_path / "was killed").exists()
    assert row.attempt == 1


@pytest.mark.parametrize(
    ("fail", "state", "code", "words"),
    [
        ("kill", RunState.FAILED, "child_crashed", "memory"),
        ("sentence", RunState.FAILED, "data_problem", "larger than the image"),
        ("defect", RunState.ERRORED, "internal_error", "Something went wrong"),
    ],
)
def test_a_part_that_fails_ends_the_prediction_and_what_was_made_is_used_the_next_time(
    odd_engine, odd_version, owner, large, work_off, monkeypatch, tmp_path, fail, state, code, words
):
    queue_predictions(user=owner, version=odd_version, images=[large.pk])
    n_made = 0

    def fail_later():
        nonlocal n_made
        if PredictionPart.objects.filter(state=RunState.FINISHED).count() == 4 and not n_made:
            n_made = 4
            odd_engine(fail=fail)

    monkeypatch.setattr("training.jobs.predict.draw_in_view", lambda engine: fail_later())
    work_off()

    row = prediction_of(large)
    assert (row.state, row.error_code) == (state, code)
    assert words in row.error_message
    assert ("KeyError" in row.traceback) == (fail == "defect")
    states = PredictionPart.objects.values_list("state", flat=True).order_by("number")
    assert list(states) == [RunState.FINISHED] * 4 + [state] + [RunState.CANCELLED] * 4
    odd_engine(seen=str(tmp_path / "seen"))
    predicted(owner, odd_version, large, work_off)
    assert len((tmp_path / "seen").read_text().split()) == 5


def test_parts_whose_files_were_collected_are_made_again(
    odd_engine, odd_version, owner, large, work_off, monkeypatch, tmp_path
):
    queue_predictions(user=owner, version=odd_version, images=[large.pk])
    with monkeypatch.context() as patch:
        patch.setattr("training.jobs.predict.merge", refuse)
        work_off()
    digests = set(PredictionPart.objects.values_list("result_digest", flat=True))
    assert len(digests) == 9
    make_all_old()

    PredictionRun.objects.filter(image=large).update(state=RunState.QUEUED)
    garbage.collect()
    assert all(has_blob(digest) for digest in digests), "the prediction is open"
    PredictionRun.objects.filter(image=large).update(state=RunState.FAILED)
    garbage.collect()
    assert not any(has_blob(digest) for digest in digests)

    odd_engine(seen=str(tmp_path / "seen"))
    predicted(owner, odd_version, large, work_off)
    assert len((tmp_path / "seen").read_text().split()) == 9


def test_parts_are_laid_out_anew_when_they_are_to_be_others(
    odd_engine, odd_version, owner, large, work_off, monkeypatch, settings, tmp_path
):
    queue_predictions(user=owner, version=odd_version, images=[large.pk])
    with monkeypatch.context() as patch:
        patch.setattr("training.jobs.predict.merge", refuse)
        work_off()
    settings.CYTOLOOP_PART_PX = 1300
    odd_engine(seen=str(tmp_path / "seen"))

    predicted(owner, odd_version, large, work_off)

    assert len((tmp_path / "seen").read_text().split()) == 4


def test_a_part_that_no_worker_survives_fails_the_prediction_with_the_sentence(
    odd_version, owner, large, monkeypatch, work_off
):
    queue_predictions(user=owner, version=odd_version, images=[large.pk])

    def lose_one(engine):
        PredictionPart.objects.filter(number=5, state=RunState.QUEUED).update(
            state=RunState.LOST, error_code="worker_lost", error_message="The worker vanished."
        )

    monkeypatch.setattr("training.jobs.predict.draw_in_view", lose_one)
    work_off()

    row = prediction_of(large)
    assert (row.state, row.error_code) == (RunState.FAILED, "worker_lost")


def test_a_cancel_stops_the_part_that_is_being_made(
    odd_engine, odd_version, owner, large, in_background
):
    odd_engine(predict_s=600)

    cancel_while_made(owner, odd_version, large, in_background)

    assert set(PredictionPart.objects.values_list("state", flat=True)) == {RunState.CANCELLED}


def test_a_cancelled_prediction_can_be_asked_for_again(
    odd_engine, odd_version, owner, large, work_off, in_background
):
    odd_engine(predict_s=600)
    queue_predictions(user=owner, version=odd_version, images=[large.pk])
    working = in_background(lambda: tasks.predict.fn("threshold"))
    wait_for(PredictionPart.objects.filter(state=RunState.RUNNING).first)
    cancel_prediction(user=owner, prediction=prediction_of(large))
    working.join(JOIN_S)
    odd_engine()

    predicted(owner, odd_version, large, work_off)


def test_parts_of_a_prediction_that_no_worker_ended_are_stopped(laid_out):
    token = leases.claim(PredictionRun, laid_out.pk)
    expired = {"lease_until": timezone.now() - timedelta(seconds=1), "attempt": 3}
    assert leases.write(PredictionRun, laid_out.pk, token, **expired)

    leases.reap_registered()

    assert prediction_of(laid_out.image).state == RunState.LOST
    assert set(PredictionPart.objects.values_list("state", flat=True)) == {RunState.CANCELLED}


def test_a_waiting_prediction_is_cancelled_with_its_parts(laid_out, owner, project):
    cancel_waiting_predictions(user=owner, project=project)

    assert prediction_of(laid_out.image).state == RunState.CANCELLED
    assert set(PredictionPart.objects.values_list("state", flat=True)) == {RunState.CANCELLED}
