"""Large images are predicted in parts: once each, whoever makes them, and put together as one."""

from __future__ import annotations

from datetime import timedelta

import numpy as np
import pytest
from django.utils import timezone
from skimage.draw import polygon2mask

from annotations.models import Image, Instance, InstanceState, Purpose
from annotations.queries.labels import layer_label_image
from project import garbage, leases
from project.storage import blob_path, has_blob, scratch_dir
from tests.drawing import draw_blobs
from tests.project.test_garbage import make_all_old
from tests.training.conftest import JOIN_S
from tests.training.worlds import declare, paint, stored_image, wait_for
from training import tasks
from training.actions.predictions import (
    cancel_prediction,
    cancel_waiting_predictions,
    queue_predictions,
)
from training.actions.runs import queue_run
from training.actions.sets import freeze_training_set
from training.actions.starters import add_starter
from training.engines import registry
from training.jobs.attempt import Interrupted
from training.jobs.looks import look
from training.jobs.region_files import frozen_regions
from training.metrics.matching import match
from training.models import Evaluation, ModelVersion, PredictionPart, PredictionRun, RunState
from training.supervision.details import outlines_in
from training.supervision.warm import warm_child

pytestmark = pytest.mark.django_db(transaction=True)

PART_PX = 700  # parts own 512 x 512


@pytest.fixture
def version(owner, project, world, work_off):
    """A version of the real threshold engine, which has drafted all images."""
    queue_run(user=owner, project=project, engine="threshold")
    work_off()
    return ModelVersion.objects.get()


@pytest.fixture
def odd_version(odd_engine, version):
    """A version whose engine misbehaves on demand."""
    return version


@pytest.fixture
def large(project, settings):
    """An image of nine parts."""
    settings.CYTOLOOP_PART_PX = PART_PX
    return stored_image(project, scattered(1500, 1300)[1], name="large")


def upright(n_t, n_z, height, width):
    """Return (truth, pixels), both (T, Z, H, W): other columns at every time, ids go on."""
    truth, pixels = zip(*(scattered(height, width, seed=t) for t in range(n_t)), strict=True)
    ids = [one + np.uint32(sum(int(t.max()) for t in truth[:i])) * (one > 0) for i, one in
           enumerate(truth)]  # fmt: skip
    deep = (n_t, n_z, height, width)
    return tuple(
        np.broadcast_to(np.stack(one)[:, np.newaxis], deep).copy() for one in (ids, pixels)
    )


@pytest.mark.parametrize(("n_t", "n_z"), [(2, 1), (1, 3), (2, 2)])
def test_large_planes_of_stacks_and_series_are_made_in_parts(
    odd_version, owner, project, settings, work_off, n_t, n_z
):
    settings.CYTOLOOP_PART_PX = PART_PX
    truth, pixels = upright(n_t, n_z, 800, 600)
    image = stored_image(project, pixels[:, np.newaxis], name="large")

    queue_predictions(user=owner, version=odd_version, images=[image.pk])
    work_off()

    row = PredictionRun.objects.get(image=image)
    assert row.state == RunState.FINISHED, row.error_message + row.traceback
    assert not row.parts.exists()
    box = (0, 0, 800, 600)
    found = np.array(
        [[layer_label_image(row.layer, box, t=t, z=z) for z in range(n_z)] for t in range(n_t)]
    )
    assert np.array_equal(found > 0, truth > 0)
    pairs = np.unique(np.stack([found.ravel(), truth.ravel()]), axis=1)
    assert pairs.shape[1] == np.unique(found).size == np.unique(truth).size
    rows = list(row.layer.instances.order_by("instance_id"))
    assert [one.instance_id for one in rows] == list(range(1, row.n_instances + 1))
    assert {one.depth for one in rows} == {n_z}


def test_a_deep_region_of_large_planes_is_measured_as_linked_objects(
    odd_version, owner, project, settings, work_off
):
    settings.CYTOLOOP_PART_PX = PART_PX
    truth, pixels = upright(1, 3, 800, 600)
    image = stored_image(project, pixels[:, np.newaxis], name="large")
    corner = truth[0].copy()
    corner[:, 260:], corner[:, :, 260:] = 0, 0
    ids = np.unique(corner)
    paint(owner, image, np.searchsorted(ids, corner).astype(np.uint32))
    declare(owner, image, box=(0, 0, 200, 210), purpose=Purpose.BLIND_VALIDATION, depth=3)

    queue_run(user=owner, project=project, engine="threshold")
    work_off()

    evaluation = Evaluation.objects.get(version__number=2)
    assert evaluation.state == RunState.FINISHED, evaluation.error_message + evaluation.traceback
    (scores,) = [one for one in evaluation.per_image if one["name"] == "large"]
    assert scores["n_truth"] > 3
    assert scores["ap"]["0.9"] == 1.0


@pytest.fixture
def news(monkeypatch):
    heard = []
    monkeypatch.setattr("training.jobs.news.publish", lambda channel, event: heard.append(event))
    return heard


