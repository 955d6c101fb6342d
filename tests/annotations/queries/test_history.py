"""What a layer was, and who did what in it."""

from __future__ import annotations

import uuid
from datetime import timedelta

import numpy as np
import pytest
from django.utils import timezone
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from annotations.actions.classes import create_class, update_class
from annotations.actions.drafts import accept_draft, store_prediction
from annotations.actions.instance_classes import set_class
from annotations.labels import chunks, op_tables, ops
from annotations.models import ChunkState, LabelOp
from annotations.queries import history, touching
from annotations.queries.blame import instance_history
from annotations.queries.history import StateTooFar, chunk_at, states_at, thin_out
from annotations.queries.op_list import Wanted, list_ops
from annotations.queries.past_classes import classes_at
from project.errors import NotFound
from tests.annotations.painting import (
    box_op,
    check_in_step,
    label_image_at,
    new_id,
    op_between,
    paint_box,
    picture,
    send,
    sent,
)
from tests.factories import LayerFactory

WHOLE = (0, 0, 700, 900)


def age(layer, days=30):
    then = timezone.now() - timedelta(days=days)
    ChunkState.objects.filter(layer=layer).update(created_at=then)
    LabelOp.objects.filter(layer=layer).update(created_at=then)


def shown_at(layer, seq):
    """Return the whole layer at a moment as an editor gets it: stored chunks and made ones."""
    states = states_at(layer, seq)
    held = {place: history.pixels_of(digest) for place, digest in states.digests.items()}
    held |= {place: chunk_at(layer, seq, place) for place in states.remade}
    return chunks.join(held, WHOLE)


def undo(user, layer, row, *, kind="undo", meta=None):
    """Take an op back as an editor does, and return the new row."""
    op = ops.invert(ops.decode(ops.unpack(bytes(row.body))))
    of = {"session": str(row.session), "n": row.n}
    meta = {f"{kind}_of": of, **(meta or {})}
    return send(user, layer, sent(op, kind=kind, meta=meta)).ops[0]


# --- the layer at a moment ------------------------------------------------------------------------

boxes = st.tuples(
    st.integers(0, 650), st.integers(0, 850), st.integers(1, 120), st.integers(1, 300)
).map(lambda b: (b[0], b[1], min(b[0] + b[2], 700), min(b[1] + b[3], 900)))
saves = st.lists(st.lists(boxes, min_size=1, max_size=3), min_size=1, max_size=6)


