from __future__ import annotations

import hashlib
import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from annotations.actions.regions import reopen_region, submit_region
from annotations.models import AuditEntry, Coverage, Purpose, Split
from project.errors import NotAllowed, NotFound
from project.storage import read_blob
from tests.training.worlds import annotated_image, declare, paint, stored_image
from training.actions.sets import TooFewInstances, freeze_training_set
from training.models import TrainingSet
from training.queries.sets import canonical_json, present_manifest, read_manifest

pytestmark = pytest.mark.django_db


def test_a_set_is_a_manifest_named_by_the_digest_of_its_canonical_form(owner, project, world):
    frozen = freeze_training_set(user=owner, project=project)

    stored = read_blob(frozen.manifest_digest)
    assert hashlib.sha256(stored).hexdigest() == frozen.manifest_digest
    manifest = json.loads(stored)
    assert canonical_json(manifest) == stored
    assert {image["split"] for image in manifest["images"]} == {"train", "validation"}
    region = manifest["images"][0]["regions"][0]
    assert region["box"] == [0, 0, 160, 160]
    assert region["coverage"] == "complete"
    assert len(region["labels"]) == 64
    assert frozen.splits["train"]["images"] == 2
    assert frozen.n_instances == sum(split["instances"] for split in frozen.splits.values())


def test_freezing_twice_gives_the_same_set(owner, project, world):
    first = freeze_training_set(user=owner, project=project)
    again = freeze_training_set(user=owner, project=project)

    assert first == again
    assert TrainingSet.objects.count() == 1


def test_the_manifest_is_reproducible_from_the_rows(owner, project, world):
    frozen = freeze_training_set(user=owner, project=project)

    assert canonical_json(present_manifest(project)) == read_blob(frozen.manifest_digest)


def test_a_reopened_and_corrected_region_makes_a_new_set_and_leaves_the_old_one(
    owner, project, world
):
    first = freeze_training_set(user=owner, project=project)
    before = read_manifest(first)
    region = world["train"][0].regions.get()
    reopen_region(user=owner, region_id=region.pk)
    layer = region.layer
    import uuid

    from annotations.actions.layer_writer import LayerWriter
    from annotations.labels import ops
    from annotations.queries.chunks import layer_label_image

    old = layer_label_image(layer, (0, 0, 160, 160))
    new = old.copy()
    new[old == 1] = 0
    layer.refresh_from_db()
    writer = LayerWriter(layer, owner)
    op = {
        (0, 0): ops.between(_full(old), _full(new)),
    }
    writer.write(op, session=uuid.uuid4(), n=1, kind="erase", plane=(0, 0), meta={}, origins={})
    writer.save()
    submit_region(user=owner, region_id=region.pk)

    second = freeze_training_set(user=owner, project=project)

    assert second.number == 2
    assert second.splits["train"]["instances"] == first.splits["train"]["instances"] - 1
    assert read_manifest(first) == before


def _full(image):
    import numpy as np

    chunk = np.zeros((512, 512), np.uint32)
    chunk[: image.shape[0], : image.shape[1]] = image
    return chunk


def test_too_little_to_learn_from_says_how_much_is_missing(owner, project):
    with pytest.raises(TooFewInstances) as caught:
        freeze_training_set(user=owner, project=project)

    assert (caught.value.data["have"], caught.value.http_status) == (0, 422)
    assert "submit" in caught.value.message
    assert not TrainingSet.objects.exists()


def test_blind_regions_alone_cannot_teach(owner, project):
    annotated_image(owner, project, purpose=Purpose.BLIND_VALIDATION)

    with pytest.raises(TooFewInstances):
        freeze_training_set(user=owner, project=project)


def test_an_image_is_on_one_side_only(owner, project, world):
    from tests.drawing import draw_blobs

    truth, pixels = draw_blobs(160, 160, n=8, radius=(7, 12), seed=9)
    image = stored_image(project, pixels, name="both")
    paint(owner, image, truth)
    declare(owner, image, box=(0, 0, 80, 160))
    declare(owner, image, box=(80, 0, 160, 160), purpose=Purpose.BLIND_VALIDATION)

    manifest = read_manifest(freeze_training_set(user=owner, project=project))

    entry = next(entry for entry in manifest["images"] if entry["name"] == "both")
    assert entry["split"] == "validation"
    assert [region["purpose"] for region in entry["regions"]] == ["blind_validation"]
    assert len(manifest["left_out"]) == 1
    assert "cannot teach" in manifest["left_out"][0]["reason"]


