"""Where a person could paint next: images with the purposes and places that are still open."""

from __future__ import annotations

import uuid
from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import TypeAlias

from django.db.models import F

from annotations.labels.chunks import Box
from annotations.models import (
    Coverage,
    Image,
    ImageState,
    Instance,
    LayerKind,
    Project,
    Purpose,
    Region,
    Split,
)
from annotations.queries.images import HEAVY
from annotations.queries.prompted import prompted_ops
from training.models import PredictionRun, RunState, Suggestion, SuggestionState
from training.queries.sets import splits_of

Plane: TypeAlias = tuple[int, int]  # (t, z)


@dataclass(frozen=True, slots=True)
class Spot:
    """A box of the planes of one time from z on."""

    t: int
    z: int
    depth: int
    box: Box


class Spots:
    """Boxes of an image, to ask for those of a plane."""

    def __init__(self, spots: Iterable[Spot] = ()) -> None:
        self._by_time: dict[int, list[Spot]] = defaultdict(list)
        for spot in spots:
            self._by_time[spot.t].append(spot)

    def on(self, plane: Plane) -> list[Box]:
        """Return the boxes that a plane has."""
        t, z = plane
        return [one.box for one in self._by_time.get(t, ()) if one.z <= z < one.z + one.depth]


@dataclass(slots=True)
class OpenImage:
    """An image that may be suggested: for what, and where not."""

    image: Image
    may_teach: bool
    may_measure: bool  # blind validation
    taken: Spots = field(default_factory=Spots)  # regions, and suggestions that were dismissed
    drafted: Spots = field(default_factory=Spots)  # objects that a model has drawn

    @property
    def unit(self) -> str:
        """What must not stand on both sides of a split: the slide or patient, else the image."""
        return self.image.group or str(self.image.pk)


def open_images(project: Project) -> list[OpenImage]:
    """Return the ready images on which a new region would be used, by name.

    The rules of a training set (`training.queries.sets`): an image teaches or measures, never
    both, and so do all images of a group. Where nothing is decided yet, both are open. Images of
    the test split, and of its groups, are never suggested. Six statements.
    """
    rows = Image.objects.filter(project=project).defer(*HEAVY).order_by("name", "pk")
    images = list(rows)
    regions: dict[uuid.UUID, list[Region]] = defaultdict(list)
    for region in Region.objects.filter(image__project=project):
        regions[region.image_id].append(region)
    uses = _uses(images, regions)
    taken = _dismissed(project)
    drafted = _drafted(project)
    found = []
    for image in images:
        may_teach, may_measure = uses[image.pk]
        if image.state == ImageState.READY and image.pixels_digest and (may_teach or may_measure):
            own = [Spot(one.t, one.z, one.depth, _box(one)) for one in regions[image.pk]]
            found.append(
                OpenImage(
                    image,
                    may_teach,
                    may_measure,
                    taken=Spots(own + taken[image.pk]),
                    drafted=Spots(drafted[image.pk] if may_measure else []),
                )
            )
    return found


def _uses(
    images: list[Image], regions: dict[uuid.UUID, list[Region]]
) -> dict[uuid.UUID, tuple[bool, bool]]:
    """Return of each image whether it may teach and whether it may measure."""
    promised = {
        image: [one for one in regions[image.pk] if one.coverage != Coverage.IGNORE]
        for image in images
    }
    decided = splits_of({i: rs for i, rs in promised.items() if rs or i.split != Split.NONE})
    groups: dict[str, set[str]] = defaultdict(set)
    for image, split in decided.items():
        groups[image.group or str(image.pk)].add(split)
    uses = {}
    for image in images:
        # What a person has set for an image counts more than what its group is used for.
        is_set = image.split != Split.NONE
        splits = {image.split} if is_set else groups[image.group or str(image.pk)]
        uses[image.pk] = (splits <= {Split.TRAIN}, splits <= {Split.VALIDATION})
    return uses


def _dismissed(project: Project) -> dict[uuid.UUID, list[Spot]]:
    """Return the places that people did not want to paint, by image."""
    rows = Suggestion.objects.filter(selection__project=project, state=SuggestionState.DISMISSED)
    spots: dict[uuid.UUID, list[Spot]] = defaultdict(list)
    for one in rows:
        spots[one.image_id].append(Spot(one.t, one.z, 1, _box(one)))
    return spots


def _drafted(project: Project) -> dict[uuid.UUID, list[Spot]]:
    """Return where objects lie that a model has drawn, by image: not blind any more.

    Of what it found by a click or a box, the place where somebody kept it stands for the object.
    """
    rows = Instance.objects.filter(
        layer__image__project=project,
        layer__kind=LayerKind.ANNOTATION,
        source_instance_id__isnull=False,
        area_px__gt=0,
    )
    spots: dict[uuid.UUID, list[Spot]] = defaultdict(list)
    names = ("layer__image", "t", "z", "depth", "row0", "col0", "row1", "col1")
    for image_id, t, z, depth, row0, col0, row1, col1 in rows.values_list(*names):
        spots[image_id].append(Spot(t, z, depth, (row0, col0, row1, col1)))
    found = prompted_ops().filter(layer__image__project=project)
    places = ("layer__image", "t", "z", "row0", "col0", "row1", "col1")
    for image_id, t, z, row0, col0, row1, col1 in found.values_list(*places):
        spots[image_id].append(Spot(t, z, 1, (row0, col0, row1, col1)))
    return spots


def n_blind_regions(project: Project) -> int:
    """Count the regions for blind validation, open or submitted."""
    rows = Region.objects.filter(image__project=project, purpose=Purpose.BLIND_VALIDATION)
    return rows.exclude(coverage=Coverage.IGNORE).count()


def promised_regions(project: Project, most: int) -> list[Region]:
    """Return the newest regions with a promise, to tell what is labelled already."""
    rows = Region.objects.filter(image__project=project).exclude(coverage=Coverage.IGNORE)
    return list(
        rows.exclude(image__pixels_digest="").select_related("image").order_by("-opened_at")[:most]
    )


def typical_area(project: Project, most: int = 2000) -> float | None:
    """Return the median area of objects that people painted, else of drafted ones, in pixels.

    Of objects of several planes it is that of a section.
    """
    for kind in (LayerKind.ANNOTATION, LayerKind.PREDICTION):
        rows = Instance.objects.filter(layer__image__project=project, layer__kind=kind)
        section_px = F("area_px") / F("depth")  # of objects of many planes
        areas = sorted(rows.filter(area_px__gt=0).values_list(section_px, flat=True)[:most])
        if areas:
            return float(areas[len(areas) // 2])
    return None


def draft_layers(version_id: uuid.UUID) -> dict[uuid.UUID, uuid.UUID]:
    """Return the draft of each image that a version has drawn."""
    rows = PredictionRun.objects.filter(version=version_id, state=RunState.FINISHED)
    return dict(rows.exclude(layer=None).values_list("image", "layer"))


def _box(one: Region | Suggestion) -> Box:
    return (one.row0, one.col0, one.row1, one.col1)
