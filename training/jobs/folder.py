"""Segment image files that are in no project, the way uploaded ones are read and segmented."""

from __future__ import annotations

import secrets
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from django.conf import settings

from annotations.imaging.pixels import open_pixels
from annotations.jobs.images import COMMAND, MIB, ONE_THREAD, ROOT, reader_limits, sentence_of
from project.errors import DataProblem
from project.processes import run_child
from project.storage import scratch_dir
from training.engines.base import PredictionArrays
from training.jobs.predict import BASE_TIMEOUT_S, TIMEOUT_S_PER_MEGAPIXEL, segment_file
from training.models import ModelVersion


def segment_image_file(version: ModelVersion, path: Path) -> PredictionArrays:
    """Read an image file and segment its first plane.

    Raises DataProblem for a file that cannot be read or lacks a channel, and what the engine's
    child reports.
    """
    with canonical_pixels(path) as pixels:
        with open_pixels(pixels) as file:
            shape = file.shape
        mapping = version.channels.get("mapping") or [0]
        if max(mapping) >= shape.n_channels:
            raise DataProblem(
                f"{version} looks at channel {max(mapping)} (counted from 0), but {path.name} "
                f"has only {shape.n_channels}."
            )
        megapixels = shape.height * shape.width / 1e6
        return segment_file(
            version, pixels, timeout_s=BASE_TIMEOUT_S + TIMEOUT_S_PER_MEGAPIXEL * megapixels
        )


@contextmanager
def canonical_pixels(path: Path) -> Iterator[Path]:
    """Convert a file in the reading child, as an upload is; raises DataProblem.

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
        yield folder / last["files"]["pixels"]
    finally:
        shutil.rmtree(folder, ignore_errors=True)
