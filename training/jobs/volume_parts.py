"""Volumes in parts: how a stack is cut, what is asked of each part, how they become one draft.

What is in memory is a part, and compressed chunks of the planes to which parts are still to come.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

from annotations.actions.canvas import Canvas
from annotations.actions.whole_planes import StoredChunk, StoredPlanes
from annotations.labels import chunks
from annotations.labels.label_runs import measure_painted, painting
from annotations.models import Image
from project.storage import put_bytes
from training.datasets.labels import Corners
from training.datasets.stacks import anisotropy
from training.engines.blocks import paste_objects
from training.engines.cuboids import Cuboid, cuboid_around, cuboids
from training.jobs.attempt import Attempt
from training.jobs.part_drafts import Told, arrays_of
from training.jobs.segment import BASE_TIMEOUT_S, ask, pixels_to_segment, timeout_of
from training.jobs.stacks import Drawn
from training.models import ModelVersion, PredictionPart, PredictionRun

Fields: TypeAlias = dict[str, Any]  # of a part's row


def cut_volumes(
    version: ModelVersion, image: Image, ours: Attempt[PredictionRun], *, fast: bool
) -> list[Fields]:
    """Return the parts of the stacks of all times: the blocks into which the engine cuts them.

    There are none of what it looks at in one piece, or where it does not say how it cuts. Raises
    DataProblem, and EngineRefused (no_volumes) from an engine that looks at planes only.
    """
    if image.n_z == 1:
        return []
    pixels_to_segment(version, image)
    told = ask(
        version,
        "volume_blocks",
        timeout_s=BASE_TIMEOUT_S,
        ours=ours,
        fast=fast,
        shape=_shape(image),
        anisotropy=anisotropy(image.z_step_um, image.pixel_size_um),
    )
    if told["blocks"] is None:
        return []
    block_px, overlap_px = told["blocks"]
    overlaps = {"overlap_z": overlap_px[0], "overlap_px": max(overlap_px[1:])}
    parts = [
        {"t": t, **_fields_of(one.core), **overlaps, "is_volume": True, "fast": fast}
        for t in range(image.n_t)
        for one in cuboids(_shape(image), block_px, overlap_px)
    ]
    return parts if len(parts) > 1 else []


def ask_for_volume(ours: Attempt[PredictionPart], part: PredictionPart, target: Path) -> None:
    """Have the child make a part of a volume; raises what `ask` raises."""
    version, image = part.prediction.version, part.prediction.image
    z0, row0, col0, z1, row1, col1 = outer = cuboid_of(part, image).outer
    ask(
        version,
        "volume_part",
        timeout_s=timeout_of(row1 - row0, col1 - col0, z1 - z0),
        ours=ours,
        fast=part.fast,
        pixels=str(pixels_to_segment(version, image)),
        t=part.t,
        corners=outer,
        anisotropy=anisotropy(image.z_step_um, image.pixel_size_um),
        target=str(target),
    )


def merge_volumes(
    parts: Sequence[PredictionPart], image: Image, tell: Told = lambda _: None
) -> Drawn:
    """Put the objects of finished parts together, each as the part that owns it shows it.

    The rule is that of `training.engines.cuboids`, in the order of the parts; ids go on from time
    to time. `tell` hears how many parts are done and may raise to stop.

    Raises NotFound when a part's file is missing, StorageFull.
    """
    last_writer = {
        (part.t, z): number
        for number, part in enumerate(parts)
        for z in _planes_of(cuboid_of(part, image))
    }
    volumes = _Volumes()
    for number, part in enumerate(parts):
        tell(number)
        volumes.paste(part, cuboid_of(part, image))
        volumes.put_away([plane for plane, last in last_writer.items() if last == number])
    return volumes.drawn()


def cuboid_of(part: PredictionPart, image: Image) -> Cuboid:
    """Return what a part owns and sees of a stack."""
    core = (part.z, part.row0, part.col0, part.z + part.depth, part.row1, part.col1)
    return cuboid_around(core, (part.overlap_z, part.overlap_px, part.overlap_px), _shape(image))


def _shape(image: Image) -> tuple[int, int, int]:
    return image.n_z, image.height or 0, image.width or 0


def _fields_of(core: Corners) -> Fields:
    z0, row0, col0, z1, row1, col1 = core
    return {"z": z0, "depth": z1 - z0, "row0": row0, "col0": col0, "row1": row1, "col1": col1}


def _planes_of(cuboid: Cuboid) -> range:
    return range(cuboid.outer[0], cuboid.outer[3])


class _Volumes:
    """Planes of labels on their way to the disk, whose objects lie over several of them."""

    def __init__(self) -> None:
        self._canvases: defaultdict[tuple[int, int], Canvas] = defaultdict(Canvas)  # by (t, z)
        self._planes = StoredPlanes()
        self._n_objects = 0
        self._scores: list[NDArray[np.float32]] = []
        self._classes: list[NDArray[np.uint8]] = []

    def paste(self, part: PredictionPart, cuboid: Cuboid) -> None:
        """Write the objects that a part owns."""
        _, row0, col0, _, row1, col1 = cuboid.outer
        box = (row0, col0, row1, col1)
        canvases = [self._canvases[part.t, z] for z in _planes_of(cuboid)]
        target = np.stack([canvas.read(box) for canvas in canvases])
        with arrays_of(part) as arrays:
            label_image = arrays["label_image"]
            new = paste_objects(target, label_image, cuboid.own, first_id=self._n_objects + 1)
            self._scores.append(arrays["scores"][new.numbers])
            if "classes" in arrays:
                self._classes.append(arrays["classes"][new.numbers])
        for canvas, plane in zip(canvases, target, strict=True):
            canvas.write(box, plane)
        self._n_objects += len(new.numbers)

    def put_away(self, done: Iterable[tuple[int, int]]) -> None:
        """Store and measure planes that no part writes to any more."""
        for t, z in done:
            held = sorted(self._canvases.pop((t, z)).take().items())
            op = painting((place, chunks.decode(data)) for place, data in held)
            stored = [StoredChunk(place, put_bytes(data), len(data), z, t) for place, data in held]
            self._planes.add_stored(stored, measure_painted(op), z, t)

    def drawn(self) -> Drawn:
        """Return everything, once all is put away."""
        classes = np.concatenate(self._classes) if self._classes else None
        return Drawn(self._planes, np.concatenate(self._scores).astype(np.float32), classes)
