"""Training sets: what would be frozen now, and what was frozen then."""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any, BinaryIO

import numpy as np
from django.db.models import QuerySet

from annotations.models import Coverage, Image, Project, Purpose, Region, Split
from annotations.queries.labels import region_labels
from annotations.queries.regions import cut_boxes, submitted_regions
from annotations.rules import visible_projects
from project.errors import NotFound
from project.storage import read_blob
from training.datasets.stacks import anisotropy
from training.models import TrainingSet
from training.queries.classes import classes_that_teach, n_of_class

FORMAT = "cytoloop-training-set"


def visible_sets(user: Any) -> QuerySet[TrainingSet]:
    """Return training sets of the person's projects, newest first."""
    sets = TrainingSet.objects.filter(project__in=visible_projects(user))
    return sets.select_related("project", "created_by").order_by("-created_at")


def one_set(user: Any, set_id: Any) -> TrainingSet:
    """Return a training set; raises NotFound."""
    found = visible_sets(user).filter(pk=set_id).first()
    if found is None:
        raise NotFound("There is no such training set, or you are not a member of its project.")
    return found


def read_manifest(training_set: TrainingSet) -> dict[str, Any]:
    """Return the frozen manifest of a set."""
    manifest: dict[str, Any] = json.loads(read_blob(training_set.manifest_digest))
    return manifest


def digests_in(manifest: BinaryIO) -> list[str]:
    """Return every digest that a set's manifest names."""
    named = []
    for image in json.load(manifest)["images"]:
        named += [image["original"], image["pixels"]]
        named += [region["labels"] for region in image["regions"]]
    return named


