"""Crops for training, read from disk one by one: memory does not grow with the images."""

from __future__ import annotations

import math
from collections import OrderedDict
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol, TypeAlias

import numpy as np
from numpy.typing import NDArray

from annotations.imaging.pixels import PixelFile, open_pixels
from training.datasets.channels import ALL, shown, with_channels
from training.datasets.labels import (
    Classes,
    Corners,
    SparseLabels,
    diameters,
    sparse_classes,
    sparse_labels,
)
from training.datasets.limits import limits_in_file
from training.datasets.normalize import Image, Limits, normalize

Plane: TypeAlias = tuple[str, int, int, tuple[int, ...]]  # image, t, z, channels
Measured: TypeAlias = tuple[tuple[int, ...], Limits]  # an image's size and percentiles
PixelsByKey: TypeAlias = OrderedDict[int, tuple[Corners, NDArray[Any]]]

REPLAY = "replay"
CENTRES_PER_REGION = 512  # places to draw around that are remembered; 4 kB
CACHE_BYTES = 96 << 20  # decoded pixels that are kept, whatever the number of images
KEPT_MARGIN_PX = 192  # of what is around regions that are kept, where crops reach beyond


class Region(Protocol):
    """What is needed of a `training.engines.base.TrainingRegion`."""

    @property
    def image_id(self) -> str:
        """Id of the image."""

    @property
    def pixels(self) -> Path:
        """Canonical file of the image."""

    @property
    def labels(self) -> Path:
        """The .npz with label_image and annotated."""

    @property
    def box(self) -> tuple[int, int, int, int]:
        """Place in the image."""

    @property
    def tags(self) -> tuple[str, ...]:
        """Stain, organ and such."""

    @property
    def split(self) -> str:
        """Train, validation or replay."""

    @property
    def channels(self) -> tuple[int, ...]:
        """Channels of its image; empty: those of the source."""

    @property
    def invert(self) -> bool | None:
        """Whether its intensities are inverted; None: as the source's."""

    @property
    def t(self) -> int:
        """Time."""

    @property
    def z(self) -> int:
        """Slice, the first one of several."""

    @property
    def depth(self) -> int:
        """Number of slices."""


@dataclass(frozen=True, slots=True)
class Prepared:
    """A region whose labels lie ready in a memory-mapped file."""

    region: Region
    path: Path
    box: Corners  # in the image
    image_shape: tuple[int, ...]
    limits: Limits
    n_annotated: int
    n_instances: int
    diameters: NDArray[np.float64]
    objects: NDArray[np.int32]  # (n, n_dims) pixels inside objects, at most CENTRES_PER_REGION
    known: NDArray[np.int32]  # (n, n_dims) annotated pixels of any kind
    classes: Classes | None = None  # of the labels, see `Crop`


@dataclass(frozen=True, slots=True)
class Crop:
    """A piece of an image and what is known about it.

    Attributes
    ----------
    pixels : ndarray of float32, shape (C, h, w) or (C, d, h, w)
        Normalised by the limits of the whole image, all planes of a stack.
    labels : ndarray of int32, shape (h, w) or (d, h, w)
        -1 where nothing is known, outside the region and outside the image.
    classes : ndarray of uint8, shape (n + 1,), or None
        The kind of the label i at i, from 1; 0 where it is unknown. None: nobody told the kinds
        of this region's objects apart. The labels of a crop are those of its region, so that all
        its crops share this.
    """

    pixels: Image
    labels: SparseLabels
    classes: Classes | None = None


