from __future__ import annotations

import io
import time

import psutil
import pytest

from annotations.actions.images import register_image
from annotations.imaging.pixels import read_region
from annotations.jobs import images as jobs
from annotations.models import Image, ImageState
from project import leases
from project.storage import blob_path, scratch_dir
from project.tile_index import TileFile
from tests.annotations.imaging.files import encoded, malformed_files, ramp
from tests.shared_data import manifest, needs_shared_data, shared_data

pytestmark = pytest.mark.django_db

MAX_S, MAX_MIB = 60, 1024


def uploaded(project, user, name, data):
    return register_image(user=user, project=project, file_name=name, stream=io.BytesIO(data))


def ingested(project, user, name, data):
    image = uploaded(project, user, name, data)
    jobs.ingest_image(image.pk)
    image.refresh_from_db()
    return image


def nothing_is_left_behind():
    children = psutil.Process().children(recursive=True)
    return not list(scratch_dir().iterdir()) and not [
        child for child in children if "ingest_child" in " ".join(child.cmdline())
    ]


def test_an_uploaded_image_becomes_ready(project, annotator):
    image = ingested(project, annotator, "cells.png", encoded(ramp(700, 600), "png"))

    assert (image.state, image.height, image.width) == (ImageState.READY, 700, 600)
    assert (read_region(blob_path(image.pixels_digest))[0] == ramp(700, 600)).all()
    tiles = TileFile(blob_path(image.pyramid_digest))
    assert tiles.tile(0, 0, 1, 1).startswith(b"\xff\xd8")
    tiles.close()
    assert blob_path(image.thumbnail_digest).read_bytes().startswith(b"\xff\xd8")
    assert [(one.kind, one.name) for one in image.layers.all()] == [("annotation", "Annotation")]
    assert nothing_is_left_behind()


def test_the_original_stays_as_it_came(project, annotator):
    data = encoded(ramp(70, 60), "png") + b"<?php a tail ?>"

    image = ingested(project, annotator, "cells.png", data)

    assert blob_path(image.original_digest).read_bytes() == data


def test_a_second_message_changes_nothing(project, annotator):
    image = ingested(project, annotator, "cells.png", encoded(ramp(70, 60), "png"))
    before = Image.objects.values().get(pk=image.pk)

    jobs.ingest_image(image.pk)

    assert Image.objects.values().get(pk=image.pk) == before


def test_a_row_that_someone_else_works_on_is_left_alone(project, annotator):
    image = uploaded(project, annotator, "cells.png", encoded(ramp(70, 60), "png"))
    leases.claim(Image, image.pk)

    jobs.ingest_image(image.pk)

    image.refresh_from_db()
    assert image.state == ImageState.INGESTING


def test_an_image_deleted_meanwhile_leaves_no_files(project, annotator, monkeypatch):
    image = uploaded(project, annotator, "cells.png", encoded(ramp(70, 60), "png"))
    run_reader = jobs.run_reader

    def delete_after(*arguments):
        result = run_reader(*arguments)
        Image.objects.filter(pk=image.pk).delete()
        return result

    monkeypatch.setattr(jobs, "run_reader", delete_after)
    jobs.ingest_image(image.pk)

    stored = blob_path(image.original_digest).parents[1].rglob("*")
    assert [path.name for path in stored if path.is_file()] == [image.original_digest]


def test_a_reading_that_takes_too_long_is_stopped(project, annotator, settings):
    settings.CYTOLOOP_INGEST_TIMEOUT_S = 0

    image = ingested(project, annotator, "cells.png", encoded(ramp(70, 60), "png"))

    assert image.state == ImageState.FAILED
    assert "too long" in image.error_message
    assert nothing_is_left_behind()


def test_a_reader_without_enough_memory_ends_with_a_sentence(project, annotator, settings):
    settings.CYTOLOOP_INGEST_MAX_MIB = 60

    image = ingested(project, annotator, "cells.png", encoded(ramp(70, 60), "png"))

    assert image.state == ImageState.FAILED
    assert "memory" in image.error_message


@pytest.mark.parametrize("name", malformed_files())
def test_a_malformed_file_ends_as_a_failed_image(project, annotator, name):
    image = ingested(project, annotator, name, malformed_files()[name])

    assert (image.state, image.lease) == (ImageState.FAILED, None)
    assert image.error_message.endswith(".")
    assert nothing_is_left_behind()


def must_fail(entry):
    """Tell whether the list demands a refusal of the file as an image.

    Masks are images as well; whether they are labels is decided where labels are imported.
    """
    return entry["expect"].split(":")[0].split(" (")[0] in ("reject", "reject by pixel count") and (
        "mask_" not in entry["file"]
    )


@needs_shared_data
@pytest.mark.parametrize("entry", manifest()["bad"], ids=lambda entry: entry["file"])
def test_every_shared_bad_file_is_harmless(project, annotator, entry, monkeypatch):
    path = shared_data() / entry["file"]
    most = watch_memory(monkeypatch)
    started = time.monotonic()

    image = ingested(project, annotator, path.name, path.read_bytes())

    assert time.monotonic() - started < MAX_S
    assert max(most, default=0) < MAX_MIB
    assert nothing_is_left_behind()
    assert image.state in {ImageState.FAILED, ImageState.READY}
    if must_fail(entry):
        assert image.state == ImageState.FAILED
    if image.state == ImageState.FAILED:
        assert image.error_message.endswith(".")
        assert image.error_code in {"image_unreadable", "image_too_large"}


def watch_memory(monkeypatch):
    """Return a list that gets the child's peak resident memory in MiB."""
    import resource

    peaks = []
    run_child = jobs.run_child

    def watched(*arguments, **options):
        end = run_child(*arguments, **options)
        # The largest child of this process so far: an upper bound for this one.
        peaks.append(resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss / 1024)
        return end

    monkeypatch.setattr(jobs, "run_child", watched)
    return peaks
