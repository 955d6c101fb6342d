"""What differs between two label images: objects that appeared, vanished, split, merged, moved."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

from annotations.labels.label_image import LabelImage, Measures, RowRuns, measure, row_runs

Ints: TypeAlias = NDArray[np.int64]
Floats: TypeAlias = NDArray[np.float64]

MIN_SHARE = 0.5  # of the smaller object: from here on two objects are the same one
MOVED_DIAMETERS = 0.25  # shift of the centre, in diameters of a disk of the same area
MOVED_PX = 2.0  # and at least this, so that a pixel's difference is no move


@dataclass(frozen=True, slots=True)
class Differences:
    """Objects by what became of them; every id of either image stands in exactly one place.

    Pairs and groups name ids of the first image first. `same` has the same pixels in both,
    `reshaped` other pixels at about the same place.
    """

    same: tuple[tuple[int, int], ...]
    reshaped: tuple[tuple[int, int], ...]
    moved: tuple[tuple[int, int], ...]
    appeared: tuple[int, ...]
    vanished: tuple[int, ...]
    split: tuple[tuple[int, tuple[int, ...]], ...]
    merged: tuple[tuple[tuple[int, ...], int], ...]
    regrouped: tuple[tuple[tuple[int, ...], tuple[int, ...]], ...]  # many became others, many

    def counts(self) -> dict[str, int]:
        """Return the number of objects or groups of every kind."""
        return {name: len(getattr(self, name)) for name in self.__slots__}


def differences(first: LabelImage, second: LabelImage) -> Differences:
    """Compare two label images object by object.

    Parameters
    ----------
    first, second : ndarray of uint32, shape (H, W)

    Returns
    -------
    Differences

    Raises
    ------
    ValueError
        When the shapes differ.

    Notes
    -----
    Two objects are linked when they share at least half of the smaller one. Groups that hang
    together by links tell the kind: 1-1 same, reshaped or moved, 1-many split, many-1 merged.
    """
    if first.shape != second.shape:
        raise ValueError(f"label images of {first.shape} and {second.shape} cannot be compared")
    before, after = measure(first), measure(second)
    a, b, shared = _overlaps(first, second, before, after)
    linked = shared >= MIN_SHARE * np.minimum(before.area_px[a], after.area_px[b])
    groups = _groups(a[linked], b[linked], before.area_px.size, after.area_px.size)
    pixels = dict(zip(zip(a.tolist(), b.tolist(), strict=True), shared.tolist(), strict=True))
    shift = _Shift(row_runs(first), row_runs(second), before, after)
    found: dict[str, list[object]] = {name: [] for name in Differences.__slots__}
    for mine, theirs in groups:
        kind = _kind(mine, theirs, pixels, before, after, shift)
        found[kind].append(_entry(kind, mine, theirs, before, after))
    return Differences(**{name: tuple(entries) for name, entries in found.items()})  # type: ignore[arg-type]


def _overlaps(
    first: LabelImage, second: LabelImage, before: Measures, after: Measures
) -> tuple[Ints, Ints, Ints]:
    """Return places of overlapping objects in both tables, and how many pixels they share."""
    both = (first > 0) & (second > 0)
    a = np.searchsorted(before.instance_id, first[both].astype(np.int64))
    b = np.searchsorted(after.instance_id, second[both].astype(np.int64))
    n = max(after.instance_id.size, 1)
    pairs, shared = np.unique(a * n + b, return_counts=True)
    return pairs // n, pairs % n, shared


def _groups(a: Ints, b: Ints, n_first: int, n_second: int) -> list[tuple[list[int], list[int]]]:
    """Return the sets of objects that hang together by links, in the order of their ids."""
    parent = list(range(n_first + n_second))

    def root(i: int) -> int:
        while parent[i] != i:
            parent[i] = parent[parent[i]]
            i = parent[i]
        return i

    for i, j in zip(a.tolist(), b.tolist(), strict=True):
        low, high = sorted((root(i), root(n_first + j)))
        parent[high] = low
    groups: dict[int, tuple[list[int], list[int]]] = {}
    for i in range(n_first + n_second):
        mine, theirs = groups.setdefault(root(i), ([], []))
        (mine if i < n_first else theirs).append(i if i < n_first else i - n_first)
    return list(groups.values())


def _kind(
    mine: list[int],
    theirs: list[int],
    pixels: dict[tuple[int, int], int],
    before: Measures,
    after: Measures,
    shift: _Shift,
) -> str:
    match len(mine), len(theirs):
        case 0, _:
            return "appeared"
        case _, 0:
            return "vanished"
        case 1, 1:
            shared = pixels[mine[0], theirs[0]]
            if shared == before.area_px[mine[0]] == after.area_px[theirs[0]]:
                return "same"
            return "moved" if shift.is_move(mine[0], theirs[0]) else "reshaped"
        case 1, _:
            return "split"
        case _, 1:
            return "merged"
        case _:
            return "regrouped"


def _entry(
    kind: str, mine: list[int], theirs: list[int], before: Measures, after: Measures
) -> object:
    first = tuple(before.instance_id[mine].tolist())
    second = tuple(after.instance_id[theirs].tolist())
    match kind:
        case "appeared":
            return second[0]
        case "vanished":
            return first[0]
        case "split":
            return (first[0], second)
        case "merged":
            return (first, second[0])
        case "regrouped":
            return (first, second)
        case _:
            return (first[0], second[0])


class _Shift:
    """Tells whether the centre of an object went far for its size."""

    def __init__(self, first: RowRuns, second: RowRuns, before: Measures, after: Measures) -> None:
        self.before, self.after = _centres(first, before), _centres(second, after)
        self.diameter = 2 * np.sqrt(before.area_px / np.pi)

    def is_move(self, i: int, j: int) -> bool:
        way = float(np.hypot(*(self.before[i] - self.after[j])))
        return way > max(MOVED_PX, MOVED_DIAMETERS * float(self.diameter[i]))


def _centres(runs: RowRuns, measures: Measures) -> Floats:
    """Return centres of mass as (row, col), shape (n, 2)."""
    index = np.searchsorted(measures.instance_id, runs.instance_id)
    length = runs.col1 - runs.col0
    sums = np.zeros((measures.instance_id.size, 2))
    np.add.at(sums[:, 0], index, runs.row * length)
    np.add.at(sums[:, 1], index, (runs.col0 + runs.col1 - 1) / 2 * length)
    centres: Floats = sums / np.maximum(measures.area_px, 1)[:, None]
    return centres
