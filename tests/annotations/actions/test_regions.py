from __future__ import annotations

import uuid

import numpy as np
import pytest

from annotations.actions.drafts import accept_draft, store_prediction
from annotations.actions.regions import (
    RegionNotBlind,
    RegionNotOpen,
    RegionOutOfImage,
    RegionsOverlap,
    change_region,
    delete_region,
    open_region,
    reopen_region,
    submit_region,
)
from annotations.actions.snapshots import freeze
from annotations.models import AuditEntry, Coverage, LayerSnapshot, Purpose, Region, RegionState
from annotations.queries.chunks import snapshot_digests, snapshot_label_image
from annotations.queries.regions import submitted_regions
from project.errors import Conflict, NotAllowed, NotFound, NotReady
from tests.annotations.painting import box_op, new_id, paint_box, picture, send, sent
from tests.factories import ImageFactory

BOX = (0, 0, 300, 300)


def opened(user, image, box=BOX, **kwargs):
    return open_region(user=user, image_id=image.pk, box=box, **kwargs)


def test_a_region_is_opened_on_the_images_annotation_layer(annotator, image):
    region = opened(annotator, image)

    assert (region.state, region.coverage, region.purpose) == ("open", "complete", "training")
    assert region.layer == image.layers.get()
    assert region.opened_by == annotator
    assert AuditEntry.objects.get(verb="open_region").target == str(region.pk)


@pytest.mark.parametrize(
    "box", [(0, 0, 701, 900), (0, 0, 700, 901), (-1, 0, 5, 5), (5, 5, 5, 9), (9, 5, 5, 9)]
)
def test_a_box_that_is_empty_or_leaves_the_image_is_refused(annotator, image, box):
    with pytest.raises(RegionOutOfImage):
        opened(annotator, image, box)


def test_a_plane_that_is_not_there_is_refused(annotator, image):
    with pytest.raises(RegionOutOfImage):
        opened(annotator, image, plane=(0, 1))


def test_an_image_that_is_being_read_has_no_regions(annotator, project):
    image = ImageFactory(project=project, height=None, width=None, state="queued")

    with pytest.raises(NotReady):
        opened(annotator, image)


@pytest.mark.parametrize(("person", "error"), [("viewer", NotAllowed), ("stranger", NotFound)])
def test_who_may_not_open_or_submit(people, person, error, annotator, image):
    region = opened(annotator, image)

    for act in (
        lambda user: opened(user, image, (400, 400, 500, 500)),
        lambda user: change_region(user=user, region_id=region.pk, corners={"row1": 9, "col1": 9}),
        lambda user: submit_region(user=user, region_id=region.pk),
        lambda user: delete_region(user=user, region_id=region.pk),
    ):
        with pytest.raises(error):
            act(people[person])
    submit_region(user=annotator, region_id=region.pk)
    with pytest.raises(error):
        reopen_region(user=people[person], region_id=region.pk)


def test_regions_may_touch_but_not_overlap(annotator, image):
    first = opened(annotator, image)
    opened(annotator, image, (0, 300, 300, 600))

    with pytest.raises(RegionsOverlap) as refusal:
        opened(annotator, image, (299, 0, 500, 300), coverage=Coverage.POSITIVES_ONLY)

    assert refusal.value.data["region"] == str(first.pk)


def test_a_left_out_part_may_lie_over_an_open_region_but_not_over_a_submitted_one(annotator, image):
    region = opened(annotator, image)
    opened(annotator, image, (50, 50, 90, 400), coverage=Coverage.IGNORE)

    submit_region(user=annotator, region_id=region.pk)

    region.refresh_from_db()
    assert region.left_out == [[50, 50, 90, 300]]
    with pytest.raises(RegionsOverlap):
        opened(annotator, image, (200, 0, 210, 10), coverage=Coverage.IGNORE)


def test_an_open_region_can_be_changed_and_a_submitted_one_not(annotator, image):
    region = opened(annotator, image)

    changed = change_region(
        user=annotator,
        region_id=region.pk,
        corners={"row0": 10, "col0": 10, "row1": 400, "col1": 400},
        coverage=Coverage.POSITIVES_ONLY,
    )
    assert (changed.row1, changed.coverage, changed.purpose) == (400, "positives_only", "training")

    submit_region(user=annotator, region_id=region.pk)
    with pytest.raises(RegionNotOpen):
        change_region(user=annotator, region_id=region.pk, corners={"row1": 9})
    with pytest.raises(RegionNotOpen):
        delete_region(user=annotator, region_id=region.pk)


def test_of_two_changes_at_once_none_takes_the_other_back(annotator, image):
    region = opened(annotator, image)

    change_region(user=annotator, region_id=region.pk, corners={"row1": 111})
    change_region(user=annotator, region_id=region.pk, coverage=Coverage.POSITIVES_ONLY)

    region.refresh_from_db()
    assert (region.row1, region.coverage) == (111, "positives_only")


def test_a_change_may_not_make_regions_overlap(annotator, image):
    opened(annotator, image)
    other = opened(annotator, image, (300, 0, 400, 100))

    with pytest.raises(RegionsOverlap):
        change_region(user=annotator, region_id=other.pk, corners={"row0": 200})


def test_submitting_freezes_what_later_strokes_do_not_change(annotator, image, layer):
    paint_box(annotator, layer, (10, 10, 40, 40))
    before = picture(layer)
    region = submit_region(user=annotator, region_id=opened(annotator, image).pk)

    paint_box(annotator, layer, (100, 100, 140, 140))

    assert (region.state, region.submitted_by) == (RegionState.SUBMITTED, annotator)
    assert region.snapshot.seq == 1
    shown = snapshot_label_image(region.snapshot, (0, 0, 700, 900))
    assert np.array_equal(shown, before)
    assert list(submitted_regions(image.project)) == [region]


