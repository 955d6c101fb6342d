"""Actions on layers: making one, handing out ids, appending ops."""

from __future__ import annotations

import uuid
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from typing import Any

from django.db import IntegrityError, transaction

from annotations.actions.audit import audit, not_audited
from annotations.actions.layer_writer import UNDOING, LayerWriter, Overtaken
from annotations.actions.op_origins import origins_of
from annotations.labels import class_meta, ops
from annotations.labels.envelope import MAX_COUNT, SentOp
from annotations.labels.ops import MAX_LABEL, Op
from annotations.models import (
    DEFAULT_LAYER,
    Image,
    LabelLayer,
    LabelOp,
    LayerKind,
    Role,
)
from annotations.queries.classes import hold_classes, names_now
from annotations.queries.history import STORED_CHUNKS, STORED_RAW_BYTES
from annotations.queries.labels import PAINTED, find_layer
from annotations.queries.regions import blind_boxes
from annotations.rules import require
from project.errors import Conflict, InvalidInput, NotReady

REHEARSED_BYTES = 16 << 10  # packed; a stroke has less than 3 kB, more is worth the wait
REHEARSED_CHUNKS = 16  # a megabyte each, for every request at once
MAX_IDS_AT_ONCE = 100_000  # the objects of a very large draft; 40,000 such blocks fit in 32 bits


@dataclass(frozen=True, slots=True)
class AppendedOps:
    """The newest seq of the layer, and for every sent op its row in the log."""

    seq: int
    ops: list[LabelOp]


class LayerReadOnly(Conflict):
    """A draft is never written to; it is accepted into an annotation layer."""

    code = "layer_read_only"


class DraftInBlindRegion(Conflict):
    """A draft was about to get into a region that is drawn without seeing drafts."""

    code = "draft_in_blind_region"


@transaction.atomic
def create_layer(*, user: Any, image: Image, name: str) -> LabelLayer:
    """Make a further annotation layer; the same name again returns the layer there is.

    Raises InvalidInput for an empty name.
    """
    require(user, image.project, Role.ANNOTATOR)
    name = name.strip()
    if not 0 < len(name) <= 100:
        raise InvalidInput("Give the layer a name of 1 to 100 characters.")
    layer, created = LabelLayer.objects.get_or_create(
        image=image, kind=LayerKind.ANNOTATION, name=name
    )
    if created:
        audit(user=user, project=image.project, verb="create_layer", target=layer, name=name)
    return layer


@not_audited("made by the platform, as it is when an image was read")
@transaction.atomic
def ensure_annotation_layer(*, user: Any, image: Image) -> LabelLayer:
    """Return the image's annotation layer, making the default one when there is none.

    Raises NotFound and NotAllowed.
    """
    require(user, image.project, Role.ANNOTATOR)
    layers = LabelLayer.objects.filter(image=image, kind=LayerKind.ANNOTATION)
    first = layers.order_by("created_at", "name").first()
    if first is not None:
        return first
    layer, _ = LabelLayer.objects.get_or_create(
        image=image, kind=LayerKind.ANNOTATION, name=DEFAULT_LAYER
    )
    return layer


@not_audited("a counter; what the ids are used for stands in the op log")
@transaction.atomic
def allocate_ids(*, user: Any, layer_id: uuid.UUID, count: int) -> int:
    """Hand out a block of instance ids that nobody else gets, and return its first.

    Raises InvalidInput for a count out of range and Conflict when 32 bits are used up.
    """
    if not 1 <= count <= MAX_IDS_AT_ONCE:
        raise InvalidInput(f"Ask for 1 to {MAX_IDS_AT_ONCE} ids at once.")
    layer = writable_layer(user, layer_id)
    first = layer.next_instance_id
    reserve_ids(layer, count)
    layer.save(update_fields=["next_instance_id"])
    return first


