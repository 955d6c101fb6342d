from __future__ import annotations

import uuid

import numpy as np
import pytest

from annotations.actions.drafts import NotADraft, Preserve, accept_draft, decide, store_prediction
from annotations.actions.labels import DraftInBlindRegion
from annotations.labels import ops
from annotations.models import AuditEntry, InstanceState, LayerKind, Purpose
from project.errors import InvalidInput, NotAllowed, NotFound
from tests.annotations.painting import (
    box_op,
    check_in_step,
    new_id,
    op_between,
    paint_box,
    picture,
    send,
    sent,
)
from tests.factories import ImageFactory, RegionFactory


def prediction(image, *boxes, scores=None):
    """Store a draft with the boxes as objects 1, 2, …"""
    label_image = np.zeros((image.height, image.width), np.uint32)
    for i, (row0, col0, row1, col1) in enumerate(boxes, 1):
        label_image[row0:row1, col0:col1] = i
    scores = np.linspace(0.9, 0.5, len(boxes)) if scores is None else np.array(scores)
    return store_prediction(image=image, name="v1", label_image=label_image, scores=scores)


def states(draft):
    return dict(draft.instances.order_by("instance_id").values_list("instance_id", "state"))


A, B, C = (10, 10, 40, 40), (500, 500, 530, 530), (100, 10, 120, 30)


def test_a_prediction_is_stored_as_it_is(image):
    draft = prediction(image, A, B, scores=[0.9, 0.25])

    assert draft.kind == LayerKind.PREDICTION
    assert (picture(draft)[10:40, 10:40] == 1).all()
    assert (picture(draft)[500:530, 500:530] == 2).all()
    rows = list(draft.instances.order_by("instance_id"))
    assert [row.score for row in rows] == [0.9, 0.25]
    assert [row.area_px for row in rows] == [900, 900]
    assert (rows[1].row0, rows[1].col0, rows[1].row1, rows[1].col1) == B
    assert set(states(draft).values()) == {InstanceState.PROPOSED}


def test_a_prediction_without_objects_is_a_draft_too(image):
    assert prediction(image).instances.count() == 0


@pytest.mark.parametrize(
    ("label_image", "scores"),
    [
        (np.zeros((5, 5), np.uint32), []),
        (np.full((700, 900), 2, np.uint32), [0.5, 0.5]),
        (np.full((700, 900), 1, np.uint32), []),
    ],
)
def test_a_prediction_that_does_not_fit_is_refused(image, label_image, scores):
    with pytest.raises(InvalidInput):
        store_prediction(
            image=image, name="v1", label_image=label_image, scores=np.array(scores, np.float32)
        )


def test_a_rejected_object_is_kept_as_a_signal(annotator, image):
    draft = prediction(image, A, B)

    n_changed = decide(
        user=annotator, layer_id=draft.pk, instance_ids=[2], state=InstanceState.REJECTED
    )

    assert n_changed == 1
    assert states(draft) == {1: "proposed", 2: "rejected"}
    entry = AuditEntry.objects.get(verb="decide")
    assert (entry.user, entry.data["instance_ids"]) == (annotator, [2])


def test_deciding_twice_changes_once(annotator, image):
    draft = prediction(image, A)
    decide(user=annotator, layer_id=draft.pk, instance_ids=[1], state=InstanceState.REJECTED)

    assert (
        decide(user=annotator, layer_id=draft.pk, instance_ids=[1], state=InstanceState.REJECTED)
        == 0
    )


def test_only_a_draft_is_decided_about(annotator, layer):
    with pytest.raises(NotADraft):
        decide(user=annotator, layer_id=layer.pk, instance_ids=[1], state=InstanceState.REJECTED)


@pytest.mark.parametrize(("person", "error"), [("viewer", NotAllowed), ("stranger", NotFound)])
def test_who_may_not_decide(people, person, error, image, layer):
    draft = prediction(image, A)

    with pytest.raises(error):
        decide(
            user=people[person],
            layer_id=draft.pk,
            instance_ids=[1],
            state=InstanceState.REJECTED,
        )
    with pytest.raises(error):
        accept_draft(user=people[person], layer_id=layer.pk, draft_id=draft.pk)


def test_accepting_copies_pixels_score_and_origin_in_one_op(annotator, image, layer):
    draft = prediction(image, A, B)

    accepted = accept_draft(user=annotator, layer_id=layer.pk, draft_id=draft.pk)

    assert (accepted.seq, accepted.n_accepted, accepted.n_skipped) == (1, 2, 0)
    assert np.array_equal(picture(layer) > 0, picture(draft) > 0)
    assert layer.ops.get().kind == "accept"
    assert set(states(draft).values()) == {InstanceState.ACCEPTED}
    row = layer.instances.order_by("instance_id").last()
    assert (row.source_layer, row.source_instance_id, row.score) == (draft, 2, 0.5)
    assert (row.state, row.created_by) == (InstanceState.ACCEPTED, annotator)
    check_in_step(layer)


