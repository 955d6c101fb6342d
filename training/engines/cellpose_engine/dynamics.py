"""From Cellpose's maps to instances: pixels follow the flows, and those that meet are an object.

The steps are upstream's (cellpose 3.1.1.3, dynamics.py:614; Stringer et al., Nature Methods 2021,
doi:10.1038/s41592-020-01018-x), with its arithmetic down to the precision of each product, so that
label images are the same pixel by pixel; what `without_small` says is the one difference.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar

import fill_voids
import numpy as np
from numba import njit
from numpy.typing import NDArray
from scipy import ndimage

FLOW_LENGTH = 5.0  # networks give flows of this length
MIN_SIZE_PX = 15
LARGEST_SHARE = 0.4  # of the array; what is larger is ground that was taken for objects
MARGIN_PX = 20  # around the array, so that windows at its border lie inside
BEGIN_ENDS = 10  # an object begins where more pixels than this end
GROW_ENDS = 2  # and takes the places around where more pixels than this end
GROW_STEPS = 5
GROUP = 1024  # pixels that are followed at once; they fit into the innermost cache
PEAK_PX = 2  # no place so near has more ends than the one where an object begins

Function = TypeVar("Function", bound=Callable[..., Any])


def compiled(function: Function) -> Function:
    """Let numba compile a function at its first call, and keep that on disk."""
    kept: Function = njit(cache=True)(function)
    return kept


def instances(
    flows: NDArray[np.float32],
    cellprob: NDArray[np.float32],
    *,
    cellprob_threshold: float,
    flow_threshold: float,
    n_steps: int,
) -> NDArray[np.uint32]:
    """Follow flows to objects.

    Parameters
    ----------
    flows : ndarray of float32, shape (2, H, W)
        Directions to the middle of a pixel's object along rows and columns, of length 5.
    cellprob : ndarray of float32, shape (H, W)
        Logit of lying in an object.
    cellprob_threshold : float
        Pixels above it follow the flows.
    flow_threshold : float
        Objects with a larger flow error are left out; 0 leaves out none.
    n_steps : int
        How often a pixel moves, by about one pixel each time.

    Returns
    -------
    ndarray of uint32, shape (H, W)
        Ids from 1 without gaps, along rows.
    """
    inside = cellprob > cellprob_threshold
    places = np.argwhere(inside).astype(np.int32)
    field = np.ascontiguousarray(np.moveaxis(flows * inside / FLOW_LENGTH, 0, -1), np.float32)
    labels = meeting_pixels(places, end_points(field, places, n_steps), inside.shape)
    if flow_threshold > 0 and labels.any():
        labels = kept(labels, ~(flow_errors(labels, flows) > flow_threshold))
    return filled(without_small(labels))


def end_points(
    field: NDArray[np.float32], places: NDArray[np.int32], n_steps: int
) -> NDArray[np.int32]:
    """Return where pixels end that follow a field (upstream: dynamics.py:418, 440).

    Parameters
    ----------
    field : ndarray of float32, shape (H, W, 2)
        Steps in pixels along rows and columns, interpolated linearly between pixels.
    places : ndarray of int32, shape (n, 2)
        Pixels to start from.
    n_steps : int

    Returns
    -------
    ndarray of int32, shape (n, 2)

    Notes
    -----
    A step that changes nothing would change nothing ever after, so that its pixel is done. Pixels
    go in groups, whose steps do not wait for each other.
    """
    ends = places.copy()
    for start in range(0, len(places), GROUP):
        _follow(field, ends[start : start + GROUP], n_steps)
    return ends


@compiled
def _follow(field: NDArray[np.float32], places: NDArray[np.int32], n_steps: int) -> None:
    """Move pixels to where they end, in place."""
    last_row, last_col = field.shape[0] - 1, field.shape[1] - 1
    at = places.astype(np.float32)
    numbers = np.arange(len(places))
    n_moving = len(places)
    for _ in range(n_steps):
        n_left = 0
        for i in range(n_moving):
            row, col = at[i, 0], at[i, 1]
            top, left = int(row), int(col)
            low, right = min(last_row, top + 1), min(last_col, left + 1)
            y, x = np.float32(row - top), np.float32(col - left)
            over_y, over_x = 1 - np.float64(y), 1 - np.float64(x)
            step_row = np.float32(
                field[top, left, 0] * over_y * over_x
                + field[top, right, 0] * over_y * x
                + field[low, left, 0] * y * over_x
                + field[low, right, 0] * y * x
            )
            step_col = np.float32(
                field[top, left, 1] * over_y * over_x
                + field[top, right, 1] * over_y * x
                + field[low, left, 1] * y * over_x
                + field[low, right, 1] * y * x
            )
            to_row = min(np.float32(last_row), max(np.float32(0), row + step_row))
            to_col = min(np.float32(last_col), max(np.float32(0), col + step_col))
            number = numbers[i]
            at[n_left, 0], at[n_left, 1], numbers[n_left] = to_row, to_col, number
            if to_row == row and to_col == col:
                places[number, 0], places[number, 1] = int(row), int(col)
            else:
                n_left += 1
        n_moving = n_left
    for i in range(n_moving):
        places[numbers[i], 0], places[numbers[i], 1] = int(at[i, 0]), int(at[i, 1])


def meeting_pixels(
    places: NDArray[np.int32], ends: NDArray[np.int32], shape: tuple[int, ...]
) -> NDArray[np.int32]:
    """Give pixels that end close together one label (upstream: dynamics.py:723).

    Parameters
    ----------
    places, ends : ndarray of int32, shape (n, 2)
        Pixels, and where they end.
    shape : tuple of int
        (H, W).

    Returns
    -------
    ndarray of int32, shape (H, W)
        Labels from 1 without gaps, along rows.
    """
    counts = np.zeros((shape[0] + 2 * MARGIN_PX, shape[1] + 2 * MARGIN_PX), np.int32)
    np.add.at(counts, (ends[:, 0] + MARGIN_PX, ends[:, 1] + MARGIN_PX), 1)
    begins = _peaks(counts, np.argwhere(counts > BEGIN_ENDS))
    # Of two objects that reach a place the one with more ends where it begins has it.
    begins = begins[np.argsort(counts[begins[:, 0], begins[:, 1]], kind="stable")]
    owners = _grown(counts, begins)
    labels = np.zeros(shape, np.int32)
    labels[places[:, 0], places[:, 1]] = owners[ends[:, 0] + MARGIN_PX, ends[:, 1] + MARGIN_PX]
    areas = np.bincount(labels.ravel())
    return kept(labels, areas[1:] <= LARGEST_SHARE * labels.size)


@compiled
def _peaks(counts: NDArray[np.int32], places: NDArray[np.int64]) -> NDArray[np.int64]:
    """Return the places around which no place has a larger count."""
    is_peak = np.zeros(len(places), np.bool_)
    for i in range(len(places)):
        row, col = places[i]
        around = counts[row - PEAK_PX : row + PEAK_PX + 1, col - PEAK_PX : col + PEAK_PX + 1]
        is_peak[i] = counts[row, col] >= around.max()
    return places[is_peak]


@compiled
def _grown(counts: NDArray[np.int32], begins: NDArray[np.int64]) -> NDArray[np.int32]:
    """Let objects grow where enough pixels end; the later one has what two reach."""
    owners = np.zeros_like(counts)
    side = 2 * GROW_STEPS + 1
    for i in range(len(begins)):
        row0, col0 = begins[i, 0] - GROW_STEPS, begins[i, 1] - GROW_STEPS
        taken = np.zeros((side, side), np.bool_)
        taken[GROW_STEPS, GROW_STEPS] = True
        for _ in range(GROW_STEPS):
            before = taken.copy()
            for row in range(side):
                for col in range(side):
                    if counts[row0 + row, col0 + col] > GROW_ENDS:
                        near = before[max(row - 1, 0) : row + 2, max(col - 1, 0) : col + 2]
                        taken[row, col] = near.any()
        for row in range(side):
            for col in range(side):
                if taken[row, col]:
                    owners[row0 + row, col0 + col] = i + 1
    return owners


def flow_errors(labels: NDArray[np.int32], flows: NDArray[np.float32]) -> NDArray[np.float64]:
    """Compare the flows with those that the objects themselves would have.

    Parameters
    ----------
    labels : ndarray of int32, shape (H, W)
        Labels from 1 without gaps.
    flows : ndarray of float32, shape (2, H, W)
        As the network gives them.

    Returns
    -------
    ndarray of float64, shape (n,)
        Mean over an object's pixels of the squared difference, from 0 to 4 and a little more
        (upstream: metrics.py:232, dynamics.py:255).

    Notes
    -----
    An object's own flows lead up a heap of heat, poured out at its middle and spread over its
    pixels as often as twice its sides need.
    """
    found = ndimage.find_objects(labels)
    boxes = np.array([[rows.start, rows.stop, cols.start, cols.stop] for rows, cols in found])
    scaled = flows / np.float32(FLOW_LENGTH)
    return _flow_errors(labels, scaled, boxes)


@compiled
def _flow_errors(
    labels: NDArray[np.int32], flows: NDArray[np.float32], boxes: NDArray[np.int64]
) -> NDArray[np.float64]:
    errors = np.zeros(len(boxes), np.float64)
    for i in range(len(boxes)):
        row0, row1, col0, col1 = boxes[i]
        inside = np.zeros((row1 - row0 + 2, col1 - col0 + 2), np.float64)
        for row in range(row0, row1):
            for col in range(col0, col1):
                if labels[row, col] == i + 1:
                    inside[row - row0 + 1, col - col0 + 1] = 1
        heat = _heat(inside)
        sums = np.zeros(2)
        area = 0
        for row in range(1, inside.shape[0] - 1):
            for col in range(1, inside.shape[1] - 1):
                if inside[row, col] == 0:
                    continue
                up = heat[row + 1, col] - heat[row - 1, col]
                across = heat[row, col + 1] - heat[row, col - 1]
                length = 1e-60 + (up**2 + across**2) ** 0.5
                at = (row0 + row - 1, col0 + col - 1)
                sums[0] += (up / length - flows[0, at[0], at[1]]) ** 2
                sums[1] += (across / length - flows[1, at[0], at[1]]) ** 2
                area += 1
        errors[i] = sums[0] / area + sums[1] / area
    return errors


@compiled
def _heat(inside: NDArray[np.float64]) -> NDArray[np.float64]:
    """Pour heat out at an object's middle and spread it; `inside` is 0 at its border."""
    n_rows, n_cols = inside.shape
    row, col = _middle(inside)
    heat, spread = np.zeros_like(inside), np.zeros_like(inside)
    for _ in range(2 * (n_rows + n_cols)):
        heat[row, col] += 1
        for r in range(1, n_rows - 1):
            above, here, below, to = heat[r - 1], heat[r], heat[r + 1], spread[r]
            for c in range(1, n_cols - 1):
                total = here[c] + above[c] + below[c] + here[c - 1] + here[c + 1]
                total = total + above[c - 1] + above[c + 1] + below[c - 1] + below[c + 1]
                to[c] = 1 / 9.0 * total * inside[r, c]
        heat, spread = spread, heat
    return heat


