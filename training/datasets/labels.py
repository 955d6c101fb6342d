"""Label images as engines want them: dense ids, background 0, and -1 where nothing is known."""

from __future__ import annotations

from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

Box: TypeAlias = tuple[int, int, int, int]
Corners: TypeAlias = tuple[int, ...]  # a box's first place along each axis, then its ends
SparseLabels: TypeAlias = NDArray[np.int32]
Classes: TypeAlias = NDArray[np.uint8]

UNKNOWN = -1
POSITIVES_ONLY_SHARE = 0.01


def sparse_labels(
    label_image: NDArray[Any],
    annotated: NDArray[np.bool_],
    *,
    box: Corners,
    image_shape: tuple[int, ...],
    background_band_px: int = 0,
    spacing: tuple[float, ...] | None = None,
) -> SparseLabels:
    """Prepare a region's labels for training.

    Parameters
    ----------
    label_image : ndarray of integers, shape (h, w) or (d, h, w)
        Ids of any size; 0 and below is background.
    annotated : ndarray of bool, same shape
        Pixels that a person vouches for.
    box : (row0, col0, row1, col1) or (z0, row0, col0, z1, row1, col1)
        Where the region lies in its image.
    image_shape : (H, W) or (Z, H, W)
    background_band_px : int
        Width of the band around each object that is taken as background where no background was
        marked (less than 1 % of the objects' pixels) [1]_; 0 for none.
    spacing : tuple of float, optional
        Distance of neighbours along each axis in pixels; 1 where it is not given.

    Returns
    -------
    ndarray of int32, same shape
        Ids dense from 1, 0 for background that is known, -1 for what is not.

    Notes
    -----
    An object of which a part is unknown, or that a region border inside the image may have cut,
    is unknown as a whole: its distances and flows would be wrong. Ids are renumbered per region
    as StarDist casts them to 16 bits (0.9.2, geometry/geom2d.py:31).

    References
    ----------
    .. [1] Sugawara, "Training deep learning models for cell image segmentation with sparse
       annotations", bioRxiv 2023, doi:10.1101/2023.06.13.544786 (a band of 10 pixels)
    """
    ids, rows = np.unique(label_image, return_inverse=True)
    rows = rows.reshape(label_image.shape)
    known = ids > 0
    for row in np.unique(rows[~annotated]):
        known[row] = False
    for row in np.unique(np.concatenate(_inner_borders(rows, box, image_shape))):
        known[row] = False
    new_ids = np.where(known, np.cumsum(known), UNKNOWN).astype(np.int32)
    new_ids[ids <= 0] = 0
    result: SparseLabels = new_ids[rows]
    result[~annotated] = UNKNOWN
    if background_band_px and _lacks_background(result):
        distance = ndimage.distance_transform_edt(result <= 0, sampling=spacing)
        # An object that is unknown as a whole is an object all the same.
        is_free = (result == UNKNOWN) & (label_image <= 0)
        result[is_free & (distance <= background_band_px)] = 0
    return result


def sparse_classes(
    label_image: NDArray[Any],
    labels: SparseLabels,
    class_ids: NDArray[Any],
    class_numbers: NDArray[Any],
) -> Classes:
    """Carry the kinds of a region's objects over to the ids that training knows them by.

    Parameters
    ----------
    label_image : ndarray of integers, any shape
        Ids as people's tools gave them.
    labels : ndarray of int32, same shape
        The same objects as `sparse_labels` numbers them.
    class_ids : ndarray of integers, shape (k,)
        Ids of `label_image` whose kind is known; others may be among them.
    class_numbers : ndarray of integers, shape (k,)
        Their kinds, from 1.

    Returns
    -------
    ndarray of uint8, shape (n + 1,)
        The kind of the label i at i, n being the largest; 0 where it is unknown, and for the
        background.
    """
    new_ids, places = np.unique(labels, return_index=True)
    is_object = new_ids > 0
    new_ids, old_ids = new_ids[is_object], label_image.ravel()[places[is_object]]
    classes = np.zeros(int(new_ids.max(initial=0)) + 1, np.uint8)
    order = np.argsort(class_ids, kind="stable")
    known = class_ids[order]
    row = np.searchsorted(known, old_ids)
    row[row == len(known)] = 0
    is_known = known[row] == old_ids if len(known) else np.zeros(len(row), bool)
    classes[new_ids[is_known]] = class_numbers[order][row[is_known]]
    return classes


def _lacks_background(labels: SparseLabels) -> bool:
    """Tell whether objects were marked and next to no background."""
    n_objects, n_background = int((labels > 0).sum()), int((labels == 0).sum())
    return n_objects > 0 and n_background < POSITIVES_ONLY_SHARE * n_objects


def _inner_borders(
    rows: NDArray[Any], box: Corners, image_shape: tuple[int, ...]
) -> list[NDArray[Any]]:
    """Return the pixels along those borders of a region that are not the image's own."""
    borders = [rows[:0].ravel()]
    starts, stops = box[: rows.ndim], box[rows.ndim :]
    for axis, (start, stop, size) in enumerate(zip(starts, stops, image_shape, strict=True)):
        if start > 0:
            borders.append(rows.take(0, axis).ravel())
        if stop < size:
            borders.append(rows.take(-1, axis).ravel())
    return borders


def diameters(labels: NDArray[Any]) -> NDArray[np.float64]:
    """Return the objects' diameters in pixels.

    Parameters
    ----------
    labels : ndarray of integers, shape (h, w)

    Returns
    -------
    ndarray of float64, shape (n,)
        Of the circle with the same area, as `cellpose.utils.diameters` does.
    """
    areas = np.bincount(np.maximum(labels, 0).ravel())[1:]
    result: NDArray[np.float64] = 2 * np.sqrt(areas[areas > 0] / np.pi)
    return result
