"""A network computed by TensorFlow: in training, and where no ONNX file or runtime is there."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import tensorflow as tf
from numpy.typing import NDArray

from project.errors import CheckpointCorrupt
from training.engines.stardist_engine.instances import NetShape
from training.engines.stardist_engine.net import (
    Model,
    forget_models,
    load_model,
    net_config,
    use_device,
    use_threads,
)
from training.engines.stardist_engine.predictor import StarDistPredictor


class KerasForward:
    """Sends pixels (H, W, C) through a Keras model.

    One traced function for all image sizes: `keras.Model.predict` traces anew for each, which
    costs seconds, and is a quarter slower per call. The numbers are the same.
    """

    def __init__(self, model: Model) -> None:
        keras_model = model.keras_model
        signature = [tf.TensorSpec((1, None, None, model.config.n_channel_in), tf.float32)]
        self._call = tf.function(
            lambda x: keras_model(x, training=False), input_signature=signature
        )

    def __call__(self, x: NDArray[np.float32]) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
        """Return prob (h, w) and dist (h, w, n_rays)."""
        prob, dist = self._call(tf.constant(x[np.newaxis], tf.float32))
        return prob.numpy()[0, ..., 0], dist.numpy()[0]


def shape_of(model: Model) -> NetShape:
    """Return what decides how images are cut for a network; raises CheckpointCorrupt.

    How far it sees is measured, for which it runs once.
    """
    try:
        sees_px = model._axes_tile_overlap("YX")
    except (ValueError, AssertionError) as error:
        raise CheckpointCorrupt("The network's levels do not fit each other.") from error
    return NetShape.of(net_config(model), sees_px)


def open_with_tensorflow(
    checkpoint: Path, config: dict[str, Any], *, device: str, n_threads: int
) -> StarDistPredictor:
    """Load a checkpoint folder; raises CheckpointCorrupt, DeviceUnavailable."""
    use_device(device)
    use_threads(n_threads)
    forget_models()
    model = load_model(checkpoint, config)
    return StarDistPredictor(KerasForward(model), shape_of(model), config)
