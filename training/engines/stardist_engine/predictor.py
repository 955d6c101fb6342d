"""A loaded StarDist network: images in, instances out, whatever computes the network."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
from numpy.typing import NDArray

from project.errors import CheckpointCorrupt
from training.datasets.channels import ALL, with_channels
from training.datasets.labels import Box
from training.datasets.large import Pixels, PixelsOfFile, Place, normalized
from training.datasets.normalize import Limits, limits_of_blocks
from training.datasets.scale import rescaled
from training.engines.base import PredictionArrays, StopFlag, stop_if
from training.engines.blocks import predict_in_blocks
from training.engines.stardist_engine.fast_suppression import FastSuppression
from training.engines.stardist_engine.instances import (
    LEAST_DIST_PX,
    Forward,
    NetShape,
    Part,
    Suppression,
    corners_of,
    drawn,
    joined,
    magnification,
    parts_of,
)
from training.engines.stardist_engine.prompts import LEAST_PROB, StarSight

BLOCK_PX = 1024  # of the network; objects are suppressed over a whole piece
PIECE_PX = 4096  # most images are one piece; one takes some 0.7 GB
ALIGNED_PX = 64
OVERLAP_DIAMETERS = 3
USUAL_DIAMETER_PX = 32.0


class StarDistPredictor:
    """A StarDist network kept warm between images."""

    def __init__(
        self, forward: Forward, net: NetShape, config: dict[str, Any], *, fast: bool = False
    ) -> None:
        self.block_px = BLOCK_PX
        self.piece_px = PIECE_PX
        self._forward, self._net, self._fast = forward, net, fast
        try:
            self._invert = bool(config["normalisation"]["invert"])
            self._prob_threshold = float(config["thresholds"]["prob"])
            self._nms_threshold = float(config["thresholds"]["nms"])
            self._diameter_px = float(config.get("diameter_px") or USUAL_DIAMETER_PX)
            self._scale = float(config.get("scale", 1.0))
            self._recolour = bool(config["normalisation"].get("recolour", False))
            self._way = str(config["channels"].get("way", ALL))
            count = int(config["channels"]["count"])
            self._n_channels = net.n_channels if self._way == ALL else count
        except (KeyError, TypeError, ValueError) as error:
            raise CheckpointCorrupt("The checkpoint's config is not complete.") from error

    def predict(
        self,
        image: Pixels,
        *,
        want_maps: bool = False,
        should_stop: StopFlag = lambda: False,
        reference: Pixels | None = None,
    ) -> PredictionArrays:
        """Segment an image of shape (C, H, W)."""
        pixels = self._normalized(image, reference)

        def one(box: Box) -> PredictionArrays:
            piece = pixels[:, box[0] : box[2], box[1] : box[3]]
            return self._piece(piece, want_maps, should_stop)

        shape = (pixels.shape[1], pixels.shape[2])
        return predict_in_blocks(shape, one, block_px=self.piece_px, overlap_px=self.overlap_px)

    def look(self, image: Pixels, *, reference: Pixels | None = None) -> StarSight:
        """Look at an image of shape (C, H, W), one that fits into a piece."""
        pixels = np.asarray(self._normalized(image, reference))
        x = np.moveaxis(rescaled(pixels, self._scale), 0, -1)
        parts = parts_of(x, self._forward, self._net, block_px=self.block_px)
        found = [part.candidates(LEAST_PROB, self._net.grid) for part in parts]
        return StarSight(
            joined(found, x.shape, self._net),
            x.shape,
            (pixels.shape[1], pixels.shape[2]),
            prob_threshold=self._prob_threshold,
            nms_threshold=self._nms_threshold,
        )

    def _normalized(self, image: Pixels, reference: Pixels | None) -> Any:
        n_channels = self._n_channels
        return normalized(
            as_channels(image, n_channels),
            invert=self._invert,
            reference=None if reference is None else as_channels(reference, n_channels),
            way=self._way,
            recolour=self._recolour,
        )

    @property
    def overlap_px(self) -> int:
        """What pieces see of each other, such that grids of all pieces lie alike."""
        sees_px = max(self._net.sees_px) / self._scale
        seen = max(OVERLAP_DIAMETERS * self._diameter_px, sees_px)
        return math.ceil(seen / ALIGNED_PX) * ALIGNED_PX

    def _piece(
        self, pixels: NDArray[np.float32], want_maps: bool, should_stop: StopFlag
    ) -> PredictionArrays:
        """Segment normalised pixels (C, h, w)."""
        stop_if(should_stop)
        shape = pixels.shape[1:]
        x = np.moveaxis(rescaled(pixels, self._scale), 0, -1)
        thresholds = self._prob_threshold, self._nms_threshold
        found = (FastSuppression if self._fast else Suppression)(self._net, *thresholds)
        maps = Maps(x.shape, self._net) if want_maps else None
        for part in parts_of(x, self._forward, self._net, block_px=self.block_px):
            found.take(part)
            if maps is not None:
                maps.take(part)
            stop_if(should_stop)
        objects = found.objects(x.shape).brought_from(x.shape, shape)
        label_image, is_seen = dense_ids(drawn(objects, shape), len(objects.prob))
        seen = objects.of(is_seen)
        return PredictionArrays(
            label_image,
            np.clip(seen.prob, 0, 1, dtype=np.float32),
            {} if maps is None else maps.over_pixels(label_image.shape),
            corners_of(seen),
            seen.classes(),
        )


class Maps:
    """The network's outputs for a whole piece, put together from its parts."""

    def __init__(self, shape: tuple[int, ...], net: NetShape) -> None:
        self._shape, self._grid = shape, net.grid
        cells = net.cells_of(shape)
        self._prob = np.zeros(cells, np.float32)
        self._dist = np.zeros((*cells, net.n_rays), np.float32)

    def take(self, part: Part) -> None:
        """Put a part where it belongs."""
        place = tuple(
            slice(start, start + side) for start, side in zip(part.at, part.prob.shape, strict=True)
        )
        self._prob[place] = part.prob
        self._dist[place] = np.maximum(LEAST_DIST_PX, part.dist)

    def over_pixels(self, shape: tuple[int, ...]) -> dict[str, NDArray[np.float32]]:
        """Bring them from the grid to an image's pixels: prob (H, W), dist (n_rays, H, W).

        Of a stack they have one more axis, of its planes.

        Distances are in pixels of the image, whatever size the network was shown it at.
        """
        places = (
            (2 * np.arange(side) + 1) * shown // (2 * side) // cell
            for side, shown, cell in zip(shape, self._shape[:-1], self._grid, strict=True)
        )
        place = np.ix_(*places)
        dist = self._dist[place] * magnification(self._shape, shape)
        return {"prob": self._prob[place], "dist": np.moveaxis(dist, -1, 0)}


