"""One object of StarDist: the outline that the suppression keeps there, else the pixel's own."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from training.engines.base import Found, Prompt
from training.engines.prompts import LEAST_IOU, box_overlaps, object_meant
from training.engines.stardist_engine.instances import Outlines, corners_of, drawn, survivors

LEAST_PROB = 0.02  # outlines below are not kept in memory
BELOW = 1e-3  # the lowered threshold lies so much below the outline it is lowered for


class StarSight:
    """Every outline that the network gives to an image, the improbable ones too.

    Parameters
    ----------
    candidates : Outlines
        In pixels of what the network was shown.
    shown : tuple of int
        (H, W) of that.
    shape : tuple of int
        (H, W) of the image.
    prob_threshold, nms_threshold : float
        The version's own.
    """

    def __init__(
        self,
        candidates: Outlines,
        shown: tuple[int, ...],
        shape: tuple[int, int],
        *,
        prob_threshold: float,
        nms_threshold: float,
    ) -> None:
        self._candidates, self._shown, self._shape = candidates, shown, shape
        self._usual, self._nms = prob_threshold, nms_threshold
        self._kept: tuple[float, Outlines, NDArray[np.int32]] | None = None

    def find(self, prompt: Prompt) -> Found | None:
        """Return the object that a prompt means.

        At the version's own threshold it is the one that its draft has there. Where that has none,
        it is the most probable outline that contains the point, or that fits the box best, however
        improbable it is; with a threshold only among those that reach it.
        """
        threshold = self._usual if prompt.threshold is None else float(prompt.threshold)
        threshold = max(threshold, LEAST_PROB)
        return self._survivor(prompt, threshold) or self._own(
            prompt, LEAST_PROB if prompt.threshold is None else threshold
        )

    def _survivor(self, prompt: Prompt, threshold: float) -> Found | None:
        if self._kept is None or self._kept[0] != threshold:
            found = self._candidates.of(self._candidates.prob > threshold)
            kept = found.of(survivors(found, self._nms)) if len(found.prob) else found
            kept = kept.brought_from(self._shown, self._shape)
            self._kept = threshold, kept, drawn(kept, self._shape)
        _, kept, label_image = self._kept
        number = object_meant(label_image, prompt)
        if not number:
            return None
        return Found(label_image == number, _score(kept.prob[number - 1]), threshold)

    def _own(self, prompt: Prompt, threshold: float) -> Found | None:
        found = self._candidates.of(self._candidates.prob > threshold)
        found = found.brought_from(self._shown, self._shape)
        if not len(found.prob):
            return None
        fit = _fit(found, prompt) * found.prob
        best = int(fit.argmax())
        if not fit[best] > 0:
            return None
        mask = drawn(found.of(np.array([best])), self._shape) > 0
        lowered = min(self._usual, float(found.prob[best]) - BELOW)
        chosen = lowered if prompt.threshold is None else threshold
        return Found(mask, _score(found.prob[best]), chosen) if mask.any() else None


def _score(prob: np.float32) -> float:
    return float(np.clip(prob, 0, 1))


def _fit(found: Outlines, prompt: Prompt) -> NDArray[np.float64]:
    """Tell of each outline how well it fits a prompt, 0 for not at all."""
    if prompt.point is not None:
        return containing(found, prompt.point).astype(np.float64)
    if prompt.box is None:
        return np.zeros(len(found.prob))
    corners = corners_of(found)
    boxes = np.concatenate([corners.min(axis=1), corners.max(axis=1) + 1], axis=1)
    overlaps = box_overlaps(boxes.astype(np.float64), prompt.box)
    return np.where(overlaps >= LEAST_IOU, overlaps, 0.0)


def containing(found: Outlines, point: tuple[float, float]) -> NDArray[np.bool_]:
    """Tell which outlines contain a point.

    Parameters
    ----------
    found : Outlines
        n star-shaped outlines of k corners.
    point : tuple of float
        Row and column.

    Returns
    -------
    ndarray of bool, shape (n,)

    Notes
    -----
    The point lies in a triangle of the middle and two neighbouring corners, when it is a sum of
    shares of the ways to both that add up to one at most.
    """
    way = np.asarray(point) - found.points
    near = np.hypot(*way.T) <= found.dist.max(axis=1)
    result = np.zeros(len(found.prob), np.bool_)
    if not near.any():
        return result
    corners = corners_of(found.of(near)).astype(np.float64) - found.points[near][:, None]
    after = np.roll(corners, -1, axis=1)
    row, col = way[near].T[..., None]
    across = corners[..., 0] * after[..., 1] - corners[..., 1] * after[..., 0]
    across = np.where(across == 0, np.inf, across)
    one = (row * after[..., 1] - col * after[..., 0]) / across
    other = (corners[..., 0] * col - corners[..., 1] * row) / across
    inside = (one >= 0) & (other >= 0) & (one + other <= 1)
    result[near] = inside.any(axis=1)
    return result
