"""A loaded StarDist model: stock post-processing, a faster way through the network."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import tensorflow as tf
from numpy.typing import NDArray

from project.errors import Cancelled
from training.datasets.normalize import normalize_image
from training.engines.base import PredictionArrays, StopFlag
from training.engines.stardist_engine.net import Model

BLOCK_PX = 1024  # of the network; objects are suppressed over the whole image


class FastForward:
    """Stands in for a Keras model where StarDist only calls `predict` on it.

    One traced function for all image sizes: `keras.Model.predict` traces anew for each, which
    costs seconds, and is a quarter slower per call. The numbers are the same.
    """

    def __init__(self, keras_model: Any, n_channels: int) -> None:
        signature = [tf.TensorSpec((1, None, None, n_channels), tf.float32)]
        self._call = tf.function(
            lambda x: keras_model(x, training=False), input_signature=signature
        )

    def predict(self, x: NDArray[np.float32], **_: Any) -> tuple[NDArray[np.float32], ...]:
        """Run the network on a batch of one."""
        outputs = self._call(tf.constant(x, tf.float32))
        return tuple(output.numpy() for output in outputs)


class StarDistPredictor:
    """A StarDist model kept warm between images."""

    def __init__(self, model: Model, config: dict[str, Any]) -> None:
        self.config = config
        self.block_px = BLOCK_PX
        self._n_channels = model.config.n_channel_in
        self._grid = tuple(model.config.grid)
        model._axes_tile_overlap("YX")  # measured with the Keras model, before it is replaced
        model.keras_model = FastForward(model.keras_model, self._n_channels)
        self.model = model

    def predict(
        self,
        image: NDArray[Any],
        *,
        want_maps: bool = False,
        should_stop: StopFlag = lambda: False,
        reference: NDArray[Any] | None = None,
    ) -> PredictionArrays:
        """Segment an image of shape (C, H, W)."""
        pixels = normalize_image(
            as_channels(image, self._n_channels),
            invert=self.config["normalisation"]["invert"],
            reference=None if reference is None else as_channels(reference, self._n_channels),
        )
        x = np.moveaxis(pixels, 0, -1)
        thresholds = self.config["thresholds"]
        events = self.model._predict_instances_generator(
            x,
            prob_thresh=thresholds["prob"],
            nms_thresh=thresholds["nms"],
            n_tiles=(*(math.ceil(side / self.block_px) for side in x.shape[:2]), 1),
            show_tile_progress=False,
            sparse=not want_maps,
            return_predict=want_maps,
        )
        result: Any = None
        for event in events:
            if should_stop():
                raise Cancelled("The prediction was stopped.")
            result = event  # the last one is the answer, those before are "predict", "tile", "nms"
        (labels, details), maps = result if want_maps else (result, None)
        label_image, scores = dense_ids(labels, details["prob"])
        if maps is None:
            return PredictionArrays(label_image, scores)
        return PredictionArrays(label_image, scores, self._maps(maps[0], maps[1], labels.shape))

    def _maps(
        self, prob: NDArray[np.float32], dist: NDArray[np.float32], shape: tuple[int, int]
    ) -> dict[str, NDArray[np.float32]]:
        """Bring the maps from the grid to the image's pixels."""
        rows = np.minimum(np.arange(shape[0]) // self._grid[0], prob.shape[0] - 1)
        cols = np.minimum(np.arange(shape[1]) // self._grid[1], prob.shape[1] - 1)
        place = np.ix_(rows, cols)
        return {"prob": prob[place], "dist": np.moveaxis(dist[place], -1, 0)}


def as_channels(image: NDArray[Any], n_channels: int) -> NDArray[Any]:
    """Give the network as many channels as it has inputs: one is repeated, many become grey."""
    if image.shape[0] == n_channels:
        return image
    grey = image if image.shape[0] == 1 else image.mean(axis=0, keepdims=True, dtype=np.float32)
    return np.repeat(grey, n_channels, axis=0)


def dense_ids(
    labels: NDArray[np.int32], prob: NDArray[np.float32]
) -> tuple[NDArray[np.uint32], NDArray[np.float32]]:
    """Renumber from 1 without gaps; objects that lie wholly under others vanish with their score.

    StarDist's id i has its details at i - 1.
    """
    ids, rows = np.unique(labels, return_inverse=True)
    first = int(ids[0] != 0) if len(ids) else 0
    label_image = (rows.reshape(labels.shape) + first).astype(np.uint32)
    scores = np.asarray(prob, np.float32)[ids[ids > 0] - 1]
    return label_image, np.clip(scores, 0, 1)