@compiled
def _middle(inside: NDArray[np.float64]) -> tuple[int, int]:
    """Return the pixel of an object that is closest to the mean of its pixels."""
    rows, cols = np.nonzero(inside)
    nearest = ((cols - cols.mean()) ** 2 + (rows - rows.mean()) ** 2).argmin()
    return rows[nearest], cols[nearest]


def without_small(labels: NDArray[np.int32]) -> NDArray[np.int32]:
    """Leave out objects below the least size, before and after their holes are filled.

    Upstream counts objects without those that its check of flows took away, and takes the number
    for the label (cellpose 3.1.1.3, utils.py:645): for each small object it may leave out another
    one, anywhere in the image. Here the small one goes.
    """
    areas = np.bincount(labels.ravel())
    return kept(labels, areas[1:] >= MIN_SIZE_PX)


def filled(labels: NDArray[np.int32]) -> NDArray[np.uint32]:
    """Fill the holes of objects, over what lies in them (upstream: utils.py:650)."""
    for number, place in enumerate(ndimage.find_objects(labels), start=1):
        if place is not None:
            labels[place][fill_voids.fill(labels[place] == number)] = number
    return without_small(labels).astype(np.uint32)


def kept(labels: NDArray[np.int32], keep: NDArray[np.bool_]) -> NDArray[np.int32]:
    """Keep some objects and number them anew, along rows; `keep` tells of label i at i - 1."""
    return _renumbered(labels, np.append(False, keep))


@compiled
def _renumbered(labels: NDArray[np.int32], keep: NDArray[np.bool_]) -> NDArray[np.int32]:
    new_ids = np.zeros(len(keep), np.int32)
    result = np.zeros_like(labels)
    n_ids = 0
    for row in range(labels.shape[0]):
        for col in range(labels.shape[1]):
            old = labels[row, col]
            if old == 0 or not keep[old]:
                continue
            if new_ids[old] == 0:
                n_ids += 1
                new_ids[old] = n_ids
            result[row, col] = new_ids[old]
    return result
