"""Actions on drafts: storing a prediction, deciding about its objects, accepting them."""

from __future__ import annotations

import uuid
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import groupby, islice
from typing import Any

import numpy as np
from django.db import connection, transaction
from django.db.models import TextChoices
from numpy.typing import NDArray

from annotations.actions.audit import audit
from annotations.actions.labels import DraftInBlindRegion, reserve_ids, writable_layer
from annotations.actions.layer_news import tell_instances
from annotations.actions.layer_writer import LayerWriter, Origin, Plane
from annotations.actions.whole_planes import StoredPlanes, insert_labels
from annotations.labels import chunks, ops
from annotations.labels.chunks import Box, LabelImage
from annotations.labels.ops import Chunk, Op, Place, Runs
from annotations.models import (
    Image,
    Instance,
    InstanceState,
    LabelLayer,
    LayerKind,
    Role,
)
from annotations.queries.chunks import digests_by_plane, pixels_of
from annotations.queries.classes import hold_classes
from annotations.queries.labels import find_layer
from annotations.queries.regions import blind_regions
from project import events
from project.errors import Conflict, InvalidInput

CHUNKS_AT_ONCE = 256  # of an annotation, one megabyte each; an accept of more has several ops
NAMED_IDS = 1000  # an accept lists its objects in its op's meta up to this many


class Preserve(TextChoices):
    """What an accepted draft object leaves alone."""

    OBJECTS = "objects", "Skip draft objects that touch an annotated one"
    PIXELS = "pixels", "Take only pixels that are background"
    NONE = "none", "Overwrite what is there"


@dataclass(frozen=True, slots=True)
class Accepted:
    """What an accept did."""

    seq: int
    n_accepted: int
    n_skipped: int


class NotADraft(Conflict):
    """The layer is no prediction of the image in question."""

    code = "not_a_draft"


def store_prediction(  # noqa: PLR0913 - what a model says, and of which plane
    *,
    image: Image,
    name: str,
    label_image: LabelImage,
    scores: NDArray[np.floating[Any]],
    t: int = 0,
    z: int = 0,
    class_names: Sequence[str] = (),
) -> LabelLayer:
    """Store a model's output as a new read-only draft layer, its objects all proposed.

    The label image is of one plane, shape (H, W), or of a stack, shape (Z, H, W), that begins at
    plane z; an object of a stack is one instance over its planes. `class_names` are as many as
    scores, or none.

    Raises InvalidInput when shape, ids or scores do not fit together.
    """
    stack = label_image[None] if label_image.ndim == 2 else label_image
    if stack.shape[1:] != (image.height, image.width) or z + len(stack) > image.n_z:
        raise InvalidInput(
            f"The prediction has {label_image.shape} pixels, the image "
            f"{(image.height, image.width)} in {image.n_z} planes."
        )
    planes = StoredPlanes()
    for place, plane in enumerate(stack, z):
        planes.add(plane, place, t)
    return store_planes(
        image=image, name=name, planes=planes, scores=scores, class_names=class_names
    )


def store_planes(
    *,
    image: Image,
    name: str,
    planes: StoredPlanes,
    scores: NDArray[np.floating[Any]],
    class_names: Sequence[str] = (),
) -> LabelLayer:
    """Make a draft layer of planes whose chunks are stored; as `store_prediction` else.

    The ids of a time go on where those of the time before ended. Raises InvalidInput when ids and
    scores do not fit together.
    """
    ids = [np.zeros(0, np.int64), *(one.instance_id for one in planes.measures().values())]
    n_instances = _check_prediction(np.concatenate(ids), scores)
    with transaction.atomic():
        layer = LabelLayer.objects.create(
            image=image,
            kind=LayerKind.PREDICTION,
            name=name[:100],
            seq=1,
            next_instance_id=n_instances + 1,
        )
        insert_labels(
            layer,
            planes,
            state=InstanceState.PROPOSED,
            scores=np.asarray(scores, np.float64),
            class_names=class_names,
        )
        audit(
            user=None,
            project=image.project,
            verb="store_prediction",
            target=layer,
            image=str(image.pk),
            n_instances=n_instances,
        )
        events.publish(
            f"project:{image.project_id}",
            {"type": "draft", "image": str(image.pk), "layer": str(layer.pk)},
        )
    return layer


