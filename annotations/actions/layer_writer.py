"""The one way to write into a layer: chunks, instance table, op log and seq in step.

Used by actions inside a transaction that holds the lock of the layer's row, or up to `take_turn`
without it.
"""

from __future__ import annotations

import uuid
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from typing import Any, TypeAlias

import numpy as np
from django.db import connection
from numpy.typing import NDArray

from annotations.actions.layer_news import tell_instances, tell_ops
from annotations.labels import chunks, class_meta, ops
from annotations.labels.chunks import Box
from annotations.labels.ops import Chunk, LabelChange, Op, Place
from annotations.models import (
    ChunkState,
    Instance,
    InstanceState,
    LabelChunk,
    LabelLayer,
    LabelOp,
)
from annotations.queries.chunks import pixels_of, present_digests
from project import inserts, storage
from project.inserts import Rows

Plane: TypeAlias = tuple[int, int]  # (t, z)
Span: TypeAlias = tuple[int, int]  # planes [z0, z1)
Decided: TypeAlias = dict[tuple[uuid.UUID, str], list[int]]  # ids by draft and new state

NO_BOX: Box = (0, 0, 0, 0)
TIGHTEN_AT_MOST = 200  # boxes per save; a bulk edit leaves the rest loose
TIGHTEN_PIXELS = 1 << 20  # scanning a larger box would be felt in the stroke
NAMED_ROWS = 5000  # beyond this many ids a range is asked for, not a list
# These bring a state back and are no edit of an accepted object.
UNDOING = {"undo", "redo", "restore"}
AT_PLACE = ("layer", "t", "z", "cy", "cx")
CHANGED_OF_INSTANCE = (
    *("t", "z", "depth", "area_px", "row0", "col0", "row1", "col1"),
    *("state", "score", "class_name", "source_layer", "source_instance_id", "seq"),
)


@dataclass(frozen=True, slots=True)
class Origin:
    """The draft instance that an instance was accepted from."""

    layer_id: uuid.UUID
    instance_id: int
    edited: bool = False  # accepted by editing it
    score: float | None = None
    class_name: str = ""


@dataclass(slots=True)
class _Touched:
    """What all ops of one save did to one label."""

    plane: Plane  # of the first op that touched it
    area_px: int = 0
    gained: Box | None = None  # over all planes
    span: Span | None = None  # of the planes where it gained pixels
    seq: int = 0
    shrank: bool = False
    edited: bool = False
    origin: Origin | None = None
    class_name: str | None = None  # told by an op; None leaves it as it is


@dataclass(frozen=True, slots=True)
class _Stored:
    """A chunk whose blob is on the disk, as it was after the op `seq`."""

    digest: str
    size_bytes: int
    seq: int


class Overtaken(Exception):
    """What was prepared for a layer does not hold any more."""


