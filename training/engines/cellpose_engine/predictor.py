"""A loaded CPnet: the maps of its tiles, followed to objects by upstream's dynamics."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from training.datasets.labels import Box
from training.datasets.large import Pixels, normalized
from training.engines.base import PredictionArrays, StopFlag
from training.engines.blocks import predict_in_blocks
from training.engines.cellpose_engine.forward import Forward
from training.engines.cellpose_engine.tiles import Maps
from training.engines.cellpose_engine.upstream import dynamics

MIN_SIZE_PX = 15
SMALLEST_SIDE_PX = 8
BLOCK_PX = 2048  # of the network's pixels; following the flows takes some 0.3 GB
OVERLAP_DIAMETERS = 3


class CellposePredictor:
    """A Cellpose model kept warm between images."""

    def __init__(self, forward: Forward, config: dict[str, Any]) -> None:
        self._forward = forward
        self.config = config
        self.rescale = float(config["diam_mean"]) / float(config["diameter_px"])
        self.block_px = int(BLOCK_PX / max(self.rescale, 0.25))

    def predict(
        self,
        image: Pixels,
        *,
        want_maps: bool = False,
        should_stop: StopFlag = lambda: False,
        reference: NDArray[Any] | None = None,
    ) -> PredictionArrays:
        """Segment an image of shape (C, H, W)."""
        invert = self.config["normalisation"]["invert"]
        pixels = normalized(image, invert=invert, reference=reference)

        maps = self.maps(pixels, should_stop)

        def one(box: Box) -> PredictionArrays:
            found = maps.of(box)
            flows, cellprob = found[:2], found[2]
            thresholds = self.config["thresholds"]
            label_image = instances(flows, cellprob, thresholds, rescale=self.rescale)
            kept = {"flows": flows, "cellprob": cellprob} if want_maps else {}
            return PredictionArrays(label_image, scores_of(label_image, cellprob), kept)

        overlap = int(OVERLAP_DIAMETERS * float(self.config["diameter_px"]))
        return predict_in_blocks(
            (pixels.shape[1], pixels.shape[2]), one, block_px=self.block_px, overlap_px=overlap
        )

    def maps(self, pixels: Pixels, should_stop: StopFlag = lambda: False) -> Maps:
        """Return the network's maps of a normalised image (C, H, W)."""
        # A sliver of an image would be resized to nothing.
        scale = max(self.rescale, SMALLEST_SIDE_PX / min(pixels.shape[1:]))
        return Maps(self._forward, pixels, scale, should_stop=should_stop)


def instances(
    flows: NDArray[np.float32],
    cellprob: NDArray[np.float32],
    thresholds: dict[str, float],
    *,
    rescale: float,
) -> NDArray[np.uint32]:
    """Follow the flows to objects, as `CellposeModel.eval` does (models.py:474)."""
    masks = dynamics.resize_and_compute_masks(
        flows,
        cellprob,
        niter=int(200 / rescale),
        cellprob_threshold=thresholds["cellprob"],
        flow_threshold=thresholds["flow"],
        min_size=MIN_SIZE_PX,
    )
    ids, rows = np.unique(masks, return_inverse=True)
    dense: NDArray[np.uint32] = (rows.reshape(masks.shape) + int(ids[0] != 0)).astype(np.uint32)
    return dense


def scores_of(
    label_image: NDArray[np.uint32], cellprob: NDArray[np.float32]
) -> NDArray[np.float32]:
    """Return the mean probability over each object's pixels."""
    flat = label_image.ravel()
    sums = np.bincount(flat, weights=(1 / (1 + np.exp(-cellprob.astype(np.float64)))).ravel())
    areas = np.bincount(flat)
    means: NDArray[np.float32] = (sums[1:] / np.maximum(areas[1:], 1)).astype(np.float32)
    return means