def _check_prediction(ids: NDArray[np.int64], scores: NDArray[np.floating[Any]]) -> int:
    if not np.array_equal(ids, np.arange(1, ids.size + 1)):
        raise InvalidInput("The ids of a prediction must be 1 to n without a gap, time after time.")
    if len(scores) != ids.size:
        raise InvalidInput(f"The prediction has {ids.size} objects but {len(scores)} scores.")
    return int(ids.size)


@transaction.atomic
def record_doubt(
    *, layer: LabelLayer, instance_ids: NDArray[np.int64], doubt: NDArray[np.float64]
) -> int:
    """Write how doubtful objects of a draft are (0 to 1); return how many it has of them.

    Raises NotADraft for an annotation layer and InvalidInput for numbers that cannot be.
    """
    if layer.kind != LayerKind.PREDICTION:
        raise NotADraft("Only the objects of a draft can be doubted.")
    if instance_ids.shape != doubt.shape or not ((doubt >= 0) & (doubt <= 1)).all():
        raise InvalidInput("Doubt is one number from 0 to 1 for each object.")
    with connection.cursor() as cursor:
        # One statement: a large draft has tens of thousands of objects.
        cursor.execute(
            f"UPDATE {Instance._meta.db_table} AS one SET doubt = told.doubt "  # noqa: S608
            "FROM unnest(%s::bigint[], %s::float8[]) AS told (instance_id, doubt) "
            "WHERE one.layer_id = %s AND one.instance_id = told.instance_id",
            [instance_ids.tolist(), doubt.tolist(), layer.pk],
        )
        n_written: int = cursor.rowcount
    audit(
        user=None,
        project=layer.image.project,
        verb="record_doubt",
        target=layer,
        n_instances=n_written,
    )
    if n_written:
        tell_instances(layer.pk)
    return n_written


@transaction.atomic
def decide(
    *, user: Any, layer_id: uuid.UUID, instance_ids: Sequence[int], state: InstanceState
) -> int:
    """Mark objects of a draft as rejected, accepted or proposed again; return how many changed.

    Raises NotADraft for an annotation layer and InvalidInput for a state that cannot be chosen.
    """
    layer = find_layer(user, layer_id, Role.ANNOTATOR)
    if layer.kind != LayerKind.PREDICTION:
        raise NotADraft("Only the objects of a draft are accepted or rejected.")
    if state == InstanceState.EDITED:
        raise InvalidInput("An object becomes edited by editing it.")
    changed = (
        Instance.objects.filter(layer=layer, instance_id__in=list(instance_ids))
        .exclude(state=state)
        .update(state=state)
    )
    audit(
        user=user,
        project=layer.image.project,
        verb="decide",
        target=layer,
        state=str(state),
        instance_ids=list(instance_ids)[:NAMED_IDS],
        n_changed=changed,
    )
    if changed:
        tell_instances(layer.pk)
    return changed


