from __future__ import annotations

import io
import json

import numpy as np
import pytest
import tifffile
from django.core.management import call_command

from annotations.actions.label_imports import LabelsThere, import_label_image
from annotations.actions.regions import open_region
from annotations.exchange import label_files
from annotations.labels.label_image import NotALabelImage
from annotations.labels.label_runs import bands_of
from annotations.models import AuditEntry, Split
from annotations.queries.labels import region_labels, region_volume
from project.errors import NotAllowed
from tests.annotations.painting import check_in_step, paint_box, picture
from tests.drawing import draw_blobs
from tests.factories import ImageFactory

LABELS, _ = draw_blobs(700, 900, n=30)


def imported(user, image, label_image=LABELS, split=Split.TRAIN):
    return import_label_image(
        user=user, image=image, bands=bands_of(label_image), split=split, source="a.tif"
    )


def test_an_import_is_a_layer_in_step_and_a_submitted_region(owner, image):
    result = imported(owner, image)

    assert np.array_equal(picture(result.layer), LABELS)
    check_in_step(result.layer)
    image.refresh_from_db()
    assert image.split == "train"
    assert (result.region.state, result.region.purpose) == ("submitted", "training")
    label_image, annotated = region_labels(result.region)
    assert np.array_equal(label_image, LABELS)
    assert annotated.all()
    assert AuditEntry.objects.get(verb="import_label_image").data["n_instances"] == 30


@pytest.mark.parametrize("split", [Split.VALIDATION, Split.TEST])
def test_labels_for_validation_and_test_are_blind(owner, image, split):
    assert imported(owner, image, split=split).region.purpose == "blind_validation"


def test_ids_become_dense(owner, image):
    result = imported(owner, image, LABELS * np.uint32(1_000_003))

    assert np.array_equal(picture(result.layer), LABELS)
    check_in_step(result.layer)


def test_an_empty_label_image_says_that_there_is_nothing(owner, image):
    result = imported(owner, image, np.zeros((700, 900), np.uint32))

    assert result.n_instances == 0
    assert region_labels(result.region)[1].all()
    assert imported(owner, image, np.zeros((700, 900), np.uint32)).is_new is False


def test_importing_the_same_again_changes_nothing(owner, image):
    first = imported(owner, image)

    again = imported(owner, image)

    assert (again.is_new, again.region) == (False, first.region)
    assert again.layer.ops.count() == 1


def test_other_labels_are_not_overwritten(owner, annotator, image, layer):
    paint_box(annotator, layer, (0, 0, 9, 9))

    with pytest.raises(LabelsThere):
        imported(owner, image)
    assert layer.ops.count() == 1


def test_a_region_that_is_there_is_not_overwritten(owner, image):
    open_region(user=owner, image_id=image.pk, box=(0, 0, 9, 9))

    with pytest.raises(LabelsThere):
        imported(owner, image)
    assert not image.layers.get().ops.exists()


def test_a_viewer_may_not_import(viewer, image):
    with pytest.raises(NotAllowed):
        imported(viewer, image)


def test_more_objects_than_one_op_can_name_are_imported(owner, project):
    image = ImageFactory(project=project, height=300, width=300)
    label_image = np.arange(1, 90_001, dtype=np.uint32).reshape(300, 300)

    result = imported(owner, image, label_image)

    assert result.layer.ops.count() > 1
    check_in_step(result.layer)


def test_a_file_that_is_damaged_near_its_end_leaves_nothing_behind(owner, image):
    file = io.BytesIO()
    tifffile.imwrite(file, LABELS, compression="zlib", rowsperstrip=64)
    file.seek(0)
    with tifffile.TiffFile(file) as written:
        last = written.pages.first.dataoffsets[-1]
    file.seek(last)
    file.write(bytes(20))
    file.seek(0)

    bands = label_files.read_bands(file, size=LABELS.shape)
    with pytest.raises(NotALabelImage, match="damaged"):
        import_label_image(user=owner, image=image, bands=bands, split=Split.TRAIN, source="a.tif")
    assert not image.layers.exists()


