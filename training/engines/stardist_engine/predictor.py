"""A loaded StarDist network: images in, instances out, whatever computes the network."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
from numpy.typing import NDArray

from project.errors import Cancelled, CheckpointCorrupt
from training.datasets.labels import Box
from training.datasets.large import Pixels, Place, normalized
from training.engines.base import PredictionArrays, StopFlag
from training.engines.blocks import predict_in_blocks
from training.engines.stardist_engine.instances import (
    LEAST_DIST_PX,
    Forward,
    NetShape,
    Part,
    drawn,
    joined,
    parts_of,
    suppressed,
)

BLOCK_PX = 1024  # of the network; objects are suppressed over a whole piece
PIECE_PX = 4096  # most images are one piece; one takes some 0.7 GB
ALIGNED_PX = 64
OVERLAP_DIAMETERS = 3
USUAL_DIAMETER_PX = 32.0


class StarDistPredictor:
    """A StarDist network kept warm between images."""

    def __init__(self, forward: Forward, net: NetShape, config: dict[str, Any]) -> None:
        self.block_px = BLOCK_PX
        self.piece_px = PIECE_PX
        self._forward, self._net = forward, net
        try:
            self._invert = bool(config["normalisation"]["invert"])
            self._prob_threshold = float(config["thresholds"]["prob"])
            self._nms_threshold = float(config["thresholds"]["nms"])
            self._diameter_px = float(config.get("diameter_px") or USUAL_DIAMETER_PX)
        except (KeyError, TypeError, ValueError) as error:
            raise CheckpointCorrupt("The checkpoint's config is not complete.") from error

    def predict(
        self,
        image: Pixels,
        *,
        want_maps: bool = False,
        should_stop: StopFlag = lambda: False,
        reference: NDArray[Any] | None = None,
    ) -> PredictionArrays:
        """Segment an image of shape (C, H, W)."""
        n_channels = self._net.n_channels
        pixels = normalized(
            as_channels(image, n_channels),
            invert=self._invert,
            reference=None if reference is None else as_channels(reference, n_channels),
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
        seen: float = max(OVERLAP_DIAMETERS * self._diameter_px, *self._net.sees_px)
        return math.ceil(seen / ALIGNED_PX) * ALIGNED_PX

    def _piece(
        self, x: NDArray[np.float32], want_maps: bool, should_stop: StopFlag
    ) -> PredictionArrays:
        """Segment normalised pixels (h, w, C)."""
        _stop_if(should_stop)
        found = []
        maps = Maps(x.shape, self._net) if want_maps else None
        for part in parts_of(x, self._forward, self._net, block_px=self.block_px):
            found.append(part.candidates(self._prob_threshold, self._net.grid))
            if maps is not None:
                maps.take(part)
            _stop_if(should_stop)
        objects = suppressed(joined(found, x.shape, self._net), self._nms_threshold)
        label_image, scores = dense_ids(drawn(objects, x.shape), objects.prob)
        return PredictionArrays(
            label_image, scores, {} if maps is None else maps.over_pixels(label_image.shape)
        )


def _stop_if(should_stop: StopFlag) -> None:
    if should_stop():
        raise Cancelled("The prediction was stopped.")


class Maps:
    """The network's outputs for a whole piece, put together from its parts."""

    def __init__(self, shape: tuple[int, ...], net: NetShape) -> None:
        self._grid = net.grid
        cells = net.cells_of(shape)
        self._prob = np.zeros(cells, np.float32)
        self._dist = np.zeros((*cells, net.n_rays), np.float32)

    def take(self, part: Part) -> None:
        """Put a part where it belongs."""
        rows, cols = (
            slice(start, start + side) for start, side in zip(part.at, part.prob.shape, strict=True)
        )
        self._prob[rows, cols] = part.prob
        self._dist[rows, cols] = np.maximum(LEAST_DIST_PX, part.dist)

    def over_pixels(self, shape: tuple[int, ...]) -> dict[str, NDArray[np.float32]]:
        """Bring them from the grid to an image's pixels: prob (H, W), dist (n_rays, H, W)."""
        place = np.ix_(np.arange(shape[0]) // self._grid[0], np.arange(shape[1]) // self._grid[1])
        return {"prob": self._prob[place], "dist": np.moveaxis(self._dist[place], -1, 0)}


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
    is_seen = np.bincount(labels.ravel(), minlength=len(prob) + 1) > 0
    is_seen[0] = False
    new_ids = (np.cumsum(is_seen) * is_seen).astype(np.uint32)
    scores = np.asarray(prob, np.float32)[is_seen[1:]]
    return new_ids[labels], np.clip(scores, 0, 1)
