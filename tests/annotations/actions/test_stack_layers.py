"""Layers of stacks: instances over planes, drafts of stacks and accepting them."""

from __future__ import annotations

import uuid

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from annotations.actions import layer_writer
from annotations.actions.drafts import Preserve, accept_draft, store_prediction
from annotations.actions.labels import DraftInBlindRegion
from annotations.actions.regions import open_region
from annotations.labels import ops
from annotations.labels.label_image import measure
from annotations.models import InstanceState, LabelOp, Purpose
from annotations.queries.chunks import layer_label_image, shows
from project.errors import InvalidInput
from tests.annotations.painting import new_id, op_between, send, sent
from tests.factories import ImageFactory, LayerFactory

N_Z, HEIGHT, WIDTH = 3, 40, 530  # two chunks side by side


@pytest.fixture
def image(project):
    return ImageFactory(project=project, n_z=N_Z, height=HEIGHT, width=WIDTH)


@pytest.fixture
def layer(image):
    return LayerFactory(image=image)


def stack_of(layer):
    """Return what all planes of a layer show."""
    layer.refresh_from_db()
    image = layer.image
    box = (0, 0, image.height, image.width)
    return np.stack([layer_label_image(layer, box, z=z) for z in range(image.n_z)])


def check_stack(layer):
    """Assert that the table tells what a recount of all planes says."""
    shown = stack_of(layer)
    rows = {row.instance_id: row for row in layer.instances.all()}
    ids, areas = np.unique(shown[shown > 0], return_counts=True)
    assert {i: row.area_px for i, row in rows.items() if row.area_px} == dict(
        zip(ids.tolist(), areas.tolist(), strict=True)
    )
    for instance_id in ids.tolist():
        row = rows[instance_id]
        held = shown[row.z : row.z + row.depth, row.row0 : row.row1, row.col0 : row.col1]
        assert int((held == instance_id).sum()) == row.area_px, "box and span hold every pixel"
    log = np.zeros_like(shown)
    for op in layer.ops.order_by("seq"):
        held = {place: chunk.copy() for place, chunk in _chunks(log[op.z]).items()}
        decoded = ops.decode(ops.unpack(bytes(op.body)))
        for place in decoded:
            held.setdefault(place, np.zeros((512, 512), np.uint32))
        assert ops.apply(decoded, held, height=HEIGHT, width=WIDTH).n_refused == 0
        log[op.z] = layer_writer.chunks.join(held, (0, 0, HEIGHT, WIDTH))
    assert np.array_equal(log, shown), "the log alone gives every plane"


def _chunks(plane):
    return dict(layer_writer.chunks.split(plane))


def fill(layer, z, box, new):
    """Return the op that fills a box of a plane."""
    before = stack_of(layer)[z]
    after = before.copy()
    after[box[0] : box[2], box[1] : box[3]] = new
    return sent(op_between(before, after), z=z)


def draft_of(image, stack, **kwargs):
    n = int(stack.max())
    scores = np.linspace(0.9, 0.5, n).astype(np.float32)
    return store_prediction(image=image, name="v1", label_image=stack, scores=scores, **kwargs)


def two_columns():
    """Two objects in a stack: 1 in planes 0 and 1, 2 in all three, each moving a little."""
    stack = np.zeros((N_Z, HEIGHT, WIDTH), np.uint32)
    for z in range(N_Z):
        if z < 2:
            stack[z, 5:15, 5 + z : 15 + z] = 1
        stack[z, 20:30, 505 + z : 520 + z] = 2
    return stack


def test_an_instance_of_several_planes_spans_them_all(annotator, layer):
    one = new_id(annotator, layer)
    send(annotator, layer, fill(layer, 1, (5, 5, 10, 10), one))
    send(annotator, layer, fill(layer, 2, (8, 8, 20, 20), one))
    send(annotator, layer, fill(layer, 0, (0, 0, 2, 2), one))

    row = layer.instances.get()
    assert (row.t, row.z, row.depth) == (0, 0, 3)
    assert row.area_px == 25 + 144 + 4
    assert (row.row0, row.col0, row.row1, row.col1) == (0, 0, 20, 20)
    check_stack(layer)


