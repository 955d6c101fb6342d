"""Candidate regions: boxes that tile an image, a few dozen objects in each."""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Sequence
from typing import TypeAlias, TypeVar

import numpy as np

Box: TypeAlias = tuple[int, int, int, int]
Item = TypeVar("Item")

DIAMETERS = 10  # across a region: 10 to 40 objects where they are neither rare nor crowded
SMALLEST_PX, LARGEST_PX = 256, 512
USUAL_DIAMETER_PX = 30.0  # while nobody has painted anything


def region_side(diameter_px: float | None) -> int:
    """Return how long the side of a region should be.

    Parameters
    ----------
    diameter_px : float or None
        Typical diameter of the objects; None while it is not known.

    Returns
    -------
    int
        Ten diameters, from 256 to 512 pixels.

    Examples
    --------
    >>> region_side(None), region_side(12), region_side(40), region_side(200)
    (300, 256, 400, 512)
    """
    side = round(DIAMETERS * (diameter_px or USUAL_DIAMETER_PX))
    return min(max(side, SMALLEST_PX), LARGEST_PX)


def region_grid(height: int, width: int, side: int) -> list[Box]:
    """Cut an image into regions of about equal size.

    Parameters
    ----------
    height, width : int
        Size of the image.
    side : int
        Shortest side wanted, from `region_side`.

    Returns
    -------
    list of (row0, col0, row1, col1)
        Half-open boxes that cover every pixel once, row by row. Each side is at least `side`
        (or the whole image's) and at most 512, except that an image shorter than twice `side` is
        not cut when it fits into 512: there are no slivers at the edges.

    Examples
    --------
    >>> region_grid(300, 700, 256)
    [(0, 0, 300, 350), (0, 350, 300, 700)]
    >>> region_grid(256, 400, 300)
    [(0, 0, 256, 400)]
    """
    rows, cols = _cuts(height, side), _cuts(width, side)
    return [
        (row0, col0, row1, col1)
        for row0, row1 in itertools.pairwise(rows)
        for col0, col1 in itertools.pairwise(cols)
    ]


def _cuts(length: int, side: int) -> list[int]:
    """Return where an axis is cut, with both ends."""
    n = max(1, length // side, -(-length // LARGEST_PX))
    return [i * length // n for i in range(n + 1)]


def is_free(box: Box, taken: Iterable[Box]) -> bool:
    """Tell whether a box shares no pixel with any of the others."""
    row0, col0, row1, col1 = box
    return not any(
        row0 < other[2] and other[0] < row1 and col0 < other[3] and other[1] < col1
        for other in taken
    )


def draw_in_turn(
    groups: Sequence[Sequence[Item]], most: int, rng: np.random.Generator
) -> list[Item]:
    """Draw items at random, one from each group before a second one from any.

    Parameters
    ----------
    groups : sequence of sequences
        The candidates of each image.
    most : int
        How many to draw at most.
    rng : numpy.random.Generator

    Returns
    -------
    list
        At most `most` items; a huge image does not crowd out the small ones.
    """
    queues = [[group[i] for i in rng.permutation(len(group))] for group in groups if group]
    drawn: list[Item] = []
    for turn in range(max((len(queue) for queue in queues), default=0)):
        for number in rng.permutation(len(queues)):
            if turn < len(queues[number]):
                drawn.append(queues[number][turn])
                if len(drawn) == most:
                    return drawn
    return drawn
