"""Label operations: runs of pixels that go from an old to a new label, chunk by chunk.

An op names both sides of every change, so the same bytes are the edit, its guard (a pixel is
changed only where it still holds the old label), its undo record and its audit trail.

Wire form, version 1, before gzip, all numbers unsigned LEB128::

    1, T, label x T, C, {cy, cx, R, {skip, len, old * T + new} x R} x C

Runs walk the 512 x 512 chunk in C order; `skip` counts the pixels since the end of the run
before, `old` and `new` are places in the table of T labels. The canonical form, which `encode`
writes, has the table and the chunks in ascending order and every run as long as it can be.
"""

from __future__ import annotations

import gzip
import zlib
from collections.abc import Iterator, Mapping, MutableMapping
from dataclasses import dataclass
from itertools import chain
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

from annotations.labels import varints
from project.errors import InvalidInput

SIDE = 512  # pixels of a chunk's side
CHUNK_PIXELS = SIDE * SIDE
VERSION = 1
MAX_RAW_BYTES = 16 << 20  # of a sent op when inflated
MAX_LABELS = 1 << 16  # keeps old * T + new within 32 bits
MAX_CHUNKS = 256  # of a sent op; each costs a megabyte while it is applied
MAX_LABEL = (1 << 32) - 1

Chunk: TypeAlias = NDArray[np.uint32]
Place: TypeAlias = tuple[int, int]  # (cy, cx)
Ints: TypeAlias = NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class Runs:
    """Changes of one chunk: pixels start … start + length - 1 (C order) go from old to new.

    All four arrays are int64 with shape (R,); runs ascend and do not overlap.
    """

    start: Ints
    length: Ints
    old: Ints
    new: Ints

    def __len__(self) -> int:
        return int(self.start.size)

    @property
    def n_pixels(self) -> int:
        """Number of pixels that the runs cover."""
        return int(self.length.sum())


Op: TypeAlias = Mapping[Place, Runs]


@dataclass(frozen=True, slots=True)
class LabelChange:
    """What an op did to one label: pixels won minus lost, and the box of those won.

    The box is (row0, col0, row1, col1), half-open, in pixels of the image; None if none was won.
    """

    area_px: int
    box: tuple[int, int, int, int] | None


@dataclass(frozen=True, slots=True)
class Applied:
    """The outcome of an op: the runs that were applied, and how many pixels were refused."""

    op: dict[Place, Runs]
    n_pixels: int
    n_refused: int


def unpack(body: bytes, *, max_raw_bytes: int = MAX_RAW_BYTES) -> bytes:
    """Inflate a gzip body, never past a limit.

    Parameters
    ----------
    body : bytes
        One gzip member.
    max_raw_bytes : int
        Longest result that is taken.

    Returns
    -------
    bytes
        The raw op.

    Raises
    ------
    InvalidInput
        When it is no gzip, cut off, followed by something else, or too long inflated.
    """
    inflate = zlib.decompressobj(wbits=31)
    try:
        raw = inflate.decompress(body, max_raw_bytes + 1)
    except zlib.error as error:
        raise InvalidInput("The operation is not a gzip stream.") from error
    if len(raw) > max_raw_bytes:
        raise InvalidInput(
            "The operation is too large; split it into smaller ones.", max_bytes=max_raw_bytes
        )
    if not inflate.eof:
        raise InvalidInput("The operation's gzip stream is cut off.")
    if inflate.unused_data:
        raise InvalidInput("Something follows the operation's gzip stream.")
    return raw


def pack(raw: bytes) -> bytes:
    """Deflate a raw op into one gzip member without a time stamp (same op, same bytes)."""
    return gzip.compress(raw, compresslevel=6, mtime=0)


def decode(raw: bytes, *, max_chunks: int = MAX_CHUNKS) -> dict[Place, Runs]:
    """Read and check a raw op.

    Parameters
    ----------
    raw : bytes
        Wire form before gzip.
    max_chunks : int
        Most chunks that are taken.

    Returns
    -------
    dict of (cy, cx) to Runs
        Without chunks that have no run.

    Raises
    ------
    InvalidInput
        For anything that is no op of version 1.

    Examples
    --------
    >>> decode(bytes([1, 2, 0, 7, 1, 0, 3, 1, 5, 10, 1]))[0, 3].new.tolist()
    [7]
    """
    numbers = _Reader(varints.decode(raw))
    if numbers.one() != VERSION:
        raise InvalidInput("This is not a label operation of version 1.")
    table = _read_table(numbers)
    n_chunks = numbers.one()
    if n_chunks > max_chunks:
        raise InvalidInput(
            f"The operation touches {n_chunks} chunks; send at most {max_chunks} at once.",
            max_chunks=max_chunks,
        )
    op: dict[Place, Runs] = {}
    for _ in range(n_chunks):
        place = (numbers.one(), numbers.one())
        if place in op:
            raise InvalidInput(f"The operation names chunk {place} twice.")
        op[place] = _read_runs(numbers, table)
    if not numbers.at_end:
        raise InvalidInput("Something follows the operation's last run.")
    return {place: runs for place, runs in op.items() if len(runs)}


