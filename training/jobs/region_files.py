"""Regions of a frozen manifest as the files that an engine's child reads."""

from __future__ import annotations

import io
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from annotations.models import Region, Split
from annotations.queries.labels import region_labels
from project.errors import DataProblem
from project.storage import blob_path, write_atomically
from training.models import TrainingSet
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
    entries = []
    for frozen in frozen_regions(training_set, {Split.TRAIN, Split.VALIDATION}):
        target = folder / f"{frozen.region['id']}.npz"
        if not target.exists():
            label_image, annotated = frozen_labels(frozen)
            # In memory first: on a full disk zipfile complains once more when it is collected.
            packed = io.BytesIO()
            np.savez_compressed(packed, label_image=label_image, annotated=annotated)
            write_atomically(target, packed.getvalue())
        entries.append(region_entry(frozen, target))
    return entries


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
