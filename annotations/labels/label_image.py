"""Label images: checks, measures, connected parts, objects cut by a border."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, ClassVar, TypeAlias

import numpy as np
from numpy.typing import NDArray
from skimage.measure import label as label_parts

from project.errors import InvalidInput

LabelImage: TypeAlias = NDArray[np.uint32]
Ints: TypeAlias = NDArray[np.int64]

MAX_ID = (1 << 32) - 1
BLOCK_PIXELS = 1 << 22  # looked at together; more costs memory and is not faster


class NotALabelImage(InvalidInput):
    """An array or file that cannot be read as instance ids."""

    code: ClassVar[str] = "not_a_label_image"


@dataclass(frozen=True, slots=True)
class RowRuns:
    """The foreground of a label image as runs within rows, from top left to bottom right.

    All arrays are int64, shape (n,); columns are half-open.
    """

    row: Ints
    col0: Ints
    col1: Ints
    instance_id: Ints


@dataclass(frozen=True, slots=True)
class Measures:
    """Every instance of a label image or a stack: ids ascending, areas in pixels, exact boxes.

    `boxes` has the shape (n, 4): row0, col0, row1, col1, half-open; in a stack it is the union of
    the boxes in all planes, `area_px` counts them all, `z` is the first plane and `depth` the
    number of planes from there to the last one.
    """

    instance_id: Ints
    area_px: Ints
    boxes: Ints
    z: Ints
    depth: Ints


def check(array: NDArray[Any]) -> LabelImage:
    """Turn an array of whole numbers from 0 on into a label image.

    Parameters
    ----------
    array : ndarray of any real dtype, shape (H, W) or with further axes of length 1

    Returns
    -------
    ndarray of uint32, shape (H, W)

    Raises
    ------
    NotALabelImage
        For colour, stacks, complex or text values, negative or fractional numbers, numbers that
        are not finite or exceed 32 bits.
    """
    array = _as_plane(array)
    if array.dtype.kind == "b":
        array = array.astype(np.uint8)
    if array.dtype.kind not in "iuf":
        raise NotALabelImage(
            f"A label image holds whole numbers; this one holds {array.dtype.name} values."
        )
    if array.size == 0:
        raise NotALabelImage("The label image has no pixels.")
    if array.dtype.kind == "u" and array.dtype.itemsize <= np.dtype(np.uint32).itemsize:
        return array.astype(np.uint32, copy=False)  # each of its values is an id
    if array.dtype.kind == "f":
        _check_floats(array)
    low, high = array.min(), array.max()
    if low < 0:
        raise NotALabelImage(
            f"The label image holds negative numbers (down to {low:g}); ids start at 1 and 0 is "
            "background."
        )
    if high > MAX_ID:
        raise NotALabelImage(f"The label image holds the id {high:g}; ids go up to {MAX_ID}.")
    return array.astype(np.uint32, copy=False)


def _as_plane(array: NDArray[Any]) -> NDArray[Any]:
    if array.ndim > 2 and array.shape[-1] in (3, 4) and array.dtype == np.uint8:
        raise NotALabelImage(
            "This is a colour picture, not a label image: save one grey plane whose pixel value "
            "is the number of the object."
        )
    if array.ndim > 2:
        array = array.reshape([side for side in array.shape if side != 1] or [1, 1])
    if array.ndim != 2:
        raise NotALabelImage(
            f"A label image has rows and columns only; this one has the shape {array.shape}."
        )
    return array


def _check_floats(array: NDArray[Any]) -> None:
    if not np.isfinite(array).all():
        raise NotALabelImage("The label image holds values that are not numbers (NaN or infinite).")
    if (array != np.floor(array)).any():
        raise NotALabelImage(
            "The label image holds fractions: it may be a probability map, or labels that were "
            "resized with smoothing. Export the ids as whole numbers."
        )


def row_runs(label_image: LabelImage) -> RowRuns:
    """Cut the foreground into runs of one id within one row.

    Parameters
    ----------
    label_image : ndarray of unsigned integers, shape (H, W)

    Returns
    -------
    RowRuns
    """
    found = [
        (row0 + start // width, start % width, start % width + length, value)
        for row0, width, start, length, value in _block_runs(label_image)
    ]
    columns = [np.concatenate(column) for column in zip(*found, strict=True)]
    row, col0, col1, instance_id = columns or [np.zeros(0, np.int64)] * 4
    kept = instance_id > 0
    return RowRuns(row[kept], col0[kept], col1[kept], instance_id[kept])


def _block_runs(label_image: LabelImage) -> Iterator[tuple[int, int, Ints, Ints, Ints]]:
    """Cut an image into runs of one value within one row, a block of rows after the other.

    Yields the block's first row, the width, and of each run, background too, where it starts in
    the block (C order), its length and its value. Memory is that of a block and of the runs.
    """
    height, width = label_image.shape
    step = max(1, BLOCK_PIXELS // max(width, 1))
    for row0 in range(0, height if width else 0, step):
        flat = np.ascontiguousarray(label_image[row0 : row0 + step]).reshape(-1)
        breaks = np.empty(flat.size, np.bool_)
        np.not_equal(flat[1:], flat[:-1], out=breaks[1:])
        breaks[::width] = True  # a row's first pixel starts a run
        start = np.flatnonzero(breaks)
        length = np.diff(start, append=flat.size)
        yield row0, width, start, length, flat[start].astype(np.int64)


def measure(label_image: LabelImage) -> Measures:
    """Measure every instance in one pass.

    Parameters
    ----------
    label_image : ndarray of uint32, shape (H, W)

    Returns
    -------
    Measures
        Memory grows with the number of runs, never with the largest id.

    Examples
    --------
    >>> measure(np.array([[0, 7], [7, 7]], np.uint32)).area_px.tolist()
    [3]
    """
    runs = row_runs(label_image)
    boxes = np.stack([runs.row, runs.col0, runs.row + 1, runs.col1], 1)
    return measures_of_runs(runs.instance_id, runs.col1 - runs.col0, boxes)


def measures_of_runs(instance_id: Ints, length: Ints, boxes: Ints) -> Measures:
    """Measure instances whose pixels are given as runs, all in one plane.

    Parameters
    ----------
    instance_id, length : ndarray of int64, shape (n,)
        Of each run.
    boxes : ndarray of int64, shape (n, 4)
        Of each run: row0, col0, row1, col1, half-open.

    Returns
    -------
    Measures
    """
    ids, index = np.unique(instance_id, return_inverse=True)
    area = np.zeros(ids.size, np.int64)
    np.add.at(area, index, length)
    extent = np.zeros((ids.size, 4), np.int64)
    extent[:, :2] = np.iinfo(np.int64).max
    for side in range(4):
        reduce = np.minimum if side < 2 else np.maximum
        reduce.at(extent[:, side], index, boxes[:, side])
    return Measures(ids, area, extent, np.zeros(ids.size, np.int64), np.ones(ids.size, np.int64))


def measures_of_stack(planes: Mapping[int, Measures]) -> Measures:
    """Put together what was measured in the planes of a stack.

    Parameters
    ----------
    planes : mapping of z to Measures
        What `measure` said of each plane; planes that are missing hold nothing.

    Returns
    -------
    Measures

    Examples
    --------
    >>> plane = np.array([[0, 7], [7, 7]], np.uint32)
    >>> found = measures_of_stack({2: measure(plane), 4: measure(plane)})
    >>> found.area_px.tolist(), found.z.tolist(), found.depth.tolist()
    ([6], [2], [3])
    """
    if not planes:
        return measure(np.zeros((1, 1), np.uint32))
    parts = list(planes.values())
    z_of = np.repeat(list(planes), [part.instance_id.size for part in parts]).astype(np.int64)
    ids, index = np.unique(np.concatenate([p.instance_id for p in parts]), return_inverse=True)
    area = np.zeros(ids.size, np.int64)
    np.add.at(area, index, np.concatenate([part.area_px for part in parts]))
    low = np.full((ids.size, 3), np.iinfo(np.int64).max)  # z, row0, col0
    high = np.full((ids.size, 3), -1)
    boxes = np.concatenate([part.boxes for part in parts])
    np.minimum.at(low, index, np.column_stack([z_of, boxes[:, :2]]))
    np.maximum.at(high, index, np.column_stack([z_of + 1, boxes[:, 2:]]))
    return Measures(
        ids, area, np.hstack([low[:, 1:], high[:, 1:]]), low[:, 0], high[:, 0] - low[:, 0]
    )


def scattered_ids(label_image: LabelImage) -> Ints:
    """Return the ids whose pixels form more than one part (8-connected).

    Parameters
    ----------
    label_image : ndarray of uint32, shape (H, W)

    Returns
    -------
    ndarray of int64, shape (n,)
    """
    parts, n_parts = label_parts(label_image, background=0, connectivity=2, return_num=True)
    owner = np.zeros(n_parts + 1, np.int64)
    owner[parts.reshape(-1)] = label_image.reshape(-1)
    ids, counts = np.unique(owner[1:], return_counts=True)
    scattered: Ints = ids[counts > 1]
    return scattered


def border_cut_ids(
    label_image: LabelImage, *, top: bool, left: bool, bottom: bool, right: bool
) -> Ints:
    """Return the ids that touch a side which is a cut, not the end of the image.

    Parameters
    ----------
    label_image : ndarray of uint32, shape (H, W)
        The part of an image inside a region.
    top, left, bottom, right : bool
        Whether the image goes on beyond that side.

    Returns
    -------
    ndarray of int64, shape (n,)
        Ascending. Such an object may go on outside, even when nobody painted it there.
    """
    sides = [
        label_image[0, :] if top else None,
        label_image[:, 0] if left else None,
        label_image[-1, :] if bottom else None,
        label_image[:, -1] if right else None,
    ]
    touching = [side for side in sides if side is not None]
    if not touching:
        return np.zeros(0, np.int64)
    ids = np.unique(np.concatenate(touching)).astype(np.int64)
    real: Ints = ids[ids > 0]
    return real


def is_one_of(label_image: LabelImage, ids: Ints) -> NDArray[np.bool_]:
    """Tell for every pixel whether its id is in a list."""
    if ids.size == 0:
        return np.zeros(label_image.shape, np.bool_)
    return np.isin(label_image, ids.astype(np.uint32))
