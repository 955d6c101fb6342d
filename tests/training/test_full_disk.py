"""A data directory on a real file system of a few MiB, and what happens when it is full."""

from __future__ import annotations

import io
import os
import uuid

import numpy as np
import pytest
from django.db import connection

from annotations.actions import uploads
from annotations.actions.images import register_image, retry_image
from annotations.jobs.images import ingest_image
from annotations.labels import envelope
from annotations.models import Image, ImageState, LabelChunk, LabelOp, Upload
from project import storage
from project.errors import StorageFull
from tests.annotations.api.test_uploads import begin
from tests.annotations.api.test_uploads import send as send_piece
from tests.annotations.imaging.files import encoded
from tests.annotations.painting import box_op, check_in_step, new_id, sent
from tests.disks import FILLER, disk_at
from tests.factories import ImageFactory, LayerFactory
from training.actions.predictions import queue_predictions
from training.actions.runs import queue_run
from training.models import ModelVersion, PredictionRun, RunState

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def small_disk(tmp_path, settings):
    """Put the data directory on a disk of its own; call it to leave so many bytes free."""
    with disk_at(tmp_path / "small", "12m") as leave:
        settings.CYTOLOOP_DATA_DIR = tmp_path / "small"
        yield leave


def files():
    """List every file but the filler and the lock, to see that nothing half-made is left."""
    root = storage.blobs_dir().parent
    found = {path.relative_to(root).as_posix() for path in root.rglob("*") if path.is_file()}
    return found - {FILLER, "blobs.lock"}


def test_a_blob_is_stored_whole_or_not_at_all(small_disk):
    small_disk(64 << 10)

    with pytest.raises(StorageFull, match="free some space"):
        storage.put_bytes(os.urandom(1 << 20))
    assert not files()

    small_disk(None)
    digest = storage.put_bytes(b"fits now")
    assert storage.read_blob(digest) == b"fits now"


def test_a_file_is_replaced_whole_or_not_at_all(small_disk, settings):
    path = settings.CYTOLOOP_DATA_DIR / "note.json"
    storage.write_atomically(path, b"old")
    small_disk(64 << 10)

    with pytest.raises(StorageFull):
        storage.write_atomically(path, os.urandom(1 << 20))

    assert path.read_bytes() == b"old"
    assert files() == {"note.json"}


def test_a_stroke_is_answered_507_and_kept_by_the_editor_until_it_fits(
    small_disk, as_person, annotator, project
):
    layer = LayerFactory(image=ImageFactory(project=project))
    stroke = sent(box_op(layer, (0, 0, 600, 600), new_id(annotator, layer)))
    session = uuid.uuid4()
    small_disk(0)

    def post():
        return as_person(annotator).post(
            f"/api/v1/layers/{layer.pk}/ops/",
            envelope.write(session, [stroke]),
            content_type="application/vnd.cytoloop.ops",
        )

    refused = post()
    assert (refused.status_code, refused.json()["code"]) == (507, "storage_full")
    assert "free some space" in refused.json()["message"]
    assert not LabelOp.objects.exists()
    assert not LabelChunk.objects.exists()
    assert not files()

    small_disk(None)
    assert post().status_code == 200
    check_in_step(layer)


def test_an_upload_stops_with_507_and_goes_on_later(
    small_disk, as_person, annotator, project, monkeypatch
):
    monkeypatch.setattr(uploads, "KEEP_FREE_BYTES", 0)
    client = as_person(annotator)
    data = os.urandom(2 << 20)
    place = begin(client, project, len(data))["Location"]
    assert send_piece(client, place, 0, data[: 1 << 20]).status_code == 204
    small_disk(64 << 10)

    answer = send_piece(client, place, 1 << 20, data[1 << 20 :])

    assert (answer.status_code, answer.json()["code"]) == (507, "storage_full")
    assert Upload.objects.get().received_bytes == 1 << 20
    small_disk(None)
    assert client.head(place, headers={"Tus-Resumable": "1.0.0"})["Upload-Offset"] == str(1 << 20)
    done = send_piece(client, place, 1 << 20, data[1 << 20 :])
    assert storage.read_blob(Image.objects.get(pk=done["Cytoloop-Image"]).original_digest) == data


@pytest.mark.parametrize("room", [0, 100 << 10, 900 << 10, 1700 << 10])
def test_reading_an_image_ends_with_the_reason_and_can_be_repeated(
    small_disk, annotator, project, room
):
    noise = np.random.default_rng(0).integers(0, 255, (900, 900), np.uint8)
    image = register_image(
        user=annotator, project=project, file_name="a.png", stream=io.BytesIO(encoded(noise, "png"))
    )
    before = files()
    small_disk(room)

    ingest_image(image.pk)

    image.refresh_from_db()
    assert (image.state, image.error_code) == (ImageState.FAILED, "disk_full"), image.error_message
    assert "Free some space" in image.error_message
    assert image.lease is None
    assert {one for one in files() if "scratch" in one} == set()
    assert before <= files()

    small_disk(None)
    retry_image(user=annotator, image_id=image.pk)
    ingest_image(image.pk)
    image.refresh_from_db()
    assert image.state == ImageState.READY, image.error_message


@pytest.mark.parametrize("room", [0, 8 << 10])
def test_a_training_ends_with_the_reason_and_can_be_repeated(
    small_disk, odd_engine, owner, project, world, work_off, room
):
    run = queue_run(user=owner, project=project, engine="threshold")
    small_disk(room)
    work_off()

    run.refresh_from_db()
    assert (run.state, run.error_code) == (RunState.FAILED, "disk_full"), (
        run.error_message,
        run.traceback,
    )
    assert "free some space" in run.error_message
    assert not ModelVersion.objects.exists()
    assert not {one for one in files() if one.startswith(("runs", "scratch"))}

    small_disk(None)
    again = queue_run(user=owner, project=project, engine="threshold")
    work_off()
    again.refresh_from_db()
    assert again.state == RunState.FINISHED, again.error_message


def test_a_prediction_ends_with_the_reason_and_can_be_repeated(
    small_disk, odd_engine, owner, project, world, work_off
):
    queue_run(user=owner, project=project, engine="threshold")
    work_off()
    version = ModelVersion.objects.get()
    image = world["plain"][0]
    PredictionRun.objects.filter(image=image).update(state=RunState.FAILED)
    small_disk(0)
    queue_predictions(user=owner, version=version, images=[image.pk])
    work_off()

    row = PredictionRun.objects.get(image=image)
    assert (row.state, row.error_code) == (RunState.FAILED, "disk_full"), (
        row.error_message,
        row.traceback,
    )
    assert "free some space and try again" in row.error_message
    assert not {one for one in files() if one.startswith("scratch/prediction")}

    small_disk(None)
    queue_predictions(user=owner, version=version, images=[image.pk])
    work_off()
    row.refresh_from_db()
    assert row.state == RunState.FINISHED


def test_a_full_disk_of_the_database_is_answered_with_the_same_sentence(
    as_person, owner, project, monkeypatch
):
    def out_of_room(*arguments, **options):
        with connection.cursor() as cursor:
            cursor.execute("DO $$ BEGIN RAISE EXCEPTION USING ERRCODE = '53100'; END $$")

    monkeypatch.setattr("annotations.api.projects.create_project", out_of_room)

    answer = as_person(owner).post("/api/v1/projects/", {"name": "x"})

    assert (answer.status_code, answer.json()["code"]) == (507, "storage_full")
