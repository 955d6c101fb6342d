"""What a version draws in regions, beside what people drew there."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

from annotations.models import Image, StackDrafts
from training.engines.base import PredictionArrays
from training.engines.blocks import block_around
from training.jobs.attempt import Attempt
from training.jobs.region_files import Box, FrozenRegion, frozen_labels
from training.jobs.segment import (
    answer_of,
    overlap_of,
    pixels_to_segment,
    segment_image,
    timeout_of,
)
from training.jobs.stacks import (
    PlanesInTurn,
    Segment,
    only_planes,
    sees_volumes,
    segmenter,
    volume_of,
    way_of,
)
from training.metrics.matching import IGNORED_SHARE, ImageMatch, keep_annotated, match
from training.models import Evaluation, ModelVersion
from training.queries.parts import is_large
from training.supervision.volumes import plane_key
from training.supervision.warm import EngineRefused

Labels: TypeAlias = NDArray[np.uint32]


@dataclass(frozen=True, slots=True)
class Seen:
    """A region with what a version drew, and what people drew."""

    frozen: FrozenRegion
    prediction: Labels  # of the whole plane, or of all planes of the region
    areas: NDArray[np.int64]  # of its objects; of volumes those in other planes count
    truth: Labels
    annotated: NDArray[np.bool_]
    classes: NDArray[np.uint8] | None = None  # of its objects, from versions that know kinds

    def match(self) -> ImageMatch:
        """Compare the two."""
        return match_box(self.prediction, self.areas, self.frozen.box, self.truth, self.annotated)

    def judged(self) -> Labels:
        """Return the version's objects that count."""
        return judged_objects(self.prediction, self.areas, self.frozen.box, self.annotated)

    def inside(self) -> Labels:
        """Return all that the version drew where a person vouches."""
        row0, col0, row1, col1 = self.frozen.box
        return np.where(self.annotated, self.prediction[..., row0:row1, col0:col1], np.uint32(0))


def look(
    version: ModelVersion,
    image: Image,
    regions: Sequence[FrozenRegion],
    ours: Attempt[Evaluation],
    *,
    fast: bool = False,
) -> Iterator[Seen]:
    """Segment what the regions need as drafts are, and yield region by region.

    Where drafts are plane by plane, a region of several planes is yielded as many. Of linked
    drafts and of volumes it is one, and its objects are volumes. Engines of volumes take regions
    of several planes only.
    """
    if sees_volumes(version):
        yield from _look_at_volume(version, image, regions, ours, fast=fast)
        return
    way = way_of(version)
    deep = [one for one in regions if one.depth > 1] if way != StackDrafts.PLANES else []
    flat = [part for one in regions if one not in deep for part in one.planes()]
    yield from _look_at_planes(version, image, flat, ours, fast=fast)
    if deep and way == StackDrafts.VOLUME:
        try:
            yield from _look_at_volume(version, image, deep, ours, fast=fast)
            return
        except EngineRefused as error:
            if not only_planes(version, error):
                raise
    for frozen in deep:
        yield _look_at_linked(version, image, frozen, ours, fast=fast)


def _look_at_planes(
    version: ModelVersion,
    image: Image,
    regions: Sequence[FrozenRegion],
    ours: Attempt[Evaluation],
    *,
    fast: bool,
) -> Iterator[Seen]:
    if is_large(image):
        for frozen in regions:
            yield _look_at_part(version, image, frozen, ours, fast=fast)
        return
    by_plane: dict[tuple[int, int], list[FrozenRegion]] = defaultdict(list)
    for frozen in regions:
        by_plane[frozen.plane].append(frozen)
    for plane, of_plane in by_plane.items():
        arrays = segment_image(version, image, ours, plane=plane, fast=fast)
        areas = np.bincount(arrays.label_image.ravel())
        for frozen in of_plane:
            labels = frozen_labels(frozen)
            yield Seen(frozen, arrays.label_image, areas, *labels, classes=arrays.classes)


def _look_at_part(
    version: ModelVersion,
    image: Image,
    frozen: FrozenRegion,
    ours: Attempt[Evaluation],
    *,
    fast: bool,
) -> Seen:
    """Segment of a large plane a region alone, and as far around as its objects may reach."""
    outer, segment = _part_segmenter(version, image, frozen, ours, fast=fast)
    found = segment(frozen.plane[1])
    prediction = _within_plane(found.label_image, outer, image)
    areas = np.bincount(found.label_image.ravel())
    return Seen(frozen, prediction, areas, *frozen_labels(frozen), classes=found.classes)


