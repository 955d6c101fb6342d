"""Stacks segmented as volumes: flows of all planes in three directions, followed in 3D.

As `CellposeModel.eval(do_3D=True)` does (cellpose 3.1.1.3, models.py:545 and core.py:303; Stringer
et al., Nature Methods 2021, doi:10.1038/s41592-020-01018-x), by its own functions; only the network
is computed in a faster way.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from training.datasets.channels import ALL
from training.datasets.labels import Corners
from training.datasets.volumes import NormalizedStack, Stack
from training.engines.base import PredictionArrays, StopFlag, stop_if
from training.engines.cellpose_engine.flows import N_STEPS
from training.engines.cellpose_engine.upstream import dynamics, transforms
from training.engines.cuboids import BlockSizes, block_sides, predict_in_cuboids
from training.engines.flow_networks.drawing import FlowPredictor, dense, scores_of
from training.engines.flow_networks.tiles import Forward

VOLUME_BLOCK_PX = 12 << 20  # the network's voxels that are segmented at once
VOLUME_OVERLAP_DIAMETERS = 2
N_STYLES = 256  # what upstream's functions keep beside the maps, and nobody looks at


class CellposePredictor(FlowPredictor):
    """A CPnet kept warm between images and stacks."""

    volume_block_px = VOLUME_BLOCK_PX

    def predict_volume(
        self,
        stack: Stack,
        *,
        anisotropy: float = 0.0,
        want_maps: bool = False,
        should_stop: StopFlag = lambda: False,
        reference: NDArray[Any] | None = None,
    ) -> PredictionArrays:
        """Segment a stack of shape (C, Z, H, W); see `training.engines.base.VolumePredictor`.

        Planes that lie `anisotropy` pixels apart are drawn out by that before anything else.
        """
        z_scale = self.rescale * (anisotropy or 1.0)
        normalisation, channels = self.config["normalisation"], self.config["channels"]
        pixels = NormalizedStack(
            stack,
            stack.shape[0],
            invert=normalisation["invert"],
            reference=reference,
            way=channels.get("way", ALL),
        )

        def one(corners: Corners) -> PredictionArrays:
            stop_if(should_stop)
            planes, rows, cols = map(slice, corners[:3], corners[3:])
            part = self._to_inputs(pixels[slice(None), planes, rows, cols])
            maps = maps_of(part, self._forward, (z_scale, self.rescale, self.rescale), should_stop)
            return self._volumes(maps, want_maps)

        shape = pixels.shape[1:]
        if reference is not None:  # a block of a stack, which is not cut once more
            return one((0, 0, 0, *shape))
        sides, overlaps = self.volume_blocks(shape, anisotropy)
        return predict_in_cuboids(shape, one, block_px=sides, overlap_px=overlaps)

    def volume_blocks(self, shape: Sequence[int], anisotropy: float) -> BlockSizes:
        """Return how a stack is cut; see `training.engines.base.VolumePredictor`."""
        z_scale = self.rescale * (anisotropy or 1.0)
        reach = VOLUME_OVERLAP_DIAMETERS * float(self.config["diameter_px"])
        overlaps = (math.ceil(reach * self.rescale / z_scale), math.ceil(reach), math.ceil(reach))
        most_px = int(self.volume_block_px / (z_scale * self.rescale**2))
        return block_sides(shape, overlaps, most_px), overlaps

    def _volumes(self, maps: NDArray[np.float32], want_maps: bool) -> PredictionArrays:
        """Draw maps (4, d, h, w) as objects; flows are not checked, as upstream's in 3D are not."""
        flows, cellprob = maps[:3], maps[3]
        thresholds = self.config["thresholds"]
        found = dynamics.resize_and_compute_masks(
            flows,
            cellprob,
            niter=N_STEPS / self.rescale,
            cellprob_threshold=thresholds["cellprob"],
            flow_threshold=0.0,
            do_3D=True,
        )
        label_image = dense(found)
        kept = {"flows": flows, "cellprob": cellprob} if want_maps else {}
        return PredictionArrays(label_image, scores_of(label_image, cellprob), kept)


def maps_of(
    inputs: NDArray[np.float32],
    forward: Forward,
    scales: tuple[float, float, float],
    should_stop: StopFlag = lambda: False,
) -> NDArray[np.float32]:
    """Return the mean maps of a stack's planes in three directions.

    Parameters
    ----------
    inputs : ndarray of float32, shape (2, Z, H, W)
        As the network takes them.
    forward : Forward
    scales : (float, float, float)
        By which planes, rows and columns are resized for the network.
    should_stop : StopFlag

    Returns
    -------
    ndarray of float32, shape (4, Z, H, W)
        Flows along planes, rows and columns, each from two directions, and cellprob from three;
        at the stack's own size.

    Raises
    ------
    project.errors.Cancelled
    """
    shape = inputs.shape[1:]
    scaled = resized(
        np.moveaxis(inputs, 0, -1),
        [max(1, int(side * scale)) for side, scale in zip(shape, scales, strict=True)],
    )
    from cellpose.core import run_3D  # noqa: PLC0415 (imports much that nothing else needs)

    found, _ = run_3D(_AsNetwork(forward, should_stop), scaled)
    return np.ascontiguousarray(np.moveaxis(resized(found, shape), -1, 0), np.float32)


def resized(stack: NDArray[np.float32], shape: Any) -> NDArray[np.float32]:
    """Resize a stack (Z, H, W, C) as upstream does: its planes first, then along z."""
    n_planes, height, width = shape
    if stack.shape[1:3] != (height, width):
        stack = transforms.resize_image(stack, Ly=height, Lx=width)
    if stack.shape[0] != n_planes:
        upright = np.ascontiguousarray(stack.transpose(1, 0, 2, 3))
        stack = transforms.resize_image(upright, Ly=n_planes, Lx=width).transpose(1, 0, 2, 3)
    return stack


class _AsNetwork:
    """What upstream's functions take for a network."""

    nout = 3
    mkldnn = False
    device = torch.device("cpu")  # tiles are handed over here, whatever computes them

    def __init__(self, forward: Forward, should_stop: StopFlag) -> None:
        self._forward, self._should_stop = forward, should_stop

    def eval(self) -> None:
        """Do nothing: it always is."""

    def __call__(self, tiles: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
        stop_if(self._should_stop)
        maps = self._forward(tiles.numpy())
        return torch.from_numpy(np.array(maps)), torch.ones(len(maps), N_STYLES)
