from __future__ import annotations

import uuid

import numpy as np
import pytest

from annotations.actions.labels import LayerReadOnly, append_ops
from annotations.labels import ops
from annotations.models import ChunkState, LabelChunk, LabelOp, LayerKind
from project import storage
from project.errors import InvalidInput, NotAllowed, NotFound, NotReady, StorageFull
from tests.annotations.painting import (
    box_op,
    check_in_step,
    label_image_at,
    new_id,
    paint_box,
    picture,
    send,
    sent,
)
from tests.factories import ImageFactory, LayerFactory


def test_a_stroke_changes_the_pixels_the_log_and_the_table(annotator, layer):
    instance_id = paint_box(annotator, layer, (500, 500, 530, 540))

    assert (picture(layer)[500:530, 500:540] == instance_id).all()
    row = layer.instances.get()
    assert (row.instance_id, row.area_px) == (instance_id, 30 * 40)
    assert (row.row0, row.col0, row.row1, row.col1) == (500, 500, 530, 540)
    assert row.created_by == annotator
    op = layer.ops.get()
    assert (op.seq, op.kind, op.user, op.n_pixels, op.n_refused) == (1, "brush", annotator, 1200, 0)
    assert (op.row0, op.col0, op.row1, op.col1) == (500, 500, 530, 540)
    assert LabelChunk.objects.filter(layer=layer).count() == 4
    check_in_step(layer)


def test_pixels_that_changed_meanwhile_are_refused(annotator, reviewer, layer):
    mine = new_id(annotator, layer)
    late = sent(box_op(layer, (0, 0, 20, 20), mine))
    theirs = paint_box(reviewer, layer, (0, 0, 20, 10))

    outcome = send(annotator, layer, late)

    assert (outcome.ops[0].n_pixels, outcome.ops[0].n_refused) == (200, 200)
    assert (picture(layer)[:20, :10] == theirs).all()
    assert (picture(layer)[:20, 10:20] == mine).all()
    check_in_step(layer)


@pytest.mark.parametrize("kind", ["undo", "redo"])
@pytest.mark.parametrize("is_one_call", [True, False])
def test_an_undo_leaves_what_others_erased_before_its_op(
    annotator, reviewer, layer, kind, is_one_call
):
    mine = paint_box(annotator, layer, (0, 0, 20, 30))
    session = uuid.uuid4()
    erase = sent(box_op(layer, (0, 0, 20, 20), 0))
    of = {"session": str(session), "n": erase.n}
    seen = ops.invert(ops.decode(ops.unpack(erase.body)))
    undo = sent(seen, kind=kind, meta={f"{kind}_of": of})
    send(reviewer, layer, sent(box_op(layer, (0, 0, 20, 10), 0)))

    if is_one_call:
        row = send(annotator, layer, erase, undo, session=session).ops[1]
    else:
        send(annotator, layer, erase, session=session)
        row = send(annotator, layer, undo, session=session).ops[0]

    assert (row.n_pixels, row.n_refused) == (200, 200)
    assert (picture(layer)[:20, :10] == 0).all()
    assert (picture(layer)[:20, 10:30] == mine).all()
    check_in_step(layer)


@pytest.mark.parametrize(
    "of", [1, {}, {"session": "x", "n": 1}, {"session": str(uuid.uuid4()), "n": 10**30}]
)
def test_an_undo_that_names_no_op_is_guarded_by_its_own_runs(annotator, layer, of):
    paint_box(annotator, layer, (0, 0, 9, 9))

    undo = sent(box_op(layer, (0, 0, 9, 9), 0), kind="undo", meta={"undo_of": of})

    assert send(annotator, layer, undo).ops[0].n_pixels == 81
    check_in_step(layer)


def test_an_op_that_is_refused_wholly_gets_a_seq_all_the_same(annotator, layer):
    instance_id = paint_box(annotator, layer, (0, 0, 9, 9))

    outcome = send(annotator, layer, sent(box_op(layer, (0, 0, 9, 9), instance_id, old=0)))

    assert (outcome.seq, outcome.ops[0].n_pixels, outcome.ops[0].n_refused) == (2, 0, 81)
    check_in_step(layer)


def test_the_same_op_again_gives_the_same_answer_and_changes_nothing(annotator, layer):
    session = uuid.uuid4()
    instance_id = new_id(annotator, layer)
    one = sent(box_op(layer, (0, 0, 9, 9), instance_id))
    two = sent({}, n=one.n + 1)
    first = send(annotator, layer, one, session=session)

    again = send(annotator, layer, one, two, session=session)

    assert [row.seq for row in again.ops] == [1, 2]
    assert again.ops[0].n_refused == first.ops[0].n_refused == 0
    assert LabelOp.objects.count() == 2
    check_in_step(layer)


def test_the_same_count_in_another_tab_is_another_op(annotator, layer):
    send(annotator, layer, sent({}, n=1))
    send(annotator, layer, sent({}, n=1))

    assert layer.seq == 2


def test_a_batch_builds_on_its_own_ops(annotator, layer):
    instance_id = new_id(annotator, layer)

    outcome = send(
        annotator,
        layer,
        sent(box_op(layer, (0, 0, 10, 10), instance_id, old=0)),
        sent(box_op(layer, (0, 0, 10, 5), 0, old=instance_id), kind="erase"),
    )

    assert [row.n_refused for row in outcome.ops] == [0, 0]
    row = layer.instances.get()
    assert (row.area_px, row.col0) == (50, 5)
    assert ChunkState.objects.count() == 1
    check_in_step(layer)