@transaction.atomic
def accept_draft(
    *,
    user: Any,
    layer_id: uuid.UUID,
    draft_id: uuid.UUID,
    instance_ids: Sequence[int] | None = None,
    min_score: float | None = None,
    preserve: Preserve = Preserve.OBJECTS,
) -> Accepted:
    """Copy draft objects into an annotation layer, as one op of kind accept per plane.

    Of more than 256 chunks in a plane it is several. Ops of one accept have the same `group` in
    their meta, so that they can be undone together; of a time series each time has its own.

    Without ids all proposed objects are meant, with `min_score` those at least that sure.
    Objects that touch a blind-validation region are left out.

    Raises NotADraft, LayerReadOnly, and DraftInBlindRegion when nothing else is left.
    """
    hold_classes()
    layer = writable_layer(user, layer_id)
    draft = find_layer(user, draft_id)
    if draft.kind != LayerKind.PREDICTION or draft.image_id != layer.image_id:
        raise NotADraft("That layer is not a draft of this image.")
    rows = _chosen(draft, instance_ids, min_score)
    writer = LayerWriter(layer, user)
    times = [list(of_time) for _, of_time in groupby(rows, key=lambda row: row.t)]
    merges = [_Merge(writer, draft, of_time, preserve) for of_time in times]
    blind = sum(merge.drop_blind() for merge in merges)
    if blind == len(rows) > 0:
        raise DraftInBlindRegion(
            "These objects lie in a blind-validation region, which is drawn without drafts."
        )
    accepted = [
        instance_id for merge in merges for instance_id in merge.write(alone=len(merges) == 1)
    ]
    writer.save()
    audit(
        user=user,
        project=layer.image.project,
        verb="accept_draft",
        target=layer,
        draft=str(draft.pk),
        preserve=str(preserve),
        n_accepted=len(accepted),
    )
    return Accepted(layer.seq, len(accepted), len(rows) - len(accepted))


def _chosen(
    draft: LabelLayer, instance_ids: Sequence[int] | None, min_score: float | None
) -> list[Instance]:
    """Return the draft's objects that are meant and not accepted yet, by time and id."""
    rows = Instance.objects.filter(layer=draft, area_px__gt=0)
    if instance_ids is None:
        rows = rows.filter(state=InstanceState.PROPOSED)
    else:
        rows = rows.filter(
            instance_id__in=list(instance_ids),
            state__in=[InstanceState.PROPOSED, InstanceState.REJECTED],
        )
    if min_score is not None:
        rows = rows.filter(score__gte=min_score)
    return list(rows.order_by("t", "instance_id"))


