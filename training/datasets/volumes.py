"""Crops of stacks for networks whose objects are volumes, and stacks read where they are cut."""

from __future__ import annotations

import math
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Protocol, TypeAlias

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from annotations.imaging.pixels import PixelFile, open_pixels
from training.datasets.channels import ALL, n_shown, shown, with_channels
from training.datasets.crops import Crop, CropSource, Measured, Plane, Region
from training.datasets.labels import Corners, SparseLabels
from training.datasets.normalize import (
    Image,
    Limits,
    limits_of_blocks,
    normalize,
    sample_places,
)

Place: TypeAlias = tuple[slice, slice, slice, slice]

MOST_WHOLE_PX = 4 << 20  # voxels of a region that are looked at at once


class Stack(Protocol):
    """Pixels of shape (C, Z, H, W) that are sliced along the last three axes: an array, a file."""

    @property
    def shape(self) -> tuple[int, ...]:
        """(C, Z, H, W)."""

    def __getitem__(self, place: Place, /) -> NDArray[Any]:
        """Return all channels of a box."""


class StackOfFile:
    """A stored stack; what is sliced is read.

    Parameters
    ----------
    file : PixelFile
        It must stay open.
    t : int
    channels : sequence of int
        In the order wanted.
    """

    def __init__(self, file: PixelFile, *, t: int, channels: Sequence[int]) -> None:
        self._file, self._t, self._channels = file, t, tuple(channels)
        shape = file.shape
        self.shape = (len(self._channels), shape.n_z, shape.height, shape.width)

    def __getitem__(self, place: Place, /) -> NDArray[Any]:
        planes, rows, cols = (
            side.indices(size) for side, size in zip(place[1:], self.shape[1:], strict=True)
        )
        corners = (planes[0], rows[0], cols[0], planes[1], rows[1], cols[1])
        return read_stack(self._file, t=self._t, channels=self._channels, corners=corners)

    def __array__(self, dtype: Any = None, copy: bool | None = None) -> NDArray[Any]:
        # For engines from elsewhere that take arrays only.
        everything = slice(None)
        return np.asarray(self[everything, everything, everything, everything], dtype=dtype)


class NormalizedStack:
    """A stack that is normalised by limits of its own, or of a whole one, when it is sliced.

    Parameters
    ----------
    stack : Stack, shape (C, Z, H, W)
    n_channels : int
        How many channels it is brought to, see `training.datasets.channels.with_channels`.
    invert : bool
    reference : ndarray, shape (C, d, h, w), optional
        Pixels of the stack that `stack` was cut from.
    way : str
        Which channels come out, see `training.datasets.channels.shown`.
    """

    def __init__(
        self,
        stack: Stack,
        n_channels: int,
        *,
        invert: bool,
        reference: NDArray[Any] | None = None,
        way: str = ALL,
    ) -> None:
        self._stack, self._n_channels = stack, n_channels
        self._invert, self._way = invert, way
        self._limits = limits_of_stack(stack if reference is None else reference)
        self.shape = (n_shown(n_channels, way), *stack.shape[1:])

    def __getitem__(self, place: Place, /) -> Image:
        part = normalize(self._stack[place], self._limits, invert=self._invert)
        return shown(with_channels(part, self._n_channels), self._way)


def read_stack(
    file: PixelFile, *, t: int, channels: Sequence[int], corners: Corners
) -> NDArray[Any]:
    """Read a box of a stack, plane by plane.

    Parameters
    ----------
    file : PixelFile
    t : int
    channels : sequence of int
    corners : (z0, row0, col0, z1, row1, col1)

    Returns
    -------
    ndarray, shape (C, z1 - z0, row1 - row0, col1 - col0)

    Raises
    ------
    annotations.imaging.pixels.PartOutOfImage
    """
    z0, row0, col0, z1, row1, col1 = corners
    box = (row0, col0, row1, col1)
    planes = [file.read(t=t, z=z, channels=channels, box=box) for z in range(z0, z1)]
    return np.stack(planes, axis=1)


