"""Asking an engine's warm child for what it sees in an image."""

from __future__ import annotations

import math
import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from django.conf import settings
from numpy.typing import NDArray

from annotations.labels.chunks import Box
from annotations.models import Image
from project.errors import DataProblem
from project.storage import blob_path, scratch_dir
from training.engines.base import PredictionArrays
from training.jobs.attempt import Attempt, Interrupted
from training.jobs.checkpoints import checkpoint_folder
from training.models import ModelVersion
from training.supervision.warm import warm_child

# A pixel takes microseconds; a gigapixel image on two cores stays below this.
BASE_TIMEOUT_S = 600.0
TIMEOUT_S_PER_MEGAPIXEL = 30.0
ALIGNED_PX = 64  # parts begin at multiples of it, so that the grids of networks lie alike


@dataclass(frozen=True, slots=True)
class DetailsFile:
    """Where the child leaves what it knows besides pixels; see training.supervision.details."""

    path: Path
    with_maps: bool


def segment_image(
    version: ModelVersion,
    image: Image,
    ours: Attempt[Any],
    *,
    plane: tuple[int, int] = (0, 0),
    fast: bool = False,
    details: DetailsFile | None = None,
) -> PredictionArrays:
    """Segment one plane (t, z) of a stored image; `fast` as in predicted_arrays.

    Raises DataProblem, EngineRefused, ChildCrashed, OutOfMemory, Interrupted, LeaseLost.
    """
    return segment_file(
        version,
        pixels_to_segment(version, image),
        timeout_s=timeout_of(image.height or 0, image.width or 0),
        ours=ours,
        plane=plane,
        fast=fast,
        details=details,
    )


def pixels_to_segment(version: ModelVersion, image: Image) -> Path:
    """Return where an image's pixels lie; raises DataProblem when the version cannot see them."""
    check_channels(version, image)
    return pixels_of(image)


def pixels_of(image: Image) -> Path:
    """Return where an image's pixels lie; raises DataProblem."""
    pixels = blob_path(image.pixels_digest) if image.pixels_digest else None
    if pixels is None or not pixels.is_file():
        raise DataProblem(f"The pixels of {image.name} are missing; upload the image again.")
    return pixels


def timeout_of(height: int, width: int, n_planes: int = 1) -> float:
    """Return how long the segmentation of some planes may take, in seconds."""
    return BASE_TIMEOUT_S + TIMEOUT_S_PER_MEGAPIXEL * height * width * n_planes / 1e6


def overlap_of(version: ModelVersion, ours: Attempt[Any] | None, *, fast: bool = False) -> int:
    """Return how far a part of an image must see beyond what it is asked for, in pixels."""
    told = ask(version, "load", timeout_s=BASE_TIMEOUT_S, ours=ours, fast=fast)
    return math.ceil(int(told["overlap_px"]) / ALIGNED_PX) * ALIGNED_PX


def check_channels(version: ModelVersion, image: Image) -> None:
    """Refuse an image without the channels that the version sees; raises DataProblem."""
    mapping = version.channels.get("mapping") or [0]
    if max(mapping) >= (image.n_channels or 0):
        raise DataProblem(
            f"{version} looks at channel {max(mapping)} (counted from 0), but {image.name} has "
            f"only {image.n_channels}."
        )


def segment_file(  # noqa: PLR0913 (all that the child must know)
    version: ModelVersion,
    pixels: Path,
    *,
    timeout_s: float,
    ours: Attempt[Any] | None = None,
    plane: tuple[int, int] = (0, 0),
    fast: bool = False,
    details: DetailsFile | None = None,
) -> PredictionArrays:
    """Segment one plane (t, z) of a canonical pixel file through the engine's warm child."""
    arrays = predicted_arrays(
        version, pixels, timeout_s=timeout_s, ours=ours, plane=plane, fast=fast, details=details
    )
    return PredictionArrays(arrays["label_image"], arrays["scores"], classes=arrays.get("classes"))


def predicted_arrays(  # noqa: PLR0913 (all that the child must know)
    version: ModelVersion,
    pixels: Path,
    *,
    timeout_s: float,
    ours: Attempt[Any] | None = None,
    plane: tuple[int, int] = (0, 0),
    box: Box | None = None,
    n_views: int = 0,
    fast: bool = False,
    details: DetailsFile | None = None,
) -> dict[str, NDArray[Any]]:
    """Ask the engine's warm child for the arrays of training.supervision.second_looks.

    `fast` is as in training.engines.base.Engine.load.
    """
    asked: dict[str, Any] = {
        "t": plane[0],
        "z": plane[1],
        "box": box,
        "n_views": n_views,
        "details": str(details.path) if details else None,
        "want_maps": bool(details and details.with_maps),
    }
    with answer_of(version, pixels, timeout_s=timeout_s, ours=ours, fast=fast, **asked) as arrays:
        return dict(arrays)


@contextmanager
def answer_of(
    version: ModelVersion,
    pixels: Path,
    *,
    timeout_s: float,
    ours: Attempt[Any] | None = None,
    fast: bool = False,
    kind: str = "predict",
    **asked: Any,
) -> Iterator[Any]:
    """Give the open .npz file with which the child answers; it is removed afterwards.

    Raises EngineRefused, ChildCrashed, OutOfMemory, Interrupted, LeaseLost.
    """
    target = scratch_dir() / f"prediction-{secrets.token_hex(8)}.npz"
    asked |= {"pixels": str(pixels), "target": str(target)}
    try:
        ask(version, kind, timeout_s=timeout_s, ours=ours, fast=fast, **asked)
        with np.load(target) as arrays:
            yield arrays
    finally:
        target.unlink(missing_ok=True)


def ask(
    version: ModelVersion,
    kind: str,
    *,
    timeout_s: float,
    ours: Attempt[Any] | None = None,
    fast: bool = False,
    **asked: Any,
) -> dict[str, Any]:
    """Ask the engine's warm child something of a version and return what it answers.

    Raises EngineRefused, ChildCrashed, OutOfMemory, Interrupted, LeaseLost, Cancelled.
    """
    answer = warm_child(version.engine).ask(
        kind,
        timeout_s=timeout_s,
        should_stop=ours.beat.should_stop if ours else lambda: False,
        checkpoint=str(checkpoint_folder(version.checkpoint_digest)),
        channels=version.channels.get("mapping") or [0],
        fast=fast,
        device=settings.CYTOLOOP_DEVICE,
        n_threads=settings.CYTOLOOP_CPUS,
        **asked,
    )
    if ours is not None:
        ours.check()
    if answer is None:
        raise Interrupted
    return answer
