"""Label images as the runs of their chunks, from bands of rows: an import holds no whole image."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import TypeAlias

import numpy as np

from annotations.labels import chunks, ops
from annotations.labels.label_image import LabelImage, Measures, measures_of_runs
from annotations.labels.ops import SIDE, Chunk, Op, Place, Runs

Band: TypeAlias = tuple[int, int, LabelImage]  # z, first row (a multiple of 512), up to 512 rows


def bands_of(label_image: LabelImage) -> Iterator[Band]:
    """Cut a label image, shape (H, W), or a stack, shape (Z, H, W), into bands."""
    for z, plane in enumerate(label_image[None] if label_image.ndim == 2 else label_image):
        yield from in_bands([plane], z)


def in_bands(parts: Iterable[LabelImage], z: int = 0) -> Iterator[Band]:
    """Cut a plane that comes in parts of whole rows, however high they are, into bands."""
    row0 = n_held = 0
    held: list[LabelImage] = []
    for part in parts:
        first = 0
        while first < len(part):
            held.append(part[first : first + SIDE - n_held])
            first += len(held[-1])
            n_held += len(held[-1])
            if n_held == SIDE:
                yield z, row0, _one_below_the_other(held)
                held, n_held, row0 = [], 0, row0 + SIDE
    if held:
        yield z, row0, _one_below_the_other(held)


def _one_below_the_other(parts: Sequence[LabelImage]) -> LabelImage:
    return parts[0] if len(parts) == 1 else np.concatenate(parts)


def join(bands: Iterable[Band], size: tuple[int, ...]) -> LabelImage:
    """Put bands together to the label image, or the stack, that they are of."""
    label_image = np.zeros(size, np.uint32)
    planes = label_image[None] if len(size) == 2 else label_image
    for z, row0, rows in bands:
        planes[z, row0 : row0 + len(rows)] = rows
    return label_image


def band_op(band: Band) -> dict[Place, Runs]:
    """Return the op that paints a band on background; see `painting`."""
    _, row0, rows = band
    return painting(((cy + row0 // SIDE, cx), chunk) for (cy, cx), chunk in chunks.split(rows))


def painting(held: Iterable[tuple[Place, Chunk]]) -> dict[Place, Runs]:
    """Return the op that paints chunks on background.

    Parameters
    ----------
    held : pairs of (cy, cx) and ndarray of uint32, shape (512, 512)

    Returns
    -------
    dict of (cy, cx) to Runs
        Runs as long as they can be; without chunks that are all background.
    """
    background = chunks.empty()
    found = ((place, ops.between(background, chunk)) for place, chunk in held)
    return {place: runs for place, runs in found if len(runs)}


def with_dense_ids(planes: Mapping[int, Op]) -> tuple[dict[int, dict[Place, Runs]], int]:
    """Give the instances of all planes the ids 1 to n, in the order of their ids.

    Parameters
    ----------
    planes : mapping of z to Op
        Each paints on background.

    Returns
    -------
    planes : dict of z to dict of (cy, cx) to Runs
        The same runs with new ids.
    n : int
        Number of instances.
    """
    seen = [np.unique(runs.new) for op in planes.values() for runs in op.values()]
    ids = np.unique(np.concatenate([np.zeros(0, np.int64), *seen]))

    def dense(runs: Runs) -> Runs:
        return Runs(runs.start, runs.length, runs.old, np.searchsorted(ids, runs.new) + 1)

    named = {z: {place: dense(runs) for place, runs in op.items()} for z, op in planes.items()}
    return named, int(ids.size)


def paint_the_same(one: Op, other: Op) -> bool:
    """Tell whether two ops, whose runs are as long as they can be, paint the same picture."""
    return one.keys() == other.keys() and all(
        np.array_equal(runs.start, other[place].start)
        and np.array_equal(runs.length, other[place].length)
        and np.array_equal(runs.new, other[place].new)
        for place, runs in one.items()
    )


def painted(runs: Runs) -> Chunk:
    """Return the chunk that runs paint on background.

    Parameters
    ----------
    runs : Runs

    Returns
    -------
    ndarray of uint32, shape (512, 512)
    """
    # Background and runs take turns: its length before each run, the run's own, and the rest.
    lengths = np.empty(2 * len(runs) + 1, np.int64)
    lengths[0::2] = np.diff(runs.start, append=ops.CHUNK_PIXELS, prepend=0)
    lengths[2::2] -= runs.length
    lengths[1::2] = runs.length
    ids = np.zeros(lengths.size, np.uint32)
    ids[1::2] = runs.new
    chunk: Chunk = np.repeat(ids, lengths).reshape(SIDE, SIDE)
    return chunk


def measure_painted(op: Op) -> Measures:
    """Measure what an op paints on background.

    Parameters
    ----------
    op : mapping of (cy, cx) to Runs

    Returns
    -------
    Measures
    """
    # First within each chunk: there are few instances, and many runs.
    found = [
        measures_of_runs(runs.new, runs.length, ops.run_boxes(place, runs))
        for place, runs in op.items()
    ]
    none = np.zeros((0, 4), np.int64)
    return measures_of_runs(
        np.concatenate([none[:, 0], *(one.instance_id for one in found)]),
        np.concatenate([none[:, 0], *(one.area_px for one in found)]),
        np.concatenate([none, *(one.boxes for one in found)]),
    )
