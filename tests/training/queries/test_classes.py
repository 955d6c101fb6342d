from __future__ import annotations

import numpy as np
import pytest

from annotations.actions.classes import update_class
from annotations.models import Purpose
from tests.training.kinds import boxes_image, classes
from training.actions.sets import freeze_training_set
from training.jobs.region_files import frozen_regions, write_region_files
from training.models import ModelVersion
from training.queries.classes import classes_of_version
from training.queries.sets import present_manifest, read_manifest

pytestmark = pytest.mark.django_db

BLIND = Purpose.BLIND_VALIDATION


def told_kinds(entry):
    """Return the kinds that a region's file tells, by the label."""
    with np.load(entry["labels"]) as stored:
        assert set(stored["class_ids"]) <= set(np.unique(stored["label_image"]))
        ids, numbers = stored["class_ids"].tolist(), stored["class_numbers"].tolist()
    return dict(zip(ids, numbers, strict=True))


def test_a_set_lists_the_classes_that_teach_in_the_projects_order(owner, project):
    classes(owner, project, "split", "round", "unused", "long")
    boxes_image(owner, project, ["long", "round", "round", ""])
    boxes_image(owner, project, ["round", "split"], purpose=BLIND, name="blind")

    manifest = present_manifest(project)

    assert manifest["classes"] == ["round", "long"]
    counted = {image["name"]: image["regions"][0]["n_of_class"] for image in manifest["images"]}
    assert counted == {"boxes": {"long": 1, "round": 2}, "blind": {"round": 1, "split": 1}}


def test_a_set_says_nothing_of_classes_where_nobody_does(owner, project, tmp_path):
    classes(owner, project, "round")
    boxes_image(owner, project, ["", "", ""])

    frozen = freeze_training_set(user=owner, project=project)

    manifest = read_manifest(frozen)
    assert "classes" not in manifest
    assert "n_of_class" not in manifest["images"][0]["regions"][0]
    (entry,) = write_region_files(frozen, tmp_path)
    with np.load(entry["labels"]) as stored:
        assert set(stored.files) == {"label_image", "annotated"}


def test_the_files_of_a_set_tell_its_classes_also_after_a_rename(owner, project, tmp_path):
    _, long = classes(owner, project, "round", "long")
    boxes_image(owner, project, ["long", "round", "", "round"])
    frozen = freeze_training_set(user=owner, project=project)
    update_class(user=owner, class_id=long.pk, name="slender")

    (entry,) = write_region_files(frozen, tmp_path)

    assert read_manifest(frozen)["classes"] == ["round", "long"]
    assert told_kinds(entry) == {1: 2, 2: 1, 4: 1}
    assert present_manifest(project)["classes"] == ["round", "slender"]
    again = freeze_training_set(user=owner, project=project)
    assert again != frozen
    (entry,) = write_region_files(again, tmp_path / "again")
    assert told_kinds(entry) == {1: 2, 2: 1, 4: 1}


def test_a_class_that_only_measures_teaches_nothing(owner, project, tmp_path):
    classes(owner, project, "round", "split")
    boxes_image(owner, project, ["round", "round", "round"])
    boxes_image(owner, project, ["round", "split"], purpose=BLIND, name="blind")
    frozen = freeze_training_set(user=owner, project=project)

    found = {entry["split"]: entry for entry in write_region_files(frozen, tmp_path)}

    assert told_kinds(found["validation"]) == {1: 1}
    assert len(list(frozen_regions(frozen, {"validation"}))) == 1


def test_a_version_calls_its_classes_by_todays_names(owner, project):
    _, long = classes(owner, project, "round", "long")
    config = {"classes": ["long", "round", "of elsewhere"]}
    version = ModelVersion.objects.create(
        project=project, number=1, engine="stardist", origin="upload",
        checkpoint_digest="0" * 64, size_bytes=1, config=config,
    )  # fmt: skip
    assert classes_of_version(version) == ["long", "round", "of elsewhere"]

    update_class(user=owner, class_id=long.pk, name="slender")

    assert classes_of_version(version) == ["slender", "round", "of elsewhere"]
    assert classes_of_version(ModelVersion(project=project, config={})) == []
