"""What nobody names goes, what is young or named stays."""

from __future__ import annotations

import json

import pytest

from annotations.actions.images import delete_image
from annotations.actions.regions import open_region, submit_region
from annotations.models import ChunkState, LabelChunk, LayerSnapshot
from project import garbage, storage
from project.garbage import ReferencesUnknown, collect
from tests.annotations.painting import check_in_step, paint_box
from tests.factories import ImageFactory, LayerFactory
from tests.project.garbage.blobs import all_blobs, make_all_old, stored
from training.models import (
    Evaluation,
    Example,
    ModelVersion,
    PredictionPart,
    PredictionRun,
    RunState,
    TrainingRun,
    TrainingSet,
    VersionUpload,
)

pytestmark = pytest.mark.django_db(transaction=True)


def test_an_old_blob_that_nothing_names_goes_and_its_bytes_are_counted():
    digest = stored(b"x" * 1000)

    done = collect()

    assert (done["n_removed"], done["removed_bytes"]) == (1, 1000)
    assert not storage.has_blob(digest)


def test_a_young_blob_stays_its_row_may_not_be_committed_yet():
    digest = stored(age_s=23 * 3600)

    assert collect()["n_young"] == 1
    assert storage.has_blob(digest)


def test_a_blob_that_is_stored_again_is_young_again():
    digest = stored(b"again")
    assert storage.put_bytes(b"again") == digest

    collect()

    assert storage.has_blob(digest)


def test_a_dry_run_counts_the_same_and_removes_nothing():
    stored(b"x" * 1000)

    told, again = collect(dry_run=True), collect(dry_run=True)
    done = collect()

    for one in (told, again):
        assert (one["n_removed"], one["removed_bytes"]) == (1, 1000)
    assert done["n_removed"] == 1


def test_every_kind_of_row_keeps_its_files(project, image, layer):
    columns = garbage.digest_columns()
    names = {f"{model.__name__}.{field}" for model, field in columns}
    assert names == {
        *(f"Image.{kind}_digest" for kind in ("original", "pixels", "pyramid", "thumbnail")),
        *("LabelChunk.digest", "ChunkState.digest", "LayerSnapshot.manifest_digest"),
        *("TrainingSet.manifest_digest", "VersionUpload.upload_digest"),
        *("ModelVersion.checkpoint_digest", "ModelVersion.export_digest"),
        *("Example.picture_digest", "PredictionRun.details_digest"),
        "PredictionPart.result_digest",
    }
    for name in ("original", "pixels", "pyramid", "thumbnail"):
        setattr(image, f"{name}_digest", stored())
    image.save()
    place = {"layer": layer, "cy": 0, "cx": 0, "seq": 1}
    LabelChunk.objects.create(**place, digest=stored(), size_bytes=1)
    ChunkState.objects.create(**place, digest=stored())
    chunk = stored()
    manifest = json.dumps({"chunks": {"0/0/0/0": chunk}}).encode()
    LayerSnapshot.objects.create(layer=layer, seq=1, manifest_digest=stored(manifest))
    gone = stored(), stored(), stored()  # of an image that is no more
    of_set = {
        "images": [{"original": gone[0], "pixels": gone[1], "regions": [{"labels": gone[2]}]}]
    }
    used = TrainingSet.objects.create(
        project=project, number=1, manifest_digest=stored(json.dumps(of_set).encode())
    )
    run = TrainingRun.objects.create(
        project=project, number=1, training_set=used, engine="threshold"
    )
    version = ModelVersion.objects.create(
        project=project,
        number=1,
        engine="threshold",
        run=run,
        origin="scratch",
        checkpoint_digest=stored(),
        size_bytes=1,
        export_digest=stored(),
    )
    measured = Evaluation.objects.create(version=version, training_set=used, split="validation")
    Example.objects.create(evaluation=measured, image=image, picture_digest=stored())
    predicted = PredictionRun.objects.create(version=version, image=image, details_digest=stored())
    part = PredictionPart.objects.create(
        prediction=predicted,
        number=1,
        row0=0,
        col0=0,
        row1=9,
        col1=9,
        overlap_px=0,
        result_digest=stored(),
    )
    waiting = VersionUpload.objects.create(
        project=project, engine="threshold", file_name="a.zip", upload_digest=stored()
    )
    before = all_blobs()
    assert len(before) == 4 + 2 + 2 + 4 + 2 + 1 + 1 + 1 + 1
    nobodys = stored()

    assert collect()["n_removed"] == 1
    assert all_blobs() == before
    assert not storage.has_blob(nobodys)

    VersionUpload.objects.filter(pk=waiting.pk).update(state=RunState.FAILED)
    collect()
    assert before - all_blobs() == {waiting.upload_digest}, "nobody reads it again"

    PredictionRun.objects.filter(pk=predicted.pk).update(state=RunState.FINISHED)
    collect()
    assert before - all_blobs() == {waiting.upload_digest, part.result_digest}


def test_a_deleted_image_takes_labels_and_snapshots_along(annotator, owner, project):
    image = ImageFactory(project=project)
    layer = LayerFactory(image=image)
    other = LayerFactory(image=ImageFactory(project=project))
    for one in (layer, other):
        paint_box(annotator, one, (0, 0, 600, 600))
        region = open_region(
            user=annotator, image_id=one.image_id, box=(0, 0, 700, 900), layer_id=one.pk
        )
        submit_region(user=annotator, region_id=region.pk)
    make_all_old()
    n_blobs = len(all_blobs())
    delete_image(user=owner, image_id=image.pk)

    done = collect()

    # The two pictures are equal, so their chunks are shared: only the manifest goes.
    assert (done["n_removed"], len(all_blobs())) == (1, n_blobs - 1)
    check_in_step(other)
    delete_image(user=owner, image_id=other.image_id)
    collect()
    assert not all_blobs()


def test_a_missing_manifest_is_counted_and_the_rest_goes_on(layer):
    LayerSnapshot.objects.create(layer=layer, seq=1, manifest_digest="0" * 64)
    stored()

    done = collect()

    assert (done["n_manifests_missing"], done["n_removed"]) == (1, 1)


@pytest.mark.parametrize("content", [b"", b"\xff\xfe", b"[]", b'{"chunks": 3}', b"{}"])
def test_a_damaged_manifest_ends_the_collection_before_anything_goes(layer, content):
    digest = stored(b"a")
    LayerSnapshot.objects.create(layer=layer, seq=1, manifest_digest=stored(content))

    with pytest.raises(ReferencesUnknown, match="damaged"):
        collect()

    assert storage.has_blob(digest)
    assert collect_again_works(layer)


def collect_again_works(layer):
    LayerSnapshot.objects.all().delete()
    return collect()["n_removed"] == 2


def test_a_process_that_cannot_read_every_manifest_removes_nothing(monkeypatch):
    garbage.know_the_apps()
    monkeypatch.delitem(garbage._manifests, (TrainingSet, "manifest_digest"))
    digest = stored()

    with pytest.raises(ReferencesUnknown, match="TrainingSet"):
        collect()

    assert storage.has_blob(digest)
