"""A starter model becomes a version by the engine's real child, and drafts the images."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from annotations.imaging.pixels import open_pixels
from annotations.models import LayerKind
from project.storage import blob_path, has_blob
from tests.training.starters import CARD, NAME, starters_dir, threshold_model
from tests.training.worlds import stored_image
from training.actions.runs import queue_run
from training.actions.starters import add_starter
from training.actions.versions import upload_version
from training.models import ModelVersion, PredictionRun, RunState
from training.queries.starters import one_starter, read_starter

__all__ = ["starters_dir", "threshold_model"]
SHIPPED_DIR = Path(__file__).resolve().parents[3] / "training" / "starters"
pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.usefixtures("starters_dir")]


def test_it_becomes_a_version_with_its_card_and_drafts_every_image(
    reviewer, project, world, work_off
):
    upload = add_starter(user=reviewer, project=project, name=NAME)
    done = work_off()

    upload.refresh_from_db()
    assert upload.state == RunState.FINISHED, (upload.error_message, upload.traceback)
    version = upload.version
    assert (version.origin, version.run, version.licence) == (f"starter:{NAME}", None, "MIT")
    assert version.config["starter"] == CARD
    assert version.config["origin"] == version.origin
    assert has_blob(version.export_digest)
    predictions = PredictionRun.objects.filter(version=version)
    assert {prediction.image for prediction in predictions} == set(project.images.all())
    for prediction in predictions:
        assert prediction.state == RunState.FINISHED, prediction.error_message
        assert prediction.layer.kind == LayerKind.PREDICTION
        assert prediction.n_instances > 4
    assert [name for name, *_ in done][:2] == ["adopt", "predict"]


def test_a_project_without_images_just_gets_the_version(reviewer, project, work_off):
    add_starter(user=reviewer, project=project, name=NAME)

    assert [name for name, *_ in work_off()] == ["adopt"]
    assert ModelVersion.objects.get().origin == f"starter:{NAME}"


def test_one_that_left_the_folder_meanwhile_fails_with_a_sentence(
    reviewer, project, work_off, starters_dir
):
    upload = add_starter(user=reviewer, project=project, name=NAME)
    (starters_dir / f"{NAME}.json").unlink()
    work_off()

    upload.refresh_from_db()
    assert upload.state == RunState.FAILED
    assert "There is no starter model" in upload.error_message
    assert not ModelVersion.objects.exists()


def test_a_damaged_file_is_refused_and_nothing_is_left(reviewer, project, work_off, starters_dir):
    (starters_dir / f"{NAME}.zip").write_bytes(b"PK no zip")
    upload = add_starter(user=reviewer, project=project, name=NAME)
    work_off()

    upload.refresh_from_db()
    assert upload.state == RunState.FAILED
    assert upload.error_message.startswith(f"{NAME}.zip cannot be used:")
    assert not ModelVersion.objects.exists()


def test_a_model_from_outside_still_waits_to_be_asked_for_drafts(
    reviewer, project, world, work_off, threshold_model
):
    with threshold_model.open("rb") as stream:
        upload = upload_version(
            user=reviewer,
            project=project,
            engine="threshold",
            stream=stream,
            file_name="model.zip",
            size_bytes=threshold_model.stat().st_size,
        )
    work_off()

    upload.refresh_from_db()
    assert upload.version.origin == "upload"
    assert "starter" not in upload.version.config
    assert not PredictionRun.objects.exists()


SHIPPED = [
    pytest.param(starter.name, marks=getattr(pytest.mark, starter.engine))
    for starter in map(read_starter, sorted(SHIPPED_DIR.glob("*.json")))
]


@pytest.mark.parametrize("name", SHIPPED)
def test_one_that_comes_along_drafts_and_is_trained_further_with_its_tiles(
    settings, reviewer, project, world, work_off, name
):
    settings.CYTOLOOP_STARTERS_DIR = SHIPPED_DIR
    starter = one_starter(name)
    if starter.n_channels == 3:
        colour_all(project)
    upload = add_starter(user=reviewer, project=project, name=name)
    work_off()

    upload.refresh_from_db()
    assert upload.state == RunState.FINISHED, (upload.error_message, upload.traceback)
    predictions = PredictionRun.objects.filter(version=upload.version)
    assert {prediction.state for prediction in predictions} == {RunState.FINISHED}
    tiny = {"steps": 2, "steps_per_epoch": 1, "batch_size": 1, "patch_px": 64, "replay_share": 0.5}
    run = queue_run(
        user=reviewer,
        project=project,
        engine=starter.engine,
        start=f"version:{upload.version.pk}",
        params=tiny,
    )
    work_off()
    run.refresh_from_db()
    assert run.state == RunState.FINISHED, (run.error_message, run.traceback, run.log)
    with np.load(starter.tiles) as tiles:
        assert run.n_replayed == len(tiles.files) // 2
    assert run.version.origin == "version:1"


def colour_all(project):
    """Put pictures of three channels in the place of a project's images."""
    for image in project.images.all():
        with open_pixels(blob_path(image.pixels_digest)) as file:
            grey = file.read(t=0, z=0, channels=(0,), box=(0, 0, image.height, image.width))
        twin = stored_image(project, np.repeat(255 - grey, 3, axis=0))
        image.pixels_digest, image.n_channels = twin.pixels_digest, 3
        image.save()
        twin.delete()