@settings(
    max_examples=15, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(saves=saves, n_old=st.integers(0, 6))
def test_every_moment_can_be_seen_again_also_within_a_save_and_when_states_are_thinned_out(
    annotator, image, saves, n_old
):
    layer = LayerFactory(image=image, name=str(uuid.uuid4()))
    was = [picture(layer)]
    for k, save in enumerate(saves):
        many = []
        for box in save:
            after = was[-1].copy()
            after[box[0] : box[2], box[1] : box[3]] = new_id(annotator, layer)
            many.append(sent(op_between(was[-1], after)))
            was.append(after)
        send(annotator, layer, *many)
        if k < n_old:
            age(layer)
    thin_out(timezone.now())

    for seq, state in enumerate(was):
        assert np.array_equal(shown_at(layer, seq), state)
        assert np.array_equal(label_image_at(layer, seq, WHOLE), state)


def test_a_chunk_that_nothing_touched_since_is_not_made_again(annotator, layer):
    paint_box(annotator, layer, (0, 0, 9, 9))
    paint_box(annotator, layer, (600, 600, 690, 690))
    age(layer)
    thin_out(timezone.now())
    paint_box(annotator, layer, (20, 0, 29, 9))

    states = states_at(layer, 2)

    assert states.digests.keys() == {(0, 0), (1, 1)}, "that state was there a moment ago"
    assert states.remade == []
    age(layer)
    thin_out(timezone.now())
    assert states_at(layer, 2).digests.keys() == {(1, 1)}
    assert states_at(layer, 2).remade == [(0, 0)]


def test_the_shorter_way_to_a_moment_is_taken(annotator, layer, monkeypatch):
    for k in range(6):
        paint_box(annotator, layer, (k * 10, 0, k * 10 + 9, 9))
    age(layer)
    thin_out(timezone.now())
    monkeypatch.setattr(history, "REDONE_OPS", 2)

    assert (chunk_at(layer, 2, (0, 0)) > 0).sum() == 2 * 81
    assert (chunk_at(layer, 4, (0, 0)) > 0).sum() == 4 * 81
    with pytest.raises(StateTooFar, match="3 operations"):
        chunk_at(layer, 3, (0, 0))


def test_classes_at_a_moment_have_the_names_of_today(annotator, owner, layer):
    project = layer.image.project
    mitosis = create_class(user=owner, project_id=project.pk, name="mitosis")
    create_class(user=owner, project_id=project.pk, name="resting")
    one = paint_box(annotator, layer, (0, 0, 9, 9), meta={"classes": {"mitosis": [1]}})
    set_class(user=annotator, layer_id=layer.pk, instance_ids=[one], class_name="resting")
    layer.refresh_from_db()
    update_class(user=owner, class_id=mitosis.pk, name="dividing")
    layer.refresh_from_db()

    assert classes_at(layer, 0) == {}
    assert classes_at(layer, 1) == {"dividing": [one]}
    assert classes_at(layer, 2) == classes_at(layer, layer.seq) == {"resting": [one]}


# --- the list of ops ------------------------------------------------------------------------------


def seqs(layer, **asked):
    return [row["seq"] for row in list_ops(layer, Wanted(**asked))["ops"]]


def test_ops_are_listed_newest_first_page_by_page(annotator, layer):
    for k in range(5):
        paint_box(annotator, layer, (k * 10, 0, k * 10 + 9, 9))

    first = list_ops(layer, Wanted(limit=2))
    second = list_ops(layer, Wanted(limit=2, before=first["before"]))
    last = list_ops(layer, Wanted(limit=2, before=second["before"]))

    assert [[row["seq"] for row in page["ops"]] for page in (first, second, last)] == [
        [5, 4],
        [3, 2],
        [1],
    ]
    assert last["before"] is None
    row = first["ops"][0]
    assert (row["person"], row["kind"], row["n_pixels"]) == (annotator.username, "brush", 81)
    assert (row["row0"], row["col0"], row["row1"], row["col1"]) == (40, 0, 49, 9)


def test_ops_are_found_by_person_box_plane_and_instance(annotator, owner, layer):
    one = paint_box(annotator, layer, (0, 0, 9, 9))
    two = paint_box(owner, layer, (100, 100, 120, 120))
    send(owner, layer, sent(box_op(layer, (0, 0, 9, 4), 0), kind="erase-any"))

    assert seqs(layer, person=owner.pk) == [3, 2]
    assert seqs(layer, box=(8, 8, 101, 101)) == [2, 1]
    assert seqs(layer, box=(9, 9, 100, 100)) == []
    assert seqs(layer, plane=(0, 0)) == [3, 2, 1]
    assert seqs(layer, plane=(0, 1)) == []
    assert seqs(layer, instance_id=one) == [3, 1]
    assert seqs(layer, instance_id=two) == [2]
    assert seqs(layer, instance_id=one, person=annotator.pk) == [1]


def test_an_undo_says_what_was_done_at_first(annotator, layer):
    one = paint_box(annotator, layer, (0, 0, 9, 9))
    send(annotator, layer, sent(box_op(layer, (0, 0, 9, 9), 0, old=one), kind="delete"))
    deleted = LabelOp.objects.get(kind="delete")
    undone = undo(annotator, layer, deleted)
    redone = undo(annotator, layer, undone, kind="redo")
    undo(annotator, layer, redone)

    told = {row["seq"]: row["undo_of"] for row in list_ops(layer, Wanted())["ops"]}

    assert told == {
        1: None,
        2: None,
        3: {"seq": 2, "kind": "delete"},
        4: {"seq": 3, "kind": "delete"},
        5: {"seq": 4, "kind": "delete"},
    }


@pytest.mark.parametrize(
    "meta",
    [
        {"undo_of": 3},
        {"undo_of": {"session": "?", "n": 1}},
        {"undo_of": {"session": str(uuid.UUID(int=1)), "n": 10**30}},
        {"redo_of": {"session": str(uuid.UUID(int=1)), "n": None}},
        {"group": {"a": 1}, "draft": [1], "count": "many", "accepts": None},
    ],
)
def test_a_strange_meta_is_listed_too(annotator, layer, meta):
    paint_box(annotator, layer, (0, 0, 9, 9), kind="undo", meta=meta)

    row = list_ops(layer, Wanted())["ops"][0]

    assert (row["undo_of"], row["group"], row["draft"], row["n_objects"]) == (None,) * 4


def test_a_group_and_what_was_accepted_are_told(annotator, layer):
    draft = drafted(layer.image)
    accept_draft(user=annotator, layer_id=layer.pk, draft_id=draft.pk)
    layer.refresh_from_db()

    (row,) = list_ops(layer, Wanted())["ops"]

    assert row["group"] is not None
    assert (row["n_objects"], row["draft"]) == (2, "stardist v3")


# --- the history of an instance -------------------------------------------------------------------


def drafted(image):
    label_image = np.zeros((700, 900), np.uint32)
    label_image[10:20, 10:20] = 1
    label_image[40:50, 10:20] = 2
    return store_prediction(
        image=image, name="stardist v3", label_image=label_image, scores=np.array([0.9, 0.8])
    )


def told(layer, instance_id, **asked):
    return [
        (row["person"], row["kind"], row["gained_px"], -row["lost_px"])
        for row in instance_history(layer, instance_id, **asked)["changes"]
    ]


def test_who_made_an_object_and_who_changed_it_by_how_much(annotator, owner, layer):
    one = paint_box(annotator, layer, (0, 0, 10, 10))
    send(owner, layer, sent(box_op(layer, (0, 0, 10, 4), 0, old=one), kind="erase-any"))
    paint_box(owner, layer, (100, 100, 120, 120))

    found = instance_history(layer, one)

    assert told(layer, one) == [
        (owner.username, "erase-any", 0, -40),
        (annotator.username, "brush", 100, 0),
    ]
    assert (found["created_by"], found["area_px"]) == (annotator.username, 60)
    assert found["created"]["seq"] == 1
    assert found["accepted_from"] is None
    assert found["before"] is None


def test_an_accepted_object_says_from_which_draft(annotator, owner, layer):
    draft = drafted(layer.image)
    accept_draft(user=annotator, layer_id=layer.pk, draft_id=draft.pk)
    layer.refresh_from_db()
    send(owner, layer, sent(box_op(layer, (10, 10, 20, 12), 0, old=1), kind="erase-any"))

    found = instance_history(layer, 1)

    source = {"layer": str(draft.pk), "name": "stardist v3", "instance_id": 1}
    assert found["accepted_from"] == source
    assert (found["created"]["kind"], found["created"]["draft"]) == ("accept", "stardist v3")
    assert (found["changes"][0]["person"], found["state"]) == (owner.username, "edited")


def test_merges_splits_undos_and_classes_are_changes(annotator, owner, layer):
    create_class(user=owner, project_id=layer.image.project_id, name="mitosis")
    one = paint_box(annotator, layer, (0, 0, 10, 10))
    two = paint_box(annotator, layer, (0, 20, 10, 30))
    merged = send(owner, layer, sent(box_op(layer, (0, 20, 10, 30), one, old=two), kind="merge"))
    three = new_id(annotator, layer)
    split = box_op(layer, (0, 0, 10, 3), three, old=one)
    send(annotator, layer, sent(split, kind="split"))
    undo(owner, layer, merged.ops[0])
    set_class(user=owner, layer_id=layer.pk, instance_ids=[one], class_name="mitosis")
    layer.refresh_from_db()
    who, boss = annotator.username, owner.username

    assert told(layer, one) == [
        (boss, "class", 0, 0),
        (boss, "undo", 0, -100),
        (who, "split", 0, -30),
        (boss, "merge", 100, 0),
        (who, "brush", 100, 0),
    ]
    assert told(layer, two) == [
        (boss, "undo", 100, 0),
        (boss, "merge", 0, -100),
        (who, "brush", 100, 0),
    ]
    assert told(layer, three) == [(who, "split", 30, 0)]
    changes = instance_history(layer, one)["changes"]
    assert [row["class_name"] for row in changes] == ["mitosis", None, None, None, None]
    assert changes[1]["undo_of"] == {"seq": merged.seq, "kind": "merge"}
    check_in_step(layer)


def test_what_happened_where_an_object_no_longer_is_belongs_to_it(annotator, layer):
    one = paint_box(annotator, layer, (0, 0, 10, 10))
    send(annotator, layer, sent(box_op(layer, (600, 600, 610, 610), one)))
    send(annotator, layer, sent(box_op(layer, (0, 0, 10, 10), 0, old=one)))

    assert [(gained, lost) for *_, gained, lost in told(layer, one)] == [
        (0, -100),
        (100, 0),
        (100, 0),
    ]


def test_an_object_that_is_gone_has_a_history_and_one_that_never_was_has_none(annotator, layer):
    one = paint_box(annotator, layer, (0, 0, 10, 10))
    send(annotator, layer, sent(box_op(layer, (0, 0, 10, 10), 0), kind="delete"))

    assert [kind for _, kind, *_ in told(layer, one)] == ["delete", "brush"]
    with pytest.raises(NotFound):
        instance_history(layer, one + 1)


def test_a_long_history_is_looked_through_page_by_page(annotator, layer, monkeypatch):
    monkeypatch.setattr(touching, "SCANNED", 3)
    one = paint_box(annotator, layer, (0, 0, 10, 10))
    for k in range(7):
        paint_box(annotator, layer, (100 + 10 * k, 0, 109 + 10 * k, 9))
    send(annotator, layer, sent(box_op(layer, (0, 0, 10, 4), 0, old=one)))

    pages = [list_ops(layer, Wanted(instance_id=one))]
    while pages[-1]["before"] is not None:
        pages.append(list_ops(layer, Wanted(instance_id=one, before=pages[-1]["before"])))

    assert [[row["seq"] for row in page["ops"]] for page in pages] == [[9], [], [1]]
    assert instance_history(layer, one)["created"] is None, "it is not known yet"
    assert instance_history(layer, one, before=4)["created"]["seq"] == 1


# --- the table of an op ---------------------------------------------------------------------------


@given(st.data())
def test_the_labels_of_an_op_are_read_from_its_beginning(data):
    labels = data.draw(st.lists(st.integers(0, 2**32 - 1), min_size=2, max_size=300, unique=True))
    chunk, after = chunks.empty(), chunks.empty()
    chunk.reshape(-1)[: len(labels)] = np.array(labels, np.uint32)
    after[:] = chunk
    after.reshape(-1)[: len(labels)] = np.roll(np.array(labels, np.uint32), 1)
    body = ops.pack(ops.encode({(0, 0): ops.between(chunk, after)}))

    assert op_tables.labels_named(body) == set(labels)
    for cut in range(0, len(body), 37):
        assert op_tables.labels_named(body[:cut]) in (None, set(labels))


def test_an_op_that_only_gives_a_class_names_no_label():
    assert op_tables.labels_named(ops.pack(ops.encode({}))) == frozenset()
