"""A loaded network's maps drawn as objects, and the thresholds that draw them best."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

from training.datasets.channels import ALL
from training.datasets.crops import Crop
from training.datasets.labels import Box
from training.datasets.large import Pixels, normalized
from training.engines.base import LabelImage, PredictionArrays, Sight, StopFlag
from training.engines.blocks import predict_in_blocks
from training.engines.fitting import agreement
from training.engines.flow_networks.prompts import FlowSight
from training.engines.flow_networks.tiles import Forward, Maps, Tiling, ToInputs

# Flows (2, h, w), cellprob (h, w) and thresholds to a label image with dense ids.
Draw: TypeAlias = Callable[
    [NDArray[np.float32], NDArray[np.float32], Mapping[str, float]], LabelImage
]

SMALLEST_SIDE_PX = 8
BLOCK_PX = 2048  # of the network's pixels; following the flows takes some 0.3 GB
OVERLAP_DIAMETERS = 3
CELLPROBS = (0.0, -1.0, 1.0, -2.0, 2.0)
FLOWS = (0.4, 0.2, 0.6, 0.8)
DEFAULT = {"cellprob": 0.0, "flow": 0.4}


class FlowPredictor:
    """A network with flows, kept warm between images."""

    def __init__(
        self,
        forward: Forward,
        config: dict[str, Any],
        *,
        rescale: float,
        tiling: Tiling,
        to_inputs: ToInputs,
        draw: Draw,
    ) -> None:
        self._forward = forward
        self.config = config
        self.rescale = rescale
        self._tiling = tiling
        self._to_inputs = to_inputs
        self.draw = draw
        self.block_px = int(BLOCK_PX / max(rescale, 0.25))
        self.overlap_px = int(OVERLAP_DIAMETERS * float(config["diameter_px"]))

    def predict(
        self,
        image: Pixels,
        *,
        want_maps: bool = False,
        should_stop: StopFlag = lambda: False,
        reference: Pixels | None = None,
    ) -> PredictionArrays:
        """Segment an image of shape (C, H, W)."""
        pixels = self.normalized(image, reference)
        return self.segment(pixels, want_maps=want_maps, should_stop=should_stop)

    def look(self, image: Pixels, *, reference: Pixels | None = None) -> Sight:
        """Look at an image of shape (C, H, W), one that fits into a block."""
        found = self.maps(self.normalized(image, reference)).whole()
        return FlowSight(found[:2], found[2], self.draw, self.config["thresholds"])

    def normalized(self, image: Pixels, reference: Pixels | None = None) -> Pixels:
        """Return an image as the network was shown those that it learnt from."""
        normalisation = self.config["normalisation"]
        return normalized(
            image,
            invert=normalisation["invert"],
            reference=reference,
            way=self.config["channels"].get("way", ALL),
            recolour=normalisation.get("recolour", False),
        )

    def segment(
        self,
        pixels: Pixels,
        *,
        want_maps: bool = False,
        should_stop: StopFlag = lambda: False,
    ) -> PredictionArrays:
        """Segment a normalised image of shape (C, H, W)."""
        maps = self.maps(pixels, should_stop)

        def one(box: Box) -> PredictionArrays:
            found = maps.of(box)
            flows, cellprob = found[:2], found[2]
            label_image = self.draw(flows, cellprob, self.config["thresholds"])
            kept = {"flows": flows, "cellprob": cellprob} if want_maps else {}
            return PredictionArrays(label_image, scores_of(label_image, cellprob), kept)

        shape = pixels.shape[1:]
        return predict_in_blocks(
            (shape[0], shape[1]), one, block_px=self.block_px, overlap_px=self.overlap_px
        )

    def maps(self, pixels: Pixels, should_stop: StopFlag = lambda: False) -> Maps:
        """Return the network's maps of a normalised image (C, H, W)."""
        # A sliver of an image would be resized to nothing.
        scale = max(self.rescale, SMALLEST_SIDE_PX / min(pixels.shape[1:]))
        return Maps(
            self._forward,
            pixels,
            scale,
            tiling=self._tiling,
            to_inputs=self._to_inputs,
            should_stop=should_stop,
        )


def dense(label_image: NDArray[Any]) -> LabelImage:
    """Return a label image with ids from 1 without gaps, uint32."""
    ids, rows = np.unique(label_image, return_inverse=True)
    result: LabelImage = (rows.reshape(label_image.shape) + int(ids[0] != 0)).astype(np.uint32)
    return result


def scores_of(label_image: LabelImage, cellprob: NDArray[np.float32]) -> NDArray[np.float32]:
    """Return the mean probability over each object's pixels."""
    flat = label_image.ravel()
    sums = np.bincount(flat, weights=(1 / (1 + np.exp(-cellprob.astype(np.float64)))).ravel())
    areas = np.bincount(flat)
    means: NDArray[np.float32] = (sums[1:] / np.maximum(areas[1:], 1)).astype(np.float32)
    return means


def fit_thresholds(
    predictor: FlowPredictor, crops: Sequence[Crop], should_stop: StopFlag
) -> dict[str, float]:
    """Return the thresholds with the best AP; first cellprob's, then the flow error's.

    The default stays unless another value is better: it is tried first.
    """
    maps = [predictor.maps(crop.pixels, should_stop).whole() for crop in crops]
    best, best_score = dict(DEFAULT), -1.0
    for name, values in (("cellprob", CELLPROBS), ("flow", FLOWS)):
        for value in values:
            if should_stop():
                return best
            tried = best | {name: value}
            if best_score >= 0 and tried == best:
                continue
            score = agreement(crops, (predictor.draw(each[:2], each[2], tried) for each in maps))
            if score > best_score:
                best, best_score = tried, score
    return best