def test_images_of_one_group_stand_on_the_same_side(owner, project, world):
    annotated_image(owner, project, seed=20, name="a", group="slide 1")
    annotated_image(
        owner, project, seed=21, name="b", group="slide 1", purpose=Purpose.BLIND_VALIDATION
    )

    manifest = read_manifest(freeze_training_set(user=owner, project=project))

    names = {image["name"]: image["split"] for image in manifest["images"]}
    assert names["b"] == "validation"
    assert "a" not in names, "its slide is used to measure"


def test_the_images_own_split_wins(owner, project, world):
    annotated_image(
        owner, project, seed=22, name="t", purpose=Purpose.BLIND_VALIDATION, split=Split.TEST
    )

    frozen = freeze_training_set(user=owner, project=project)

    assert frozen.splits["test"]["images"] == 1
    assert frozen.splits["validation"]["images"] == 1


def test_positives_only_regions_teach_but_do_not_measure(owner, project, world):
    from tests.drawing import draw_blobs

    for i, purpose in enumerate([Purpose.TRAINING, Purpose.BLIND_VALIDATION]):
        truth, pixels = draw_blobs(160, 160, n=5, radius=(7, 12), seed=30 + i)
        image = stored_image(project, pixels, name=f"positives {purpose}")
        paint(owner, image, truth)
        declare(owner, image, purpose=purpose, coverage=Coverage.POSITIVES_ONLY)

    manifest = read_manifest(freeze_training_set(user=owner, project=project))

    assert [image["name"] for image in manifest["images"] if "positives" in image["name"]] == [
        "positives training"
    ]
    assert "completely annotated" in manifest["left_out"][0]["reason"]


@pytest.mark.parametrize("who", ["annotator", "viewer"])
def test_members_below_reviewer_may_not_freeze(who, people, project, world):
    with pytest.raises(NotAllowed):
        freeze_training_set(user=people[who], project=project)


def test_a_stranger_cannot_tell_that_the_project_exists(stranger, project, world):
    with pytest.raises(NotFound):
        freeze_training_set(user=stranger, project=project)


def test_freezing_is_audited_once(owner, project, world):
    frozen = freeze_training_set(user=owner, project=project)
    freeze_training_set(user=owner, project=project)

    entry = AuditEntry.objects.get(verb="freeze_training_set")
    assert (entry.target, entry.user) == (str(frozen.pk), owner)


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner, max_size=4),
    max_leaves=15,
)


@given(JSON)
def test_canonical_json_is_stable_and_loses_nothing(document):
    written = canonical_json(document)

    assert json.loads(written) == document
    assert canonical_json(json.loads(written)) == written


@given(st.dictionaries(st.text(), st.integers(), max_size=8), st.randoms())
def test_canonical_json_does_not_depend_on_the_order_of_keys(document, random):
    keys = list(document)
    random.shuffle(keys)

    assert canonical_json({key: document[key] for key in keys}) == canonical_json(document)


def test_an_image_does_not_teach_while_another_one_of_its_slide_measures(owner, project, world):
    teacher, measured = world["train"][0], world["validation"][0]
    for image in (teacher, measured):
        image.group = "slide 7"
        image.save()
    teacher.split = Split.TRAIN  # whatever somebody set
    teacher.save()

    manifest = present_manifest(project)

    splits = {image["name"]: image["split"] for image in manifest["images"]}
    assert teacher.name not in splits
    assert splits[measured.name] == Split.VALIDATION
    assert [entry["region"] for entry in manifest["left_out"]] == [str(teacher.regions.get().pk)]


def test_of_a_group_that_tests_and_validates_the_rest_is_left_to_the_test(owner, project, world):
    images = [world["validation"][0], world["train"][0], world["train"][1]]
    for image, split in zip(images, (Split.NONE, Split.TEST, Split.NONE), strict=True):
        image.group, image.split = "patient 1", split
        image.save()

    manifest = present_manifest(project)

    assert {image["split"] for image in manifest["images"]} <= {Split.VALIDATION, Split.TEST}
