"""Flows of objects and objects of flows, by upstream's dynamics."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import torch
from cellpose import dynamics
from numpy.typing import NDArray

from training.datasets.labels import SparseLabels
from training.engines.base import LabelImage
from training.engines.flow_networks.drawing import Draw, dense

MIN_SIZE_PX = 15
STEPS = 200  # of a pixel along the flows, at the network's scale


def flows_of(objects: SparseLabels) -> NDArray[np.floating[Any]]:
    """Return the unit flows towards the objects' centres, shape (2, h, w)."""
    ids, rows = np.unique(objects, return_inverse=True)
    numbered = rows.reshape(objects.shape) + int(ids[0] != 0)  # upstream takes no gaps
    flows: NDArray[np.floating[Any]] = dynamics.masks_to_flows_gpu(numbered)[0]
    return flows


def drawing(rescale: float, device: torch.device) -> Draw:
    """Return what follows flows to objects, as `CellposeModel.eval` does (models.py:372)."""
    where = torch.device("cpu") if device.type == "mps" else device

    def draw(
        flows: NDArray[np.float32], cellprob: NDArray[np.float32], thresholds: Mapping[str, float]
    ) -> LabelImage:
        masks = dynamics.resize_and_compute_masks(
            flows,
            cellprob,
            niter=int(STEPS / rescale),
            cellprob_threshold=thresholds["cellprob"],
            flow_threshold=thresholds["flow"],
            min_size=MIN_SIZE_PX,
            device=where,
        )
        return dense(masks)

    return draw
