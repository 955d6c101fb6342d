"""Ops are worked out and stored before the lock: what happens in between does no harm."""

from __future__ import annotations

import os
import threading
import time
import uuid

import numpy as np
import pytest
from django.db import connection, transaction
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from annotations.actions import labels as actions
from annotations.actions.classes import create_class, update_class
from annotations.actions.instance_classes import set_class
from annotations.actions.labels import allocate_ids, append_ops
from annotations.actions.layer_writer import LayerWriter
from annotations.labels import ops
from annotations.models import LabelLayer
from project import storage
from project.garbage import collect
from tests.annotations.painting import box_op, check_in_step, new_id, paint_box, picture, sent
from tests.factories import LayerFactory


def in_between(monkeypatch, happen):
    """Let something happen once, when the next op is prepared and not yet in the order."""
    prepare = LayerWriter.prepare

    def prepare_and(writer):
        prepare(writer)
        monkeypatch.setattr(LayerWriter, "prepare", prepare)
        happen()

    monkeypatch.setattr(LayerWriter, "prepare", prepare_and)


def append(user, layer, *many, session=None):
    return append_ops(
        user=user, layer_id=layer.pk, session=session or uuid.uuid4(), sent=list(many)
    ).ops


@pytest.fixture
def stored(monkeypatch):
    """Digests that were stored, in their order."""
    put, digests = storage.put_bytes, []

    def put_and_note(data):
        digests.append(put(data))
        return digests[-1]

    monkeypatch.setattr(storage, "put_bytes", put_and_note)
    return digests


@pytest.mark.django_db(transaction=True)
def test_nobody_waits_while_chunks_are_stored(annotator, layer, monkeypatch):
    put, n_free, one_at_a_time = storage.put_bytes, [], threading.Lock()

    def put_while_others_lock(data):
        try:
            with (
                one_at_a_time,
                transaction.atomic(),
            ):  # a connection of its own: chunks are stored by threads
                LabelLayer.objects.select_for_update(nowait=True).get(pk=layer.pk)
            n_free.append(1)
        finally:
            connection.close()
        return put(data)

    instance_id = new_id(annotator, layer)
    one = sent(box_op(layer, (500, 0, 530, 9), instance_id))
    monkeypatch.setattr(storage, "put_bytes", put_while_others_lock)

    append(annotator, layer, one)

    assert len(n_free) == 2
    check_in_step(layer)


@pytest.mark.django_db(transaction=True)
def test_who_dies_between_blob_and_row_leaves_a_blob_that_goes_after_a_day(
    annotator, layer, stored, monkeypatch
):
    paint_box(annotator, layer, (0, 0, 5, 5))
    one = sent(box_op(layer, (0, 0, 50, 50), new_id(annotator, layer), old=0))
    named = set(stored)

    class Died(BaseException):
        pass

    def die():
        raise Died

    in_between(monkeypatch, die)
    session = uuid.uuid4()
    with pytest.raises(Died):
        append(annotator, layer, one, session=session)

    (orphan,) = set(stored) - named
    assert layer.ops.count() == layer.chunk_states.count() == 1
    assert (collect()["n_removed"], storage.has_blob(orphan)) == (0, True), "it is young"
    long_ago = time.time() - 25 * 3600
    for digest in stored:
        os.utime(storage.blob_path(digest), (long_ago, long_ago))
    assert collect()["n_removed"] == 1
    assert not storage.has_blob(orphan)
    check_in_step(layer)

    append(annotator, layer, one, session=session)

    assert storage.has_blob(orphan), "the retry stores it again"
    check_in_step(layer)


@pytest.mark.django_db
def test_an_op_elsewhere_in_between_costs_no_second_storing(
    annotator, reviewer, layer, stored, monkeypatch
):
    one = sent(box_op(layer, (0, 0, 9, 9), new_id(annotator, layer)))
    in_between(monkeypatch, lambda: paint_box(reviewer, layer, (600, 600, 620, 620)))

    (row,) = append(annotator, layer, one)

    assert (row.seq, row.n_refused, len(stored)) == (2, 0, 2)
    assert layer.chunks.get(cy=0).seq == 2
    check_in_step(layer)


@pytest.mark.django_db
def test_an_op_on_the_same_pixels_in_between_was_first(annotator, reviewer, layer, monkeypatch):
    one = sent(box_op(layer, (0, 0, 9, 10), new_id(annotator, layer)))
    in_between(monkeypatch, lambda: paint_box(reviewer, layer, (0, 0, 9, 5)))

    (row,) = append(annotator, layer, one)

    assert (row.seq, row.n_pixels, row.n_refused) == (2, 45, 45)
    check_in_step(layer)


@pytest.mark.django_db
def test_two_strokes_at_one_object_add_up(annotator, reviewer, layer, monkeypatch):
    instance_id = new_id(annotator, layer)
    one, other = (
        sent(box_op(layer, box, instance_id)) for box in [(0, 0, 10, 10), (600, 600, 610, 610)]
    )
    in_between(monkeypatch, lambda: append(reviewer, layer, other))

    append(annotator, layer, one)

    row = layer.instances.get()
    assert (row.area_px, row.row0, row.row1, row.seq) == (200, 0, 610, 2)
    check_in_step(layer)


@pytest.mark.django_db
def test_ids_that_are_handed_out_in_between_stay_handed_out(annotator, layer, monkeypatch):
    one = sent(box_op(layer, (0, 0, 9, 9), new_id(annotator, layer)))
    got = []
    in_between(
        monkeypatch,
        lambda: got.append(allocate_ids(user=annotator, layer_id=layer.pk, count=10)),
    )

    append(annotator, layer, one)

    assert allocate_ids(user=annotator, layer_id=layer.pk, count=1) == got[0] + 10