def writable_layer(user: Any, layer_id: uuid.UUID, *, lock: bool = True) -> LabelLayer:
    """Return an annotation layer that the person may write to, locked unless said otherwise.

    Raises LayerReadOnly for a draft and NotReady while the image is being read.
    """
    layer = find_layer(user, layer_id, Role.ANNOTATOR, lock=lock, only=() if lock else PAINTED)
    if layer.kind != LayerKind.ANNOTATION:
        raise LayerReadOnly("A draft cannot be painted on; accept its objects instead.")
    if not layer.image.height or not layer.image.width:
        raise NotReady("This image is still being read; paint on it when it is ready.")
    return layer


def reserve_ids(layer: LabelLayer, count: int) -> int:
    """Take ids from a locked layer's counter, unsaved, and return the first."""
    first = layer.next_instance_id
    if first + count - 1 > MAX_LABEL:
        raise Conflict("This layer has used up all its object numbers; start a new layer.")
    layer.next_instance_id += count
    return first


@not_audited("the op log is the record: who, when, what, pixel by pixel")
def append_ops(
    *, user: Any, layer_id: uuid.UUID, session: uuid.UUID, sent: Sequence[SentOp]
) -> AppendedOps:
    """Apply ops in their order, each pixel where it still holds the old label, and log them.

    An op whose (session, n) is known is not applied again: its first outcome is returned, so a
    retry is harmless. All ops of a call are stored together or not at all. An undo or redo that
    names its op changes no pixel that this op did not change, whoever else made it so.

    Raises InvalidInput (with `n`) for an op that is malformed, lies off the image, uses an id
    that was not handed out or names a class that the project never had, and DraftInBlindRegion.
    """
    if 0 < sum(len(one.body) for one in sent) <= REHEARSED_BYTES and not _meets_others(sent):
        # Somebody else was faster, or an op is known: then once more, while everybody waits.
        with suppress(Overtaken, IntegrityError):
            return _append_rehearsed(user, layer_id, session, sent)
    with transaction.atomic():
        return _append_locked(user, layer_id, session, sent)


def _meets_others(sent: Iterable[SentOp]) -> bool:
    """Tell whether an op depends on more than its layer: on names of classes, on drafts."""
    return any(
        one.kind == "accept" or one.meta.keys() & {class_meta.KEY, "accepts"} for one in sent
    )


def _append_rehearsed(
    user: Any, layer_id: uuid.UUID, session: uuid.UUID, sent: Sequence[SentOp]
) -> AppendedOps:
    """Do all the work and store the blobs first, then take the lock for the rows alone.

    Raises Overtaken when the layer became another one meanwhile, and IntegrityError for an op
    that is known; then nothing was written but blobs, which the garbage collection takes.
    """
    decoded = [_decode(one) for one in sent]
    if len({(one.t, one.z, at) for one, op in zip(sent, decoded, strict=True) for at in op}) > (
        REHEARSED_CHUNKS
    ):
        raise Overtaken
    layer = writable_layer(user, layer_id, lock=False)
    writer = LayerWriter(layer, user)
    rows: list[LabelOp] = []
    for one, op in zip(sent, decoded, strict=True):
        rows.append(_append(writer, session, one, op, rows))
    writer.prepare()
    with transaction.atomic():
        writer.take_turn(may_follow=not any(one.kind in UNDOING for one in sent))
        writer.save()
    return AppendedOps(layer.seq, rows)


def _append_locked(
    user: Any, layer_id: uuid.UUID, session: uuid.UUID, sent: Sequence[SentOp]
) -> AppendedOps:
    if _meets_others(sent):
        hold_classes()
    layer = writable_layer(user, layer_id)
    known = _known_ops(layer, session, sent)
    writer = LayerWriter(layer, user)
    rows: list[LabelOp] = []
    for one in sent:
        row = known.get(one.n)
        rows.append(row or _append(writer, session, one, _decode(one), rows))
    writer.save()
    return AppendedOps(layer.seq, rows)


def _known_ops(layer: LabelLayer, session: uuid.UUID, sent: Iterable[SentOp]) -> dict[int, LabelOp]:
    rows = LabelOp.objects.filter(layer=layer, session=session, n__in=[one.n for one in sent])
    return {row.n: row for row in rows}


def _decode(sent: SentOp) -> Op:
    with _naming(sent):
        return ops.decode(ops.unpack(sent.body))


