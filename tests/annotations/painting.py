"""Strokes for tests: ops from pictures, sent by a person or through the API."""

from __future__ import annotations

import itertools
import uuid

import numpy as np

from annotations.actions.labels import allocate_ids, append_ops
from annotations.labels import chunks, ops
from annotations.labels.envelope import SentOp
from annotations.models import LabelLayer
from annotations.queries.chunks import layer_label_image
from annotations.queries.history import chunk_at

_n = itertools.count(1)


def op_between(before, after):
    """Return the op that turns one whole label image into another."""
    was, now = dict(chunks.split(before)), dict(chunks.split(after))
    found = {
        place: ops.between(was.get(place, chunks.empty()), now.get(place, chunks.empty()))
        for place in was.keys() | now.keys()
    }
    return {place: runs for place, runs in found.items() if len(runs)}


def picture(layer):
    """Return the whole layer as it is."""
    return layer_label_image(layer, (0, 0, layer.image.height, layer.image.width))


def box_op(layer, box, new, *, old=None):
    """Return the op that fills a box; `old` None reads what is there."""
    before = picture(layer) if old is None else np.full_like(picture(layer), 0)
    if old:
        before[box[0] : box[2], box[1] : box[3]] = old
    after = before.copy()
    after[box[0] : box[2], box[1] : box[3]] = new
    return op_between(before, after)


def sent(op, *, n=None, kind="brush", meta=None, t=0, z=0):
    body = ops.pack(ops.encode(op))
    return SentOp(next(_n) if n is None else n, kind, body, t, z, meta or {})


def send(user, layer, *many, session=None):
    """Append ops and return the outcome; the layer object is refreshed."""
    outcome = append_ops(
        user=user, layer_id=layer.pk, session=session or uuid.uuid4(), sent=list(many)
    )
    layer.refresh_from_db()
    return outcome


def new_id(user, layer):
    first = allocate_ids(user=user, layer_id=layer.pk, count=1)
    layer.refresh_from_db()
    return first


def paint_box(user, layer, box, **kwargs):
    """Paint a box as a new instance and return its id."""
    instance_id = new_id(user, layer)
    send(user, layer, sent(box_op(layer, box, instance_id), **kwargs))
    return instance_id


def label_image_at(layer, seq, box, *, t=0, z=0):
    """Return what a box of the layer showed after the op `seq`, chunk by chunk as it is served."""
    held = {place: chunk_at(layer, seq, place, t=t, z=z) for place in chunks.places(box)}
    return chunks.join(held, box)


def replay(layer):
    """Return the picture that the op log alone gives."""
    held = {}
    for row in layer.ops.order_by("seq"):
        op = ops.decode(ops.unpack(bytes(row.body)), max_chunks=10_000)
        for place in op:
            held.setdefault(place, chunks.empty())
        applied = ops.apply(op, held, height=layer.image.height, width=layer.image.width)
        assert applied.n_refused == 0, "the log holds only what was accepted"
    return chunks.join(held, (0, 0, layer.image.height, layer.image.width))


def check_in_step(layer: LabelLayer) -> None:
    """Assert that log, chunks, history and instance table tell the same story."""
    layer = LabelLayer.objects.select_related("image").get(pk=layer.pk)
    shown = picture(layer)
    assert np.array_equal(replay(layer), shown)
    assert list(layer.ops.order_by("seq").values_list("seq", flat=True)) == list(
        range(1, layer.seq + 1)
    )
    rows = {row.instance_id: row for row in layer.instances.all()}
    counted = dict(
        zip(*(part.tolist() for part in np.unique(shown, return_counts=True)), strict=True)
    )
    counted.pop(0, None)
    assert {i: row.area_px for i, row in rows.items() if row.area_px} == counted
    for instance_id in counted:
        row = rows[instance_id]
        inside = shown[row.row0 : row.row1, row.col0 : row.col1] == instance_id
        assert int(inside.sum()) == row.area_px, "the box holds every pixel"