@dataclass(slots=True)
class LayerWriter:
    """A layer with the chunks, instances and ops of one transaction in hand.

    The layer is locked, or what is written is prepared first and then takes its turn.
    """

    layer: LabelLayer
    user: Any  # None for the platform itself
    _planes: dict[Plane, dict[Place, Chunk]] = field(default_factory=lambda: defaultdict(dict))
    _dirty: dict[tuple[Plane, Place], int] = field(default_factory=dict)  # seq of the last op
    _put_away: dict[tuple[Plane, Place], _Stored] = field(default_factory=dict)
    _touched: dict[int, _Touched] = field(default_factory=dict)
    _ops: list[LabelOp] = field(default_factory=list)
    # Of a writer that prepares without the lock:
    _read: dict[Plane, dict[Place, str | None]] = field(default_factory=lambda: defaultdict(dict))
    _known: dict[int, Instance] | None = None
    _has_turn: bool = False

    def chunks(self, plane: Plane, places: Iterable[Place]) -> dict[Place, Chunk]:
        """Return the plane's chunks in hand, after loading these places for writing."""
        held = self._planes[plane]
        missing = [place for place in places if place not in held]
        if missing:
            t, z = plane
            digests = present_digests(self.layer, t=t, z=z, places=missing)
            for place in missing:
                stored = self._put_away.get((plane, place))
                digest = stored.digest if stored else digests.get(place)
                if stored is None:
                    self._read[plane][place] = digest
                held[place] = chunks.empty() if digest is None else pixels_of(digest).copy()
        return held

    def put_away(self, plane: Plane) -> None:
        """Store a plane's chunks and let go of their pixels: a stack may not fit in memory."""
        self._store(plane)
        self._planes.pop(plane, None)

    def _store(self, *planes: Plane) -> None:
        """Store what was changed in planes as blobs, several at a time: each waits for the disk."""
        changed = {
            (plane, place): (chunk, self._dirty.pop((plane, place)))
            for plane in planes
            for place, chunk in self._planes.get(plane, {}).items()
            if (plane, place) in self._dirty
        }
        stored = storage.several_at_once(_stored, changed.values())
        self._put_away.update(zip(changed, stored, strict=True))

    def prepare(self) -> None:
        """Do without the lock all that can be done; `take_turn` finds out whether it holds."""
        self._store(*self._planes)
        self._known = self._known_instances()

    def take_turn(self, *, may_follow: bool) -> None:
        """Lock the layer of a prepared writer and take the next places in its order.

        All that was read still holds when the layer is at the seq at which it was read: whatever
        changes chunks or instances takes a place in the order. Ops that came in between do no harm
        where `may_follow`, unless they changed one of the chunks in hand.

        Raises Overtaken; then roll back.
        """
        n = len(self._ops)
        with connection.cursor() as cursor:
            cursor.execute(
                f"UPDATE {LabelLayer._meta.db_table} SET seq = seq + %s WHERE id = %s"  # noqa: S608
                " RETURNING seq",
                [n, self.layer.pk],
            )
            found = cursor.fetchone()
        between = found[0] - self.layer.seq if found else None
        if between is None or (between and not (may_follow and self._chunks_hold())):
            raise Overtaken
        if between:
            self._move_on(between)
        self._has_turn = True

    def _chunks_hold(self) -> bool:
        for (t, z), read in self._read.items():
            if present_digests(self.layer, t=t, z=z, places=read) != {
                place: digest for place, digest in read.items() if digest is not None
            }:
                return False
        return True

    def _move_on(self, n: int) -> None:
        """Give everything in hand a place in the order that comes n later."""
        self.layer.seq += n
        for row in self._ops:
            row.seq += n
        for note in self._touched.values():
            note.seq += n
        self._put_away = {at: replace(one, seq=one.seq + n) for at, one in self._put_away.items()}
        self._known = None  # others may have painted on the same instances

    def write(  # noqa: PLR0913 - the columns of an op
        self,
        op: Op,
        *,
        session: uuid.UUID,
        n: int,
        kind: str,
        plane: Plane = (0, 0),
        meta: dict[str, Any] | None = None,
        origins: dict[int, Origin] | None = None,
        classes: Mapping[int, str] | None = None,
    ) -> LabelOp:
        """Apply an op to the chunks in hand, give it the next seq and return its row, unsaved.

        `classes` are names by instance id; ids that have never had a pixel are passed over.
        """
        applied = ops.apply(
            op,
            self.chunks(plane, op),
            height=self.layer.image.height or 0,
            width=self.layer.image.width or 0,
        )
        self.layer.seq += 1
        for place in applied.op:
            self._dirty[plane, place] = self.layer.seq
        said = self._note_all(applied.op, kind, plane, origins or {}, classes or {})
        if said:
            meta = {**(meta or {}), class_meta.KEY: class_meta.write(said)}
        row0, col0, row1, col1 = ops.box_of(applied.op)
        row = LabelOp(
            layer=self.layer,
            seq=self.layer.seq,
            session=session,
            n=n,
            user_id=getattr(self.user, "pk", None),
            kind=kind,
            t=plane[0],
            z=plane[1],
            row0=row0,
            col0=col0,
            row1=row1,
            col1=col1,
            body=ops.pack(ops.encode(applied.op)),
            meta=meta or {},
            n_pixels=applied.n_pixels,
            n_refused=applied.n_refused,
        )
        self._ops.append(row)
        return row

    def _note_all(
        self,
        op: Op,
        kind: str,
        plane: Plane,
        origins: Mapping[int, Origin],
        classes: Mapping[int, str],
    ) -> dict[int, str]:
        """Note what an applied op did; return the classes it gave, which others do after it."""
        said: dict[int, str] = {}
        for instance_id, change in ops.changes(op).items():
            is_edit = kind not in UNDOING and instance_id not in origins
            origin = origins.get(instance_id)
            self._note(instance_id, change, plane, is_edit, origin)
            if origin is not None and origin.class_name and change.area_px > 0:
                said[instance_id] = origin.class_name
        said |= classes
        for instance_id, name in said.items():
            note = self._touched.setdefault(instance_id, _Touched(plane))
            note.class_name, note.seq = name, self.layer.seq
        return said

    def _note(
        self,
        instance_id: int,
        change: LabelChange,
        plane: Plane,
        is_edit: bool,
        origin: Origin | None,
    ) -> None:
        note = self._touched.setdefault(instance_id, _Touched(plane))
        note.area_px += change.area_px
        note.gained = _union(note.gained, change.box)
        if change.box is not None:
            note.span = _joined(note.span, (plane[1], plane[1] + 1))
        note.seq = self.layer.seq
        note.shrank |= change.area_px < 0
        note.edited |= is_edit
        if origin is not None and change.area_px > 0:
            note.origin, note.edited, note.class_name = origin, False, None

    def save(self) -> None:
        """Store chunks, instances, ops and the layer's seq, and tell those who watch."""
        if not self._ops:
            return
        self._store(*self._planes)
        present, states = self._chunk_rows()
        instances, decided = self._instance_rows()
        inserts.insert(
            Rows(present, AT_PLACE, ("seq", "digest", "size_bytes")),
            Rows(states),
            Rows(instances, ("layer", "instance_id"), CHANGED_OF_INSTANCE),
            Rows(self._ops),
        )
        if not self._has_turn:
            LabelLayer.objects.filter(pk=self.layer.pk).update(
                seq=self.layer.seq, next_instance_id=self.layer.next_instance_id
            )
        tell_ops(self.layer.pk, self.layer.seq)
        if _decide_drafts(decided):
            tell_instances(self.layer.pk)

    def _chunk_rows(self) -> tuple[list[LabelChunk], list[ChunkState]]:
        present, states = [], []
        for ((t, z), (cy, cx)), one in self._put_away.items():
            at = {"layer": self.layer, "t": t, "z": z, "cy": cy, "cx": cx, "seq": one.seq}
            present.append(LabelChunk(**at, digest=one.digest, size_bytes=one.size_bytes))
            states.append(ChunkState(**at, digest=one.digest))
        return present, states

    def _instance_rows(self) -> tuple[list[Instance], Decided]:
        """Return the instance table's rows brought into step, and what became of drafts."""
        decided: Decided = defaultdict(list)
        known = self._known_instances() if self._known is None else self._known
        rows = []
        to_tighten = TIGHTEN_AT_MOST
        for instance_id, note in self._touched.items():
            if instance_id not in known and note.gained is None:
                continue
            row = known.get(instance_id) or self._new_instance(instance_id, note)
            was = (row.area_px, row.state)
            self._update(row, note)
            if row.area_px and note.shrank and to_tighten:
                to_tighten -= 1
                self._tighten(row)
            if row.source_layer_id and was != (row.area_px, row.state):
                state = row.state if row.area_px else InstanceState.PROPOSED
                decided[row.source_layer_id, state].append(row.source_instance_id or 0)
            rows.append(row)
        return rows, decided

    def _known_instances(self) -> dict[int, Instance]:
        if not self._touched or self.layer.seq == len(self._ops):
            return {}  # no ids; or the layer's first ops: nothing is there yet
        rows = Instance.objects.filter(layer=self.layer)
        if len(self._touched) <= NAMED_ROWS:
            rows = rows.filter(instance_id__in=list(self._touched))
        else:
            rows = rows.filter(instance_id__range=(min(self._touched), max(self._touched)))
        return {row.instance_id: row for row in rows}

    def _new_instance(self, instance_id: int, note: _Touched) -> Instance:
        return Instance(
            layer=self.layer,
            instance_id=instance_id,
            t=note.plane[0],
            z=note.plane[1],
            created_by_id=getattr(self.user, "pk", None),
        )

    def _update(self, row: Instance, note: _Touched) -> None:
        box = (row.row0, row.col0, row.row1, row.col1) if row.area_px else None
        span = (row.z, row.z + row.depth) if row.area_px else None
        row.area_px += note.area_px
        row.seq = note.seq
        box = (_union(box, note.gained) or NO_BOX) if row.area_px else NO_BOX
        row.row0, row.col0, row.row1, row.col1 = box
        if span is None:
            row.t = note.plane[0]
        span = (_joined(span, note.span) if row.area_px else None) or (row.z, row.z + 1)
        row.z, row.depth = span[0], span[1] - span[0]
        if note.origin is not None:
            row.source_layer_id = note.origin.layer_id
            row.source_instance_id = note.origin.instance_id
            row.score = note.origin.score
            row.class_name = note.origin.class_name
            edited = note.origin.edited or note.edited
            row.state = InstanceState.EDITED if edited else InstanceState.ACCEPTED
        elif row.source_layer_id and note.edited and row.area_px:
            row.state = InstanceState.EDITED
        if note.class_name is not None:
            row.class_name = note.class_name

    def _tighten(self, row: Instance) -> None:
        """Shrink box and span to the pixels, where all of them are in hand anyway.

        Of an object of several planes they often are not: it keeps what it spanned then, also
        when its first or last plane is empty now.
        """
        box = (row.row0, row.col0, row.row1, row.col1)
        tight: Box | None = None
        span: Span | None = None
        n_pixels = 0
        for z, own in self._own_pixels(row, box):
            n_pixels += int(np.count_nonzero(own))
            rows, cols = own.any(1).nonzero()[0].tolist(), own.any(0).nonzero()[0].tolist()
            if rows:
                here = (
                    *(box[0] + rows[0], box[1] + cols[0]),
                    *(box[0] + rows[-1] + 1, box[1] + cols[-1] + 1),
                )
                tight = _union(tight, here)
                span = _joined(span, (z, z + 1))
        if tight is not None and span is not None and n_pixels == row.area_px:
            row.row0, row.col0, row.row1, row.col1 = tight
            row.z, row.depth = span[0], span[1] - span[0]

    def _own_pixels(self, row: Instance, box: Box) -> Iterator[tuple[int, NDArray[np.bool_]]]:
        """Yield where a box shows the instance, plane by plane, as far as chunks are in hand."""
        n_seen = 0
        for z in range(row.z, row.z + row.depth):
            held = self._planes.get((row.t, z), {})
            if any(place not in held for place in chunks.places(box)):
                continue
            n_seen += (box[2] - box[0]) * (box[3] - box[1])
            if n_seen > TIGHTEN_PIXELS:
                return
            yield z, chunks.join(held, box) == row.instance_id


def _stored(changed: tuple[Chunk, int]) -> _Stored:
    chunk, seq = changed
    data = chunks.encode(chunk)
    # On the disk before the commit: a row never names a blob that is not there.
    return _Stored(storage.put_bytes(data), len(data), seq)


def _joined(one: Span | None, other: Span | None) -> Span | None:
    if one is None or other is None:
        return one or other
    return min(one[0], other[0]), max(one[1], other[1])


def _union(one: Box | None, other: Box | None) -> Box | None:
    if one is None or other is None:
        return one or other
    return (
        min(one[0], other[0]),
        min(one[1], other[1]),
        max(one[2], other[2]),
        max(one[3], other[3]),
    )


def _decide_drafts(decided: Decided) -> bool:
    """Write back to the drafts what became of their instances; an undone accept is open again."""
    for (layer_id, state), instance_ids in decided.items():
        Instance.objects.filter(layer_id=layer_id, instance_id__in=instance_ids).update(state=state)
        tell_instances(layer_id)
    return bool(decided)