def _part_segmenter(
    version: ModelVersion,
    image: Image,
    frozen: FrozenRegion,
    ours: Attempt[Evaluation],
    *,
    fast: bool,
) -> tuple[Box, Segment]:
    """Return the box around a region that its objects may reach to, and what segments it."""
    pixels, shape = pixels_to_segment(version, image), (image.height or 0, image.width or 0)
    overlap_px = overlap_of(version, ours, fast=fast)
    row0, col0, row1, col1 = outer = block_around(frozen.box, overlap_px, shape).outer
    timeout_s = timeout_of(row1 - row0, col1 - col0)

    def segment(z: int) -> PredictionArrays:
        asked: dict[str, Any] = {"t": frozen.plane[0], "z": z, "box": outer}
        with answer_of(
            version, pixels, timeout_s=timeout_s, ours=ours, fast=fast, kind="part", **asked
        ) as arrays:
            label_image = arrays["label_image"].astype(np.uint32)
            return PredictionArrays(label_image, arrays["scores"], classes=arrays.get("classes"))

    return outer, segment


def _within_plane(label_image: Labels, box: Box, image: Image) -> Labels:
    """Return a label image of a box, or of several planes of it, within that of the image."""
    shape = (*label_image.shape[:-2], image.height or 0, image.width or 0)
    whole = np.zeros(shape, np.uint32)  # takes memory only where it is written to
    whole[..., box[0] : box[2], box[1] : box[3]] = label_image
    return whole


def _look_at_linked(
    version: ModelVersion,
    image: Image,
    frozen: FrozenRegion,
    ours: Attempt[Evaluation],
    *,
    fast: bool,
) -> Seen:
    """Link the planes of a region, and as many above and below: what reaches far out is seen so."""
    first, last = frozen.region["z"], frozen.region["z"] + frozen.depth
    around = range(max(first - frozen.depth, 0), min(last + frozen.depth, image.n_z))
    outer: Box | None = None
    if is_large(image):
        outer, segment = _part_segmenter(version, image, frozen, ours, fast=fast)
    else:
        segment = segmenter(version, image, ours, t=frozen.plane[0], fast=fast)
    drawn = PlanesInTurn(linked=True)
    areas = np.zeros(1, np.int64)
    planes = []
    for z, label_image in drawn.of(segment, around):
        areas = _sum(areas, np.bincount(label_image.ravel()))
        if first <= z < last:
            planes.append(label_image)
    prediction = np.stack(planes)
    if outer is not None:
        prediction = _within_plane(prediction, outer, image)
    return Seen(frozen, prediction, areas, *frozen_labels(frozen), classes=drawn.classes())


def _look_at_volume(
    version: ModelVersion,
    image: Image,
    regions: Sequence[FrozenRegion],
    ours: Attempt[Evaluation],
    *,
    fast: bool,
) -> Iterator[Seen]:
    """Segment the stack of each time with regions; only their planes are in memory with it."""
    for t in sorted({frozen.plane[0] for frozen in regions}):
        with volume_of(version, image, ours, t=t, fast=fast) as arrays:
            areas = np.zeros(1, np.int64)
            for z in range(image.n_z):
                areas = _sum(areas, np.bincount(arrays[plane_key(z)].ravel()))
            classes = arrays.get("classes")
            for frozen in (one for one in regions if one.plane[0] == t):
                first = frozen.region["z"]
                planes = [arrays[plane_key(z)] for z in range(first, first + frozen.depth)]
                labels = frozen_labels(frozen)
                yield Seen(frozen, np.stack(planes), areas, *labels, classes=classes)


def _sum(one: NDArray[np.int64], other: NDArray[np.int64]) -> NDArray[np.int64]:
    longer, shorter = (one, other) if len(one) >= len(other) else (other, one)
    total: NDArray[np.int64] = longer.copy()
    total[: len(shorter)] += shorter
    return total


def match_box(
    prediction: Labels,
    areas: NDArray[np.int64],
    box: Box,
    truth: Labels,
    annotated: NDArray[np.bool_],
) -> ImageMatch:
    """Match one box of a whole prediction with what people drew there; planes may come first."""
    judged = judged_objects(prediction, areas, box, annotated)
    return match(keep_annotated(truth, annotated), judged)


def judged_objects(
    prediction: Labels, areas: NDArray[np.int64], box: Box, annotated: NDArray[np.bool_]
) -> Labels:
    """Keep the predicted objects of a box that lie in what a person vouches for.

    An object that the box's border cuts is known in full here, so it is left out when more than
    a share of it lies outside; matching the cut-out alone would call its stump wrong.
    """
    row0, col0, row1, col1 = box
    inside = prediction[..., row0:row1, col0:col1]
    vouched = np.bincount(inside[annotated], minlength=len(areas))
    judged = (areas - vouched) <= IGNORED_SHARE * areas
    judged[0] = False
    return np.where(annotated & judged[inside], inside, np.uint32(0))