def scattered(height, width, seed=0):
    """Return (truth, image) of blobs: a drawn tile again and again, which is quick to draw."""
    truth, pixels = draw_blobs(256, 256, n=24, radius=(7, 12), seed=seed)
    rows, cols = -(-height // 256), -(-width // 256)
    n = int(truth.max())
    tiles = np.arange(rows * cols, dtype=np.uint32).reshape(rows, cols)
    whole = np.tile(truth, (rows, cols))
    whole = np.where(whole > 0, whole + n * tiles.repeat(256, 0).repeat(256, 1), 0)
    noise = np.random.default_rng(seed).integers(0, 3, whole.shape, np.uint8)
    return whole[:height, :width], (np.tile(np.minimum(pixels, 250), (rows, cols)) + noise)[
        :height, :width
    ]


def drawn(prediction):
    image = prediction.image
    return layer_label_image(prediction.layer, (0, 0, image.height, image.width))


def prediction_of(image):
    return PredictionRun.objects.select_related("layer", "image").get(image=image)


def predicted(owner, version, image, work_off, **wanted):
    queue_predictions(user=owner, version=version, images=[image.pk], **wanted)
    work_off()
    row = prediction_of(image)
    assert row.state == RunState.FINISHED, row.error_message or row.traceback
    return row


def make_parts(prediction, n):
    """Make some parts as other workers do, after their holder has laid them out."""
    for _ in range(n):
        part = PredictionPart.objects.filter(prediction=prediction, state=RunState.QUEUED).first()
        tasks.predict_part.fn(str(part.pk))


def test_a_large_image_has_the_objects_of_one_piece_each_once(
    version, owner, project, work_off, settings, news
):
    truth, pixels = scattered(1500, 1300)
    settings.CYTOLOOP_PART_PX = 4096
    whole = predicted(owner, version, stored_image(project, pixels, name="whole"), work_off)
    assert not any("part" in one.get("progress", {}) for one in news)
    settings.CYTOLOOP_PART_PX = PART_PX
    parts = predicted(owner, version, stored_image(project, pixels, name="cut"), work_off)

    one, cut = drawn(whole), drawn(parts)
    found = match(one, cut, thresholds=[0.9]).counts[0.9]
    assert whole.n_instances > 0.95 * len(np.unique(truth))
    assert found.tp >= 0.99 * whole.n_instances
    assert found.fp <= 0.01 * whole.n_instances
    check_rows(parts, cut)
    told = [one["progress"] for one in news if one.get("progress", {}).get("stage") == "parts"]
    assert [one["part"] for one in told] == sorted(one["part"] for one in told)
    assert {(one["part"], one["of"]) for one in told} == {(k, 9) for k in range(10)}
    assert not PredictionPart.objects.exists(), "they are put together"
    left = {path.name.split("-")[0] for path in scratch_dir().iterdir()}
    assert left == {"checkpoint"}


def check_rows(prediction, label_image):
    """Compare the rows of a draft's objects with its pixels."""
    rows = list(Instance.objects.filter(layer=prediction.layer).order_by("instance_id"))
    assert [row.instance_id for row in rows] == np.unique(label_image)[1:].tolist()
    assert len(rows) == prediction.n_instances
    for row in rows:
        box = (slice(row.row0, row.row1), slice(row.col0, row.col1))
        mine = label_image[box] == row.instance_id
        assert np.count_nonzero(mine) == row.area_px
        assert mine[0].any()
        assert mine[-1].any()
        assert mine[:, 0].any()
        assert mine[:, -1].any()
        assert row.score is not None
        assert row.state == InstanceState.PROPOSED
    assert np.count_nonzero(label_image) == sum(row.area_px for row in rows)


def test_a_draft_in_parts_that_comes_out_the_same_stays_with_what_people_decided(
    version, owner, large, work_off
):
    before = predicted(owner, version, large, work_off)
    Instance.objects.filter(layer=before.layer, instance_id=1).update(state=InstanceState.REJECTED)
    PredictionRun.objects.filter(pk=before.pk).update(state=RunState.CANCELLED)

    after = predicted(owner, version, large, work_off)

    assert after.layer_id == before.layer_id
    assert Instance.objects.get(layer=after.layer, instance_id=1).state == InstanceState.REJECTED


def test_an_image_of_which_maps_are_kept_is_predicted_in_one_piece(
    version, owner, large, work_off, news
):
    row = predicted(owner, version, large, work_off, keep_maps=True)

    assert not any("part" in one.get("progress", {}) for one in news)
    with np.load(blob_path(row.details_digest)) as maps:
        assert set(maps) == set(registry.spec("threshold").produces)
        assert all(plane.shape == (large.height, large.width) for plane in maps.values())


def test_fast_drafts_of_large_images_are_fast_in_each_part(odd_version, owner, large, work_off):
    exact = predicted(owner, odd_version, large, work_off)
    n_exact = exact.n_instances
    odd_version.project.fast_drafts = True
    odd_version.project.save()
    PredictionRun.objects.filter(pk=exact.pk).update(state=RunState.FAILED)

    fast = predicted(owner, odd_version, large, work_off)

    assert fast.fast
    assert fast.layer.name.endswith("fast")
    assert n_exact - 9 <= fast.n_instances < n_exact, "each part forgot its largest object"


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
        patch.setattr("training.jobs.parts.merge", refuse)
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


def refuse(*arguments, **options):
    raise OSError("not now")


def test_parts_are_laid_out_anew_when_they_are_to_be_others(
    odd_engine, odd_version, owner, large, work_off, monkeypatch, settings, tmp_path
):
    queue_predictions(user=owner, version=odd_version, images=[large.pk])
    with monkeypatch.context() as patch:
        patch.setattr("training.jobs.parts.merge", refuse)
        work_off()
    settings.CYTOLOOP_PART_PX = 1300
    odd_engine(seen=str(tmp_path / "seen"))

    predicted(owner, odd_version, large, work_off)

    assert len((tmp_path / "seen").read_text().split()) == 4


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
    queue_predictions(user=owner, version=odd_version, images=[large.pk])
    working = in_background(lambda: tasks.predict.fn("threshold"))
    wait_for(PredictionPart.objects.filter(state=RunState.RUNNING).first)
    wait_for(lambda: warm_child("threshold").pid)

    cancel_prediction(user=owner, prediction=prediction_of(large))
    working.join(JOIN_S)

    assert not working.is_alive()
    assert prediction_of(large).state == RunState.CANCELLED
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


def test_a_message_about_a_part_that_is_no_more_does_nothing(odd_version, owner, large, work_off):
    queue_predictions(user=owner, version=odd_version, images=[large.pk])
    work_off()

    tasks.predict_part.fn("7b0c5a4e-0000-4000-8000-000000000000")

    assert prediction_of(large).state == RunState.FINISHED


def test_a_version_is_measured_on_a_large_image_by_looking_at_its_regions_alone(
    odd_version, owner, project, settings, monkeypatch
):
    truth, pixels = draw_blobs(420, 380, n=50, radius=(7, 12), seed=77)
    image = stored_image(project, pixels, name="measured")
    paint(owner, image, truth)
    boxes = [(40, 30, 200, 180), (230, 150, 400, 330)]
    for box in boxes:
        declare(owner, image, box=box, purpose=Purpose.BLIND_VALIDATION)
    frozen = frozen_regions(freeze_training_set(user=owner, project=project), {"validation"})
    regions = [one for one in frozen if one.image["id"] == str(image.pk)]
    whole = list(look(odd_version, image, regions, None))

    settings.CYTOLOOP_PART_PX = 100
    monkeypatch.setattr("training.jobs.looks.segment_image", refuse)
    alone = list(look(odd_version, image, regions, None))

    assert sorted(one.frozen.box for one in alone) == boxes
    for one, other in zip(whole, alone, strict=True):
        found = match(one.inside(), other.inside(), thresholds=[0.9]).counts[0.9]
        assert found.tp >= 5
        assert (found.fp, found.fn) == (0, 0)
        assert one.match().counts[0.5] == other.match().counts[0.5]


@pytest.fixture
def laid_out(odd_version, owner, large, monkeypatch):
    """A prediction whose parts wait, as when its holder has just been stopped."""
    queue_predictions(user=owner, version=odd_version, images=[large.pk])
    with monkeypatch.context() as patch:
        patch.setattr("training.jobs.parts.make_next", stop)
        tasks.predict.fn("threshold")
    return prediction_of(large)


def stop(*arguments, **options):
    raise Interrupted


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


@pytest.mark.parametrize(
    "engine",
    [
        pytest.param("stardist", marks=pytest.mark.stardist),
        pytest.param("cellpose", marks=pytest.mark.cellpose),
    ],
)
def test_networks_draw_a_large_image_in_parts_as_in_one_piece(
    owner, project, work_off, settings, engine
):
    truth, pixels = scattered(1400, 1200, seed=3)
    whole_image = stored_image(project, pixels, name="whole")
    add_starter(user=owner, project=project, name=f"nuclei-fluorescence-{engine}")
    work_off()
    whole = prediction_of(whole_image)
    assert whole.state == RunState.FINISHED, whole.error_message
    settings.CYTOLOOP_PART_PX = 900
    parts = predicted(
        owner, ModelVersion.objects.get(), stored_image(project, pixels, name="cut"), work_off
    )

    cut = drawn(parts)
    found = match(drawn(whole), cut, thresholds=[0.9]).counts[0.9]
    assert found.tp >= 0.99 * whole.n_instances > 0.9 * len(np.unique(truth))
    check_rows(parts, cut)
    if engine != "stardist":
        return  # it draws no outlines
    with blob_path(parts.details_digest).open("rb") as file:
        outlines = list(outlines_in(file))
    assert len(outlines) == parts.n_instances
    for number in np.random.default_rng(0).choice(len(outlines), 60, replace=False):
        inside = polygon2mask(truth.shape, outlines[number])
        both = inside & (cut == number + 1)
        assert both.sum() > 0.9 * (inside | (cut == number + 1)).sum()
