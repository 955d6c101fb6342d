"""The parts of a large image's prediction become one draft, one after the other.

What is in memory is a part, numbers of all objects, and compressed chunks: of a single plane those
at the borders of parts that are still to come, of several planes those of one and of the plane
before.
"""

from __future__ import annotations

import secrets
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import replace
from itertools import groupby
from typing import Any

import numpy as np
from numpy.typing import NDArray

from annotations.actions.canvas import Canvas
from annotations.actions.whole_planes import StoredChunk, StoredPlanes
from annotations.labels import chunks
from annotations.labels.label_image import Measures
from annotations.labels.ops import Chunk, Place
from annotations.models import Image
from project.storage import open_blob, put_bytes, put_file, scratch_dir
from training.datasets.stacks import LEAST_IOU, NO_OVERLAPS, PlaneLinker, all_overlaps, overlaps
from training.engines.blocks import Block, Pasted, block_around, paste_objects
from training.jobs.stacks import Drawn
from training.models import PredictionPart
from training.supervision.details import write_outlines

Told = Callable[[int], None]


def block_of(part: PredictionPart, image: Image) -> Block:
    """Return what a part owns and sees of its image."""
    core = (part.row0, part.col0, part.row1, part.col1)
    return block_around(core, part.overlap_px, (image.height or 0, image.width or 0))


def merge(
    parts: Sequence[PredictionPart],
    image: Image,
    tell: Told = lambda _: None,
    *,
    linked: bool = True,
) -> Drawn:
    """Put the objects of finished parts together, each as the part that owns it shows it.

    The rule is that of `training.engines.blocks`, in the order of the parts. Objects of several
    planes are `linked` as those of whole planes are, or sections. `tell` hears how many parts are
    done and may raise to stop.

    Raises NotFound when a part's file is missing, StorageFull.
    """
    if image.n_planes == 1:
        plane = _Plane(parts, image)
        plane.paste(tell, 0, stores=True)
        planes = StoredPlanes()
        planes.add_stored(plane.canvas.stored, plane.measures())
        return Drawn(planes, plane.scores, plane.classes, _store_outlines(plane))
    return _Stacks(image, linked=linked).merged(parts, tell)


class _Plane:
    """The parts of one plane on their way to being one label image."""

    def __init__(self, parts: Sequence[PredictionPart], image: Image) -> None:
        self.parts = parts
        self.blocks = [block_of(part, image) for part in parts]
        self.canvas = Canvas()
        self.pasted: list[Pasted] = []
        self._scores = [np.zeros(0, np.float32)]
        self._classes: list[NDArray[np.uint8]] = []

    def paste(self, tell: Told, n_done: int, *, stores: bool) -> None:
        """Paste part after part; with `stores` chunks leave the canvas once they are complete.

        `n_done` parts of other planes are done.
        """
        last_writer = {
            place: number
            for number, block in enumerate(self.blocks)
            for place in chunks.places(block.outer)
        }
        n_objects = 0
        for number, (part, block) in enumerate(zip(self.parts, self.blocks, strict=True)):
            tell(n_done + number)
            with arrays_of(part) as arrays:
                target = self.canvas.read(block.outer)
                found = arrays["label_image"]
                new = paste_objects(target, found, block.own, first_id=n_objects + 1)
                self.canvas.write(block.outer, target)
                self._scores.append(arrays["scores"][new.numbers])
                if "classes" in arrays:
                    self._classes.append(arrays["classes"][new.numbers])
            if stores:
                done = {place for place, last in last_writer.items() if last <= number}
                self.canvas.put_away(done)
            self.pasted.append(new)
            n_objects += len(new.numbers)

    @property
    def scores(self) -> NDArray[np.float32]:
        """Of the objects in the order of their ids."""
        return np.concatenate(self._scores).astype(np.float32)

    @property
    def classes(self) -> NDArray[np.uint8] | None:
        """Of the objects in the order of their ids; None when the engine tells none apart."""
        return np.concatenate(self._classes) if self._classes else None

    def measures(self) -> Measures:
        """Return the measures of the objects, ids from 1."""
        n_objects = sum(len(one.numbers) for one in self.pasted)
        boxes = [
            one.boxes + np.array([*block.outer[:2], *block.outer[:2]], np.int64)
            for one, block in zip(self.pasted, self.blocks, strict=True)
        ]
        return Measures(
            instance_id=np.arange(1, n_objects + 1, dtype=np.int64),
            area_px=np.concatenate([one.area_px for one in self.pasted]),
            boxes=np.concatenate(boxes),
            z=np.zeros(n_objects, np.int64),
            depth=np.ones(n_objects, np.int64),
        )