def test_accepting_again_finds_nothing_left(annotator, image, layer):
    draft = prediction(image, A)
    accept_draft(user=annotator, layer_id=layer.pk, draft_id=draft.pk)

    again = accept_draft(user=annotator, layer_id=layer.pk, draft_id=draft.pk)

    assert (again.seq, again.n_accepted) == (1, 0)


def test_only_sure_objects_are_accepted_by_score(annotator, image, layer):
    draft = prediction(image, A, B, C, scores=[0.9, 0.3, 0.8])

    accepted = accept_draft(user=annotator, layer_id=layer.pk, draft_id=draft.pk, min_score=0.8)

    assert accepted.n_accepted == 2
    assert states(draft) == {1: "accepted", 2: "proposed", 3: "accepted"}


def test_a_rejected_object_is_accepted_only_by_name(annotator, image, layer):
    draft = prediction(image, A, B)
    decide(user=annotator, layer_id=draft.pk, instance_ids=[1], state=InstanceState.REJECTED)

    accept_draft(user=annotator, layer_id=layer.pk, draft_id=draft.pk)
    assert states(draft)[1] == "rejected"

    accept_draft(user=annotator, layer_id=layer.pk, draft_id=draft.pk, instance_ids=[1])
    assert states(draft)[1] == "accepted"


def test_preserve_objects_skips_what_touches_an_annotated_object(annotator, image, layer):
    mine = paint_box(annotator, layer, (30, 30, 60, 60))
    draft = prediction(image, A, B)

    accepted = accept_draft(user=annotator, layer_id=layer.pk, draft_id=draft.pk)

    assert (accepted.n_accepted, accepted.n_skipped) == (1, 1)
    assert not picture(layer)[10:30, 10:30].any()
    assert (picture(layer)[30:60, 30:60] == mine).all()
    assert states(draft) == {1: "proposed", 2: "accepted"}
    check_in_step(layer)


def test_preserve_pixels_takes_only_background(annotator, image, layer):
    mine = paint_box(annotator, layer, (30, 30, 60, 60))
    draft = prediction(image, A)

    accept_draft(user=annotator, layer_id=layer.pk, draft_id=draft.pk, preserve=Preserve.PIXELS)

    assert (picture(layer)[30:60, 30:60] == mine).all()
    assert int((picture(layer)[10:40, 10:40] > 0).sum()) == 900
    check_in_step(layer)


def test_preserve_pixels_leaves_a_covered_object_proposed(annotator, image, layer):
    paint_box(annotator, layer, (0, 0, 60, 60))
    draft = prediction(image, A)

    accepted = accept_draft(
        user=annotator, layer_id=layer.pk, draft_id=draft.pk, preserve=Preserve.PIXELS
    )

    assert (accepted.n_accepted, accepted.n_skipped) == (0, 1)
    assert states(draft) == {1: "proposed"}
    check_in_step(layer)


def test_preserve_none_overwrites(annotator, image, layer):
    mine = paint_box(annotator, layer, (30, 30, 60, 60))
    draft = prediction(image, A)

    accept_draft(user=annotator, layer_id=layer.pk, draft_id=draft.pk, preserve=Preserve.NONE)

    assert (picture(layer)[10:40, 10:40] != mine).all()
    assert layer.instances.get(instance_id=mine).area_px == 900 - 100
    check_in_step(layer)


def test_undoing_an_accept_opens_the_draft_again_and_redo_closes_it(annotator, image, layer):
    draft = prediction(image, A, B)
    empty = picture(layer)
    accept_draft(user=annotator, layer_id=layer.pk, draft_id=draft.pk)
    full = picture(layer)

    send(annotator, layer, sent(op_between(full, empty), kind="undo"))
    assert set(states(draft).values()) == {InstanceState.PROPOSED}

    send(annotator, layer, sent(op_between(empty, full), kind="redo"))
    assert set(states(draft).values()) == {InstanceState.ACCEPTED}
    check_in_step(layer)


def test_correcting_an_accepted_object_marks_it_edited_on_both_sides(annotator, image, layer):
    draft = prediction(image, A, B)
    accept_draft(user=annotator, layer_id=layer.pk, draft_id=draft.pk)

    send(annotator, layer, sent(box_op(layer, (10, 10, 15, 40), 0), kind="erase"))

    assert layer.instances.get(source_instance_id=1).state == InstanceState.EDITED
    assert states(draft) == {1: "edited", 2: "accepted"}