class _Reader:
    """Hands out numbers in order and notices when there are too few."""

    def __init__(self, numbers: Ints) -> None:
        self.numbers = numbers
        self.place = 0

    def one(self) -> int:
        return int(self.many(1)[0])

    def many(self, n: int) -> Ints:
        if n > self.numbers.size - self.place:
            raise InvalidInput("The operation ends too early.")
        self.place += n
        return self.numbers[self.place - n : self.place]

    @property
    def at_end(self) -> bool:
        return self.place == self.numbers.size


def _read_table(numbers: _Reader) -> Ints:
    n_labels = numbers.one()
    if n_labels > MAX_LABELS:
        raise InvalidInput(
            f"The operation names {n_labels} labels; send at most {MAX_LABELS} at once."
        )
    table = numbers.many(n_labels)
    if n_labels and table.max() > MAX_LABEL:
        raise InvalidInput("The operation names a label that does not fit into 32 bits.")
    if np.unique(table).size != n_labels:
        raise InvalidInput("The operation names a label twice in its table.")
    return table


def _read_runs(numbers: _Reader, table: Ints) -> Runs:
    n_runs = numbers.one()
    skip, length, pair = numbers.many(3 * n_runs).reshape(n_runs, 3).T
    # Checked before any sum, so that no sum can overflow or come out right by accident.
    if n_runs > CHUNK_PIXELS or np.any(skip > CHUNK_PIXELS) or np.any(length > CHUNK_PIXELS):
        raise InvalidInput("A run leaves its chunk.")
    if np.any(length < 1):
        raise InvalidInput("A run is empty.")
    end = np.cumsum(skip + length)
    if n_runs and end[-1] > CHUNK_PIXELS:
        raise InvalidInput("A run leaves its chunk.")
    if np.any(pair >= table.size**2):
        raise InvalidInput("A run names a label that is not in the operation's table.")
    old, new = (table[pair // table.size], table[pair % table.size]) if n_runs else (pair, pair)
    if np.any(old == new):
        raise InvalidInput("A run changes a label into itself.")
    return Runs(end - length, length.copy(), old, new)


def encode(op: Op) -> bytes:
    """Write an op in its canonical raw form (see the module's text).

    Parameters
    ----------
    op : mapping of (cy, cx) to Runs

    Returns
    -------
    bytes
        What `decode` reads back as the same runs.

    Raises
    ------
    InvalidInput
        When it names more than 65,536 labels.
    """
    places = sorted(place for place, runs in op.items() if len(runs))
    sides = [np.unique(side) for place in places for side in (op[place].old, op[place].new)]
    table = np.unique(np.concatenate(sides)) if sides else np.zeros(0, np.int64)
    if table.size > MAX_LABELS:
        raise InvalidInput(f"One operation can change at most {MAX_LABELS} labels.")
    head = np.concatenate([[VERSION, table.size], table, [len(places)]])
    # Chunk by chunk, so that memory does not grow with the op.
    bodies = (_numbers_of(place, op[place], table) for place in places)
    return b"".join(varints.encode(numbers) for numbers in chain([head], bodies))


def _numbers_of(place: Place, runs: Runs, table: Ints) -> Ints:
    end = runs.start + runs.length
    skip = runs.start - np.concatenate(([0], end[:-1]))
    pair = np.searchsorted(table, runs.old) * table.size + np.searchsorted(table, runs.new)
    return np.concatenate([[*place, len(runs)], np.stack([skip, runs.length, pair], 1).ravel()])


def invert(op: Op) -> dict[Place, Runs]:
    """Return the op that takes back an applied op, pixel by pixel where it still stands."""
    return {place: Runs(runs.start, runs.length, runs.new, runs.old) for place, runs in op.items()}


def taking_back(op: Op, done: Op) -> dict[Place, Runs]:
    """Return the part of an op that takes back what another op did.

    Parameters
    ----------
    op : mapping of (cy, cx) to Runs
    done : mapping of (cy, cx) to Runs
        Runs that took effect.

    Returns
    -------
    dict of (cy, cx) to Runs
        The pixels that `done` changed and that `op` changes from its new to its old label.
    """
    parts: dict[Place, Runs] = {}
    for place in op.keys() & done.keys():
        pixels, old, new = expand(op[place])
        changed, was, became = expand(done[place])
        at = np.minimum(np.searchsorted(changed, pixels), changed.size - 1)
        ok = (changed[at] == pixels) & (became[at] == old) & (was[at] == new)
        runs = _as_runs(pixels[ok], old[ok], new[ok])
        if len(runs):
            parts[place] = runs
    return parts


def between(before: Chunk, after: Chunk) -> Runs:
    """Return the runs that turn one chunk into another, each as long as it can be.

    Parameters
    ----------
    before, after : ndarray of uint32, shape (512, 512)

    Returns
    -------
    Runs
    """
    was, now = before.reshape(-1), after.reshape(-1)
    breaks = np.ones(was.size, np.bool_)
    np.not_equal(now[1:], now[:-1], out=breaks[1:])
    breaks[1:] |= was[1:] != was[:-1]
    start = np.flatnonzero(breaks)
    length = np.diff(start, append=was.size)
    old, new = was[start].astype(np.int64), now[start].astype(np.int64)
    kept = old != new
    return Runs(start[kept], length[kept], old[kept], new[kept])


def _as_runs(pixels: Ints, old: Ints, new: Ints) -> Runs:
    """Join ascending pixels with the same change into runs."""
    if pixels.size == 0:
        return Runs(pixels, pixels, old, new)
    breaks = (np.diff(pixels) != 1) | (np.diff(old) != 0) | (np.diff(new) != 0)
    first = np.concatenate(([0], np.flatnonzero(breaks) + 1))
    length = np.diff(np.concatenate((first, [pixels.size])))
    return Runs(pixels[first], length, old[first], new[first])


def apply(op: Op, chunks: MutableMapping[Place, Chunk], *, height: int, width: int) -> Applied:
    """Change chunks in place wherever a pixel still holds the op's old label.

    Parameters
    ----------
    op : mapping of (cy, cx) to Runs
    chunks : mapping of (cy, cx) to ndarray of uint32, shape (512, 512)
        Holds every chunk that the op touches; these arrays are written to.
    height, width : int
        Of the image in pixels; what lies outside is refused.

    Returns
    -------
    Applied
        The runs that took effect, as long as they can be, and the counts.
    """
    accepted: dict[Place, Runs] = {}
    n_pixels = n_refused = 0
    for place, runs in op.items():
        flat = chunks[place].reshape(-1)
        pixels, old, new = expand(runs)
        ok = flat[pixels] == old
        if not _lies_inside(place, height, width):
            rows, cols = pixels // SIDE + place[0] * SIDE, pixels % SIDE + place[1] * SIDE
            ok &= (rows < height) & (cols < width)
        flat[pixels[ok]] = new[ok]
        kept = _as_runs(pixels[ok], old[ok], new[ok])
        if len(kept):
            accepted[place] = kept
        n_pixels += kept.n_pixels
        n_refused += pixels.size - kept.n_pixels
    return Applied(accepted, n_pixels, n_refused)


def expand(runs: Runs) -> tuple[Ints, Ints, Ints]:
    """Return the pixels of runs (C order in the chunk) with their old and new labels."""
    before = np.cumsum(runs.length) - runs.length
    pixels = np.repeat(runs.start - before, runs.length) + np.arange(runs.n_pixels)
    return pixels, np.repeat(runs.old, runs.length), np.repeat(runs.new, runs.length)


def _lies_inside(place: Place, height: int, width: int) -> bool:
    return (place[0] + 1) * SIDE <= height and (place[1] + 1) * SIDE <= width


def changes(op: Op) -> dict[int, LabelChange]:
    """Tell what an applied op did to each label other than background.

    Parameters
    ----------
    op : mapping of (cy, cx) to Runs
        Runs that took effect.

    Returns
    -------
    dict of label to LabelChange
    """
    if not op:
        return {}
    old = np.concatenate([runs.old for runs in op.values()])
    new = np.concatenate([runs.new for runs in op.values()])
    length = np.concatenate([runs.length for runs in op.values()])
    labels, index = np.unique(np.concatenate([old, new]), return_inverse=True)
    areas = np.zeros(labels.size, np.int64)
    np.add.at(areas, index, np.concatenate([-length, length]))
    boxes = _boxes(op, index[old.size :], labels.size)
    return {
        label: LabelChange(area, tuple(box) if box[2] > box[0] else None)
        for label, area, box in zip(labels.tolist(), areas.tolist(), boxes.tolist(), strict=True)
        if label
    }


def _boxes(op: Op, index: Ints, n: int) -> Ints:
    """Return the boxes, shape (n, 4), that the runs with these table places cover."""
    corners = np.concatenate([run_boxes(place, runs) for place, runs in op.items()])
    boxes = np.tile(np.array([np.iinfo(np.int64).max] * 2 + [0] * 2), (n, 1))
    np.minimum.at(boxes[:, 0], index, corners[:, 0])
    np.minimum.at(boxes[:, 1], index, corners[:, 1])
    np.maximum.at(boxes[:, 2], index, corners[:, 2])
    np.maximum.at(boxes[:, 3], index, corners[:, 3])
    return boxes


def run_boxes(place: Place, runs: Runs) -> Ints:
    """Return the exact box of every run: one that reaches the next row spans all columns."""
    last = runs.start + runs.length - 1
    row0, row1 = runs.start // SIDE, last // SIDE + 1
    many_rows = row1 - row0 > 1
    col0 = np.where(many_rows, 0, runs.start % SIDE)
    col1 = np.where(many_rows, SIDE, last % SIDE + 1)
    dy, dx = place[0] * SIDE, place[1] * SIDE
    return np.stack([row0 + dy, col0 + dx, row1 + dy, col1 + dx], 1)


def labels_in(op: Op) -> tuple[Ints, Ints]:
    """Return the distinct old and the distinct new labels of an op."""
    if not op:
        return np.zeros(0, np.int64), np.zeros(0, np.int64)
    runs = list(op.values())
    return np.unique(np.concatenate([r.old for r in runs])), np.unique(
        np.concatenate([r.new for r in runs])
    )


def box_of(op: Op) -> tuple[int, int, int, int]:
    """Return the box (row0, col0, row1, col1) of all runs; four zeros for an empty op."""
    boxes = [run_boxes(place, runs) for place, runs in op.items() if len(runs)]
    if not boxes:
        return (0, 0, 0, 0)
    corners = np.concatenate(boxes)
    return (
        int(corners[:, 0].min()),
        int(corners[:, 1].min()),
        int(corners[:, 2].max()),
        int(corners[:, 3].max()),
    )


def meets(op: Op, box: tuple[int, int, int, int]) -> bool:
    """Return whether a pixel of the op lies in a half-open box (row0, col0, row1, col1)."""
    row0, col0, row1, col1 = box
    for (cy, cx), runs in op.items():
        top, left = cy * SIDE, cx * SIDE
        if top >= row1 or left >= col1 or top + SIDE <= row0 or left + SIDE <= col0:
            continue
        rows, cols = np.divmod(expand(runs)[0], SIDE)
        inside = (rows + top >= row0) & (rows + top < row1)
        inside &= (cols + left >= col0) & (cols + left < col1)
        if inside.any():
            return True
    return False


def divide(op: Op, *, max_labels: int = MAX_LABELS) -> Iterator[dict[Place, Runs]]:
    """Cut an op into parts that each name few enough labels to be written.

    Parameters
    ----------
    op : mapping of (cy, cx) to Runs
    max_labels : int
        Most labels of a part, at least 2.

    Yields
    ------
    dict of (cy, cx) to Runs
        One after the other they do what the op does; an op that is small enough comes as it is.
    """
    part: dict[Place, Runs] = {}
    named: set[int] = set()
    for place in sorted(op):
        for runs in _slices(op[place], max_labels):
            labels = set(np.unique(np.concatenate([runs.old, runs.new])).tolist())
            if part and (place in part or len(named) + len(labels - named) > max_labels):
                yield part
                part, named = {}, set()
            part[place] = runs
            named |= labels
    yield part


def _slices(runs: Runs, max_labels: int) -> list[Runs]:
    """Return the runs as they are, or in slices of so few runs that the labels must fit."""
    if not len(runs):
        return []
    if np.unique(np.concatenate([runs.old, runs.new])).size <= max_labels:
        return [runs]
    step = max_labels // 2
    cuts = [slice(first, first + step) for first in range(0, len(runs), step)]
    return [Runs(runs.start[c], runs.length[c], runs.old[c], runs.new[c]) for c in cuts]