def limits_of_stack(stack: Stack) -> Limits:
    """Measure the percentiles of a whole stack, shape (C, Z, H, W)."""
    blocks = []
    for z, (row0, col0, row1, col1) in sample_places(*stack.shape[1:]):
        place = (slice(None), slice(z, z + 1), slice(row0, row1), slice(col0, col1))
        blocks.append(np.asarray(stack[place]))
    return limits_of_blocks(blocks)


def extents(labels: NDArray[Any]) -> NDArray[np.float64]:
    """Return how far objects reach along each axis, in pixels.

    Parameters
    ----------
    labels : ndarray of integers, shape (d, h, w)

    Returns
    -------
    ndarray of float64, shape (n, 3)
        Sides of the objects' boxes; their median is what `stardist.utils.calculate_extents` gives.
    """
    found = [place for place in ndimage.find_objects(np.maximum(labels, 0)) if place is not None]
    sides = [[side.stop - side.start for side in place] for place in found]
    return np.array(sides, np.float64).reshape(-1, labels.ndim)


class VolumeSource(CropSource):
    """Regions of several planes, prepared once and cut as often as wanted.

    As `CropSource`; limits are those of the whole stack at a time.

    Parameters
    ----------
    regions, channels, folder, background_band_px
        See `CropSource`.
    anisotropy : float
        Distance of planes in pixels of a plane; 0 where nobody knows: they count as isotropic.
    """

    kept_px = 8 << 20

    def __init__(
        self,
        regions: Sequence[Region],
        channels: Sequence[int],
        folder: Path,
        *,
        background_band_px: int = 0,
        anisotropy: float = 0.0,
    ) -> None:
        self._anisotropy = anisotropy or 1.0
        self.spacing = (self._anisotropy, 1.0, 1.0)
        super().__init__(regions, channels, folder, background_band_px=background_band_px)

    def extents(self) -> NDArray[np.float64]:
        """Return the boxes' sides of all objects that are not replayed, shape (n, 3)."""
        found = [extents(self.labels_of(i)) for i in self.own]
        return np.concatenate([np.zeros((0, 3)), *found])

    def whole(self, number: int, *, most_px: int, margin_px: int = 0) -> Crop:
        """Return a region with a margin, or its middle when it is larger than wanted.

        It is also cut where it would be more than some million voxels.
        """
        box = self.regions[number].box
        sides = [end - start for start, end in zip(box[:3], box[3:], strict=True)]
        while most_px > 1 and _n_common(sides, self._sides(most_px)) > MOST_WHOLE_PX:
            most_px = math.floor(0.9 * most_px)
        return super().whole(number, most_px=most_px, margin_px=margin_px)

    def _plane(self, region: Region) -> Plane:
        return region.image_id, region.t, 0, region.channels or self.channels

    def _box_of(self, region: Region) -> Corners:
        row0, col0, row1, col1 = region.box
        return region.z, row0, col0, region.z + region.depth, row1, col1

    def _sides(self, px: int) -> tuple[int, ...]:
        return (math.ceil(px / self._anisotropy), px, px)

    def _diameters(self, labels: SparseLabels) -> NDArray[np.float64]:
        """Return the objects' diameters in their planes."""
        sides = extents(labels)
        return np.asarray(np.sqrt(sides[:, 1] * sides[:, 2]))

    def _measure(self, region: Region, channels: tuple[int, ...]) -> Measured:
        with open_pixels(region.pixels) as file:
            stack = StackOfFile(file, t=region.t, channels=channels)
            return stack.shape[1:], limits_of_stack(stack)

    def _read_file(self, file: PixelFile, region: Region, box: Corners) -> NDArray[Any]:
        return read_stack(file, t=region.t, channels=self._plane(region)[-1], corners=box)


def _n_common(sides: Sequence[int], most: Sequence[int]) -> int:
    return math.prod(min(pair) for pair in zip(sides, most, strict=True))