def test_erasing_in_one_plane_keeps_the_box_of_the_others(annotator, layer):
    one = new_id(annotator, layer)
    send(annotator, layer, fill(layer, 0, (0, 0, 30, 30), one))
    send(annotator, layer, fill(layer, 1, (5, 5, 10, 10), one))

    send(annotator, layer, fill(layer, 1, (5, 5, 9, 10), 0))

    row = layer.instances.get()
    assert (row.row0, row.col0, row.row1, row.col1) == (0, 0, 30, 30)
    assert (row.z, row.depth, row.area_px) == (0, 2, 905)


def test_a_span_is_tightened_when_every_pixel_left_is_in_hand(annotator, layer):
    one = new_id(annotator, layer)
    both = [fill(layer, z, (0, 0, 10, 10), one) for z in (0, 1)]
    send(annotator, layer, *both)

    send(annotator, layer, fill(layer, 0, (0, 0, 10, 10), 0))
    loose = layer.instances.get()
    assert (loose.z, loose.depth) == (0, 2), "plane 1 was not read"

    send(annotator, layer, fill(layer, 1, (0, 0, 5, 10), 0))
    row = layer.instances.get()
    assert (row.z, row.depth, row.row0, row.area_px) == (1, 1, 5, 50)


def test_an_undo_brings_an_emptied_instance_back_where_it_was(annotator, layer):
    one = new_id(annotator, layer)
    outcome = send(annotator, layer, fill(layer, 2, (0, 0, 10, 10), one))
    done = ops.decode(ops.unpack(bytes(outcome.ops[0].body)))
    undo, redo = ops.invert(done), done

    send(annotator, layer, sent(undo, kind="undo", z=2))
    assert layer.instances.get().area_px == 0
    send(annotator, layer, sent(redo, kind="redo", z=2))

    row = layer.instances.get()
    assert (row.z, row.depth, row.area_px) == (2, 1, 100)


STROKE = st.tuples(
    st.integers(0, N_Z - 1),  # plane
    st.integers(0, 30),  # row
    st.integers(500, 520),  # column
    st.integers(1, 9),  # side
    st.integers(0, 3),  # new label; 0 erases
    st.booleans(),  # undo an earlier op instead
    st.booleans(),  # in one save with the next
)


@given(strokes=st.lists(STROKE, min_size=1, max_size=12), data=st.data())
@settings(
    max_examples=25, suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None
)
def test_the_table_agrees_with_a_recount_after_any_strokes(annotator, image, strokes, data):
    layer = LayerFactory(image=image, name=f"layer {uuid.uuid4()}", next_instance_id=4)
    waiting = []
    for z, row, col, side, new, is_undo, waits in strokes:
        earlier = list(LabelOp.objects.filter(layer=layer))
        if is_undo and earlier:
            op = data.draw(st.sampled_from(earlier))
            body = ops.invert(ops.decode(ops.unpack(bytes(op.body))))
            waiting.append(sent(body, kind="undo", z=op.z))
        else:
            waiting.append(fill(layer, z, (row, col, row + side, col + side), new))
        if not waits:
            send(annotator, layer, *waiting)
            waiting = []
    if waiting:
        send(annotator, layer, *waiting)

    check_stack(layer)


def test_a_draft_of_a_stack_is_one_layer_with_objects_over_planes(image):
    stack = two_columns()

    draft = draft_of(image, stack)

    assert np.array_equal(stack_of(draft), stack)
    one, two = draft.instances.order_by("instance_id")
    assert (one.z, one.depth, one.area_px) == (0, 2, 200)
    assert (two.z, two.depth, two.area_px) == (0, 3, 450)
    assert (two.row0, two.col0, two.row1, two.col1) == (20, 505, 30, 522)
    check = dict(_digests(draft))
    assert shows(draft, check)
    assert not shows(draft, {key: d for key, d in check.items() if key[1]})


def _digests(layer):
    rows = layer.chunks.values_list("t", "z", "cy", "cx", "digest")
    return [((t, z, (cy, cx)), digest) for t, z, cy, cx, digest in rows]


@pytest.mark.parametrize(
    "stack",
    [
        np.zeros((N_Z + 1, HEIGHT, WIDTH), np.uint32),  # more planes than there are
        np.zeros((N_Z, HEIGHT, 5), np.uint32),
        np.full((N_Z, HEIGHT, WIDTH), 2, np.uint32),  # ids with a gap
    ],
)
def test_a_stack_that_does_not_fit_is_refused(image, stack):
    with pytest.raises(InvalidInput):
        store_prediction(
            image=image, name="v1", label_image=stack, scores=np.ones(int(stack.max()), np.float32)
        )


