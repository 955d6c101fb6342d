"""Which object a prompt means, among those that are drawn; the same for every engine."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from training.datasets.labels import Box
from training.engines.base import Found, PredictionArrays, Prompt, Sight

LEAST_IOU = 0.1  # of an object's box with the prompt's: less is another object's business


def box_overlaps(boxes: NDArray[np.float64], box: Box) -> NDArray[np.float64]:
    """Return the intersection over union of some boxes with one.

    Parameters
    ----------
    boxes : ndarray, shape (n, 4)
        Rows and columns: first ones, and those after the last.
    box : tuple of int

    Returns
    -------
    ndarray of float64, shape (n,)
    """
    first = np.maximum(boxes[:, :2], box[:2])
    last = np.minimum(boxes[:, 2:], box[2:])
    shared = np.prod(np.clip(last - first, 0, None), axis=1)
    areas = np.prod(boxes[:, 2:] - boxes[:, :2], axis=1)
    both = areas + (box[2] - box[0]) * (box[3] - box[1]) - shared
    overlaps: NDArray[np.float64] = shared / np.maximum(both, 1)
    return overlaps


def object_meant(label_image: NDArray[Any], prompt: Prompt) -> int:
    """Return the id of the object under the point, or the one that fits the box best; 0 for none.

    Parameters
    ----------
    label_image : ndarray of int, shape (H, W)
    prompt : Prompt
    """
    if prompt.point is not None:
        return int(label_image[prompt.point])
    if prompt.box is None:
        return 0
    row0, col0, row1, col1 = prompt.box
    ids = np.unique(label_image[row0:row1, col0:col1])
    ids = ids[ids > 0]
    if not len(ids):
        return 0
    places = ndimage.find_objects(label_image)
    boxes = np.array(
        [
            [rows.start, cols.start, rows.stop, cols.stop]
            for rows, cols in (places[i - 1] for i in ids)
        ],
        np.float64,
    )
    overlaps = box_overlaps(boxes, prompt.box)
    best = int(overlaps.argmax())
    return int(ids[best]) if overlaps[best] >= LEAST_IOU else 0


class DrawnSight:
    """The objects that an engine drew, to choose from; its threshold cannot be moved."""

    def __init__(self, drawn: PredictionArrays) -> None:
        self._drawn = drawn

    def find(self, prompt: Prompt) -> Found | None:
        """Return the object that a prompt means."""
        number = object_meant(self._drawn.label_image, prompt)
        if not number:
            return None
        mask = self._drawn.label_image == number
        return Found(mask, float(self._drawn.scores[number - 1]), prompt.threshold or 0.0)


def as_sight(drawn: PredictionArrays) -> Sight:
    """Return what an engine drew as something that prompts can be put to."""
    return DrawnSight(drawn)
