"""Segment image files that are in no project, the way uploaded ones are read and segmented."""

from __future__ import annotations

import secrets
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from django.conf import settings
from numpy.typing import NDArray

from annotations.imaging.pixels import PixelShape, open_pixels
from annotations.jobs.images import COMMAND, MIB, ONE_THREAD, ROOT, reader_limits, sentence_of
from annotations.models import StackDrafts
from project.errors import DataProblem
from project.processes import run_child
from project.storage import scratch_dir
from training.datasets.stacks import anisotropy
from training.engines.base import PredictionArrays
from training.jobs.segment import answer_of, segment_file, timeout_of
from training.jobs.stacks import (
    PlanesInTurn,
    numbered_from,
    only_planes,
    sees_volumes,
    way_of,
)
from training.models import ModelVersion
from training.supervision.volumes import plane_key
from training.supervision.warm import EngineRefused


@dataclass(frozen=True, slots=True)
class Segmented:
    """What a version found in an image file."""

    label_image: NDArray[np.uint32]  # (H, W); of several planes (T * Z, H, W), time after time
    scores: NDArray[np.float32]
    classes: NDArray[np.uint8] | None
    n_t: int

    def by_time(self, label_image: NDArray[np.uint32]) -> NDArray[np.uint32]:
        """Return labels of this shape, from anywhere, with an axis of times before all others."""
        return label_image.reshape(self.n_t, -1, *label_image.shape[-2:])


def segment_image_file(version: ModelVersion, path: Path) -> Segmented:
    """Read an image file and segment it as drafts are made: every plane, every time on its own.

    No two times share an id. Raises DataProblem for a file that cannot be read or lacks a channel,
    and what the engine's child reports.
    """
    with canonical_pixels(path) as (pixels, fields):
        with open_pixels(pixels) as file:
            shape = file.shape
        mapping = version.channels.get("mapping") or [0]
        if max(mapping) >= shape.n_channels:
            raise DataProblem(
                f"{version} looks at channel {max(mapping)} (counted from 0), but {path.name} "
                f"has only {shape.n_channels}."
            )
        if shape.n_z == 1 and sees_volumes(version):
            raise DataProblem(f"{version} finds objects in stacks; {path.name} has one plane.")
        return _segment_file(version, pixels, shape, fields)


def _segment_file(
    version: ModelVersion, pixels: Path, shape: PixelShape, fields: dict[str, Any]
) -> Segmented:
    way = way_of(version)
    if way == StackDrafts.VOLUME and shape.n_z > 1:
        try:
            return _volumes(version, pixels, shape, fields)
        except EngineRefused as error:
            if not only_planes(version, error):
                raise
    timeout_s = timeout_of(shape.height, shape.width)
    drawn = PlanesInTurn(linked=way != StackDrafts.PLANES)
    planes = []
    for t in range(shape.n_t):

        def segment(z: int, t: int = t) -> PredictionArrays:
            return segment_file(version, pixels, timeout_s=timeout_s, plane=(t, z))

        planes += [labels for _, labels in drawn.of(segment, range(shape.n_z))]
    return Segmented(_pages(planes), drawn.linker.scores(), drawn.classes(), shape.n_t)


def _volumes(
    version: ModelVersion, pixels: Path, shape: PixelShape, fields: dict[str, Any]
) -> Segmented:
    planes: list[NDArray[np.uint32]] = []
    scores, classes = list[NDArray[np.float32]](), list[NDArray[np.uint8]]()
    for t in range(shape.n_t):
        n_before = sum(map(len, scores))
        with answer_of(
            version,
            pixels,
            timeout_s=timeout_of(shape.height, shape.width, shape.n_z),
            volume=True,
            t=t,
            anisotropy=anisotropy(fields["z_step_um"], fields["pixel_size_um"]),
        ) as arrays:
            planes += [numbered_from(arrays[plane_key(z)], n_before) for z in range(shape.n_z)]
            scores.append(arrays["scores"])
            if "classes" in arrays:
                classes.append(arrays["classes"])
    kinds = np.concatenate(classes) if classes else None
    return Segmented(_pages(planes), np.concatenate(scores), kinds, shape.n_t)


def _pages(planes: list[NDArray[np.uint32]]) -> NDArray[np.uint32]:
    return planes[0] if len(planes) == 1 else np.stack(planes)


@contextmanager
def canonical_pixels(path: Path) -> Iterator[tuple[Path, dict[str, Any]]]:
    """Convert a file in the reading child, as an upload is; also give what it tells of the file.

    Raises DataProblem.

    A file from anywhere can crash or blow up its decoder: it never does so in this process.
    """
    folder = scratch_dir() / f"read-{secrets.token_hex(8)}"
    folder.mkdir()
    reports: list[dict[str, Any]] = []
    try:
        end = run_child(
            COMMAND,
            job={
                "path": str(path.resolve()),
                "out": str(folder),
                "limits": {
                    "max_side_px": settings.CYTOLOOP_MAX_SIDE_PX,
                    "max_pages": settings.CYTOLOOP_MAX_PAGES,
                    "max_bytes": settings.CYTOLOOP_MAX_IMAGE_MIB * MIB,
                },
            },
            limits=reader_limits(),
            on_report=reports.append,
            env={**ONE_THREAD, "TMPDIR": str(folder), "PYTHONPATH": str(ROOT)},
            cwd=folder,
        )
        last = reports[-1] if reports else None
        if last is None or last["type"] != "done":
            raise DataProblem(f"{path.name}: {sentence_of(last, end)[1]}")
        yield folder / last["files"]["pixels"], last["fields"]
    finally:
        shutil.rmtree(folder, ignore_errors=True)
