"""Label images as engines want them: dense ids, background 0, and -1 where nothing is known."""

from __future__ import annotations

from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

Box: TypeAlias = tuple[int, int, int, int]
SparseLabels: TypeAlias = NDArray[np.int32]

UNKNOWN = -1
POSITIVES_ONLY_SHARE = 0.01


def sparse_labels(
    label_image: NDArray[Any],
    annotated: NDArray[np.bool_],
    *,
    box: Box,
    image_shape: tuple[int, int],
    background_band_px: int = 0,
) -> SparseLabels:
    """Prepare a region's labels for training.

    Parameters
    ----------
    label_image : ndarray of integers, shape (h, w)
        Ids of any size; 0 and below is background.
    annotated : ndarray of bool, shape (h, w)
        Pixels that a person vouches for.
    box : (row0, col0, row1, col1)
        Where the region lies in its image.
    image_shape : (H, W)
    background_band_px : int
        Width of the band around each object that is taken as background where no background was
        marked (less than 1 % of the objects' pixels) [1]_; 0 for none.

    Returns
    -------
    ndarray of int32, shape (h, w)
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
        distance = ndimage.distance_transform_edt(result <= 0)
        # An object that is unknown as a whole is an object all the same.
        is_free = (result == UNKNOWN) & (label_image <= 0)
        result[is_free & (distance <= background_band_px)] = 0
    return result


def _lacks_background(labels: SparseLabels) -> bool:
    """Tell whether objects were marked and next to no background."""
    n_objects, n_background = int((labels > 0).sum()), int((labels == 0).sum())
    return n_objects > 0 and n_background < POSITIVES_ONLY_SHARE * n_objects


def _inner_borders(
    rows: NDArray[Any], box: Box, image_shape: tuple[int, int]
) -> list[NDArray[Any]]:
    """Return the pixels along those borders of a region that are not the image's own."""
    row0, col0, row1, col1 = box
    borders = [rows[:0, 0]]
    if row0 > 0:
        borders.append(rows[0])
    if col0 > 0:
        borders.append(rows[:, 0])
    if row1 < image_shape[0]:
        borders.append(rows[-1])
    if col1 < image_shape[1]:
        borders.append(rows[:, -1])
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
