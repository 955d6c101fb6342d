"""A loaded CPnet: upstream's tiling and dynamics around our forward pass."""

from __future__ import annotations

from typing import Any

import numpy as np
import torch
from cellpose import core, dynamics, transforms
from numpy.typing import NDArray

from project.errors import Cancelled
from training.datasets.normalize import normalize_image
from training.engines.base import PredictionArrays, StopFlag
from training.engines.blocks import predict_in_blocks
from training.engines.cellpose_engine.learner import to_inputs
from training.engines.cellpose_engine.net import Net

TILE_PX = 224
BATCH_SIZE = 4
MIN_SIZE_PX = 15
SMALLEST_SIDE_PX = 8
# The tiles of a whole image are held at once; a block of this side needs 0.3 GB.
BLOCK_PX = 2048
OVERLAP_DIAMETERS = 3


class Forward:
    """What `cellpose.core.run_net` calls in place of the network.

    It never sets `mkldnn`, computes in bfloat16 where asked to, and can be stopped between
    batches of tiles.
    """

    nout = 3
    mkldnn = False

    def __init__(self, net: Net, *, bfloat16: bool, should_stop: StopFlag) -> None:
        self._net = net
        self._bfloat16 = bfloat16
        self._should_stop = should_stop
        self.device = torch.device("cpu")

    def eval(self) -> None:
        """Do nothing: the network is in evaluation mode already."""

    def __call__(self, x: Any) -> tuple[Any, Any]:
        """Return flows with cellprob, and style."""
        if self._should_stop():
            raise Cancelled("The prediction was stopped.")
        x = x.contiguous(memory_format=torch.channels_last)
        with torch.autocast("cpu", dtype=torch.bfloat16, enabled=self._bfloat16):
            output, style = self._net(x)[:2]
        return output.float(), style.float()


class CellposePredictor:
    """A Cellpose model kept warm between images."""

    def __init__(self, net: Net, config: dict[str, Any], *, bfloat16: bool) -> None:
        self.net = net.eval()
        self.config = config
        self.bfloat16 = bfloat16
        self.rescale = float(config["diam_mean"]) / float(config["diameter_px"])
        self.block_px = int(BLOCK_PX / max(self.rescale, 0.25))

    def predict(
        self,
        image: NDArray[Any],
        *,
        want_maps: bool = False,
        should_stop: StopFlag = lambda: False,
        reference: NDArray[Any] | None = None,
    ) -> PredictionArrays:
        """Segment an image of shape (C, H, W)."""
        invert = self.config["normalisation"]["invert"]
        pixels = normalize_image(image, invert=invert, reference=reference)

        def one(block: NDArray[np.float32]) -> PredictionArrays:
            flows, cellprob = self.outputs(to_inputs(block), should_stop)
            thresholds = self.config["thresholds"]
            label_image = instances(flows, cellprob, thresholds, rescale=self.rescale)
            maps = {"flows": flows, "cellprob": cellprob} if want_maps else {}
            return PredictionArrays(label_image, scores_of(label_image, cellprob), maps)

        overlap = int(OVERLAP_DIAMETERS * float(self.config["diameter_px"]))
        return predict_in_blocks(pixels, one, block_px=self.block_px, overlap_px=overlap)

    def outputs(
        self, inputs: NDArray[np.float32], should_stop: StopFlag = lambda: False
    ) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
        """Return flows (2, h, w) and cellprob (h, w) at the image's own scale."""
        forward = Forward(self.net, bfloat16=self.bfloat16, should_stop=should_stop)
        height, width = inputs.shape[1:]
        image = np.moveaxis(inputs, 0, -1)[np.newaxis]
        # A sliver of an image would be resized to nothing.
        scale = max(self.rescale, SMALLEST_SIDE_PX / min(height, width))
        maps, _ = core.run_net(
            forward,
            image,
            batch_size=BATCH_SIZE,
            bsize=TILE_PX,
            rsz=scale if scale != 1.0 else None,
        )
        if scale != 1.0:
            maps = transforms.resize_image(maps, height, width)
        return np.moveaxis(maps[0, :, :, :2], -1, 0), maps[0, :, :, 2]


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
