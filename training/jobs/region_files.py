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
from annotations.models import Region, Split
from annotations.queries.labels import region_labels
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
        """Its plane: (t, z)."""
        return self.region["t"], self.region["z"]


def frozen_regions(training_set: TrainingSet, splits: set[str]) -> Iterator[FrozenRegion]:
    """Yield the regions of some splits of a set, in the manifest's order."""
    for image in read_manifest(training_set)["images"]:
        if image["split"] in splits:
            for region in image["regions"]:
                yield FrozenRegion(image, region)


def frozen_labels(frozen: FrozenRegion) -> tuple[NDArray[np.uint32], NDArray[np.bool_]]:
    """Return the label image of a frozen region and which of its pixels a person vouches for.

    Read from the snapshot that the manifest names, whatever happened to the region since.
    """
    return region_labels(as_region(frozen))


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
        row0=row0,
        col0=col0,
        row1=row1,
        col1=col1,
        coverage=frozen.region["coverage"],
        purpose=frozen.region["purpose"],
        left_out=frozen.region["left_out"],
    )


def write_region_files(training_set: TrainingSet, folder: Path) -> list[dict[str, Any]]:
    """Write the label file of every training and validation region; return the job's entries.

    One region is in memory at a time. Raises DataProblem when a stored file is missing, and
    StorageFull.
    """
    folder.mkdir(parents=True, exist_ok=True)
    return [
        region_entry(frozen, write_frozen_labels(frozen, folder))
        for frozen in frozen_regions(training_set, {Split.TRAIN, Split.VALIDATION})
    ]


def write_frozen_labels(frozen: FrozenRegion, folder: Path) -> Path:
    """Write the label file of a frozen region, unless an earlier attempt did; return its path."""
    target = folder / f"{frozen.region['id']}.npz"
    if not target.exists():
        write_labels(target, *frozen_labels(frozen))
    return target


def write_labels(
    target: Path, label_image: NDArray[np.uint32], annotated: NDArray[np.bool_]
) -> None:
    """Write a label file whole, or not at all."""
    # In memory first: on a full disk zipfile complains once more when it is collected.
    packed = io.BytesIO()
    np.savez_compressed(packed, label_image=label_image, annotated=annotated)
    write_atomically(target, packed.getvalue())


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
    }


def pixels_path(image: dict[str, Any]) -> Path:
    """Return where the pixels of a frozen image lie; raises DataProblem."""
    path = blob_path(image["pixels"])
    if not path.is_file():
        raise DataProblem(
            f"The pixels of {image['name']} are missing from the storage; upload the image again."
        )
    return path


def write_replay_files(replay: Replay, folder: Path) -> list[dict[str, Any]]:
    """Write the files of what a run replays; return the job's entries.

    What is missing from the storage is left out: it may be of a project whose images the people of
    this one must not even hear of, and a training can do without it. Raises StorageFull.
    """
    if not (replay.regions or replay.starters):
        return []
    folder.mkdir(parents=True, exist_ok=True)
    entries = []
    for one in replay.regions:
        frozen = FrozenRegion(one.image, one.region)
        with contextlib.suppress(NotFound, DataProblem):
            entry = region_entry(frozen, write_frozen_labels(frozen, folder))
            entries.append(as_replayed(entry, one.look))
    for one_starter in replay.starters:
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
