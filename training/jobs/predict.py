"""Predict: one image by one version through the warm child; the draft is a layer."""

from __future__ import annotations

import secrets
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from django.conf import settings
from django.db import transaction
from numpy.typing import NDArray

from annotations.actions.drafts import store_prediction
from annotations.labels.chunks import Box
from annotations.labels.ops import SIDE
from annotations.models import Image, LabelLayer
from annotations.queries.labels import layer_label_image
from project.errors import DataProblem
from project.processes import stopping
from project.storage import blob_path, put_file, scratch_dir
from training.engines.base import PredictionArrays
from training.jobs import news
from training.jobs.attempt import Attempt, Interrupted, attempt
from training.jobs.checkpoints import checkpoint_folder
from training.models import ModelVersion, PredictionRun, RunState
from training.queries.predictions import n_waiting, next_prediction
from training.supervision.warm import warm_child

# A pixel takes microseconds; a gigapixel image on two cores stays below this.
BASE_TIMEOUT_S = 600.0
TIMEOUT_S_PER_MEGAPIXEL = 30.0


@dataclass(frozen=True, slots=True)
class DetailsFile:
    """Where the child leaves what it knows besides pixels; see training.supervision.details."""

    path: Path
    with_maps: bool


def predict(engine: str) -> bool:
    """Make the most urgent draft of an engine and those in view; tell whether more wait.

    Which one comes next is decided here and not when it was queued, so that an image somebody
    has just opened goes first.
    """
    prediction_id = next_prediction(engine)
    while prediction_id is not None and not stopping.is_set():
        attempt(PredictionRun, prediction_id, _predict, on_change=tell)
        prediction_id = next_prediction(engine, in_view=True)
    return n_waiting(engine) > 0


def draw_waiting(engine: str) -> None:
    """Make every draft that waits: longer work of the same worker lets people go first."""
    while (prediction_id := next_prediction(engine)) is not None and not stopping.is_set():
        attempt(PredictionRun, prediction_id, _predict, on_change=tell)


def tell(prediction_id: Any) -> None:
    """Tell open pages how a prediction stands."""
    rows = PredictionRun.objects.select_related("version").defer("log", "traceback")
    prediction = rows.filter(pk=prediction_id).first()
    if prediction is not None:
        news.publish_prediction(prediction)


def _predict(ours: Attempt[PredictionRun]) -> None:
    rows = PredictionRun.objects.select_related("version__project", "image", "layer")
    prediction = rows.get(pk=ours.pk)
    path = scratch_dir() / f"details-{secrets.token_hex(8)}.npz"
    details = DetailsFile(path, with_maps=prediction.keep_maps)
    version, image = prediction.version, prediction.image
    fast = version.project.fast_drafts
    try:
        arrays = segment_image(version, image, ours, fast=fast, details=details)
        digest = put_file(path) if path.is_file() else ""
    finally:
        path.unlink(missing_ok=True)
    with transaction.atomic():
        ours.finish(
            RunState.FINISHED,
            layer=_draft(prediction, arrays, name=f"{version}, fast" if fast else str(version)),
            n_instances=len(arrays.scores),
            details_digest=digest,
            fast=fast,
            progress={"stage": "done"},
        )


def _draft(prediction: PredictionRun, arrays: PredictionArrays, *, name: str) -> LabelLayer:
    """Store the draft, or return the one of an earlier time, renamed, when it is the same.

    People may have decided about its objects already.
    """
    former = prediction.layer
    if former is not None and _shows(former, arrays.label_image):
        former.name = name
        former.save(update_fields=["name"])
        return former
    return store_prediction(
        image=prediction.image,
        name=name,
        label_image=arrays.label_image,
        scores=arrays.scores,
    )


def _shows(layer: LabelLayer, label_image: NDArray[np.uint32]) -> bool:
    """Tell whether a layer holds just these labels, compared a row of chunks at a time."""
    height, width = label_image.shape
    strips = ((row, 0, min(row + SIDE, height), width) for row in range(0, height, SIDE))
    return all(
        np.array_equal(layer_label_image(layer, strip), label_image[strip[0] : strip[2]])
        for strip in strips
    )


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
    check_channels(version, image)
    pixels = blob_path(image.pixels_digest) if image.pixels_digest else None
    if pixels is None or not pixels.is_file():
        raise DataProblem(f"The pixels of {image.name} are missing; upload the image again.")
    megapixels = (image.height or 0) * (image.width or 0) / 1e6
    return segment_file(
        version,
        pixels,
        timeout_s=BASE_TIMEOUT_S + TIMEOUT_S_PER_MEGAPIXEL * megapixels,
        ours=ours,
        plane=plane,
        fast=fast,
        details=details,
    )


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
    return PredictionArrays(arrays["label_image"], arrays["scores"])


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
    target = scratch_dir() / f"prediction-{secrets.token_hex(8)}.npz"
    try:
        answer = warm_child(version.engine).ask(
            "predict",
            timeout_s=timeout_s,
            should_stop=ours.beat.should_stop if ours else lambda: False,
            checkpoint=str(checkpoint_folder(version.checkpoint_digest)),
            pixels=str(pixels),
            channels=version.channels.get("mapping") or [0],
            t=plane[0],
            z=plane[1],
            box=box,
            n_views=n_views,
            fast=fast,
            details=str(details.path) if details else None,
            want_maps=bool(details and details.with_maps),
            target=str(target),
            device=settings.CYTOLOOP_DEVICE,
            n_threads=settings.CYTOLOOP_CPUS,
        )
        if ours is not None:
            ours.check()
        if answer is None:
            raise Interrupted
        with np.load(target) as arrays:
            return dict(arrays)
    finally:
        target.unlink(missing_ok=True)
