"""Outlines of the objects of a label image, along the edges of their pixels."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

Ring: TypeAlias = NDArray[np.int64]  # (k, 2), row and column of corners of pixels, not closed
Vertex: TypeAlias = tuple[int, int]


@dataclass(frozen=True, slots=True)
class Part:
    """A connected part of an object: its outer ring and those of its holes."""

    outer: Ring
    holes: list[Ring]


def parts_of(mask: NDArray[np.bool_]) -> list[Part]:
    """Trace the parts of an object.

    Parameters
    ----------
    mask : ndarray of bool, shape (H, W)

    Returns
    -------
    list of Part
        The upper left corner of the pixel (row, col) is the vertex (row, col), the lower right one
        (row + 1, col + 1). No ring meets itself; rings may touch in single vertices, where two
        pixels do. Outer rings have a positive area by the shoelace formula with x the column and
        y the row, holes a negative one. Filled, the rings give the mask again.
    """
    outers: list[Ring] = []
    holes: list[Ring] = []
    for ring in _rings(mask):
        first = ring[np.lexsort((ring[:, 1], ring[:, 0]))[0]]
        # Right below its first corner a ring has a pixel of its own inside.
        is_outer = bool(mask[first[0], first[1]])
        (outers if is_outer else holes).append(oriented(ring, positive=is_outer))
    parts = [Part(outer, []) for outer in outers]
    for hole in holes:
        _around(hole, parts).holes.append(hole)
    return parts


def oriented(ring: NDArray[Any], *, positive: bool) -> NDArray[Any]:
    """Return a ring of (row, column), turned around when its area has the other sign."""
    return ring if (twice_area(ring) > 0) == positive else ring[::-1]


def twice_area(ring: NDArray[Any]) -> float:
    """Return twice the signed area of a ring of (row, column), x the column and y the row."""
    y, x = ring[:, 0].astype(np.float64), ring[:, 1].astype(np.float64)
    return float(np.dot(x, np.roll(y, -1)) - np.dot(y, np.roll(x, -1)))


def _rings(mask: NDArray[np.bool_]) -> Iterator[Ring]:
    """Link corners to rings: in each row, and in each column, the first to the second and so on."""
    corners, order_in_column = _corners(mask)
    rows, cols = corners.T
    in_row = _partners(np.lexsort((cols, rows)))
    in_column = _partners(np.lexsort((order_in_column, rows, cols)))
    vertices: list[Vertex] = [(row, col) for row, col in corners.tolist()]
    is_left = [True] * len(vertices)
    for start in range(len(vertices)):
        path: list[Vertex] = []
        here = start
        while is_left[here]:
            for partners in (in_row, in_column):
                path.append(vertices[here])
                is_left[here] = False
                here = partners[here]
        for ring in _apart(path):
            yield np.array(ring, np.int64)


def _corners(mask: NDArray[np.bool_]) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Return the vertices where an outline turns, and the order of equal ones in their column.

    A vertex in which two pixels touch is there twice, once for the pixel that lies to the left,
    then for the other one.
    """
    padded = np.pad(mask, 1)
    a, b, c, d = padded[:-1, :-1], padded[:-1, 1:], padded[1:, :-1], padded[1:, 1:]
    turns = np.argwhere(a ^ b ^ c ^ d)
    falling = np.argwhere(a & d & ~b & ~c)  # the left pixel is the upper one
    rising = np.argwhere(b & c & ~a & ~d)
    order = np.repeat(
        [0, 0, 1, 1, 0], [len(turns), len(falling), len(falling), len(rising), len(rising)]
    )
    return np.concatenate([turns, falling, falling, rising, rising]), order


def _partners(order: NDArray[np.int64]) -> list[int]:
    partners = np.empty_like(order)
    partners[order[::2]], partners[order[1::2]] = order[1::2], order[::2]
    found: list[int] = partners.tolist()
    return found


def _apart(path: list[Vertex]) -> Iterator[list[Vertex]]:
    """Cut a closed path where it meets itself, so that no ring has a vertex twice."""
    ring: list[Vertex] = []
    places: dict[Vertex, int] = {}
    for vertex in path:
        if vertex in places:
            loop = ring[places[vertex] :]
            del ring[places[vertex] :]
            for one in loop:
                del places[one]
            yield loop
        places[vertex] = len(ring)
        ring.append(vertex)
    if ring:
        yield ring


def _around(hole: Ring, parts: list[Part]) -> Part:
    """Return the smallest part whose outer ring has the hole inside."""
    if len(parts) == 1:
        return parts[0]
    row, col = hole[np.lexsort((hole[:, 1], hole[:, 0]))[0]] + 0.5  # of the hole's first pixel
    around = [part for part in parts if _is_inside(part.outer, float(row), float(col))]
    return min(around, key=lambda part: twice_area(part.outer))


def _is_inside(ring: Ring, row: float, col: float) -> bool:
    """Tell whether a pixel's middle lies in a ring: vertical sides to its right are counted."""
    ends = np.roll(ring, -1, axis=0)
    is_vertical = ring[:, 1] == ends[:, 1]
    low, high = np.minimum(ring[:, 0], ends[:, 0]), np.maximum(ring[:, 0], ends[:, 0])
    crossed = is_vertical & (ring[:, 1] > col) & (low < row) & (row < high)
    return bool(np.count_nonzero(crossed) % 2)