class CropSource:
    """Regions of a training, prepared once and cut as often as wanted.

    Parameters
    ----------
    regions : sequence of Region
    channels : sequence of int
        Channels of the images, in the order the network sees them.
    folder : Path
        Where prepared labels are kept, mapped and not in memory; a training's own.
    background_band_px : int
        See `training.datasets.labels.sparse_labels`.
    recolour : bool
        See `training.datasets.normalize.measure_limits`.

    Notes
    -----
    Regions without any annotated pixel are left out: StarDist's loss of a batch without one is
    NaN. `invert` may be set once the polarity of the objects is known, and `way`, by which the
    network is shown the channels (`training.datasets.channels`).
    """

    spacing: tuple[float, ...] | None = None  # distance of neighbours along each axis, in pixels
    kept_px = 1024 * 1024  # regions up to this size are kept in memory whole

    def __init__(
        self,
        regions: Sequence[Region],
        channels: Sequence[int],
        folder: Path,
        *,
        background_band_px: int = 0,
        recolour: bool = False,
    ) -> None:
        self.channels = tuple(channels)
        self.invert = False
        self.way = ALL
        self._folder = folder
        self._band = background_band_px
        self._recolour = recolour
        self._cache: PixelsByKey = OrderedDict()
        self._cached_bytes = 0
        folder.mkdir(parents=True, exist_ok=True)
        limits = self._all_limits(regions)
        prepared = [self._prepare(i, region, limits) for i, region in enumerate(regions)]
        self.regions = [each for each in prepared if each.n_annotated]

    def __len__(self) -> int:
        return len(self.regions)

    @property
    def own(self) -> list[int]:
        """The numbers of the regions that are not replayed."""
        return [i for i, each in enumerate(self.regions) if each.region.split != REPLAY]

    def _plane(self, region: Region) -> Plane:
        return region.image_id, region.t, region.z, region.channels or self.channels

    def _all_limits(self, regions: Sequence[Region]) -> dict[Plane, Measured]:
        """Measure each image once, however many regions it has."""
        found: dict[Plane, Measured] = {}
        for region in regions:
            plane = self._plane(region)
            if plane not in found:
                found[plane] = self._measure(region, plane[-1])
        return found

    def _measure(self, region: Region, channels: tuple[int, ...]) -> Measured:
        """Measure one image: its size and its percentiles."""
        return _limits_of(region, channels, recolour=self._recolour)

    def _box_of(self, region: Region) -> Corners:
        return region.box

    def _sides(self, px: int) -> tuple[int, ...]:
        """Return how many pixels a length is along each axis."""
        return (px, px)

    def _diameters(self, labels: SparseLabels) -> NDArray[np.float64]:
        return diameters(labels)

    def _prepare(self, number: int, region: Region, limits: dict[Plane, Measured]) -> Prepared:
        shape, image_limits = limits[self._plane(region)]
        box = self._box_of(region)
        with np.load(region.labels, allow_pickle=False) as stored:
            labels = sparse_labels(
                stored["label_image"],
                stored["annotated"],
                box=box,
                image_shape=shape,
                background_band_px=self._band,
                spacing=self.spacing,
            )
            classes = _classes_in(stored, labels)
        path = self._folder / f"labels-{number}.npy"
        np.save(path, labels)
        return Prepared(
            region,
            path,
            box,
            shape,
            image_limits,
            n_annotated=int((labels >= 0).sum()),
            n_instances=max(0, int(labels.max(initial=0))),
            diameters=self._diameters(labels),
            objects=_some_pixels(labels > 0, number),
            known=_some_pixels(labels >= 0, number),
            classes=classes,
        )

    def labels_of(self, number: int) -> SparseLabels:
        """Return a region's prepared labels, mapped and not loaded."""
        labels: SparseLabels = np.load(self.regions[number].path, mmap_mode="r")
        return labels

    def centre(self, number: int, rng: np.random.Generator, foreground: float) -> tuple[int, ...]:
        """Choose a known pixel of a region, inside an object with the given probability.

        Returns
        -------
        (row, col) or (z, row, col)
            In pixels of the region.
        """
        prepared = self.regions[number]
        pool = prepared.known
        if len(prepared.objects) and rng.random() < foreground:
            pool = prepared.objects
        return tuple(int(place) for place in pool[rng.integers(len(pool))])

    def around(
        self,
        number: int,
        centre: tuple[int, ...],
        side: int | tuple[int, ...],
        rng: np.random.Generator,
    ) -> Crop:
        """Cut a square that holds a pixel of a region, placed at random around it.

        Parameters
        ----------
        number : int
            Region.
        centre : (row, col) or (z, row, col)
            In pixels of the region.
        side : int or tuple of int
            Of all axes, or of each.
        rng : Generator

        Returns
        -------
        Crop
            It reaches beyond the region where that helps (real pixels, labels unknown),
            and is mirrored where the image is smaller.
        """
        prepared = self.regions[number]
        n_dims = len(prepared.image_shape)
        sides = (side,) * n_dims if isinstance(side, int) else side
        start = []
        for place, offset, size, wanted in zip(
            centre, prepared.box[:n_dims], prepared.image_shape, sides, strict=True
        ):
            first = place + offset - int(wanted * rng.uniform(0.15, 0.85))
            start.append(min(max(first, 0), max(size - wanted, 0)))
        ends = [first + wanted for first, wanted in zip(start, sides, strict=True)]
        return self.window(number, (*start, *ends))

    def window(self, number: int, box: Corners) -> Crop:
        """Cut a box given in pixels of the image; it may reach beyond image and region.

        Parameters
        ----------
        number : int
            Region whose labels are used.
        box : (row0, col0, row1, col1) or (z0, row0, col0, z1, row1, col1)

        Returns
        -------
        Crop
        """
        prepared = self.regions[number]
        n_dims = len(prepared.image_shape)
        inside = _common(box, (0,) * n_dims + prepared.image_shape)
        invert = self.invert if prepared.region.invert is None else prepared.region.invert
        pixels = normalize(self._read(number, inside), prepared.limits, invert=invert)
        pixels = shown(with_channels(pixels, len(self.channels)), self.way)
        pad = [
            (inside[axis] - box[axis], box[axis + n_dims] - inside[axis + n_dims])
            for axis in range(n_dims)
        ]
        if any(any(side) for side in pad):
            pixels = np.pad(pixels, ((0, 0), *pad), mode="symmetric")
        labels = np.full([box[axis + n_dims] - box[axis] for axis in range(n_dims)], -1, np.int32)
        shared = _common(box, prepared.box)
        if all(shared[axis] < shared[axis + n_dims] for axis in range(n_dims)):
            labels[_within(shared, box)] = self.labels_of(number)[_within(shared, prepared.box)]
        return Crop(pixels, labels, prepared.classes)

    def whole(self, number: int, *, most_px: int, margin_px: int = 0) -> Crop:
        """Return a region with a margin, or its middle when a side exceeds `most_px`."""
        shape, box = self.regions[number].image_shape, self.regions[number].box
        starts, ends = [], []
        for axis, (most, margin) in enumerate(
            zip(self._sides(most_px), self._sides(margin_px), strict=True)
        ):
            start, end = box[axis], box[axis + len(shape)]
            side = min(end - start, most)
            first = start + (end - start - side) // 2
            starts.append(max(first - margin, 0))
            ends.append(min(first + side + margin, shape[axis]))
        return self.window(number, (*starts, *ends))

    def _read(self, number: int, box: Corners) -> NDArray[Any]:
        """Read pixels through a cache of bounded size."""
        if number in self._cache:
            kept, pixels = self._cache[number]
            if _common(kept, box) == box:
                self._cache.move_to_end(number)
                return pixels[(slice(None), *_within(box, kept))]
            self._cached_bytes -= self._cache.pop(number)[1].nbytes
        region = self.regions[number].region
        wanted = self._to_keep(number, box)
        with open_pixels(region.pixels) as file:
            pixels = self._read_file(file, region, wanted or box)
        if wanted is None:
            return pixels
        self._cache[number] = (wanted, pixels)
        self._cached_bytes += pixels.nbytes
        while self._cached_bytes > CACHE_BYTES and len(self._cache) > 1:
            self._cached_bytes -= self._cache.popitem(last=False)[1][1].nbytes
        return self._read(number, box)

    def _read_file(self, file: PixelFile, region: Region, box: Corners) -> NDArray[Any]:
        row0, col0, row1, col1 = box
        channels = self._plane(region)[-1]
        return file.read(t=region.t, z=region.z, channels=channels, box=(row0, col0, row1, col1))

    def _to_keep(self, number: int, box: Corners) -> Corners | None:
        """Return what to read for a region that is small enough to be kept: it and its margin."""
        shape, kept = self.regions[number].image_shape, self.regions[number].box
        n_dims = len(shape)
        if math.prod(kept[i + n_dims] - kept[i] for i in range(n_dims)) > self.kept_px:
            return None
        longest = max(box[i + n_dims] - box[i] for i in range(n_dims))
        margins = self._sides(min(longest, KEPT_MARGIN_PX))
        starts = [min(max(kept[i] - margins[i], 0), box[i]) for i in range(n_dims)]
        ends = [
            max(min(kept[i] + margins[i - n_dims], shape[i - n_dims]), box[i])
            for i in range(n_dims, 2 * n_dims)
        ]
        return (*starts, *ends)


