"""import_images and import_labels as scripts call them: real files, real reading."""

from __future__ import annotations

import contextlib
import json

import numpy as np
import pytest
import tifffile
from django.core.management import CommandError, call_command

from annotations.jobs.images import ingest_image
from annotations.management.commands import import_images
from annotations.models import Image, ImageState, LabelLayer, Membership, Project
from tests.documented import keys_of, parts_of
from tests.drawing import draw_blobs
from tests.terminal import run

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def reads_in_this_process(monkeypatch):
    """Read the images in the test itself, while the command waits for a worker."""

    def work(seconds):
        for image in Image.objects.filter(state=ImageState.QUEUED):
            ingest_image(image.pk)

    monkeypatch.setattr("project.headless.own_workers", lambda queues: contextlib.nullcontext())
    monkeypatch.setattr(import_images.time, "sleep", work)


@pytest.fixture
def folder(tmp_path):
    """Two images of cells, and beside them what is no image."""
    place = tmp_path / "images"
    place.mkdir()
    for k in range(2):
        _, pixels = draw_blobs(90, 120, n=5, radius=(7, 12), seed=k)
        tifffile.imwrite(place / f"cells_{k}.tif", pixels)
    (place / "notes.txt").write_text("not an image")
    (place / ".hidden.tif").write_bytes(b"II*\0")
    (place / "folder.tif").mkdir()
    return place


@pytest.fixture
def labels(tmp_path, folder):
    """Labels of both images: one as TIFF with 32 bit, one as TIFF with 8."""
    place = tmp_path / "labels"
    place.mkdir()
    for k, dtype in enumerate((np.uint32, np.uint8)):
        truth, _ = draw_blobs(90, 120, n=5, radius=(7, 12), seed=k)
        tifffile.imwrite(place / f"cells_{k}.tif", truth.astype(dtype))
    return place


# --- images ------------------------------------------------------------------------------------


def test_a_folder_becomes_images_of_a_new_project(folder):
    code, out, err = run(
        "import_images", folder, "--project", "Cells", "--tag", "DAPI", "--tag", "day 3", "--json"
    )

    assert (code, err) == (0, "")
    result = json.loads(out)
    assert set(result) == keys_of("import_images")
    assert set(result["images"][0]) == parts_of("import_images", "images")
    assert (result["n_imported"], result["n_skipped"]) == (2, 0)
    project = Project.objects.get(name="Cells")
    assert result["project_id"] == str(project.pk)
    assert [
        (i.name, i.state, i.height, i.width, i.tags) for i in project.images.order_by("name")
    ] == [(f"cells_{k}.tif", "ready", 90, 120, ["DAPI", "day 3"]) for k in range(2)]
    assert Membership.objects.get(project=project).user.is_superuser, "the site's owner has it"


def test_what_is_there_already_is_skipped(folder):
    run("import_images", folder, "--project", "Cells")
    (folder / "copy.tif").write_bytes((folder / "cells_0.tif").read_bytes())

    code, out, err = run("import_images", folder, "--project", "Cells", "--json")

    assert (code, err) == (0, "")
    result = json.loads(out)
    assert (result["n_imported"], result["n_skipped"]) == (0, 3)
    assert set(result["skipped"][0]) == parts_of("import_images", "skipped")
    assert Image.objects.count() == 2


def test_the_same_files_may_go_into_two_projects(folder):
    for name in ("Cells", "Others"):
        assert run("import_images", folder, "--project", name)[0] == 0

    assert Image.objects.count() == 4


def test_it_goes_into_the_project_there_is_in_its_owners_name(folder, project, owner):
    run("import_images", folder, "--project", project.name)

    assert {image.created_by for image in project.images.all()} == {owner}


def test_bad_files_fail_the_command_and_the_others_are_in(folder):
    (folder / "broken.tif").write_bytes(b"II*\0 no image at all")
    (folder / "empty.png").touch()

    code, out, err = run("import_images", folder, "--project", "Cells", "--json")

    assert code == 1
    assert err.splitlines()[0] == "2 of 4 files could not be read, 2 are in."
    assert "broken.tif: " in err
    assert "empty.png: " in err
    said = json.loads(out)
    assert set(said) == {"code", "message", "data"}
    assert said["code"] == "some_images_failed"
    assert sorted(one["file"] for one in said["data"]["failed"]) == ["broken.tif", "empty.png"]
    assert all(one["code"] and one["message"].endswith(".") for one in said["data"]["failed"])
    assert [one["name"] for one in said["data"]["images"]] == ["cells_0.tif", "cells_1.tif"]


def test_what_could_not_be_read_is_read_again_and_named_again(folder):
    (folder / "broken.tif").write_bytes(b"II*\0 no image at all")
    run("import_images", folder, "--project", "Cells")

    code, out, _ = run("import_images", folder, "--project", "Cells", "--json")

    assert code == 1
    said = json.loads(out)
    assert [one["file"] for one in said["data"]["failed"]] == ["broken.tif"]
    assert len(said["data"]["skipped"]) == 2

    # The machine's fault, not the file's: the second time it works.
    Image.objects.update(state=ImageState.FAILED, error_message="No memory.")
    (folder / "broken.tif").unlink()
    assert run("import_images", folder, "--project", "Cells")[0] == 0
    assert Image.objects.filter(state=ImageState.READY).count() == 2


