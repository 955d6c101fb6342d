"""Regions of a frozen manifest as the files that an engine's child reads."""

from __future__ import annotations

import contextlib
import io
import secrets
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from annotations.imaging.pixels import PixelShape, write_pixels
from annotations.models import LayerSnapshot, Region, Split
from annotations.queries.classes import classes_in
from annotations.queries.labels import region_labels, region_volume
from project.errors import DataProblem, NotFound
from project.storage import blob_path, write_atomically
from training.datasets.crops import REPLAY
from training.models import TrainingSet
from training.queries.replay import Look, Replay, ReplayedStarter
from training.queries.sets import read_manifest

Box = tuple[int, int, int, int]


@dataclass(frozen=True, slots=True)
class FrozenRegion:
    """One region of one image as the manifest has it."""

    image: dict[str, Any]
    region: dict[str, Any]

    @property
    def box(self) -> Box:
        """Its place: (row0, col0, row1, col1)."""
        row0, col0, row1, col1 = self.region["box"]
        return row0, col0, row1, col1

    @property
    def plane(self) -> tuple[int, int]:
        """Its plane, or its first one: (t, z)."""
        return self.region["t"], self.region["z"]

    @property
    def depth(self) -> int:
        """How many planes it has."""
        return int(self.region.get("depth", 1))

    @property
    def name(self) -> str:
        """Names its files: no other region or plane of one has it."""
        return f"{self.region['id']}{self.region.get('plane', '')}"

    def planes(self) -> list[FrozenRegion]:
        """Return it plane by plane, each a region of its own; itself where it has one."""
        if self.depth == 1:
            return [self]
        rest = {key: value for key, value in self.region.items() if key != "depth"}
        first = self.region["z"]
        return [
            FrozenRegion(self.image, {**rest, "z": z, "plane": f"-{z}"})
            for z in range(first, first + self.depth)
        ]

    def parts(self, n_dims: int) -> list[FrozenRegion]:
        """Return what an engine gets: planes, or the whole where its objects are volumes.

        A single plane shows no volume.
        """
        if n_dims == 2:
            return self.planes()
        return [self] if self.depth > 1 else []


def frozen_regions(training_set: TrainingSet, splits: set[str]) -> Iterator[FrozenRegion]:
    """Yield the regions of some splits of a set, in the manifest's order."""
    for image in read_manifest(training_set)["images"]:
        if image["split"] in splits:
            for region in image["regions"]:
                yield FrozenRegion(image, region)


def frozen_labels(frozen: FrozenRegion) -> tuple[NDArray[np.uint32], NDArray[np.bool_]]:
    """Return the label image of a frozen region and which of its pixels a person vouches for.

    Of a region of several planes both have the shape (depth, h, w). Read from the snapshot that
    the manifest names, whatever happened to the region since.
    """
    region = as_region(frozen)
    return region_labels(region) if region.depth == 1 else region_volume(region)


def snapshot_of(frozen: FrozenRegion) -> LayerSnapshot:
    """Return the snapshot that the manifest names."""
    return LayerSnapshot.objects.select_related("layer__image__project").get(
        pk=frozen.region["snapshot"]
    )


def as_region(frozen: FrozenRegion) -> Region:
    """Return an unsaved region row as it was when the set was frozen."""
    row0, col0, row1, col1 = frozen.box
    return Region(
        pk=frozen.region["id"],
        image_id=frozen.image["id"],
        layer_id=frozen.region["layer"],
        snapshot_id=frozen.region["snapshot"],
        t=frozen.region["t"],
        z=frozen.region["z"],
        depth=frozen.depth,
        row0=row0,
        col0=col0,
        row1=row1,
        col1=col1,
        coverage=frozen.region["coverage"],
        purpose=frozen.region["purpose"],
        left_out=frozen.region["left_out"],
    )


def write_region_files(
    training_set: TrainingSet, folder: Path, *, n_dims: int = 2
) -> list[dict[str, Any]]:
    """Write the label file of every training and validation region; return the job's entries.

    Engines of planes get each plane of a region as one of its own, those of volumes the regions
    that have several. One region is in memory at a time. Raises DataProblem when a stored file is
    missing, and StorageFull.
    """
    folder.mkdir(parents=True, exist_ok=True)
    kinds = FrozenKinds(training_set)
    return [
        region_entry(part, write_frozen_labels(part, folder, kinds))
        for frozen in frozen_regions(training_set, {Split.TRAIN, Split.VALIDATION})
        for part in frozen.parts(n_dims)
    ]


def write_frozen_labels(
    frozen: FrozenRegion, folder: Path, kinds: FrozenKinds | None = None
) -> Path:
    """Write the label file of a frozen region, unless an earlier attempt did; return its path."""
    target = folder / f"{frozen.name}.npz"
    if not target.exists():
        label_image, annotated = frozen_labels(frozen)
        arrays = kinds.arrays(frozen, label_image) if kinds else {}
        write_labels(target, label_image, annotated, **arrays)
    return target