@pytest.mark.django_db
def test_a_class_that_is_renamed_in_between_has_its_new_name(owner, layer, monkeypatch):
    kind = create_class(user=owner, project_id=layer.image.project_id, name="cell")
    instance_id = paint_box(owner, layer, (0, 0, 9, 9))
    set_class(user=owner, layer_id=layer.pk, instance_ids=[instance_id], class_name="cell")
    one = sent(box_op(layer, (9, 0, 20, 9), instance_id))
    in_between(monkeypatch, lambda: update_class(user=owner, class_id=kind.pk, name="nucleus"))

    append(owner, layer, one)

    row = layer.instances.get()
    assert (row.class_name, row.area_px) == ("nucleus", 180)


@pytest.mark.django_db
def test_a_retry_that_overtakes_its_first_try_is_applied_once(annotator, layer, monkeypatch):
    session = uuid.uuid4()
    one = sent(box_op(layer, (0, 0, 9, 9), new_id(annotator, layer)))
    first = []
    in_between(monkeypatch, lambda: first.extend(append(annotator, layer, one, session=session)))

    (again,) = append(annotator, layer, one, session=session)

    assert (again.seq, again.n_refused) == (first[0].seq, 0) == (1, 0)
    check_in_step(layer)


@pytest.mark.django_db
def test_an_undo_that_overtakes_its_op_waits_for_what_became_of_it(
    annotator, reviewer, layer, monkeypatch
):
    box, session = (0, 0, 9, 9), uuid.uuid4()
    instance_id = paint_box(annotator, layer, box)
    erase = sent(box_op(layer, box, 0, old=instance_id))
    append(reviewer, layer, sent(box_op(layer, box, 0, old=instance_id)))
    meta = {"undo_of": {"session": str(session), "n": erase.n}}
    undo = sent(box_op(layer, box, instance_id, old=0), kind="undo", meta=meta)
    in_between(monkeypatch, lambda: append(annotator, layer, erase, session=session))

    (row,) = append(annotator, layer, undo, session=session)

    assert (row.n_pixels, row.n_refused) == (0, 81), "the eraser came too late to be undone"
    assert not picture(layer).any()


@pytest.mark.django_db
def test_known_ops_in_front_of_a_new_one_are_not_applied_again(annotator, layer):
    session, instance_id = uuid.uuid4(), new_id(annotator, layer)
    first = sent(box_op(layer, (0, 0, 9, 9), instance_id))
    append(annotator, layer, first, session=session)
    second = sent(box_op(layer, (9, 0, 20, 9), instance_id))

    rows = append(annotator, layer, first, second, session=session)

    assert [row.seq for row in rows] == [1, 2]
    check_in_step(layer)


CORNERS = st.tuples(st.sampled_from([0, 20, 490, 640]), st.sampled_from([0, 20, 490, 840]))
UNDONE = st.one_of(st.none(), st.integers(0, 9))  # which of the ops so far
STROKES = st.lists(st.tuples(CORNERS, st.integers(0, 2), UNDONE), max_size=4)
SESSION = uuid.uuid4()


def strokes_of(layer, drawn, known):
    """Return ops that paint boxes over the layer as it is, and undo some of the known ones."""
    found = []
    for (row, col), label, undone in drawn:
        if undone is None or undone >= len(known):
            one = sent(box_op(layer, (row, col, row + 40, col + 40), label))
        else:
            op = ops.invert(ops.decode(ops.unpack(known[undone].body)))
            meta = {"undo_of": {"session": str(SESSION), "n": known[undone].n}}
            one = sent(op, kind="undo", meta=meta)
        found.append(one)
        known.append(one)
    return found


def told(layer):
    """Return everything that a layer is, without keys and times."""
    log = layer.ops.order_by("seq").values_list("seq", "n", "n_pixels", "n_refused", "body")
    table = layer.instances.order_by("instance_id").values_list(
        *("instance_id", "area_px", "row0", "col0", "row1", "col1", "state", "seq")
    )
    chunks = layer.chunks.order_by("cy", "cx").values_list("cy", "cx", "seq", "digest")
    history = layer.chunk_states.order_by("seq", "cy", "cx").values_list("seq", "cy", "digest")
    return [(*row[:4], bytes(row[4])) for row in log], list(table), list(chunks), list(history)


@pytest.mark.django_db
@settings(
    max_examples=30, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(before=STROKES, between=STROKES, mine=STROKES.filter(bool))
def test_it_comes_to_the_same_as_in_turn(annotator, reviewer, image, before, between, mine):
    """Whatever happens in between: the layer is as if I had come after it, all under the lock."""
    rehearsed, in_turn = (
        LayerFactory(image=image, name=uuid.uuid4().hex, next_instance_id=3) for _ in range(2)
    )
    known = []
    painted = strokes_of(rehearsed, before, known)
    append(annotator, rehearsed, *painted, session=SESSION)
    others, own = strokes_of(rehearsed, between, known), strokes_of(rehearsed, mine, known)

    with pytest.MonkeyPatch.context() as patch:
        in_between(patch, lambda: append(reviewer, rehearsed, *others, session=SESSION))
        append(annotator, rehearsed, *own, session=SESSION)
    for user, many in [(annotator, painted), (reviewer, others), (annotator, own)]:
        with transaction.atomic():
            actions._append_locked(user, in_turn.pk, SESSION, many)

    assert told(rehearsed) == told(in_turn)
    assert np.array_equal(picture(rehearsed), picture(in_turn))
    check_in_step(rehearsed)
