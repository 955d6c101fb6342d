"""A loaded StarDist model: stock post-processing, a faster way through the network."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import tensorflow as tf
from numpy.typing import NDArray

from project.errors import Cancelled
from training.datasets.labels import Box
from training.datasets.large import Pixels, Place, normalized
from training.engines.base import PredictionArrays, StopFlag
from training.engines.blocks import predict_in_blocks
from training.engines.stardist_engine.net import Model

BLOCK_PX = 1024  # of the network; objects are suppressed over a whole piece
PIECE_PX = 4096  # most images are one piece; one takes some 0.7 GB
ALIGNED_PX = 64
OVERLAP_DIAMETERS = 3
USUAL_DIAMETER_PX = 32.0


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
        self.piece_px = PIECE_PX
        self._n_channels = model.config.n_channel_in
        self._grid = tuple(model.config.grid)
        # Measured with the Keras model, before it is replaced.
        self._network_sees_px = [int(side) for side in model._axes_tile_overlap("YX")]
        model.keras_model = FastForward(model.keras_model, self._n_channels)
        self.model = model

    def predict(
        self,
        image: Pixels,
        *,
        want_maps: bool = False,
        should_stop: StopFlag = lambda: False,
        reference: NDArray[Any] | None = None,
    ) -> PredictionArrays:
        """Segment an image of shape (C, H, W)."""
        pixels = normalized(
            as_channels(image, self._n_channels),
            invert=self.config["normalisation"]["invert"],
            reference=None if reference is None else as_channels(reference, self._n_channels),
        )

        def one(box: Box) -> PredictionArrays:
            piece = pixels[:, box[0] : box[2], box[1] : box[3]]
            return self._piece(np.moveaxis(piece, 0, -1), want_maps, should_stop)

        shape = (pixels.shape[1], pixels.shape[2])
        return predict_in_blocks(
            shape, one, block_px=self.piece_px, overlap_px=self._piece_overlap_px()
        )

    def _piece_overlap_px(self) -> int:
        """Return what pieces see of each other, such that grids of all pieces lie alike."""
        diameter = float(self.config.get("diameter_px") or USUAL_DIAMETER_PX)
        seen: float = max(OVERLAP_DIAMETERS * diameter, *self._network_sees_px)
        return math.ceil(seen / ALIGNED_PX) * ALIGNED_PX

    def _piece(
        self, x: NDArray[np.float32], want_maps: bool, should_stop: StopFlag
    ) -> PredictionArrays:
        """Segment normalised pixels (h, w, C)."""
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


class AsChannels:
    """Pixels of a large image with as many channels as the network has inputs."""

    def __init__(self, pixels: Pixels, n_channels: int) -> None:
        self._pixels = pixels
        self.shape = (n_channels, *pixels.shape[1:])

    def __getitem__(self, place: Place, /) -> NDArray[Any]:
        part: NDArray[Any] = as_channels(self._pixels[place], self.shape[0])
        return part


def as_channels(image: Pixels, n_channels: int) -> Any:
    """Give the network as many channels as it has inputs: one is repeated, many become grey."""
    if image.shape[0] == n_channels:
        return image
    if not isinstance(image, np.ndarray):
        return AsChannels(image, n_channels)
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
