"""Filling untouched planes of a layer at once: predictions and imports.

Chunk by chunk and plane by plane, so that memory does not grow with the image, and with few
statements.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from django.db import connection
from numpy.typing import NDArray

from annotations.labels import chunks
from annotations.labels.chunks import LabelImage
from annotations.labels.label_image import Measures, measure, measures_of_stack
from annotations.labels.label_runs import measure_painted, painted
from annotations.labels.ops import Chunk, Op, Place
from annotations.models import ChunkState, Instance, InstanceState, LabelChunk, LabelLayer
from project import storage

ROWS_AT_ONCE = 5000  # per INSERT: its text stays below some megabytes


@dataclass(frozen=True, slots=True)
class StoredChunk:
    """A chunk whose blob is on the disk, without a row yet."""

    place: Place
    digest: str
    size_bytes: int
    z: int = 0
    t: int = 0


def store_painted(op: Op, *, z: int = 0) -> list[StoredChunk]:
    """Store the chunks that an op paints on background; see `store_chunks`."""
    return list(storage.several_at_once(lambda one: _store(one[0], painted(one[1]), z), op.items()))


def store_chunks(label_image: LabelImage, *, z: int = 0, t: int = 0) -> list[StoredChunk]:
    """Store the chunks of a label image; call it before the transaction, it holds no lock."""
    held = chunks.split(label_image)
    return list(storage.several_at_once(lambda one: _store(*one, z, t), held))


def _store(place: Place, chunk: Chunk, z: int, t: int = 0) -> StoredChunk:
    data = chunks.encode(chunk)
    return StoredChunk(place, storage.put_bytes(data), len(data), z, t)


@dataclass(slots=True)
class StoredPlanes:
    """Label images of planes whose chunks are on the disk; what is held are numbers.

    An instance is of one time: no other time has its id.
    """

    chunks: list[StoredChunk] = field(default_factory=list)
    _measures: dict[int, dict[int, Measures]] = field(default_factory=lambda: defaultdict(dict))

    def add(self, label_image: LabelImage, z: int, t: int = 0) -> None:
        """Store and measure a plane; call it before the transaction, it holds no lock."""
        self.add_stored(store_chunks(label_image, z=z, t=t), measure(label_image), z, t)

    def add_op(self, op: Op, z: int) -> None:
        """Store and measure the plane that an op paints on background, as `add` does."""
        self.add_stored(store_painted(op, z=z), measure_painted(op), z)

    def add_stored(
        self, stored: Iterable[StoredChunk], measures: Measures, z: int = 0, t: int = 0
    ) -> None:
        """Take a plane that is stored and measured already."""
        self.chunks += stored
        self._measures[t][z] = measures

    def measures(self) -> dict[int, Measures]:
        """Return, by time, the measures of all instances over its planes."""
        return {t: measures_of_stack(planes) for t, planes in sorted(self._measures.items())}

    def digests(self) -> dict[tuple[int, int, Place], str]:
        """Return the digests of the chunks by (t, z, place)."""
        return {(one.t, one.z, one.place): one.digest for one in self.chunks}


def insert_labels(
    layer: LabelLayer,
    planes: StoredPlanes,
    *,
    state: InstanceState,
    scores: NDArray[np.float64] | None = None,
    class_names: Sequence[str] = (),
    user: Any = None,
) -> None:
    """Insert the rows of planes that had none, all at the layer's seq.

    Scores and names of kinds are in the order of the measures, time after time; no names: nobody
    tells kinds.
    """
    present, states = [], []
    for one in planes.chunks:
        cy, cx = one.place
        place = {"layer": layer, "t": one.t, "z": one.z, "cy": cy, "cx": cx, "seq": layer.seq}
        present.append(LabelChunk(**place, digest=one.digest, size_bytes=one.size_bytes))
        states.append(ChunkState(**place, digest=one.digest))
    LabelChunk.objects.bulk_create(present, batch_size=ROWS_AT_ONCE)
    ChunkState.objects.bulk_create(states, batch_size=ROWS_AT_ONCE)
    first = 0
    for t, measures in planes.measures().items():
        mine = slice(first, first := first + measures.instance_id.size)
        columns = _columns(measures, None if scores is None else scores[mine], class_names[mine])
        _copy_instances(layer, columns, t, state, getattr(user, "pk", None))


def _columns(
    measures: Measures, scores: NDArray[np.float64] | None, class_names: Sequence[str]
) -> Iterable[Any]:
    n = measures.instance_id.size
    return zip(
        measures.instance_id.tolist(),
        measures.z.tolist(),
        measures.depth.tolist(),
        measures.area_px.tolist(),
        measures.boxes.tolist(),
        [None] * n if scores is None else [None if np.isnan(s) else s for s in scores.tolist()],
        class_names or [""] * n,
        strict=True,
    )


COPIED = (
    *("layer_id", "instance_id", "t", "z", "depth", "area_px", "row0", "col0", "row1", "col1"),
    *("state", "score", "class_name", "created_by_id", "seq"),
)


def _copy_instances(
    layer: LabelLayer, columns: Iterable[Any], t: int, state: InstanceState, user_id: int | None
) -> None:
    """Insert one row per instance with COPY: 50,000 model objects cost five times the rest."""
    names = ", ".join(COPIED)
    statement = f"COPY {Instance._meta.db_table} ({names}) FROM STDIN"
    with connection.cursor() as cursor, cursor.copy(statement) as copy:
        for instance_id, z, depth, area_px, box, score, class_name in columns:
            copy.write_row(
                (
                    *(layer.pk, instance_id, t, z, depth, area_px, *box),
                    *(str(state.value), score, class_name, user_id, layer.seq),
                )
            )