def test_an_erased_object_stays_restorable(annotator, layer):
    instance_id = paint_box(annotator, layer, (0, 0, 9, 9))
    send(annotator, layer, sent(box_op(layer, (0, 0, 9, 9), 0), kind="erase"))
    assert layer.instances.get().area_px == 0

    send(annotator, layer, sent(box_op(layer, (0, 0, 9, 9), instance_id), kind="undo"))

    row = layer.instances.get()
    assert (row.area_px, row.row1, row.col1) == (81, 9, 9)
    check_in_step(layer)


def test_every_state_of_the_layer_can_be_read_again(annotator, layer):
    states = [picture(layer)]
    for k in range(4):
        paint_box(annotator, layer, (k * 10, 0, k * 10 + 20, 600))
        states.append(picture(layer))

    box = (0, 0, 700, 900)
    for seq, state in enumerate(states):
        assert np.array_equal(label_image_at(layer, seq, box), state)


def test_pixels_beyond_the_images_edge_are_refused(annotator, layer):
    instance_id = new_id(annotator, layer)
    runs = ops.Runs(*(np.array([v]) for v in (0, ops.CHUNK_PIXELS, 0, instance_id)))

    outcome = send(annotator, layer, sent({(1, 1): runs}))

    assert outcome.ops[0].n_pixels == (700 - 512) * (900 - 512)
    check_in_step(layer)


def test_a_chunk_off_the_image_is_refused_with_its_n(annotator, layer):
    instance_id = new_id(annotator, layer)
    runs = ops.Runs(*(np.array([v]) for v in (0, 5, 0, instance_id)))

    with pytest.raises(InvalidInput) as refusal:
        send(annotator, layer, sent({(2, 0): runs}, n=77))

    assert refusal.value.data["n"] == 77
    assert layer.ops.count() == 0


def test_a_number_that_was_not_handed_out_is_refused(annotator, layer):
    with pytest.raises(InvalidInput, match="not handed out"):
        send(annotator, layer, sent(box_op(layer, (0, 0, 5, 5), layer.next_instance_id)))


def test_a_plane_that_the_image_does_not_have_is_refused(annotator, layer):
    with pytest.raises(InvalidInput, match="plane"):
        send(annotator, layer, sent({}, z=1))


def test_planes_are_kept_apart(annotator, project):
    layer = LayerFactory(image=ImageFactory(project=project, n_z=3))
    instance_id = new_id(annotator, layer)
    send(annotator, layer, sent(box_op(layer, (0, 0, 5, 5), instance_id), z=2))

    assert not picture(layer).any()
    assert LabelChunk.objects.get().z == 2


def test_one_bad_op_of_a_batch_leaves_nothing(annotator, layer):
    instance_id = new_id(annotator, layer)
    good = sent(box_op(layer, (0, 0, 5, 5), instance_id))
    bad = sent(box_op(layer, (0, 0, 5, 5), 999))

    with pytest.raises(InvalidInput):
        send(annotator, layer, good, bad)

    layer.refresh_from_db()
    assert (layer.seq, layer.ops.count(), layer.chunks.count()) == (0, 0, 0)


def test_a_full_disk_leaves_nothing_and_the_retry_succeeds(annotator, layer, monkeypatch):
    instance_id = new_id(annotator, layer)
    one, session = sent(box_op(layer, (500, 0, 530, 5), instance_id)), uuid.uuid4()
    calls = []

    def full(data):
        calls.append(data)
        if len(calls) == 2:
            raise StorageFull("The disk is full.")
        return put(data)

    put = storage.put_bytes
    monkeypatch.setattr(storage, "put_bytes", full)
    with pytest.raises(StorageFull):
        send(annotator, layer, one, session=session)
    layer.refresh_from_db()
    assert (layer.seq, layer.ops.count(), layer.instances.count()) == (0, 0, 0)

    send(annotator, layer, one, session=session)

    check_in_step(layer)


def test_a_draft_cannot_be_painted_on(annotator, image):
    draft = LayerFactory(image=image, kind=LayerKind.PREDICTION)

    with pytest.raises(LayerReadOnly):
        send(annotator, draft, sent({}))


def test_an_image_that_is_being_read_cannot_be_painted_on(annotator, project):
    layer = LayerFactory(
        image=ImageFactory(project=project, height=None, width=None, state="queued")
    )

    with pytest.raises(NotReady):
        send(annotator, layer, sent({}))


def test_a_viewer_may_not_paint(viewer, layer):
    with pytest.raises(NotAllowed):
        append_ops(user=viewer, layer_id=layer.pk, session=uuid.uuid4(), sent=[])


def test_a_stranger_does_not_learn_that_the_layer_exists(stranger, layer):
    with pytest.raises(NotFound) as there:
        append_ops(user=stranger, layer_id=layer.pk, session=uuid.uuid4(), sent=[])
    with pytest.raises(NotFound) as nowhere:
        append_ops(user=stranger, layer_id=uuid.uuid4(), session=uuid.uuid4(), sent=[])

    assert there.value.message == nowhere.value.message


def test_a_random_day_of_painting_stays_in_step(annotator, reviewer, layer):
    rng = np.random.default_rng(7)
    ids = [new_id(annotator, layer) for _ in range(6)]
    stale = picture(layer)
    for step in range(40):
        before = stale if step % 3 == 0 else picture(layer)
        after = before.copy()
        row, col = rng.integers(0, 600), rng.integers(0, 800)
        label = int(rng.choice([0, *ids]))
        after[row : row + 60, col : col + 60] = label
        from tests.annotations.painting import op_between

        send(reviewer if step % 2 else annotator, layer, sent(op_between(before, after)))
        if step % 5 == 0:
            stale = picture(layer)

    check_in_step(layer)
