"""StarDist's network as a learner: its own losses, fed from our crops."""

from __future__ import annotations

from pathlib import Path
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray
from stardist.geometry import star_dist
from stardist.utils import edt_prob

from training.datasets.augment import change_intensities, draw_scale, resize, turn
from training.datasets.crops import Crop
from training.datasets.labels import SparseLabels
from training.engines.data import CropSettings, TrainingData
from training.engines.stardist_engine.class_heads import class_targets
from training.engines.stardist_engine.net import Model, load_weights, save_weights
from training.engines.weights import Weights

Batch: TypeAlias = tuple[NDArray[np.float32], tuple[NDArray[np.float32], ...]]

TRIES = 8
VALIDATION_CROPS = 32


class StarDistLearner:
    """Steps through `train_on_batch`: StarDist's `fit` cannot resume nor stop between steps."""

    def __init__(
        self,
        model: Model,
        data: TrainingData,
        crops: CropSettings,
        *,
        scale: float = 1.0,
    ) -> None:
        self.model = model
        self._scale = scale
        self._data = data
        self._crops = crops
        self._shape = tuple(int(side) for side in model.config.train_patch_size)
        self._grid = tuple(model.config.grid)
        self._on_grid = tuple(slice(None, None, cell) for cell in self._grid)
        model.prepare_for_training()
        model.keras_model.optimizer.build(model.keras_model.trainable_variables)
        self._validation = self._validation_batches()

    def step(self, regions: NDArray[np.int64], rng: np.random.Generator, rate: float) -> float:
        """Make one update; no patch is without annotated pixels, or the loss would be NaN."""
        inputs, targets = self._batch([self._patch(int(i), rng) for i in regions])
        keras_model = self.model.keras_model
        keras_model.optimizer.learning_rate.assign(rate)
        keras_model.reset_metrics()  # Keras 3 else returns the mean since the beginning
        logs = keras_model.train_on_batch(inputs, targets, return_dict=True)
        return float(logs["loss"])

    def validate(self) -> float | None:
        """Return the mean loss over fixed crops of the validation regions."""
        losses = []
        for inputs, targets in self._validation:
            self.model.keras_model.reset_metrics()
            logs = self.model.keras_model.test_on_batch(inputs, targets, return_dict=True)
            losses.append(float(logs["loss"]))
        return float(np.mean(losses)) if losses else None

    def _patch(self, region: int, rng: np.random.Generator) -> Crop:
        """Cut and augment one patch, so that some of the pixels the loss sees are annotated."""
        for _ in range(TRIES):
            centre = self._data.train.centre(region, rng, self._crops.foreground)
            sides = self._sides(self._scale * draw_scale(self._crops.scale_range, rng))
            crop = self._data.train.around(region, centre, sides, rng)
            pixels, labels = resize(crop.pixels, crop.labels, self._shape)
            pixels, labels = turn(pixels, labels, rng)
            if self._is_taught(labels):
                pixels = change_intensities(pixels, self._crops.strengths, rng)
                return Crop(pixels, labels, crop.classes)
        # A region of single annotated pixels between those of the grid: as it is, on the grid.
        box = self._data.train.regions[region].box
        starts = [offset + place for offset, place in zip(box, centre, strict=False)]
        ends = [start + side for start, side in zip(starts, self._shape, strict=True)]
        return self._data.train.window(region, (*starts, *ends))

    def _sides(self, scale: float) -> tuple[int, ...]:
        """Return how much of an image becomes a patch at a scale."""
        return tuple(round(side / scale) for side in self._shape)

    def _is_taught(self, labels: SparseLabels) -> bool:
        return bool((labels[self._on_grid] >= 0).any())

    def _batch(self, crops: list[Crop]) -> Batch:
        inputs = np.stack([np.moveaxis(crop.pixels, 0, -1) for crop in crops])
        made = [self._targets(crop) for crop in crops]
        return inputs, tuple(np.stack(each) for each in zip(*made, strict=True))

    def _targets(self, crop: Crop) -> tuple[NDArray[np.float32], ...]:
        """Return one target per output of the network."""
        found, n_classes = self._outline_targets(crop.labels), self.model.config.n_classes
        if n_classes is None:
            return found
        return *found, class_targets(crop.labels, crop.classes, n_classes, self._grid)

    def _outline_targets(self, labels: SparseLabels) -> tuple[NDArray[np.float32], ...]:
        return targets(labels, self.model.config.n_rays, self._grid)

    def _validation_batches(self) -> list[Batch]:
        """Cut the same crops for every epoch; those without annotated pixels are left out."""
        source, rng = self._data.validation, np.random.default_rng(0)
        crops: list[Crop] = []
        for number in range(VALIDATION_CROPS if len(source) else 0):
            region = number % len(source)
            centre = source.centre(region, rng, self._crops.foreground)
            crop = source.around(region, centre, self._sides(self._scale), rng)
            crop = Crop(*resize(crop.pixels, crop.labels, self._shape), crop.classes)
            if self._is_taught(crop.labels):
                crops.append(crop)
        size = self._crops.batch_size
        return [self._batch(crops[i : i + size]) for i in range(0, len(crops), size)]

    def trained(self) -> set[str]:
        """Return the names of the weights that steps change."""
        changed = {id(each) for each in self.model.keras_model.trainable_variables}
        return {name for name, each in self._variables() if id(each) in changed}

    def _variables(self) -> list[tuple[str, Any]]:
        """Return all weights by their place in the network; Keras' names count models, too."""
        return [(str(i), each) for i, each in enumerate(self.model.keras_model.weights)]

    def get_weights(self) -> Weights:
        """Return copies of all weights."""
        return {name: np.array(each) for name, each in self._variables()}

    def set_weights(self, weights: Weights) -> None:
        """Put weights in the place of those with the same names."""
        for name, each in self._variables():
            each.assign(weights[name])

    def save_weights(self, folder: Path, name: str) -> None:
        """Write the weights as HDF5."""
        save_weights(self.model, folder / f"{name}.h5")

    def load_weights(self, folder: Path, name: str) -> None:
        """Read the weights."""
        load_weights(self.model, folder / f"{name}.h5")

    def save_optimizer(self, folder: Path) -> None:
        """Write Adam's moments and step count, which Keras leaves out of weight files."""
        variables = self.model.keras_model.optimizer.variables
        arrays: dict[str, Any] = {f"v{i}": np.asarray(each) for i, each in enumerate(variables)}
        np.savez(folder / "optimizer.npz", **arrays)

    def load_optimizer(self, folder: Path) -> None:
        """Read Adam's state."""
        with np.load(folder / "optimizer.npz", allow_pickle=False) as stored:
            for i, variable in enumerate(self.model.keras_model.optimizer.variables):
                variable.assign(stored[f"v{i}"])