class AsChannels:
    """Pixels of a large image with as many channels as the network has inputs."""

    def __init__(self, pixels: PixelsOfFile, n_channels: int) -> None:
        self._pixels = pixels
        self.shape = (n_channels, *pixels.shape[1:])

    def __getitem__(self, place: Place, /) -> NDArray[Any]:
        return with_channels(self._pixels[place], self.shape[0])

    def limits(self, *, recolour: bool = False) -> Limits:
        """Return the percentiles of the image, of all planes of a stack."""
        blocks = [with_channels(one, self.shape[0]) for one in self._pixels.sampled()]
        return limits_of_blocks(blocks, recolour=recolour)


def as_channels(image: Pixels, n_channels: int) -> Any:
    """Give the network as many channels as it has inputs; a large image where it is sliced."""
    if isinstance(image, np.ndarray):
        return with_channels(image, n_channels)
    if image.shape[0] == n_channels or not isinstance(image, PixelsOfFile):
        return image
    return AsChannels(image, n_channels)


def dense_ids(
    labels: NDArray[np.int32], n_objects: int
) -> tuple[NDArray[np.uint32], NDArray[np.bool_]]:
    """Renumber from 1 without gaps and tell which objects are seen, shape (n_objects,).

    Those that lie wholly under others vanish. StarDist's id i has its details at i - 1.
    """
    is_seen = np.bincount(labels.ravel(), minlength=n_objects + 1) > 0
    is_seen[0] = False
    new_ids = (np.cumsum(is_seen) * is_seen).astype(np.uint32)
    return new_ids[labels], is_seen[1:]
