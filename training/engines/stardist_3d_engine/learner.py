"""StarDist's network for volumes as a learner: what its outlines should be is all that differs."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from stardist.geometry import star_dist3D
from stardist.utils import edt_prob

from training.datasets.labels import SparseLabels
from training.engines.data import CropSettings, TrainingData
from training.engines.stardist_3d_engine.polyhedra import Rays
from training.engines.stardist_engine.learner import StarDistLearner, renumbered
from training.engines.stardist_engine.net import Model


class StarDist3DLearner(StarDistLearner):
    """Steps through `train_on_batch`, as in 2D, on crops of stacks."""

    def __init__(self, model: Model, data: TrainingData, crops: CropSettings, rays: Rays) -> None:
        self._rays = rays
        super().__init__(model, data, crops)

    def _outline_targets(self, labels: SparseLabels) -> tuple[NDArray[np.float32], ...]:
        return targets(labels, self._rays, self._grid, self.model.config.anisotropy)


def targets(
    labels: SparseLabels,
    rays: Rays,
    grid: tuple[int, ...],
    anisotropy: tuple[float, ...] | None,
) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """Return what the network should say: prob with -1 for unknown, distances with their weights.

    As `StarDistData3D.__getitem__` (stardist 0.9.2, models/model3d.py:62-104); -1 switches the
    loss of prob off, a weight of 0 that of the distances.
    """
    dense = renumbered(labels)
    on_grid = tuple(slice(None, None, cell) for cell in grid)
    if dense.min() > 0 and dense.min() == dense.max():
        prob = np.ones(dense[on_grid].shape, np.float32)  # edt_prob warns: all one object
    else:
        prob = edt_prob(dense, anisotropy=anisotropy)[on_grid]
    dist = star_dist3D(dense, rays, grid=grid)
    both = np.concatenate([dist, prob[..., np.newaxis]], axis=-1).astype(np.float32)
    prob = np.where(labels[on_grid] < 0, -1, prob).astype(np.float32)
    return prob[..., np.newaxis], both