def test_what_others_have_just_queued_is_waited_for(folder):
    run("import_images", folder, "--project", "Cells")
    Image.objects.update(state=ImageState.QUEUED, attempt=0)

    assert run("import_images", folder, "--project", "Cells")[0] == 0
    assert {image.state for image in Image.objects.all()} == {ImageState.READY}


def test_people_get_a_sentence(folder):
    assert run("import_images", folder, "--project", "Cells")[1].strip() == "2 images are in Cells."
    again = run("import_images", folder, "--project", "Cells")[1].strip()
    assert again == "0 images are in Cells; 2 were there already."


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ("no folder", "There is no folder"),
        ("no images", "There are no image files"),
        ("no owner", "has no owner"),
        ("long tag", "tags of 64 letters"),
    ],
)
def test_a_mistake_is_one_sentence(folder, project, change, words):
    name, more = "Cells", []
    if change == "no folder":
        folder = folder / "nowhere"
    elif change == "no images":
        for path in folder.glob("cells*.tif"):
            path.unlink()
    elif change == "no owner":
        name = project.name
    else:
        more = ["--tag", "x" * 65]

    code, out, err = run("import_images", folder, "--project", name, *more)

    assert (code, out) == (1, "")
    assert words in err
    assert not Image.objects.exists()


@pytest.mark.parametrize("command", ["import_images", "import_labels"])
def test_a_project_must_be_named(folder, command):
    with pytest.raises(CommandError, match="--project"):
        call_command(command, str(folder))


# --- labels ------------------------------------------------------------------------------------


def imported_labels(labels, *more, name="Cells"):
    return run("import_labels", labels, "--project", name, "--split", "train", *more)


@pytest.fixture
def imported(folder):
    run("import_images", folder, "--project", "Cells")
    return Project.objects.get(name="Cells")


def test_labels_find_their_images_by_the_stem(imported, labels):
    code, out, err = imported_labels(labels, "--json")

    assert (code, err) == (0, "")
    result = json.loads(out)
    assert set(result) == keys_of("import_labels")
    assert set(result["images"][0]) == parts_of("import_labels", "images")
    assert [one["n_instances"] for one in result["images"]] == [5, 5]
    assert set(imported.images.values_list("split", flat=True)) == {"train"}
    assert set(LabelLayer.objects.values_list("seq", flat=True)) == {1}


def test_the_same_labels_again_change_nothing(imported, labels):
    imported_labels(labels)

    code, out, _ = imported_labels(labels, "--json")

    assert code == 0
    assert [one["is_new"] for one in json.loads(out)["images"]] == [False, False]
    assert set(LabelLayer.objects.values_list("seq", flat=True)) == {1}


@pytest.mark.parametrize(
    ("bad", "words"),
    [
        ("other size", "The label image has 5 rows and 7 columns, its image has 90 and 120"),
        ("no image", "The project has no image of this name."),
        ("cut off", "damaged"),
        ("a photograph", "neither TIFF nor PNG"),
        ("broken numbers", "whole number"),
    ],
)
def test_a_bad_label_file_is_named_and_the_others_are_in(imported, labels, bad, words):
    place = labels / "cells_0.tif"
    if bad == "other size":
        tifffile.imwrite(place, np.zeros((5, 7), np.uint8))
    elif bad == "no image":
        place.rename(labels / "cells_9.tif")
    elif bad == "cut off":
        place.write_bytes(place.read_bytes()[:200])
    elif bad == "a photograph":
        place.write_bytes(b"BM a bitmap")
    else:
        tifffile.imwrite(place, np.full((90, 120), 1.5, np.float32))

    code, out, err = imported_labels(labels, "--json")

    assert code == 1
    assert err.splitlines()[0] == "1 of 2 label images were not imported, 1 are in."
    said = json.loads(out)
    assert (said["code"], len(said["data"]["images"])) == ("some_labels_failed", 1)
    assert set(said["data"]["failed"][0]) == {"file", "code", "message"}
    assert words in said["data"]["failed"][0]["message"]


def test_labels_of_two_images_of_one_stem_are_refused(imported, labels):
    Image.objects.filter(name="cells_1.tif").update(name="cells_0.png")

    code, _, err = imported_labels(labels)

    assert code == 1
    assert "cells_0.tif: The project has several images of this name" in err


def test_labels_of_an_image_that_could_not_be_read_say_why(imported, labels):
    Image.objects.filter(name="cells_0.tif").update(
        state=ImageState.FAILED, error_message="It is damaged."
    )

    code, _, err = imported_labels(labels)

    assert code == 1
    assert "cells_0.tif: Its image could not be read: It is damaged." in err


def test_a_split_must_be_one_of_three(imported, labels):
    with pytest.raises(CommandError, match="--split"):
        call_command("import_labels", str(labels), "--project", "Cells", "--split", "none")
