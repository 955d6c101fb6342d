"""A label image of any size on its way to the disk: what is held is compressed, and soon let go."""

from __future__ import annotations

from collections.abc import Set

import numpy as np

from annotations.actions.whole_planes import StoredChunk
from annotations.labels import chunks
from annotations.labels.chunks import Box, LabelImage
from annotations.labels.ops import SIDE, Place
from project import storage


class Canvas:
    """A plane of labels that is read and written box by box, background at first.

    Whoever writes says which places are done with: these are stored, and are background to later
    readers. Call it outside of transactions, it holds no lock.
    """

    def __init__(self) -> None:
        self._held: dict[Place, bytes] = {}
        self.stored: list[StoredChunk] = []

    @property
    def n_held_bytes(self) -> int:
        """Count the bytes of the chunks that are not stored yet."""
        return sum(len(data) for data in self._held.values())

    def read(self, box: Box) -> LabelImage:
        """Return what a box shows, uint32, shape of the box."""
        label_image = np.zeros((box[2] - box[0], box[3] - box[1]), np.uint32)
        for place in chunks.places(box):
            if place in self._held:
                here, there = _shared(place, box)
                label_image[here] = chunks.decode(self._held[place])[there]
        return label_image

    def write(self, box: Box, label_image: LabelImage) -> None:
        """Put a label image of the box's shape there."""
        for place in chunks.places(box):
            here, there = _shared(place, box)
            data = self._held.get(place)
            part = label_image[here]
            if data is None and not part.any():
                continue
            chunk = chunks.empty() if data is None else chunks.decode(data).copy()
            chunk[there] = part
            self._held[place] = chunks.encode(chunk)

    def take(self) -> dict[Place, bytes]:
        """Hand over the chunks that are not stored, encoded; the canvas is background then."""
        held, self._held = self._held, {}
        return held

    def put_away(self, done: Set[Place]) -> None:
        """Store the chunks that nobody writes to any more, and let go of them."""
        for place in sorted(self._held.keys() & done):
            data = self._held.pop(place)
            self.stored.append(StoredChunk(place, storage.put_bytes(data), len(data)))


def _shared(place: Place, box: Box) -> tuple[tuple[slice, slice], tuple[slice, slice]]:
    """Return what a chunk and a box share: within the box, and within the chunk."""
    top, left = place[0] * SIDE, place[1] * SIDE
    row0, col0 = max(box[0], top), max(box[1], left)
    row1, col1 = min(box[2], top + SIDE), min(box[3], left + SIDE)
    return (
        (slice(row0 - box[0], row1 - box[0]), slice(col0 - box[1], col1 - box[1])),
        (slice(row0 - top, row1 - top), slice(col0 - left, col1 - left)),
    )
