"""Segment image files that are in no project, the way uploaded ones are read and segmented."""

from __future__ import annotations

import secrets
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
from django.conf import settings

from annotations.imaging.pixels import PixelShape, open_pixels
from annotations.jobs.images import COMMAND, MIB, ONE_THREAD, ROOT, reader_limits, sentence_of
from annotations.models import StackDrafts
from project.errors import DataProblem
from project.processes import run_child
from project.storage import scratch_dir
from training.datasets.stacks import anisotropy
from training.engines.base import PredictionArrays
from training.jobs.segment import answer_of, segment_file, timeout_of
from training.jobs.stacks import PlanesInTurn, only_planes, sees_volumes, way_of
from training.models import ModelVersion
from training.supervision.volumes import plane_key
from training.supervision.warm import EngineRefused


def segment_image_file(version: ModelVersion, path: Path) -> PredictionArrays:
    """Read an image file and segment it: its plane, or all of a stack as drafts of it are made.

    Of a stack the label image has the shape (Z, H, W). Only the first time is looked at. Raises
    DataProblem for a file that cannot be read or lacks a channel, and what the engine's child
    reports.
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
        if shape.n_z > 1:
            return segment_stack_file(version, pixels, shape, fields)
        return segment_file(version, pixels, timeout_s=timeout_of(shape.height, shape.width))


def segment_stack_file(
    version: ModelVersion, pixels: Path, shape: PixelShape, fields: dict[str, Any]
) -> PredictionArrays:
    """Segment all planes of a canonical file as the version's project makes drafts of stacks."""
    way = way_of(version)
    if way == StackDrafts.VOLUME:
        try:
            with answer_of(
                version,
                pixels,
                timeout_s=timeout_of(shape.height, shape.width, shape.n_z),
                volume=True,
                t=0,
                anisotropy=anisotropy(fields["z_step_um"], fields["pixel_size_um"]),
            ) as arrays:
                stack = np.stack([arrays[plane_key(z)] for z in range(shape.n_z)])
                return PredictionArrays(stack, arrays["scores"])
        except EngineRefused as error:
            if not only_planes(version, error):
                raise

    def segment(z: int) -> PredictionArrays:
        timeout_s = timeout_of(shape.height, shape.width)
        return segment_file(version, pixels, timeout_s=timeout_s, plane=(0, z))

    drawn = PlanesInTurn(segment, linked=way != StackDrafts.PLANES)
    stack = np.stack([label_image for _, label_image in drawn.of(range(shape.n_z))])
    return PredictionArrays(stack, drawn.linker.scores())


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
