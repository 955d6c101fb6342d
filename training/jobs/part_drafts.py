"""The parts of a large image's prediction become one draft, one after the other.

What is in memory is a part, numbers of all objects, and compressed chunks at the borders of parts
that are still to come.
"""

from __future__ import annotations

import secrets
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any

import numpy as np
from numpy.typing import NDArray

from annotations.actions.canvas import Canvas
from annotations.actions.whole_planes import StoredPlanes
from annotations.labels import chunks
from annotations.labels.label_image import Measures
from annotations.models import Image
from project.storage import open_blob, put_file, scratch_dir
from training.engines.blocks import Block, Pasted, block_around, paste_objects
from training.jobs.stacks import Drawn
from training.models import PredictionPart
from training.supervision.details import write_outlines


def block_of(part: PredictionPart, image: Image) -> Block:
    """Return what a part owns and sees of its image."""
    core = (part.row0, part.col0, part.row1, part.col1)
    return block_around(core, part.overlap_px, (image.height or 0, image.width or 0))


def merge(
    parts: Sequence[PredictionPart], image: Image, tell: Callable[[int], None] = lambda _: None
) -> Drawn:
    """Put the objects of finished parts together, each as the part that owns it shows it.

    The rule is that of `training.engines.blocks`, in the order of the parts. `tell` hears how many
    parts are done and may raise to stop.

    Raises NotFound when a part's file is missing, StorageFull.
    """
    blocks = [block_of(part, image) for part in parts]
    last_writer = {
        place: number for number, block in enumerate(blocks) for place in chunks.places(block.outer)
    }
    canvas, pasted = Canvas(), list[Pasted]()
    scores: list[NDArray[np.float32]] = []
    classes: list[NDArray[np.uint8]] = []
    n_objects = 0
    for number, (part, block) in enumerate(zip(parts, blocks, strict=True)):
        tell(number)
        with _arrays_of(part) as arrays:
            target = canvas.read(block.outer)
            new = paste_objects(target, arrays["label_image"], block.own, first_id=n_objects + 1)
            canvas.write(block.outer, target)
            scores.append(arrays["scores"][new.numbers])
            if "classes" in arrays:
                classes.append(arrays["classes"][new.numbers])
        canvas.put_away({place for place, last in last_writer.items() if last <= number})
        pasted.append(new)
        n_objects += len(new.numbers)
    return Drawn(
        _planes(canvas, pasted, blocks),
        np.concatenate(scores).astype(np.float32),
        np.concatenate(classes) if classes else None,
        _store_outlines(parts, blocks, pasted),
    )


def _planes(canvas: Canvas, pasted: Sequence[Pasted], blocks: Sequence[Block]) -> StoredPlanes:
    n_objects = sum(len(one.numbers) for one in pasted)
    boxes = [
        one.boxes + np.array([*block.outer[:2], *block.outer[:2]], np.int64)
        for one, block in zip(pasted, blocks, strict=True)
    ]
    measures = Measures(
        instance_id=np.arange(1, n_objects + 1, dtype=np.int64),
        area_px=np.concatenate([one.area_px for one in pasted]),
        boxes=np.concatenate(boxes),
        z=np.zeros(n_objects, np.int64),
        depth=np.ones(n_objects, np.int64),
    )
    return StoredPlanes.of_plane(canvas.stored, measures)


def _store_outlines(
    parts: Sequence[PredictionPart], blocks: Sequence[Block], pasted: Sequence[Pasted]
) -> str:
    """Store the outlines of the objects that were written, in their order, part by part."""
    path = scratch_dir() / f"outlines-{secrets.token_hex(8)}.npz"

    def outlines() -> Iterator[NDArray[np.float32]]:
        for part, block, one in zip(parts, blocks, pasted, strict=True):
            with _arrays_of(part) as arrays:
                if "outlines" in arrays and len(arrays["outlines"]):
                    found = arrays["outlines"][one.numbers]
                    yield found + np.array(block.outer[:2], np.float32)

    try:
        n_objects = sum(len(one.numbers) for one in pasted)
        return put_file(path) if write_outlines(path, n_objects, outlines()) else ""
    finally:
        path.unlink(missing_ok=True)


@contextmanager
def _arrays_of(part: PredictionPart) -> Iterator[Any]:
    """Open the file of a part; an array is read when it is asked for."""
    with open_blob(part.result_digest) as file, np.load(file, allow_pickle=False) as arrays:
        yield arrays