@contextmanager
def _naming(sent: SentOp) -> Iterator[None]:
    """Say in an error which op is at fault."""
    try:
        yield
    except InvalidInput as error:
        error.data.setdefault("n", sent.n)
        raise


def _append(
    writer: LayerWriter, session: uuid.UUID, sent: SentOp, op: Op, before: Sequence[LabelOp]
) -> LabelOp:
    """Apply and log one op; `before` are those of the same call that came before it."""
    with _naming(sent):
        _check_op(writer.layer, sent, op)
        origins = origins_of(writer.layer, sent)
        classes = _classes(writer.layer, sent)
    if origins or sent.kind == "accept":
        _refuse_in_blind_region(writer.layer, sent, op)
    done = _reversed_op(writer.layer, sent, before)
    part = op if done is None else ops.taking_back(op, done)
    row = writer.write(
        part,
        session=session,
        n=sent.n,
        kind=sent.kind,
        plane=(sent.t, sent.z),
        meta=sent.meta,
        origins=origins,
        classes=classes,
    )
    row.n_refused += _n_pixels(op) - _n_pixels(part)
    return row


def _n_pixels(op: Op) -> int:
    return sum(runs.n_pixels for runs in op.values())


def _reversed_op(layer: LabelLayer, sent: SentOp, before: Sequence[LabelOp]) -> Op | None:
    """Return what took effect of the op that an undo or redo names; None when it names none.

    An editor undoes what it sees, which may be ahead of the server: where somebody else erased
    first, its own eraser was refused, and undoing it must not bring their pixels back.
    """
    named = sent.meta.get("undo_of") or sent.meta.get("redo_of")
    if sent.kind not in UNDOING or not isinstance(named, dict):
        return None
    n = named.get("n")
    try:
        session = uuid.UUID(str(named.get("session")))
    except ValueError:
        return None
    if type(n) is not int or not 0 <= n <= MAX_COUNT:
        return None
    here = [row for row in before if (row.session, row.n) == (session, n)]
    stored = LabelOp.objects.filter(layer=layer, session=session, n=n, t=sent.t, z=sent.z)
    row = here[0] if here else stored.first()
    if row is None:
        return None
    raw = ops.unpack(bytes(row.body), max_raw_bytes=STORED_RAW_BYTES)
    return ops.decode(raw, max_chunks=STORED_CHUNKS)


def _check_op(layer: LabelLayer, sent: SentOp, op: Op) -> None:
    image = layer.image
    if sent.t >= image.n_t or sent.z >= image.n_z:
        raise InvalidInput("The operation lies on a plane that the image does not have.")
    for cy, cx in op:
        if cy * ops.SIDE >= (image.height or 0) or cx * ops.SIDE >= (image.width or 0):
            raise InvalidInput("The operation lies outside of the image.")
    _, new = ops.labels_in(op)
    if new.size and new[-1] >= layer.next_instance_id:
        raise InvalidInput(
            f"The operation uses the object number {int(new[-1])}, which was not handed out for "
            "this layer; ask for numbers first."
        )


def _classes(layer: LabelLayer, sent: SentOp) -> dict[int, str]:
    """Return which class the op gives to instances, by the names of today.

    Raises InvalidInput, and NoSuchClass for a name that the project never had.
    """
    asked = class_meta.read(sent.meta)
    if not asked:
        return {}
    if max(asked) >= layer.next_instance_id:
        raise InvalidInput(
            f"The operation names the object number {max(asked)}, which was not handed out for "
            "this layer; ask for numbers first."
        )
    project = layer.image.project
    names = names_now(project, asked.values(), restores=sent.kind in UNDOING)
    return {instance_id: names[name] for instance_id, name in asked.items()}


def _refuse_in_blind_region(layer: LabelLayer, sent: SentOp, op: Op) -> None:
    boxes = blind_boxes(layer.image, ops.box_of(op), t=sent.t, z=sent.z) if op else []
    # Objects accepted in one go lie around a blind region as often as in it.
    if any(ops.meets(op, box) for box in boxes):
        raise DraftInBlindRegion(
            "A part of this lies in a blind-validation region, which is drawn without drafts.",
            n=sent.n,
        )