def test_submitting_twice_is_refused(annotator, image):
    region = opened(annotator, image)
    submit_region(user=annotator, region_id=region.pk)

    with pytest.raises(Conflict):
        submit_region(user=annotator, region_id=region.pk)
    assert LayerSnapshot.objects.count() == 1


def test_two_regions_at_the_same_seq_share_their_snapshot(annotator, image):
    one, two = opened(annotator, image), opened(annotator, image, (300, 0, 400, 400))

    first = submit_region(user=annotator, region_id=one.pk)
    second = submit_region(user=annotator, region_id=two.pk)

    assert first.snapshot == second.snapshot


def test_a_reopened_region_teaches_nothing_until_it_is_submitted_again(annotator, image, layer):
    region = submit_region(user=annotator, region_id=opened(annotator, image).pk)
    old = region.snapshot

    reopen_region(user=annotator, region_id=region.pk)
    assert not submitted_regions(image.project).exists()

    paint_box(annotator, layer, (10, 10, 40, 40))
    again = submit_region(user=annotator, region_id=region.pk)
    assert again.snapshot != old
    assert LayerSnapshot.objects.filter(pk=old.pk).exists()


def test_an_open_region_is_not_reopened(annotator, image):
    with pytest.raises(Conflict):
        reopen_region(user=annotator, region_id=opened(annotator, image).pk)


def test_deleting_a_region_keeps_the_labels(annotator, image, layer):
    paint_box(annotator, layer, (10, 10, 40, 40))
    region = opened(annotator, image)

    delete_region(user=annotator, region_id=region.pk)

    assert not Region.objects.exists()
    assert picture(layer).any()


def test_a_drafted_object_whose_box_only_reaches_in_leaves_a_region_blind(annotator, image, layer):
    thin = np.zeros((700, 900), np.uint32)
    thin[np.arange(100), np.arange(100)] = 1  # a diagonal: its box is a square, it is not
    draft = store_prediction(
        image=image, name="v1", label_image=thin, scores=np.ones(1, np.float32)
    )
    accept_draft(user=annotator, layer_id=layer.pk, draft_id=draft.pk)

    region = opened(annotator, image, (0, 60, 30, 100), purpose=Purpose.BLIND_VALIDATION)

    assert submit_region(user=annotator, region_id=region.pk).state == "submitted"


def test_a_region_with_drafted_objects_is_not_blind(annotator, image, layer):
    label_image = np.zeros((700, 900), np.uint32)
    label_image[50:80, 50:80] = 1
    draft = store_prediction(
        image=image, name="v1", label_image=label_image, scores=np.ones(1, np.float32)
    )
    accept_draft(user=annotator, layer_id=layer.pk, draft_id=draft.pk)

    with pytest.raises(RegionNotBlind):
        opened(annotator, image, purpose=Purpose.BLIND_VALIDATION)
    region = opened(annotator, image)
    with pytest.raises(RegionNotBlind):
        change_region(user=annotator, region_id=region.pk, purpose=Purpose.BLIND_VALIDATION)
    assert opened(annotator, image, (300, 300, 500, 500), purpose=Purpose.BLIND_VALIDATION)


def test_a_snapshot_of_the_same_state_is_the_same_snapshot(annotator, layer):
    paint_box(annotator, layer, (500, 500, 530, 530))

    first = freeze(layer, annotator)

    assert freeze(layer, annotator) == first
    assert sorted(snapshot_digests(first)) == ["0/0/0/0", "0/0/0/1", "0/0/1/0", "0/0/1/1"]


def test_a_region_that_does_not_exist_is_not_found(annotator, project):
    with pytest.raises(NotFound):
        submit_region(user=annotator, region_id=uuid.uuid4())


def prompted(user, layer, box, z=0):
    """Keep what a model found in a box; return the object."""
    instance_id = new_id(user, layer)
    meta = {"prompt": {"by": "v1", "version": None, "point": [0, 0], "box": None}}
    op = box_op(layer, box, instance_id)
    send(user, layer, sent(op, kind="prompt", meta=meta, z=z))
    return instance_id


def test_a_region_with_objects_that_a_model_found_is_not_blind(annotator, image, layer):
    found = prompted(annotator, layer, (50, 50, 80, 80))
    paint_box(annotator, layer, (300, 300, 330, 330))

    with pytest.raises(RegionNotBlind):
        opened(annotator, image, purpose=Purpose.BLIND_VALIDATION)
    # Where somebody went on painting it by hand it is the model's object all the same.
    send(annotator, layer, sent(box_op(layer, (60, 80, 70, 180), found)))
    with pytest.raises(RegionNotBlind):
        opened(annotator, image, (50, 150, 100, 250), purpose=Purpose.BLIND_VALIDATION)
    assert opened(annotator, image, (300, 300, 500, 500), purpose=Purpose.BLIND_VALIDATION)


def test_a_found_object_that_was_taken_back_leaves_a_region_blind(annotator, image, layer):
    found = prompted(annotator, layer, (50, 50, 80, 80))
    send(annotator, layer, sent(box_op(layer, (50, 50, 80, 80), 0), kind="undo"))

    assert not (picture(layer) == found).any()
    assert opened(annotator, image, purpose=Purpose.BLIND_VALIDATION)
