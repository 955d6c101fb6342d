"""Suppression in two passes that compare a tenth of the outlines; a few objects differ.

Beside each other lie dozens of candidates for one object, and each costs the intersection of two
polygons. First only those are compared that no neighbour exceeds. Of the others only those come
afterwards whose middle no object covers; they fill in where the best candidate of an object fell to
another object.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from training.engines.stardist_engine.instances import (
    POLYGONS,
    NetShape,
    Outlines,
    Part,
    Shapes,
    joined,
    together,
)


class FastSuppression:
    """Collects the candidates of all parts and returns what of them is kept."""

    def __init__(
        self,
        net: NetShape,
        prob_threshold: float,
        nms_threshold: float,
        shapes: Shapes = POLYGONS,
    ) -> None:
        self._net, self._shapes = net, shapes
        self._prob_threshold, self._nms_threshold = prob_threshold, nms_threshold
        self._peaks: list[Outlines] = []
        self._others: list[Outlines] = []

    def take(self, part: Part) -> None:
        """Collect a part's candidates."""
        is_peak = part.peaks()
        for found, among in ((self._peaks, is_peak), (self._others, ~is_peak)):
            found.append(part.candidates(self._prob_threshold, self._net.grid, among=among))

    def objects(self, shape: Sequence[int]) -> Outlines:
        """Return the objects of an image of shape (H, W, …)."""
        peaks = joined(self._peaks, shape, self._net)
        peaks = peaks.of(self._shapes.survivors(peaks, self._nms_threshold))
        others = joined(self._others, shape, self._net)
        covered = self._shapes.drawn(peaks, shape) > 0
        free = others.of(~covered[tuple(others.points.T)])
        if not len(free.prob):
            return peaks
        both = together([peaks, free])
        raised = np.append(peaks.prob + 1, free.prob)  # what is kept stays ahead
        return both.of(self._shapes.survivors(replace(both, prob=raised), self._nms_threshold))