def accept_in_the_editor(user, layer, draft, box, **meta):
    """Send the op that the editor makes when a person accepts an object."""
    instance_id = new_id(user, layer)
    accepts = [{"layer": str(draft.pk), "instance_id": 1, "new_id": instance_id}]
    op = box_op(layer, box, instance_id)
    return send(user, layer, sent(op, kind="accept", meta={"accepts": accepts, **meta}))


def test_an_editors_accept_marks_the_drafts_object(annotator, image, layer):
    draft = prediction(image, A)

    accept_in_the_editor(annotator, layer, draft, A)

    assert states(draft) == {1: "accepted"}
    row = layer.instances.get()
    assert (row.source_layer, row.source_instance_id, row.score) == (draft, 1, 0.9)


def test_a_first_edit_of_a_proposal_accepts_it_as_edited(annotator, image, layer):
    draft = prediction(image, A)

    accept_in_the_editor(annotator, layer, draft, (10, 10, 45, 45), edits_draft=True)

    assert states(draft) == {1: "edited"}
    assert layer.instances.get().state == InstanceState.EDITED


def test_an_editors_accept_that_is_refused_wholly_marks_nothing(annotator, image, layer):
    draft = prediction(image, A)
    late = box_op(layer, A, 2, old=0)
    paint_box(annotator, layer, A)
    new_id(annotator, layer)
    accepts = [{"layer": str(draft.pk), "instance_id": 1, "new_id": 2}]

    send(annotator, layer, sent(late, kind="accept", meta={"accepts": accepts}))

    assert states(draft) == {1: "proposed"}


@pytest.mark.parametrize(
    "accepts",
    [
        "all",
        [1],
        [{}],
        [{"layer": "x", "instance_id": 1, "new_id": 1}],
        [{"layer": str(uuid.uuid4()), "instance_id": 1, "new_id": 1}],
        [{"layer": str(uuid.uuid4()), "instance_id": 1 << 70, "new_id": 1}],
        [{"layer": str(uuid.uuid4()), "instance_id": float("inf"), "new_id": 1}],
    ],
)
def test_a_wrong_list_of_accepted_objects_is_refused(annotator, layer, accepts):
    with pytest.raises(InvalidInput):
        send(annotator, layer, sent({}, meta={"accepts": accepts}))


def test_a_draft_of_another_image_is_not_accepted(annotator, project, layer):
    draft = prediction(ImageFactory(project=project), A)

    with pytest.raises(NotADraft):
        accept_draft(user=annotator, layer_id=layer.pk, draft_id=draft.pk)
    with pytest.raises(InvalidInput):
        accept_in_the_editor(annotator, layer, draft, A)


def test_no_draft_gets_into_a_blind_region(annotator, image, layer):
    draft = prediction(image, A, B)
    RegionFactory(image=image, layer=layer, purpose=Purpose.BLIND_VALIDATION)

    accepted = accept_draft(user=annotator, layer_id=layer.pk, draft_id=draft.pk)
    assert (accepted.n_accepted, accepted.n_skipped) == (1, 1)
    assert not picture(layer)[:300, :300].any()

    with pytest.raises(DraftInBlindRegion):
        accept_draft(user=annotator, layer_id=layer.pk, draft_id=draft.pk, instance_ids=[1])
    with pytest.raises(DraftInBlindRegion):
        accept_in_the_editor(annotator, layer, draft, A)


def test_objects_around_a_blind_region_are_accepted_in_one_op(annotator, image, layer):
    draft = prediction(image, A, B)
    RegionFactory(
        image=image,
        layer=layer,
        purpose=Purpose.BLIND_VALIDATION,
        row0=200,
        col0=200,
        row1=300,
        col1=300,
    )

    first, second = new_id(annotator, layer), new_id(annotator, layer)
    accepts = [
        {"layer": str(draft.pk), "instance_id": number, "new_id": new}
        for number, new in enumerate((first, second), 1)
    ]
    both = np.zeros_like(picture(layer))
    for box, new in ((A, first), (B, second)):
        both[box[0] : box[2], box[1] : box[3]] = new
    op = op_between(picture(layer), both)
    send(annotator, layer, sent(op, kind="accept", meta={"accepts": accepts}))

    assert (picture(layer) > 0).sum() == 1800


def test_many_objects_over_many_chunks_are_accepted_exactly(annotator, image, layer):
    rng = np.random.default_rng(3)
    boxes = [
        (r, c, r + 12, c + 12)
        for r in range(0, 680, 20)
        for c in range(0, 880, 20)
        if rng.random() < 0.7
    ]
    draft = prediction(image, *boxes)

    accepted = accept_draft(user=annotator, layer_id=layer.pk, draft_id=draft.pk)

    assert accepted.n_accepted == len(boxes)
    assert np.array_equal(picture(layer), picture(draft))
    body = bytes(layer.ops.get().body)
    assert len(ops.decode(ops.unpack(body))) == 4
    check_in_step(layer)
