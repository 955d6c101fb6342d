"""A loaded StarDist network for stacks: volumes out, whatever computes the network."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from project.errors import CheckpointCorrupt
from training.datasets.channels import ALL
from training.datasets.labels import Corners
from training.datasets.large import Pixels
from training.datasets.volumes import NormalizedStack, Stack
from training.engines.base import PredictionArrays, StopFlag, stop_if
from training.engines.cuboids import BlockSizes, block_sides, predict_in_cuboids
from training.engines.stardist_3d_engine.polyhedra import rays_of, shapes_of
from training.engines.stardist_engine.fast_suppression import FastSuppression
from training.engines.stardist_engine.instances import (
    EDGE_CELLS,
    Forward,
    NetShape,
    Suppression,
    parts_of,
)
from training.engines.stardist_engine.predictor import Maps, dense_ids

BLOCK_PX = 2 << 20  # voxels that the network is shown at once
PIECE_PX = 32 << 20  # voxels over which volumes are suppressed at once
OVERLAP_DIAMETERS = 2
USUAL_DIAMETER_PX = 32.0


class StarDist3DPredictor:
    """A StarDist network kept warm between stacks."""

    def __init__(
        self, forward: Forward, net: NetShape, config: dict[str, Any], *, fast: bool = False
    ) -> None:
        self.block_px, self.piece_px = BLOCK_PX, PIECE_PX
        self._forward, self._net = forward, net
        self._suppression = FastSuppression if fast else Suppression
        try:
            self._invert = bool(config["normalisation"]["invert"])
            self._thresholds = (
                float(config["thresholds"]["prob"]),
                float(config["thresholds"]["nms"]),
            )
            self._way = str(config["channels"].get("way", ALL))
            count = int(config["channels"]["count"])
            self._n_channels = net.n_channels if self._way == ALL else count
            diameter_px = float(config.get("diameter_px") or USUAL_DIAMETER_PX)
            self._extents_px = extents_px(config["net"].get("anisotropy"), diameter_px)
        except (KeyError, TypeError, ValueError) as error:
            raise CheckpointCorrupt("The checkpoint's config is not complete.") from error
        self._shapes = shapes_of(rays_of(config["net"]))
        self.overlap_px = self._piece_overlaps()[1]

    def predict(
        self,
        image: Pixels,
        *,
        want_maps: bool = False,
        should_stop: StopFlag = lambda: False,
        reference: Pixels | None = None,
    ) -> PredictionArrays:
        """Segment an image of shape (C, H, W) as a stack of one plane."""
        pixels = self._normalized(
            np.asarray(image)[:, np.newaxis],
            None if reference is None else np.asarray(reference)[:, np.newaxis],
        )
        found = self._in_pieces(pixels, want_maps, should_stop)
        maps = {name: values[..., 0, :, :] for name, values in found.maps.items()}
        return PredictionArrays(found.label_image[0], found.scores, maps, classes=found.classes)

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

        The distance of planes is taken to be that of the stacks that the network learnt from.
        """
        pixels = self._normalized(stack, reference)
        if reference is not None:  # a block of a stack, which is not cut once more
            return self._piece(pixels[:, :, :, :], want_maps, should_stop)
        return self._in_pieces(pixels, want_maps, should_stop)

    def volume_blocks(self, shape: Sequence[int], anisotropy: float) -> BlockSizes:
        """Return how a stack is cut; see `training.engines.base.VolumePredictor`."""
        overlaps = self._piece_overlaps()
        return block_sides(shape, overlaps, self.piece_px, self._net.divisor), overlaps

    def _normalized(self, stack: Stack, reference: NDArray[Any] | None) -> NormalizedStack:
        return NormalizedStack(
            stack, self._n_channels, invert=self._invert, reference=reference, way=self._way
        )

    def _in_pieces(
        self, pixels: NormalizedStack, want_maps: bool, should_stop: StopFlag
    ) -> PredictionArrays:
        def one(corners: Corners) -> PredictionArrays:
            place = tuple(map(slice, corners[:3], corners[3:]))
            part = pixels[slice(None), place[0], place[1], place[2]]
            return self._piece(part, want_maps, should_stop)

        shape = pixels.shape[1:]
        sides, overlaps = self.volume_blocks(shape, 0.0)
        return predict_in_cuboids(shape, one, block_px=sides, overlap_px=overlaps)

    def _piece_overlaps(self) -> tuple[int, int, int]:
        """Return what pieces see of each other, such that grids of all pieces lie alike.

        Along rows and columns it is the same.
        """
        axes = zip(self._extents_px, self._net.sees_px, strict=True)
        planes, *in_plane = (max(OVERLAP_DIAMETERS * extent, sees) for extent, sees in axes)
        unit_z, unit = self._net.divisor[0], math.lcm(*self._net.divisor[1:])
        across = math.ceil(max(in_plane) / unit) * unit
        return math.ceil(planes / unit_z) * unit_z, across, across

    def _piece(
        self, pixels: NDArray[np.float32], want_maps: bool, should_stop: StopFlag
    ) -> PredictionArrays:
        """Segment normalised pixels (C, d, h, w)."""
        stop_if(should_stop)
        pads = self._pads_of(pixels.shape[1:])
        padded = np.pad(pixels, [(0, 0), *pads], mode="reflect")
        x = np.moveaxis(padded, 0, -1)
        net = self._net
        found = self._suppression(net, *self._thresholds, self._shapes)
        maps = Maps(x.shape, net) if want_maps else None
        sides = block_sides(x.shape[:3], net.sees_px, self.block_px, net.divisor)
        for part in parts_of(x, self._forward, net, block_px=sides):
            found.take(part)
            if maps is not None:
                maps.take(part)
            stop_if(should_stop)
        objects = found.objects(x.shape)
        own = tuple(
            slice(pad[0], pad[0] + side) for pad, side in zip(pads, pixels.shape[1:], strict=True)
        )
        labels = self._shapes.drawn(objects, x.shape)[own]
        label_image, is_seen = dense_ids(labels, len(objects.prob))
        seen = objects.of(is_seen)
        return PredictionArrays(
            label_image,
            np.clip(seen.prob, 0, 1, dtype=np.float32),
            {} if maps is None else _cut(maps.over_pixels(x.shape[:3]), own),
            classes=seen.classes(),
        )

    def _pads_of(self, shape: tuple[int, ...]) -> list[tuple[int, int]]:
        """Return what a thin stack is mirrored by.

        StarDist looks for no object in the outermost cells, which are all that such a stack has.
        """
        pads = []
        for side, cell in zip(shape, self._net.grid, strict=True):
            edge = EDGE_CELLS * cell
            pads.append((edge, edge) if side <= 2 * edge else (0, 0))
        return pads


def _cut(
    maps: dict[str, NDArray[np.float32]], own: tuple[slice, ...]
) -> dict[str, NDArray[np.float32]]:
    planes, rows, cols = own
    return {name: values[..., planes, rows, cols] for name, values in maps.items()}


def extents_px(anisotropy: Any, diameter_px: float) -> list[float]:
    """Return how far objects of a diameter in their planes reach along z, rows and columns.

    `anisotropy` is a network's: how many times farther than along each axis objects reach at most.
    """
    flatness = [float(each) for each in anisotropy or (1, 1, 1)]
    in_plane = math.sqrt(flatness[1] * flatness[2])
    return [diameter_px * in_plane / each for each in flatness]