@pytest.fixture
def folder(tmp_path, project, owner):
    """A folder with labels for two images of the project."""
    for k, name in enumerate(["one.png", "two.ome.tif"]):
        ImageFactory(project=project, name=name, height=100, width=120)
        label_image, _ = draw_blobs(100, 120, n=5, seed=k)
        tifffile.imwrite(tmp_path / f"{name.split('.')[0]}.tif", label_image.astype(np.uint16))
    return tmp_path


@pytest.fixture
def no_worker(monkeypatch):
    """The images of these tests are ready: no worker has to be started."""
    import contextlib

    from project import headless

    monkeypatch.setattr(headless, "own_workers", lambda queues: contextlib.nullcontext())


def run(folder, project, *more):
    out, err = io.StringIO(), io.StringIO()
    call_command(
        "import_labels",
        str(folder),
        "--project",
        project.name,
        "--split",
        "test",
        *more,
        stdout=out,
        stderr=err,
    )
    return out.getvalue(), err.getvalue()


def test_the_command_imports_a_folder(folder, project, no_worker):
    out, _ = run(folder, project, "--json")

    result = json.loads(out)
    assert result["n_imported"] == 2
    assert set(project.images.values_list("split", flat=True)) == {"test"}
    assert sum(one["n_instances"] for one in result["images"]) == 10


def test_the_command_says_it_for_people_too(folder, project, no_worker):
    out, _ = run(folder, project)

    assert out.strip() == f"2 label images with 10 objects are in {project.name}."


def test_a_bad_file_fails_the_command_and_the_others_are_in(folder, project, no_worker):
    tifffile.imwrite(folder / "one.tif", np.zeros((5, 5), np.uint8))
    err = io.StringIO()

    with pytest.raises(SystemExit) as end:
        call_command(
            "import_labels", str(folder), "--project", project.name, "--split", "test", stderr=err
        )

    assert end.value.code == 1
    assert "1 of 2 label images were not imported, 1 are in." in err.getvalue()
    assert "one.tif: The label image has 5 rows" in err.getvalue()


@pytest.mark.parametrize("change", ["folder", "project", "files", "image"])
def test_what_is_missing_is_said(folder, project, no_worker, tmp_path, change):
    name = project.name
    if change == "folder":
        folder = folder / "nowhere"
    elif change == "project":
        name = "nothing"
    elif change == "files":
        for path in folder.glob("*.tif"):
            path.unlink()
    else:
        (folder / "one.tif").rename(folder / "three.tif")
    err = io.StringIO()

    with pytest.raises(SystemExit):
        call_command("import_labels", str(folder), "--project", name, "--split", "test", stderr=err)

    assert err.getvalue().strip().endswith(".")


def test_labels_of_a_stack_are_one_region_of_all_planes(owner, project):
    image = ImageFactory(project=project, n_z=3, height=90, width=120)
    flat, _ = draw_blobs(90, 120, n=5, radius=(7, 12))
    stack = np.stack([np.where(flat > z, flat, 0) for z in range(3)]) * np.uint32(7)

    result = imported(owner, image, stack)

    assert (result.region.z, result.region.depth) == (0, 3)
    label_image, annotated = region_volume(result.region)
    assert np.array_equal(label_image, stack // 7)
    assert annotated.all()
    rows = result.layer.instances.order_by("instance_id")
    assert [(row.z, row.depth) for row in rows] == [(0, 1), (0, 2), (0, 3), (0, 3), (0, 3)]
    assert [row.area_px for row in rows] == np.bincount(label_image.ravel())[1:].tolist()
    assert [op.z for op in result.layer.ops.order_by("seq")] == [0, 1, 2]
    assert imported(owner, image, stack).is_new is False
    stack[2] = 0
    with pytest.raises(LabelsThere):
        imported(owner, image, stack)