class _Merge:
    """Draft objects of one time on their way into the annotation, by plane and by chunk."""

    def __init__(
        self, writer: LayerWriter, draft: LabelLayer, rows: list[Instance], preserve: Preserve
    ) -> None:
        self.writer, self.draft = writer, draft
        self.rows, self.preserve = rows, preserve
        self.t = rows[0].t
        self.box, self.planes = _extent(rows)
        digests = digests_by_plane(draft, self.planes, t=self.t)
        wanted = {place for row in rows for place in chunks.places(_box(row))}
        self.digests = {
            z: {place: digest for place, digest in of_plane.items() if place in wanted}
            for z, of_plane in sorted(digests.items())
        }

    def drop_blind(self) -> int:
        """Leave out the objects with a pixel in a blind-validation region; return how many."""
        hit: set[int] = set()
        z0, z1 = self.planes
        image = self.writer.layer.image
        for region in blind_regions(image, self.box, t=self.t, z=z0, depth=z1 - z0):
            box = (region.row0, region.col0, region.row1, region.col1)
            for z in range(max(z0, region.z), min(z1, region.z + region.depth)):
                digests = self.digests.get(z, {})
                places = [place for place in chunks.places(box) if place in digests]
                seen = {place: pixels_of(digests[place]) for place in places}
                hit |= set(np.unique(chunks.join(seen, box)).tolist())
        return self._drop(hit)

    def _drop(self, instance_ids: set[int]) -> int:
        before = len(self.rows)
        self.rows = [row for row in self.rows if row.instance_id not in instance_ids]
        return before - len(self.rows)

    def write(self, *, alone: bool) -> list[int]:
        """Write the ops and return the new ids that got at least one pixel.

        Where no other time is written, a single plane stays at hand to measure what it covers.
        """
        if self.preserve == Preserve.OBJECTS:
            self._drop(self._in_the_way())
        if not self.rows:
            return []
        first = reserve_ids(self.writer.layer, len(self.rows))
        new_ids = self._new_ids(first)
        origins = {
            first + i: Origin(
                self.draft.pk, row.instance_id, score=row.score, class_name=row.class_name
            )
            for i, row in enumerate(self.rows)
        }
        session, n, won = uuid.uuid4(), 0, set[int]()
        meta = {**self._meta(first), "group": str(session)}
        batches = list(self._batches())
        for z, digests in batches:
            plane = (self.t, z)
            op = self._op(plane, digests, new_ids)
            won |= set(ops.labels_in(op)[1].tolist()) if op else set()
            for part in ops.divide(op):  # one, up to 65,535 objects
                n += 1
                self.writer.write(
                    part,
                    session=session,
                    n=n,
                    kind="accept",
                    plane=plane,
                    meta=meta,
                    origins=origins,
                )
            if len(batches) > 1 or not alone:
                self.writer.put_away(plane)
        return sorted(won)

    def _batches(self) -> Iterator[tuple[int, dict[Place, str]]]:
        """Yield planes, large ones some chunks at a time, so that only these are in memory."""
        for z, digests in self.digests.items():
            rest = iter(sorted(digests.items()))
            while batch := dict(islice(rest, CHUNKS_AT_ONCE)):
                yield z, batch

    def _in_the_way(self) -> set[int]:
        """Return the draft objects that share a pixel with an annotated one, in any plane."""
        chosen = self._new_ids(1)
        hit: set[int] = set()
        there = digests_by_plane(self.writer.layer, self.planes, t=self.t)
        for z, digests in self.digests.items():
            for place in digests.keys() & there.get(z, {}).keys():
                drawn = pixels_of(digests[place])
                taken = (chosen[drawn] > 0) & (pixels_of(there[z][place]) > 0)
                hit |= set(np.unique(drawn[taken]).tolist())
        return hit

    def _op(self, plane: Plane, digests: dict[Place, str], new_ids: NDArray[np.uint32]) -> Op:
        current = self.writer.chunks(plane, digests)
        runs = {
            place: self._runs(current[place], digest, new_ids) for place, digest in digests.items()
        }
        return {place: found for place, found in runs.items() if len(found)}

    def _new_ids(self, first: int) -> NDArray[np.uint32]:
        """Return the new id at the place of every draft id, 0 where it is not meant."""
        new_ids = np.zeros(self.draft.next_instance_id + 1, np.uint32)
        ids = np.array([row.instance_id for row in self.rows], np.int64)
        new_ids[ids] = np.arange(first, first + ids.size, dtype=np.int64).astype(np.uint32)
        return new_ids

    def _runs(self, current: Chunk, digest: str, new_ids: NDArray[np.uint32]) -> Runs:
        wanted = new_ids[pixels_of(digest)]
        paint = wanted > 0
        if self.preserve != Preserve.NONE:
            paint &= current == 0
        return ops.between(current, np.where(paint, wanted, current))

    def _meta(self, first: int) -> dict[str, Any]:
        meta: dict[str, Any] = {
            "draft": str(self.draft.pk),
            "preserve": str(self.preserve),
            "first_id": first,
            "count": len(self.rows),
        }
        if len(self.rows) <= NAMED_IDS:
            meta["instance_ids"] = [row.instance_id for row in self.rows]
        return meta


def _extent(rows: Sequence[Instance]) -> tuple[Box, tuple[int, int]]:
    """Return the box around some instances and their planes [z0, z1)."""
    box = (
        min(row.row0 for row in rows),
        min(row.col0 for row in rows),
        max(row.row1 for row in rows),
        max(row.col1 for row in rows),
    )
    return box, (min(row.z for row in rows), max(row.z + row.depth for row in rows))


def _box(row: Instance) -> Box:
    return (row.row0, row.col0, row.row1, row.col1)
