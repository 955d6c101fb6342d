"""A network computed by TensorFlow: in training, and where no ONNX file or runtime is there."""

from __future__ import annotations

import math
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
        sides = (None,) * len(model.config.grid)
        signature = [tf.TensorSpec((1, *sides, model.config.n_channel_in), tf.float32)]
        self._call = tf.function(
            lambda x: keras_model(x, training=False), input_signature=signature
        )

    def __call__(self, x: NDArray[np.float32]) -> tuple[NDArray[np.float32], ...]:
        """Return prob (h, w), dist (h, w, n_rays), and class_prob if the network has it."""
        prob, *others = self._call(tf.constant(x[np.newaxis], tf.float32))
        return prob.numpy()[0, ..., 0], *(each.numpy()[0] for each in others)


def shape_of(model: Model) -> NetShape:
    """Return what decides how images are cut for a network; raises CheckpointCorrupt.

    How far it sees is measured, for which it runs once; in 3D, where that takes long, computed.
    """
    try:
        in_3d = len(model.config.grid) == 3
        sees_px = reach_px(model.keras_model) if in_3d else model._axes_tile_overlap("YX")
    except (ValueError, AssertionError) as error:
        raise CheckpointCorrupt("The network's levels do not fit each other.") from error
    return NetShape.of(net_config(model), sees_px)


def reach_px(keras_model: Any) -> list[int]:
    """Return how far the outputs of a network look at most, along each axis.

    Followed from layer to layer: what a cell is wide, and how far it looks, both in pixels.
    """
    n_dims = len(keras_model.input_shape) - 2
    seen: dict[str, tuple[NDArray[np.float64], NDArray[np.float64]]] = {}
    for layer in keras_model.layers:
        given = layer.input if isinstance(layer.input, list) else [layer.input]
        origins = [each._keras_history.operation.name for each in given]
        before = [seen[name] for name in origins if name in seen]
        width, reach = np.ones(n_dims), np.zeros(n_dims)
        if before:
            width, reach = before[0][0], np.max([each for _, each in before], axis=0)
        kind = type(layer).__name__
        if kind.startswith("Conv"):
            reach = reach + width * (np.array(layer.kernel_size) // 2)
            width = width * layer.strides
        elif kind.startswith("MaxPooling"):
            reach = reach + width * (np.array(layer.pool_size) - 1)
            width = width * layer.strides
        elif kind.startswith("UpSampling"):
            width = width / layer.size
            reach = reach + width * (np.array(layer.size) - 1)
        seen[layer.name] = width, reach
    furthest = np.max([seen[name][1] for name in keras_model.output_names], axis=0)
    return [math.ceil(px) for px in furthest]


def open_with_tensorflow(
    checkpoint: Path, config: dict[str, Any], *, device: str, n_threads: int
) -> StarDistPredictor:
    """Load a checkpoint folder; raises CheckpointCorrupt, DeviceUnavailable."""
    use_device(device)
    use_threads(n_threads)
    forget_models()
    model = load_model(checkpoint, config)
    return StarDistPredictor(KerasForward(model), shape_of(model), config)