def canonical_json(document: Any) -> bytes:
    """Write JSON in its one form, so that equal content has an equal digest."""
    text = json.dumps(document, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
    return text.encode()


def present_manifest(project: Project) -> dict[str, Any]:
    """Describe what the submitted regions of a project would teach and measure now.

    Every image has one split: its own, else validation when a blind region was drawn on it, else
    training. Regions that do not fit the split are listed with the reason instead of being
    dropped in silence.
    """
    found = sort_out(submitted_regions(project))
    images = [
        describe_image(
            image,
            found.splits[image],
            [describe_region(region) for region in by_key(found.kept[image])],
        )
        for image in sorted(found.kept, key=lambda image: str(image.pk))
    ]
    classes = classes_that_teach(project, (one for one in images if one["split"] == Split.TRAIN))
    return {
        "format": FORMAT,
        "version": 1,
        "project": str(project.pk),
        "images": images,
        **({"classes": classes} if classes else {}),
        "left_out": [
            {"region": str(region.pk), "reason": found.left_out[region]}
            for region in sorted(found.left_out, key=lambda r: (str(r.image_id), str(r.pk)))
        ],
    }


def by_key(regions: Iterable[Region]) -> list[Region]:
    """Return regions in the order in which a manifest lists them."""
    return sorted(regions, key=lambda region: str(region.pk))


@dataclass(frozen=True, slots=True)
class SortedRegions:
    """Which regions teach or measure, in which split, and why others do not."""

    splits: dict[Image, str]
    kept: dict[Image, list[Region]]  # without images of which nothing is used
    left_out: dict[Region, str]  # with the reason


def sort_out(submitted: Iterable[Region]) -> SortedRegions:
    """Give every image its split, and find the regions that do not fit it.

    Regions that are used learn in `left_out` which of their boxes do not count.
    """
    regions: dict[Image, list[Region]] = defaultdict(list)
    for region in submitted:
        regions[region.image].append(region)
    found = SortedRegions(splits_of(regions), {}, {})
    for image, of_image in regions.items():
        excluded = [region for region in of_image if region.coverage == Coverage.IGNORE]
        for region in of_image:
            reason = reason_to_leave_out(region, found.splits[image])
            if reason:
                found.left_out[region] = reason
            elif region.coverage != Coverage.IGNORE:
                region.left_out = all_left_out(region, excluded)
                found.kept.setdefault(image, []).append(region)
    return found


def splits_of(regions: dict[Image, list[Region]]) -> dict[Image, str]:
    """Choose one split per image; images of one group never stand on both sides.

    An image that somebody set to training does not teach either, when another one of its group
    measures: its regions are left out with that reason.
    """
    splits = {image: split_of(image, found) for image, found in regions.items()}
    held_out: dict[str, str] = {}
    for image, split in splits.items():
        if image.group and split != Split.TRAIN and held_out.get(image.group) != Split.TEST:
            held_out[image.group] = split
    for image, split in splits.items():
        if split == Split.TRAIN:
            splits[image] = held_out.get(image.group, split)
    return splits


def split_of(image: Image, regions: Iterable[Region]) -> str:
    """Return the image's own split, or what its regions say."""
    if image.split != Split.NONE:
        return image.split
    is_blind = any(region.purpose == Purpose.BLIND_VALIDATION for region in regions)
    return Split.VALIDATION if is_blind else Split.TRAIN


def reason_to_leave_out(region: Region, split: str) -> str:
    """Say why a region cannot be used in the split of its image; empty when it can."""
    if region.coverage == Coverage.IGNORE:
        return ""
    is_blind = region.purpose == Purpose.BLIND_VALIDATION
    if split == Split.TRAIN:
        return "It was drawn for validation, but its image is set to training." if is_blind else ""
    if not is_blind:
        return "Its image, or one of the same group, is used to measure and so cannot teach."
    if region.coverage != Coverage.COMPLETE:
        return "Only a completely annotated region can measure."
    return ""


def all_left_out(region: Region, excluded: Iterable[Region]) -> list[list[int]]:
    """Return the boxes that do not count in a region: those of its submission and later ones."""
    boxes = {tuple(box) for box in [*region.left_out, *cut_boxes(region, excluded)]}
    return [list(box) for box in sorted(boxes)]


def describe_image(image: Image, split: str, regions: list[dict[str, Any]]) -> dict[str, Any]:
    """Return the manifest's entry of an image."""
    return {
        "id": str(image.pk),
        "name": image.name,
        "split": split,
        "group": image.group,
        "tags": sorted(image.tags),
        "original": image.original_digest,
        "pixels": image.pixels_digest,
        "height": image.height,
        "width": image.width,
        "n_channels": image.n_channels,
        **distance_of_planes(image, regions),
        "regions": regions,
    }


def distance_of_planes(image: Image, regions: Iterable[dict[str, Any]]) -> dict[str, float]:
    """Return how far apart planes are, in pixels of a plane, where that is known and matters."""
    is_deep = any("depth" in region for region in regions)
    known = anisotropy(image.z_step_um, image.pixel_size_um) if is_deep else 0.0
    return {"anisotropy": round(known, 4)} if known else {}


def anisotropy_of_set(manifest: dict[str, Any]) -> float:
    """Return the median distance of planes in pixels of a plane; 0 where nobody knows any."""
    known = [image["anisotropy"] for image in manifest["images"] if "anisotropy" in image]
    return float(np.median(known)) if known else 0.0


def n_deep_regions(manifest: dict[str, Any], split: str = Split.TRAIN) -> int:
    """Count the regions of a split that have several planes, and so show volumes."""
    images = (image for image in manifest["images"] if image["split"] == split)
    return sum("depth" in region for image in images for region in image["regions"])


def describe_region(region: Region) -> dict[str, Any]:
    """Return the manifest's entry of a region: the snapshot's digest pins its pixels."""
    if region.snapshot is None:
        raise ValueError("A submitted region has a snapshot.")
    taught = taught_ids(region)
    kinds = n_of_class(region, taught)
    return {
        "id": str(region.pk),
        "layer": str(region.layer_id),
        "snapshot": str(region.snapshot_id),
        "seq": region.snapshot.seq,
        "labels": region.snapshot.manifest_digest,
        "t": region.t,
        "z": region.z,
        **({"depth": region.depth} if region.depth > 1 else {}),
        "box": [region.row0, region.col0, region.row1, region.col1],
        "coverage": region.coverage,
        "purpose": region.purpose,
        "left_out": region.left_out,
        "n_instances": len(taught),
        **({"n_of_class": kinds} if kinds else {}),
    }


def taught_ids(region: Region) -> list[int]:
    """Return the instances that teach or measure: those whose pixels a person vouches for.

    Of a region of several planes those that do so in any plane: a plane shows an object's section
    whole, also where the object goes on beyond the last one.
    """
    found: set[int] = set()
    for z in range(region.z, region.z + region.depth):
        label_image, annotated = region_labels(region, z)
        found |= set(np.unique(label_image[annotated]).tolist())
    return sorted(found - {0})


def count_splits(manifest: dict[str, Any]) -> dict[str, dict[str, int]]:
    """Count images, regions and instances of each split of a manifest."""
    counts: dict[str, dict[str, int]] = {}
    for image in manifest["images"]:
        split = counts.setdefault(image["split"], {"images": 0, "regions": 0, "instances": 0})
        split["images"] += 1
        for region in image["regions"]:
            split["regions"] += 1
            split["instances"] += region["n_instances"]
    return counts