class _Stacks:
    """Planes in parts, put together and linked one after the other."""

    def __init__(self, image: Image, *, linked: bool) -> None:
        self._image = image
        self._linked = linked
        self._linker = PlaneLinker(LEAST_IOU if linked else None)
        self._knows_classes = False
        self._below: Mapping[Place, bytes] = {}  # chunks of the plane before, by ids of the stack
        self._planes = StoredPlanes()

    def merged(self, parts: Sequence[PredictionPart], tell: Told) -> Drawn:
        """Put all planes together."""
        n_done, t = 0, -1
        for (time, z), of_plane in groupby(parts, key=lambda part: (part.t, part.z)):
            plane = _Plane(list(of_plane), self._image)
            plane.paste(tell, n_done, stores=False)
            if time != t:
                self._linker.begin()
                self._below = {}
            self._take(plane, time, z)
            n_done, t = n_done + len(plane.parts), time
        classes = self._linker.classes() if self._knows_classes else None
        return Drawn(self._planes, self._linker.scores(), classes)

    def _take(self, plane: _Plane, t: int, z: int) -> None:
        measures, held = plane.measures(), plane.canvas.take()
        found = NO_OVERLAPS
        if self._linked:
            shared = sorted(self._below.keys() & held.keys())
            pairs = ((self._below[place], held[place]) for place in shared)
            found = all_overlaps(
                overlaps(chunks.decode(below), chunks.decode(above)) for below, above in pairs
            )
        self._knows_classes |= plane.classes is not None
        ids = self._linker.take(measures.area_px, found, plane.scores, plane.classes)
        self._below = {place: _renamed(data, ids) for place, data in held.items()}
        stored = [
            StoredChunk(place, put_bytes(data), len(data), z, t)
            for place, data in sorted(self._below.items())
        ]
        self._planes.add_stored(stored, _ascending(measures, ids), z, t)


def _renamed(data: bytes, ids: NDArray[np.uint32]) -> bytes:
    chunk: Chunk = ids[chunks.decode(data)]
    return chunks.encode(chunk)


def _ascending(measures: Measures, ids: NDArray[np.uint32]) -> Measures:
    """Return the measures of objects 1 to n by other ids, in their order."""
    new = ids[1:].astype(np.int64)
    order = np.argsort(new)
    return replace(
        measures,
        instance_id=new[order],
        area_px=measures.area_px[order],
        boxes=measures.boxes[order],
    )


def _store_outlines(plane: _Plane) -> str:
    """Store the outlines of the objects that were written, in their order, part by part."""
    path = scratch_dir() / f"outlines-{secrets.token_hex(8)}.npz"

    def outlines() -> Iterator[NDArray[np.float32]]:
        for part, block, one in zip(plane.parts, plane.blocks, plane.pasted, strict=True):
            with arrays_of(part) as arrays:
                if "outlines" in arrays and len(arrays["outlines"]):
                    found = arrays["outlines"][one.numbers]
                    yield found + np.array(block.outer[:2], np.float32)

    try:
        n_objects = sum(len(one.numbers) for one in plane.pasted)
        return put_file(path) if write_outlines(path, n_objects, outlines()) else ""
    finally:
        path.unlink(missing_ok=True)


@contextmanager
def arrays_of(part: PredictionPart) -> Iterator[Any]:
    """Open the file of a part; an array is read when it is asked for."""
    with open_blob(part.result_digest) as file, np.load(file, allow_pickle=False) as arrays:
        yield arrays