def write_labels(
    target: Path,
    label_image: NDArray[np.uint32],
    annotated: NDArray[np.bool_],
    **kinds: NDArray[Any],
) -> None:
    """Write a label file whole, or not at all."""
    # In memory first: on a full disk zipfile complains once more when it is collected.
    packed = io.BytesIO()
    np.savez_compressed(packed, label_image=label_image, annotated=annotated, **kinds)
    write_atomically(target, packed.getvalue())


class FrozenKinds:
    """The kinds of a set's objects, by the names that they had when it was frozen."""

    def __init__(self, training_set: TrainingSet) -> None:
        self._frozen_at = training_set.created_at
        names = read_manifest(training_set).get("classes", [])
        self._numbers = {name: number for number, name in enumerate(names, 1)}

    def arrays(self, frozen: FrozenRegion, label_image: NDArray[np.uint32]) -> dict[str, Any]:
        """Return what a region's label file says of kinds; nothing when the set knows none."""
        if not self._numbers:
            return {}
        named = classes_in(snapshot_of(frozen), at=self._frozen_at)
        there = set(np.unique(label_image).tolist())
        found = {
            instance_id: self._numbers[name]
            for instance_id, name in sorted(named.items())
            if instance_id in there and name in self._numbers
        }
        return {
            "class_ids": np.array(list(found), np.uint32),
            "class_numbers": np.array(list(found.values()), np.uint8),
        }


def region_entry(frozen: FrozenRegion, labels: Path) -> dict[str, Any]:
    """Return a region as the child's job has it."""
    image = frozen.image
    return {
        "image_id": image["id"],
        "pixels": str(pixels_path(image)),
        "labels": str(labels),
        "box": list(frozen.box),
        "split": image["split"],
        "tags": image["tags"],
        "t": frozen.region["t"],
        "z": frozen.region["z"],
        "depth": frozen.depth,
    }


def pixels_path(image: dict[str, Any]) -> Path:
    """Return where the pixels of a frozen image lie; raises DataProblem."""
    path = blob_path(image["pixels"])
    if not path.is_file():
        raise DataProblem(
            f"The pixels of {image['name']} are missing from the storage; upload the image again."
        )
    return path


def write_replay_files(replay: Replay, folder: Path, *, n_dims: int = 2) -> list[dict[str, Any]]:
    """Write the files of what a run replays; return the job's entries.

    What is missing from the storage is left out: it may be of a project whose images the people of
    this one must not even hear of, and a training can do without it. Raises StorageFull.
    """
    if not (replay.regions or replay.starters):
        return []
    folder.mkdir(parents=True, exist_ok=True)
    entries = []
    for one in replay.regions:
        for frozen in FrozenRegion(one.image, one.region).parts(n_dims):
            with contextlib.suppress(NotFound, DataProblem):
                entry = region_entry(frozen, write_frozen_labels(frozen, folder))
                entries.append(as_replayed(entry, one.look))
    for one_starter in replay.starters if n_dims == 2 else ():
        entries += write_tiles(one_starter, folder)
    return entries


def as_replayed(entry: dict[str, Any], look: Look) -> dict[str, Any]:
    """Return a job's entry that is replayed as its network was shown it."""
    look_fields = {"channels": list(look.channels), "invert": look.invert}
    return {**entry, "split": REPLAY, **look_fields}


def write_tiles(replayed: ReplayedStarter, folder: Path) -> list[dict[str, Any]]:
    """Write the tiles of a starter model as images that are annotated all over."""
    name, entries = replayed.starter.name, []
    with np.load(replayed.starter.tiles, allow_pickle=False) as tiles:
        numbers = sorted(int(key.split("_")[1]) for key in tiles.files if key.startswith("pixels_"))
        for number in numbers:
            stem = f"{name}-{number}"
            label_image = tiles[f"labels_{number}"].astype(np.uint32)
            write_tile(folder / f"{stem}.tif", tiles[f"pixels_{number}"])
            write_labels(
                folder / f"{stem}.npz", label_image, np.ones(label_image.shape, dtype=bool)
            )
            entry = {
                "image_id": f"starter:{stem}",
                "pixels": str(folder / f"{stem}.tif"),
                "labels": str(folder / f"{stem}.npz"),
                "box": [0, 0, *label_image.shape],
                "tags": [],
                "t": 0,
                "z": 0,
            }
            entries.append(as_replayed(entry, replayed.look))
    return entries


def write_tile(target: Path, pixels: NDArray[Any]) -> None:
    """Write pixels of shape (C, h, w) as a canonical file, unless an earlier attempt did."""
    if target.exists():
        return
    n_channels, height, width = pixels.shape
    shape = PixelShape(1, n_channels, 1, height, width, str(pixels.dtype))
    new = target.with_name(f".{target.name}.{secrets.token_hex(4)}")
    write_pixels(new, shape, lambda page, row0, row1: pixels[page, row0:row1])
    new.replace(target)