def targets(
    labels: SparseLabels, n_rays: int, grid: tuple[int, ...]
) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """Return what the network should say: prob with -1 for unknown, distances with their weights.

    As `StarDistData2D.__getitem__` (stardist 0.9.2, models/model2d.py:64-117); -1 switches the
    loss of prob off, a weight of 0 that of the distances.
    """
    dense = renumbered(labels)
    on_grid = (slice(None, None, grid[0]), slice(None, None, grid[1]))
    sparse = np.ascontiguousarray(dense[on_grid])
    if sparse.min() > 0 and sparse.min() == sparse.max():
        prob = np.ones(sparse.shape, np.float32)  # edt_prob warns: all one object
    else:
        prob = edt_prob(sparse)
    dist = star_dist(dense, n_rays, grid=grid)
    both = np.concatenate([dist, prob[..., np.newaxis]], axis=-1).astype(np.float32)
    prob = np.where(labels[on_grid] < 0, -1, prob).astype(np.float32)
    return prob[..., np.newaxis], both


def renumbered(labels: SparseLabels) -> NDArray[np.int32]:
    """Return labels without gaps, unknown ones as 0: StarDist's distances know 16 bits."""
    objects = np.maximum(labels, 0)
    is_there = np.bincount(objects.ravel()) > 0
    is_there[0] = False
    new_ids = np.where(is_there, np.cumsum(is_there), 0).astype(np.int32)
    result: NDArray[np.int32] = new_ids[objects]
    return result
