"""Who makes a part: the holder, other workers, whoever is left."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.utils import timezone

from annotations.models import Image
from project import leases
from tests.drawing import draw_blobs
from tests.training.jobs.parts.worlds import make_parts, prediction_of
from tests.training.worlds import stored_image
from training import tasks
from training.actions.predictions import queue_predictions
from training.models import PredictionPart, RunState

pytestmark = pytest.mark.django_db(transaction=True)


def test_an_image_that_somebody_opens_is_drafted_between_two_parts(
    odd_version, owner, project, large, work_off
):
    small = stored_image(project, draw_blobs(128, 128, n=4, radius=(7, 10))[1], name="small")
    now = timezone.now()
    Image.objects.filter(pk=small.pk).update(viewed_at=now - timedelta(minutes=1))
    Image.objects.filter(pk=large.pk).update(viewed_at=now)

    queue_predictions(user=owner, version=odd_version, images=[large.pk, small.pk])
    work_off()

    first, second = prediction_of(large), prediction_of(small)
    assert first.started_at < second.started_at
    assert second.finished_at < first.finished_at


def test_other_workers_make_parts_too_and_none_twice(
    odd_engine, odd_version, owner, large, work_off, monkeypatch, tmp_path
):
    odd_engine(seen=str(tmp_path / "seen"))
    queue_predictions(user=owner, version=odd_version, images=[large.pk])
    n_made = []

    def help_once(engine):
        if not n_made:
            make_parts(prediction_of(large), 3)
            n_made.append(3)

    monkeypatch.setattr("training.jobs.predict.draw_in_view", help_once)
    work_off()

    assert prediction_of(large).state == RunState.FINISHED
    seen = (tmp_path / "seen").read_text().split()
    assert len(seen) == len(set(seen)) == 9


def test_a_part_whose_owner_vanished_is_made_by_whoever_holds_the_prediction(
    odd_version, owner, large, monkeypatch, work_off, settings
):
    queue_predictions(user=owner, version=odd_version, images=[large.pk])
    taken = []

    def take_one(engine):
        if not taken:
            part = PredictionPart.objects.filter(number=5).get()
            taken.append(leases.claim(PredictionPart, part.pk))
            expired = {"lease_until": timezone.now() - timedelta(seconds=1)}
            leases.write(PredictionPart, part.pk, taken[0], **expired)

    monkeypatch.setattr("training.jobs.predict.draw_in_view", take_one)
    work_off()

    assert taken
    assert prediction_of(large).state == RunState.FINISHED


def test_a_message_about_a_part_that_is_no_more_does_nothing(odd_version, owner, large, work_off):
    queue_predictions(user=owner, version=odd_version, images=[large.pk])
    work_off()

    tasks.predict_part.fn("7b0c5a4e-0000-4000-8000-000000000000")

    assert prediction_of(large).state == RunState.FINISHED


def test_a_worker_that_stops_leaves_the_parts_to_others(laid_out, work_off):
    assert (laid_out.state, laid_out.attempt) == (RunState.QUEUED, 0)
    assert set(PredictionPart.objects.values_list("state", flat=True)) == {RunState.QUEUED}

    make_parts(laid_out, 2)
    work_off()

    assert prediction_of(laid_out.image).state == RunState.FINISHED


def test_for_parts_that_wait_long_no_more_messages_are_sent_than_workers_serve(
    laid_out, sent_messages, empty_queue
):
    PredictionPart.objects.update(queued_at=timezone.now() - timedelta(hours=1))
    before = len(sent_messages("predict.threshold"))

    leases.reap_registered()

    new = sent_messages("predict.threshold")[before:]
    assert [name for _, name, _ in new] == ["predict_part"]
