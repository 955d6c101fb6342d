"""Filling an untouched plane of a layer at once: predictions and imports.

Chunk by chunk, so that memory does not grow with the image, and with few statements.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from annotations.labels import chunks
from annotations.labels.chunks import LabelImage
from annotations.labels.label_image import Measures
from annotations.labels.ops import Place
from annotations.models import ChunkState, Instance, InstanceState, LabelChunk, LabelLayer
from project import storage

ROWS_AT_ONCE = 5000


@dataclass(frozen=True, slots=True)
class StoredChunk:
    """A chunk whose blob is on the disk, without a row yet."""

    place: Place
    digest: str
    size_bytes: int


def store_chunks(label_image: LabelImage) -> list[StoredChunk]:
    """Store the chunks of a label image; call it before the transaction, it holds no lock."""
    stored = []
    for place, chunk in chunks.split(label_image):
        data = chunks.encode(chunk)
        stored.append(StoredChunk(place, storage.put_bytes(data), len(data)))
    return stored


def insert_plane(  # noqa: PLR0913 - the columns that callers differ in
    layer: LabelLayer,
    stored: Sequence[StoredChunk],
    measures: Measures,
    *,
    plane: tuple[int, int],
    state: InstanceState,
    scores: NDArray[np.float64] | None = None,
    user: Any = None,
) -> None:
    """Insert the rows of a plane that had none, all at the layer's seq."""
    t, z = plane
    present, states = [], []
    for one in stored:
        cy, cx = one.place
        place = {"layer": layer, "t": t, "z": z, "cy": cy, "cx": cx, "seq": layer.seq}
        present.append(LabelChunk(**place, digest=one.digest, size_bytes=one.size_bytes))
        states.append(ChunkState(**place, digest=one.digest))
    LabelChunk.objects.bulk_create(present, batch_size=ROWS_AT_ONCE)
    ChunkState.objects.bulk_create(states, batch_size=ROWS_AT_ONCE)
    if scores is None:
        scores = np.full(measures.instance_id.size, np.nan)
    columns = zip(
        measures.instance_id.tolist(),
        measures.area_px.tolist(),
        measures.boxes.tolist(),
        scores.tolist(),
        strict=True,
    )
    rows = (
        Instance(
            layer=layer,
            instance_id=instance_id,
            t=t,
            z=z,
            area_px=area_px,
            row0=row0,
            col0=col0,
            row1=row1,
            col1=col1,
            state=state,
            score=None if np.isnan(score) else score,
            created_by_id=getattr(user, "pk", None),
            seq=layer.seq,
        )
        for instance_id, area_px, (row0, col0, row1, col1), score in columns
    )
    Instance.objects.bulk_create(rows, batch_size=ROWS_AT_ONCE)
