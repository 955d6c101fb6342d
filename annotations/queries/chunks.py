"""Reading label chunks: which blob stands where, and its pixels."""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from functools import lru_cache
from typing import BinaryIO

import numpy as np

from annotations.labels import chunks
from annotations.labels.chunks import Box, LabelImage
from annotations.labels.ops import Chunk, Place
from annotations.models import ChunkState, Instance, LabelChunk, LabelLayer, LayerSnapshot
from project import storage
from project.errors import NotFound

CACHED_CHUNKS = 48  # one megabyte each, per process


@lru_cache(maxsize=CACHED_CHUNKS)
def pixels_of(digest: str) -> Chunk:
    """Return the pixels of a stored chunk, read-only."""
    return chunks.decode(storage.read_blob(digest))


def present_digests(
    layer: LabelLayer, *, t: int = 0, z: int = 0, places: Iterable[Place] | None = None
) -> dict[Place, str]:
    """Return the digest of every chunk of a plane (or of some places) that is not background."""
    rows = LabelChunk.objects.filter(layer=layer, t=t, z=z)
    wanted = None if places is None else set(places)
    if wanted is not None:
        if not wanted:
            return {}
        # A rectangle of chunks; the few too many are dropped below.
        rows = rows.filter(
            cy__range=(min(cy for cy, _ in wanted), max(cy for cy, _ in wanted)),
            cx__range=(min(cx for _, cx in wanted), max(cx for _, cx in wanted)),
        )
    found = {(cy, cx): digest for cy, cx, digest in rows.values_list("cy", "cx", "digest")}
    return found if wanted is None else {p: d for p, d in found.items() if p in wanted}


def digests_by_plane(
    layer: LabelLayer, planes: tuple[int, int], *, t: int = 0
) -> dict[int, dict[Place, str]]:
    """Return, by z, the digests of the chunks in planes [z0, z1) that are not background."""
    rows = LabelChunk.objects.filter(layer=layer, t=t, z__gte=planes[0], z__lt=planes[1])
    found: dict[int, dict[Place, str]] = defaultdict(dict)
    for z, cy, cx, digest in rows.values_list("z", "cy", "cx", "digest"):
        found[z][cy, cx] = digest
    return dict(found)


def shows(layer: LabelLayer, digests: Mapping[tuple[int, int, Place], str]) -> bool:
    """Tell whether a layer holds just the labels of stored chunks, named by (t, z, place).

    Chunks of equal digests are equal; others are compared pixel by pixel, since they may have
    been compressed by another version of the same library.
    """
    rows = LabelChunk.objects.filter(layer=layer).values_list("t", "z", "cy", "cx", "digest")
    held = {(t, z, (cy, cx)): digest for t, z, cy, cx, digest in rows}
    empty = chunks.empty()
    pairs = (
        [pixels_of(one[key]) if key in one else empty for one in (held, digests)]
        for key in held.keys() | digests.keys()
        if held.get(key) != digests.get(key)
    )
    return all(np.array_equal(one, other) for one, other in pairs)


def stored_chunks(layer: LabelLayer, digests: Sequence[str]) -> list[bytes]:
    """Return the stored bytes of chunks that the layer has or had.

    Raises NotFound for any other blob: a digest must not open what the layer does not hold.
    """
    states = ChunkState.objects.filter(layer=layer, digest__in=digests)
    if not set(digests) <= set(states.values_list("digest", flat=True)):
        raise NotFound("This layer has no such chunk; ask for its list of chunks again.")
    return [storage.read_blob(digest) for digest in digests]


def layer_label_image(layer: LabelLayer, box: Box, *, t: int = 0, z: int = 0) -> LabelImage:
    """Return what a box of the layer shows now, uint32, shape of the box."""
    digests = present_digests(layer, t=t, z=z, places=chunks.places(box))
    return chunks.join({place: pixels_of(digest) for place, digest in digests.items()}, box)


def snapshot_label_image(
    snapshot: LayerSnapshot, box: Box, *, t: int = 0, z: int = 0
) -> LabelImage:
    """Return what a box of the snapshot shows, uint32, shape of the box."""
    digests = snapshot_digests(snapshot)
    wanted = {}
    for cy, cx in chunks.places(box):
        digest = digests.get(f"{t}/{z}/{cy}/{cx}")
        if digest is not None:
            wanted[cy, cx] = pixels_of(digest)
    return chunks.join(wanted, box)


def snapshot_digests(snapshot: LayerSnapshot) -> dict[str, str]:
    """Return the digests of a snapshot's chunks by "t/z/cy/cx"."""
    with storage.open_blob(snapshot.manifest_digest) as file:
        return read_snapshot(file)


def read_snapshot(manifest: BinaryIO) -> dict[str, str]:
    """Return the digests that a snapshot's manifest names, by "t/z/cy/cx"."""
    digests: dict[str, str] = json.load(manifest)["chunks"]
    return digests


def snapshot_classes(snapshot: LayerSnapshot) -> dict[int, str]:
    """Return the class names that a snapshot froze, by instance id; without those unknown."""
    with storage.open_blob(snapshot.manifest_digest) as file:
        named: dict[str, str] = json.load(file).get("classes", {})
    return {int(instance_id): name for instance_id, name in named.items()}


def manifest_of(layer: LabelLayer) -> bytes:
    """Return the canonical JSON that makes a snapshot of the layer as it is now."""
    rows = LabelChunk.objects.filter(layer=layer).values_list("t", "z", "cy", "cx", "digest")
    content: dict[str, object] = {
        "layer": str(layer.pk),
        "seq": layer.seq,
        "chunks": {f"{t}/{z}/{cy}/{cx}": digest for t, z, cy, cx, digest in rows},
    }
    named = Instance.objects.filter(layer=layer, area_px__gt=0).exclude(class_name="")
    classes = {str(one): name for one, name in named.values_list("instance_id", "class_name")}
    if classes:
        content["classes"] = classes
    return json.dumps(content, sort_keys=True, separators=(",", ":")).encode()
