"""Crops for training, read from disk one by one: memory does not grow with the images."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol, TypeAlias

import numpy as np
from numpy.typing import NDArray

from annotations.imaging.pixels import open_pixels
from training.datasets.channels import ALL, shown, with_channels
from training.datasets.labels import Box, SparseLabels, diameters, sparse_labels
from training.datasets.normalize import Image, Limits, measure_limits, normalize

Plane: TypeAlias = tuple[str, int, int, tuple[int, ...]]  # image, t, z, channels
PixelsByKey: TypeAlias = OrderedDict[int, tuple[Box, NDArray[Any]]]

REPLAY = "replay"
CENTRES_PER_REGION = 512  # places to draw around that are remembered; 4 kB
CACHE_BYTES = 96 << 20  # decoded pixels that are kept, whatever the number of images
CACHED_AREA_PX = 1024 * 1024  # regions up to this size are kept whole
KEPT_MARGIN_PX = 192  # and what is around them, where crops reach beyond


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
    def box(self) -> Box:
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
        """Slice."""


@dataclass(frozen=True, slots=True)
class Prepared:
    """A region whose labels lie ready in a memory-mapped file."""

    region: Region
    path: Path
    image_shape: tuple[int, int]
    limits: Limits
    n_annotated: int
    n_instances: int
    diameters: NDArray[np.float64]
    objects: NDArray[np.int32]  # (n, 2) pixels inside objects, at most CENTRES_PER_REGION
    known: NDArray[np.int32]  # (n, 2) annotated pixels of any kind


@dataclass(frozen=True, slots=True)
class Crop:
    """A piece of an image and what is known about it.

    Attributes
    ----------
    pixels : ndarray of float32, shape (C, h, w)
        Normalised by the limits of the whole image.
    labels : ndarray of int32, shape (h, w)
        -1 where nothing is known, outside the region and outside the image.
    """

    pixels: Image
    labels: SparseLabels


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

    def _all_limits(self, regions: Sequence[Region]) -> dict[Plane, tuple[tuple[int, int], Limits]]:
        """Measure each plane once, however many regions it has."""
        found: dict[Plane, tuple[tuple[int, int], Limits]] = {}
        for region in regions:
            plane = self._plane(region)
            if plane not in found:
                found[plane] = _limits_of(region, plane[-1], recolour=self._recolour)
        return found

    def _prepare(
        self, number: int, region: Region, limits: dict[Plane, tuple[tuple[int, int], Limits]]
    ) -> Prepared:
        shape, image_limits = limits[self._plane(region)]
        with np.load(region.labels, allow_pickle=False) as stored:
            labels = sparse_labels(
                stored["label_image"],
                stored["annotated"],
                box=region.box,
                image_shape=shape,
                background_band_px=self._band,
            )
        path = self._folder / f"labels-{number}.npy"
        np.save(path, labels)
        return Prepared(
            region,
            path,
            shape,
            image_limits,
            n_annotated=int((labels >= 0).sum()),
            n_instances=max(0, int(labels.max(initial=0))),
            diameters=diameters(labels),
            objects=_some_pixels(labels > 0, number),
            known=_some_pixels(labels >= 0, number),
        )

    def labels_of(self, number: int) -> SparseLabels:
        """Return a region's prepared labels, mapped and not loaded."""
        labels: SparseLabels = np.load(self.regions[number].path, mmap_mode="r")
        return labels

    def centre(self, number: int, rng: np.random.Generator, foreground: float) -> tuple[int, int]:
        """Choose a known pixel of a region, inside an object with the given probability.

        Returns
        -------
        (row, col)
            In pixels of the region.
        """
        prepared = self.regions[number]
        pool = prepared.known
        if len(prepared.objects) and rng.random() < foreground:
            pool = prepared.objects
        row, col = pool[rng.integers(len(pool))]
        return int(row), int(col)

    def around(
        self, number: int, centre: tuple[int, int], side: int, rng: np.random.Generator
    ) -> Crop:
        """Cut a square that holds a pixel of a region, placed at random around it.

        Parameters
        ----------
        number : int
            Region.
        centre : (row, col)
            In pixels of the region.
        side : int
        rng : Generator

        Returns
        -------
        Crop
            The square reaches beyond the region where that helps (real pixels, labels unknown),
            and is mirrored where the image is smaller.
        """
        prepared = self.regions[number]
        start = []
        for place, offset, size in zip(
            centre, prepared.region.box[:2], prepared.image_shape, strict=True
        ):
            wanted = place + offset - int(side * rng.uniform(0.15, 0.85))
            start.append(min(max(wanted, 0), max(size - side, 0)))
        return self.window(number, (start[0], start[1], start[0] + side, start[1] + side))

    def window(self, number: int, box: Box) -> Crop:
        """Cut a box given in pixels of the image; it may reach beyond image and region.

        Parameters
        ----------
        number : int
            Region whose labels are used.
        box : (row0, col0, row1, col1)

        Returns
        -------
        Crop
        """
        prepared = self.regions[number]
        height, width = prepared.image_shape
        row0, col0, row1, col1 = box
        inside = (max(row0, 0), max(col0, 0), min(row1, height), min(col1, width))
        invert = self.invert if prepared.region.invert is None else prepared.region.invert
        pixels = normalize(self._read(number, inside), prepared.limits, invert=invert)
        pixels = shown(with_channels(pixels, len(self.channels)), self.way)
        pad = (
            (inside[0] - row0, row1 - inside[2]),
            (inside[1] - col0, col1 - inside[3]),
        )
        if any(any(side) for side in pad):
            pixels = np.pad(pixels, ((0, 0), *pad), mode="symmetric")
        labels = np.full((row1 - row0, col1 - col0), -1, dtype=np.int32)
        top, left, bottom, right = _common(box, prepared.region.box)
        if top < bottom and left < right:
            row, col = prepared.region.box[:2]
            source = self.labels_of(number)[top - row : bottom - row, left - col : right - col]
            labels[top - row0 : bottom - row0, left - col0 : right - col0] = source
        return Crop(pixels, labels)

    def whole(self, number: int, *, most_px: int, margin_px: int = 0) -> Crop:
        """Return a region with a margin, or its middle when a side exceeds `most_px`."""
        height, width = self.regions[number].image_shape
        row0, col0, row1, col1 = self.regions[number].region.box
        rows, cols = min(row1 - row0, most_px), min(col1 - col0, most_px)
        top, left = row0 + (row1 - row0 - rows) // 2, col0 + (col1 - col0 - cols) // 2
        box = (
            max(top - margin_px, 0),
            max(left - margin_px, 0),
            min(top + rows + margin_px, height),
            min(left + cols + margin_px, width),
        )
        return self.window(number, box)

    def _read(self, number: int, box: Box) -> NDArray[Any]:
        """Read pixels through a cache of bounded size."""
        if number in self._cache:
            kept, pixels = self._cache[number]
            if _common(kept, box) == box:
                self._cache.move_to_end(number)
                row, col = kept[:2]
                return pixels[:, box[0] - row : box[2] - row, box[1] - col : box[3] - col]
            self._cached_bytes -= self._cache.pop(number)[1].nbytes
        region = self.regions[number].region
        wanted = self._to_keep(number, box)
        with open_pixels(region.pixels) as file:
            channels = self._plane(region)[-1]
            pixels = file.read(t=region.t, z=region.z, channels=channels, box=wanted or box)
        if wanted is None:
            return pixels
        self._cache[number] = (wanted, pixels)
        self._cached_bytes += pixels.nbytes
        while self._cached_bytes > CACHE_BYTES and len(self._cache) > 1:
            self._cached_bytes -= self._cache.popitem(last=False)[1][1].nbytes
        return self._read(number, box)

    def _to_keep(self, number: int, box: Box) -> Box | None:
        """Return what to read for a region that is small enough to be kept: it and its margin."""
        row0, col0, row1, col1 = self.regions[number].region.box
        if (row1 - row0) * (col1 - col0) > CACHED_AREA_PX:
            return None
        height, width = self.regions[number].image_shape
        margin = min(max(box[2] - box[0], box[3] - box[1]), KEPT_MARGIN_PX)
        return (
            min(max(row0 - margin, 0), box[0]),
            min(max(col0 - margin, 0), box[1]),
            max(min(row1 + margin, height), box[2]),
            max(min(col1 + margin, width), box[3]),
        )


def _limits_of(
    region: Region, channels: tuple[int, ...], *, recolour: bool
) -> tuple[tuple[int, int], Limits]:
    """Measure one image: its size and its percentiles."""
    with open_pixels(region.pixels) as file:
        height, width = file.shape.height, file.shape.width

        def read(box: Box) -> NDArray[Any]:
            return file.read(t=region.t, z=region.z, channels=channels, box=box)

        return (height, width), measure_limits(read, height, width, recolour=recolour)


def _common(one: Box, other: Box) -> Box:
    """Return what two boxes share; empty when the first corner is not before the second."""
    return (
        max(one[0], other[0]),
        max(one[1], other[1]),
        min(one[2], other[2]),
        min(one[3], other[3]),
    )


def _some_pixels(where: NDArray[np.bool_], seed: int) -> NDArray[np.int32]:
    """Return at most CENTRES_PER_REGION of the pixels, spread at random."""
    flat = np.flatnonzero(where)
    if len(flat) > CENTRES_PER_REGION:
        flat = np.random.default_rng(seed).choice(flat, CENTRES_PER_REGION, replace=False)
    places = np.stack(np.unravel_index(flat, where.shape), axis=1)
    result: NDArray[np.int32] = places.astype(np.int32)
    return result
