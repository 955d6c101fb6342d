"""The pool of a selection: places that could be painted, and how each of them looks."""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from annotations.imaging.pixels import PixelFile, open_pixels
from annotations.labels.chunks import Box
from annotations.models import Image, Project
from project.storage import blob_path
from training.acquisition.candidates import (
    LARGEST_PX,
    draw_in_turn,
    is_free,
    region_grid,
    region_side,
)
from training.acquisition.embedding import describe, has_foreground, unit_vectors
from training.datasets.limits import sampled_blocks
from training.datasets.normalize import Limits, limits_of_blocks, normalize
from training.models import ModelVersion
from training.queries.candidates import OpenImage, Plane, promised_regions

MOST_PLACES = 240  # drawn at random from larger projects; each costs 20 to 100 ms to look at
MOST_PLANES = 16  # of one image
MOST_LABELLED = 64
MOST_CHANNELS = 4
SMALL_PX = 1 << 20  # the percentiles of a larger image are measured on every sixteenth pixel

Told = Callable[[str, int, int], None]


@dataclass(frozen=True, slots=True, eq=False)
class Place:
    """A box of a plane of an image that could be suggested; itself and no other."""

    where: OpenImage
    box: Box
    plane: Plane = (0, 0)

    @property
    def image(self) -> Image:
        """The image."""
        return self.where.image

    @property
    def may_measure(self) -> bool:
        """Tell whether it could be a blind validation: nothing there came from a draft."""
        return self.where.may_measure and is_free(self.box, self.where.drafted.on(self.plane))


@dataclass(frozen=True, slots=True)
class Pool:
    """Places with their looks, and the looks of what is labelled already."""

    places: list[Place]
    vectors: NDArray[np.float64]  # (p, d)
    labelled: NDArray[np.float64]  # (l, d)


def draw_places(
    images: Sequence[OpenImage], area_px: float | None, rng: np.random.Generator
) -> list[Place]:
    """Draw places at random, one of each image before a second one of any.

    Of an image of many planes some are looked at, drawn at random.
    """
    side = region_side(2 * math.sqrt(area_px / math.pi) if area_px else None)
    groups = [
        [
            Place(one, box, plane)
            for plane in _planes(one.image, rng)
            for box in region_grid(one.image.height or 0, one.image.width or 0, side)
            if is_free(box, one.taken.on(plane))
        ]
        for one in images
    ]
    return draw_in_turn(groups, MOST_PLACES, rng)


def _planes(image: Image, rng: np.random.Generator) -> list[Plane]:
    n_planes = image.n_planes
    if n_planes == 1:
        return [(0, 0)]  # draws nothing
    drawn = rng.choice(n_planes, min(n_planes, MOST_PLANES), replace=False)
    return [divmod(int(number), image.n_z) for number in drawn]


def look_at_places(
    project: Project, places: list[Place], version: ModelVersion | None, tell: Told
) -> Pool:
    """Describe each place and what is labelled; places without foreground are left out.

    When nothing stands out anywhere, all are kept: better an odd suggestion than none.
    """
    eyes = _Eyes(version, tell, len(places))
    seen = {place: eyes.look(place.image, place.box, place.plane) for place in _by_image(places)}
    shown = [place for place in places if seen[place].has_foreground] or places
    labelled = [
        eyes.look(
            region.image,
            _middle((region.row0, region.col0, region.row1, region.col1)),
            (region.t, region.z + region.depth // 2),
        )
        for region in promised_regions(project, MOST_LABELLED)
    ]
    looks = [seen[place].features for place in shown] + [one.features for one in labelled]
    vectors = unit_vectors(np.stack(looks)) if looks else np.zeros((0, 1))
    return Pool(shown, vectors[: len(shown)], vectors[len(shown) :])


def _by_image(places: list[Place]) -> list[Place]:
    """Return the places image by image, so that each file is measured once per time."""
    return sorted(places, key=lambda place: (str(place.image.pk), place.plane, place.box))


def _middle(box: Box) -> Box:
    """Return the middle of a box that is larger than any candidate."""
    row0, col0, row1, col1 = box
    rows, cols = max(row1 - row0 - LARGEST_PX, 0), max(col1 - col0 - LARGEST_PX, 0)
    return (
        row0 + rows // 2,
        col0 + cols // 2,
        row1 - (rows - rows // 2),
        col1 - (cols - cols // 2),
    )


@dataclass(frozen=True, slots=True)
class _Look:
    features: NDArray[np.float64]
    has_foreground: bool


class _Eyes:
    """Reads places and describes them; remembers the limits of the image it looked at last."""

    def __init__(self, version: ModelVersion | None, tell: Told, n_places: int) -> None:
        self._mapping: list[int] = (version.channels.get("mapping") if version else None) or []
        self._tell, self._n_places, self._n_seen = tell, n_places, 0
        self._measured: object = None  # image and time
        self._limits = Limits((), ())
        self._told_at = time.monotonic()

    def look(self, image: Image, box: Box, plane: Plane) -> _Look:
        """Describe a box of a plane of an image."""
        t, z = plane
        self._n_seen += 1
        self._tell("looking", min(self._n_seen, self._n_places), self._n_places)
        channels = self._channels(image)
        with open_pixels(blob_path(image.pixels_digest)) as file:
            if self._measured != (image.pk, t):
                self._limits = _limits(file, channels, t)
                self._measured = (image.pk, t)
            pixels = normalize(file.read(t=t, z=z, channels=channels, box=box), self._limits)
        return _Look(describe(pixels), has_foreground(pixels))

    def _channels(self, image: Image) -> list[int]:
        """Return the channels that the version sees, or the first ones."""
        n_channels = image.n_channels or 1
        if self._mapping and max(self._mapping) < n_channels:
            return self._mapping
        return list(range(min(n_channels, MOST_CHANNELS)))


def _limits(file: PixelFile, channels: list[int], t: int) -> Limits:
    """Measure the percentiles of all planes of a time, as predictions do."""
    shape = file.shape
    step = 1 if shape.height * shape.width * shape.n_z <= SMALL_PX else 4
    blocks = sampled_blocks(file, t=t, channels=channels)
    return limits_of_blocks([block[:, ::step, ::step] for block in blocks])