def test_accepting_writes_an_op_in_each_plane_of_one_group(annotator, image, layer):
    draft = draft_of(image, two_columns(), class_names=["round", ""])

    accepted = accept_draft(user=annotator, layer_id=layer.pk, draft_id=draft.pk)

    assert (accepted.n_accepted, accepted.n_skipped) == (2, 0)
    assert np.array_equal(stack_of(layer), two_columns())
    written = list(layer.ops.order_by("seq"))
    assert [op.z for op in written] == [0, 1, 2]
    assert {op.kind for op in written} == {"accept"}
    assert len({op.meta["group"] for op in written}) == 1
    rows = list(layer.instances.order_by("instance_id"))
    assert [(row.z, row.depth, row.area_px) for row in rows] == [(0, 2, 200), (0, 3, 450)]
    assert [row.class_name for row in rows] == ["round", ""]
    assert {row.state for row in rows} == {InstanceState.ACCEPTED}
    assert set(draft.instances.values_list("state", flat=True)) == {InstanceState.ACCEPTED}
    check_stack(layer)


def test_two_accepts_are_two_groups(annotator, image, layer):
    draft = draft_of(image, two_columns())
    for instance_id in (1, 2):
        accept_draft(
            user=annotator, layer_id=layer.pk, draft_id=draft.pk, instance_ids=[instance_id]
        )

    groups = [op.meta["group"] for op in layer.ops.order_by("seq")]
    assert [groups.count(group) for group in dict.fromkeys(groups)] == [2, 3]


def test_undoing_all_ops_of_an_accept_opens_the_draft_again(annotator, image, layer):
    draft = draft_of(image, two_columns())
    accept_draft(user=annotator, layer_id=layer.pk, draft_id=draft.pk)

    for op in layer.ops.order_by("-seq"):
        undo = ops.invert(ops.decode(ops.unpack(bytes(op.body))))
        send(annotator, layer, sent(undo, kind="undo", z=op.z))

    assert not stack_of(layer).any()
    assert set(draft.instances.values_list("state", flat=True)) == {InstanceState.PROPOSED}
    check_stack(layer)


def test_an_object_that_touches_an_annotated_one_in_any_plane_is_skipped(annotator, image, layer):
    draft = draft_of(image, two_columns())
    mine = new_id(annotator, layer)
    send(annotator, layer, fill(layer, 2, (25, 515, 28, 525), mine))

    accepted = accept_draft(user=annotator, layer_id=layer.pk, draft_id=draft.pk)

    assert (accepted.n_accepted, accepted.n_skipped) == (1, 1)
    assert sorted(np.unique(stack_of(layer)[0]).tolist()) == [0, mine + 1]
    check_stack(layer)


def test_overwriting_takes_pixels_in_all_planes(annotator, image, layer):
    draft = draft_of(image, two_columns())
    mine = new_id(annotator, layer)
    send(annotator, layer, fill(layer, 2, (0, 500, 40, 530), mine))

    accept_draft(user=annotator, layer_id=layer.pk, draft_id=draft.pk, preserve=Preserve.NONE)

    assert measure(stack_of(layer)[2]).area_px.tolist() == [40 * 30 - 150, 150]
    check_stack(layer)


def test_nothing_that_reaches_a_blind_region_in_any_plane_is_accepted(annotator, image, layer):
    draft = draft_of(image, two_columns())
    open_region(
        user=annotator,
        image_id=image.pk,
        box=(0, 0, 40, 40),
        purpose=Purpose.BLIND_VALIDATION,
        plane=(0, 1),
    )

    accepted = accept_draft(user=annotator, layer_id=layer.pk, draft_id=draft.pk)

    assert (accepted.n_accepted, accepted.n_skipped) == (1, 1)
    assert not stack_of(layer)[:, :, :100].any()
    with pytest.raises(DraftInBlindRegion):
        accept_draft(user=annotator, layer_id=layer.pk, draft_id=draft.pk, instance_ids=[1])


def test_a_blind_region_of_other_planes_hinders_nothing(annotator, image, layer):
    draft = draft_of(image, two_columns())
    open_region(
        user=annotator,
        image_id=image.pk,
        box=(0, 0, 40, 40),
        purpose=Purpose.BLIND_VALIDATION,
        plane=(0, 2),
    )

    accepted = accept_draft(user=annotator, layer_id=layer.pk, draft_id=draft.pk)

    assert accepted.n_accepted == 2