def _classes_in(stored: Any, labels: SparseLabels) -> Classes | None:
    """Return the kinds of a region's labels where its file tells them."""
    if "class_ids" not in stored:
        return None
    return sparse_classes(
        stored["label_image"], labels, stored["class_ids"], stored["class_numbers"]
    )


def _limits_of(region: Region, channels: tuple[int, ...], *, recolour: bool) -> Measured:
    with open_pixels(region.pixels) as file:
        height, width = file.shape.height, file.shape.width
    limits = limits_in_file(region.pixels, t=region.t, channels=channels, recolour=recolour)
    return (height, width), limits


def _common(one: Corners, other: Corners) -> Corners:
    """Return what two boxes share; empty when the first corner is not before the second."""
    n_dims = len(one) // 2
    starts = (max(some, others) for some, others in zip(one[:n_dims], other, strict=False))
    ends = (min(some, others) for some, others in zip(one[n_dims:], other[n_dims:], strict=True))
    return (*starts, *ends)


def _within(box: Corners, outer: Corners) -> tuple[slice, ...]:
    """Return where a box lies in an array that shows another."""
    n_dims = len(box) // 2
    return tuple(slice(box[i] - outer[i], box[i + n_dims] - outer[i]) for i in range(n_dims))


def _some_pixels(where: NDArray[np.bool_], seed: int) -> NDArray[np.int32]:
    """Return at most CENTRES_PER_REGION of the pixels, spread at random."""
    flat = np.flatnonzero(where)
    if len(flat) > CENTRES_PER_REGION:
        flat = np.random.default_rng(seed).choice(flat, CENTRES_PER_REGION, replace=False)
    places = np.stack(np.unravel_index(flat, where.shape), axis=1)
    result: NDArray[np.int32] = places.astype(np.int32)
    return result
