"""A loaded CPnet: the maps of its tiles, followed to objects."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from training.datasets.channels import ALL
from training.datasets.labels import Box
from training.datasets.large import Pixels, normalized
from training.engines.base import PredictionArrays, StopFlag
from training.engines.blocks import predict_in_blocks
from training.engines.cellpose_engine.dynamics import instances
from training.engines.cellpose_engine.forward import Forward
from training.engines.cellpose_engine.tiles import Maps, Tiling, usual_tiles

N_STEPS = 200  # at the network's scale, as upstream (models.py:531)
SMALLEST_SIDE_PX = 8
BLOCK_PX = 2048  # of the network's pixels; following the flows takes some 0.3 GB
OVERLAP_DIAMETERS = 3


class CellposePredictor:
    """A Cellpose model kept warm between images."""

    def __init__(
        self, forward: Forward, config: dict[str, Any], tiling: Tiling = usual_tiles
    ) -> None:
        self._forward, self._tiling = forward, tiling
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
        normalisation = self.config["normalisation"]
        pixels = normalized(
            image,
            invert=normalisation["invert"],
            reference=reference,
            way=self.config["channels"].get("way", ALL),
            recolour=normalisation.get("recolour", False),
        )

        maps = self.maps(pixels, should_stop)

        def one(box: Box) -> PredictionArrays:
            found = maps.of(box)
            flows, cellprob = found[:2], found[2]
            label_image = self.instances(found, self.config["thresholds"])
            kept = {"flows": flows, "cellprob": cellprob} if want_maps else {}
            return PredictionArrays(label_image, scores_of(label_image, cellprob), kept)

        overlap = int(OVERLAP_DIAMETERS * float(self.config["diameter_px"]))
        return predict_in_blocks(
            (pixels.shape[1], pixels.shape[2]), one, block_px=self.block_px, overlap_px=overlap
        )

    def instances(
        self, maps: NDArray[np.float32], thresholds: dict[str, float]
    ) -> NDArray[np.uint32]:
        """Follow maps [flow y, flow x, cellprob], shape (3, h, w), to objects."""
        return instances(
            maps[:2],
            maps[2],
            cellprob_threshold=thresholds["cellprob"],
            flow_threshold=thresholds["flow"],
            n_steps=int(N_STEPS / self.rescale),
        )

    def maps(self, pixels: Pixels, should_stop: StopFlag = lambda: False) -> Maps:
        """Return the network's maps of a normalised image (C, H, W)."""
        # A sliver of an image would be resized to nothing.
        scale = max(self.rescale, SMALLEST_SIDE_PX / min(pixels.shape[1:]))
        return Maps(self._forward, pixels, scale, should_stop=should_stop, tiling=self._tiling)


def scores_of(
    label_image: NDArray[np.uint32], cellprob: NDArray[np.float32]
) -> NDArray[np.float32]:
    """Return the mean probability over each object's pixels."""
    flat = label_image.ravel()
    sums = np.bincount(flat, weights=(1 / (1 + np.exp(-cellprob.astype(np.float64)))).ravel())
    areas = np.bincount(flat)
    means: NDArray[np.float32] = (sums[1:] / np.maximum(areas[1:], 1)).astype(np.float32)
    return means
