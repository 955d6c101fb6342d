"""Flows of objects by upstream's dynamics, and objects of flows by ours."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from training.datasets.labels import SparseLabels
from training.engines.base import LabelImage
from training.engines.cellpose_engine.dynamics import instances
from training.engines.cellpose_engine.upstream import dynamics
from training.engines.flow_networks.drawing import Draw

N_STEPS = 200  # at the network's scale, as upstream (models.py:531)


def flows_of(objects: SparseLabels) -> NDArray[np.floating[Any]]:
    """Return the unit flows towards the objects' centres, shape (2, h, w)."""
    flows: NDArray[np.floating[Any]] = dynamics.masks_to_flows(objects)
    return flows


def drawing(rescale: float) -> Draw:
    """Return what follows flows to objects, in pixels of the image."""

    def draw(
        flows: NDArray[np.float32], cellprob: NDArray[np.float32], thresholds: Mapping[str, float]
    ) -> LabelImage:
        return instances(
            flows,
            cellprob,
            cellprob_threshold=thresholds["cellprob"],
            flow_threshold=thresholds["flow"],
            n_steps=int(N_STEPS / rescale),
        )

    return draw
