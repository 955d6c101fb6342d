"""One object of a network with flows: the pixels whose ways end where the pointed-at one's does."""

from __future__ import annotations

from collections.abc import Callable, Mapping

import numpy as np
from numpy.typing import NDArray

from training.engines.base import Found, LabelImage, Prompt
from training.engines.prompts import object_meant

LEAST_CELLPROB = -5.0  # a network that is so sure of background is believed
BELOW = 0.5  # the lowered threshold lies so much below what it is lowered for


class FlowSight:
    """Flows and cell probability of an image.

    Parameters
    ----------
    flows : ndarray of float32, shape (2, H, W)
    cellprob : ndarray of float32, shape (H, W)
        Logits.
    draw : callable
        See `training.engines.flow_networks.drawing.Draw`.
    thresholds : mapping
        The version's own; objects are not left out for their flow error here, since a person has
        pointed at this one.
    """

    def __init__(
        self,
        flows: NDArray[np.float32],
        cellprob: NDArray[np.float32],
        draw: Callable[[NDArray[np.float32], NDArray[np.float32], Mapping[str, float]], LabelImage],
        thresholds: Mapping[str, float],
    ) -> None:
        self._flows, self._cellprob, self._draw = flows, cellprob, draw
        self._usual = float(thresholds["cellprob"])
        self._drawn: dict[float, LabelImage] = {}

    def find(self, prompt: Prompt) -> Found | None:
        """Return the object that a prompt means."""
        if prompt.threshold is not None:
            return self._at(prompt, float(prompt.threshold))
        found = self._at(prompt, self._usual)
        lower = min(self._usual, self._most(prompt) - BELOW)
        if found is not None or lower < LEAST_CELLPROB:
            return found
        return self._at(prompt, round(lower, 2))

    def _at(self, prompt: Prompt, threshold: float) -> Found | None:
        if threshold not in self._drawn:
            wanted = {"cellprob": threshold, "flow": 0.0}
            self._drawn = {threshold: self._draw(self._flows, self._cellprob, wanted)}
        label_image = self._drawn[threshold]
        number = object_meant(label_image, prompt)
        if not number:
            return None
        mask = label_image == number
        score = 1 / (1 + np.exp(-self._cellprob[mask].astype(np.float64)))
        return Found(mask, float(score.mean()), threshold)

    def _most(self, prompt: Prompt) -> float:
        if prompt.point is not None:
            return float(self._cellprob[prompt.point])
        row0, col0, row1, col1 = prompt.box or (0, 0, 1, 1)
        return float(self._cellprob[row0:row1, col0:col1].max())
