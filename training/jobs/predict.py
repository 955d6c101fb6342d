"""Predict: one image by one version through the warm child; the draft is a layer."""

from __future__ import annotations

import secrets
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import Any

import numpy as np
from django.db import transaction
from numpy.typing import NDArray

from annotations.actions.drafts import store_planes
from annotations.actions.whole_planes import StoredPlanes
from annotations.models import Image, LabelLayer, StackDrafts
from annotations.queries.chunks import shows
from annotations.queries.classes import hold_classes
from project.processes import stopping
from project.storage import put_file, scratch_dir
from training.jobs.attempt import Attempt, attempt
from training.jobs.news import publish_prediction_by_id
from training.jobs.part_drafts import merge
from training.jobs.parts import PutTogether, cut_planes, predict_in_parts
from training.jobs.segment import DetailsFile, segment_image
from training.jobs.stacks import (
    Drawn,
    Told,
    draw_planes,
    draw_volumes,
    only_planes,
    sees_volumes,
    way_of,
)
from training.jobs.volume_parts import Fields, cut_volumes, merge_volumes
from training.models import ModelVersion, PredictionRun, RunState
from training.queries.classes import classes_of_version
from training.queries.parts import is_large
from training.queries.predictions import n_waiting, next_prediction
from training.supervision.warm import EngineRefused

WAYS = {StackDrafts.PLANES: ", planes apart", StackDrafts.VOLUME: ", as volumes"}


def predict(engine: str) -> bool:
    """Make the most urgent draft of an engine and those in view; tell whether more wait.

    Which one comes next is decided here and not when it was queued, so that an image somebody
    has just opened goes first.
    """
    prediction_id = next_prediction(engine)
    while prediction_id is not None and not stopping.is_set():
        attempt(PredictionRun, prediction_id, _predict, on_change=publish_prediction_by_id)
        prediction_id = next_prediction(engine, in_view=True)
    return n_waiting(engine) > 0


def draw_waiting(engine: str) -> None:
    """Make every draft that waits: longer work of the same worker lets people go first."""
    while (prediction_id := next_prediction(engine)) is not None and not stopping.is_set():
        attempt(PredictionRun, prediction_id, _predict, on_change=publish_prediction_by_id)


def draw_in_view(engine: str) -> None:
    """Make the drafts of images that somebody has just opened: a large one lets them go first."""
    while (found := next_prediction(engine, in_view=True)) is not None and not stopping.is_set():
        attempt(PredictionRun, found, _predict, on_change=publish_prediction_by_id)


def _predict(ours: Attempt[PredictionRun]) -> None:
    rows = PredictionRun.objects.select_related("version__project", "image", "layer")
    prediction = rows.get(pk=ours.pk)
    version, image = prediction.version, prediction.image
    fast = version.project.fast_drafts
    drawn, way = _draw(prediction, ours, fast=fast)
    with transaction.atomic():
        ours.finish(
            RunState.FINISHED,
            layer=_draft(prediction, drawn, name=_name(version, way, fast=fast)),
            n_instances=len(drawn.scores),
            details_digest=drawn.details_digest,
            fast=fast,
            stack_drafts=way_of(version) if image.n_planes > 1 else "",  # as it was wanted
            progress={"stage": "done"},
        )
        prediction.parts.all().delete()


def _name(version: ModelVersion, way: StackDrafts | None, *, fast: bool) -> str:
    """Name a draft by its version, and by how it was made where that is not the usual way."""
    said = WAYS.get(way, "") if way and not sees_volumes(version) else ""
    return f"{version}{said}{', fast' if fast else ''}"


def _draw(
    prediction: PredictionRun, ours: Attempt[PredictionRun], *, fast: bool
) -> tuple[Drawn, StackDrafts | None]:
    """Return what the version draws, and of several planes what its objects are."""
    version, image = prediction.version, prediction.image
    way, tell = way_of(version), _PlaneTeller(ours, image)
    if sees_volumes(version) or (way == StackDrafts.VOLUME and image.n_z > 1):
        drawn = _draw_volumes(prediction, ours, fast=fast, tell=tell)
        if drawn is not None:
            return drawn, StackDrafts.VOLUME
    linked = way != StackDrafts.PLANES or image.n_z == 1
    done = None if image.n_z == 1 else StackDrafts.LINKED if linked else StackDrafts.PLANES
    if is_large(image) and not prediction.keep_maps:
        cut = partial(cut_planes, version, image, ours, fast=fast)
        in_parts = _in_parts(prediction, ours, cut, partial(merge, linked=linked))
        if in_parts is not None:
            return in_parts, done
    if image.n_planes > 1:
        return draw_planes(version, image, ours, linked=linked, fast=fast, tell=tell), done
    return _draw_plane(prediction, ours, fast=fast), None


def _draw_volumes(
    prediction: PredictionRun, ours: Attempt[PredictionRun], *, fast: bool, tell: Told
) -> Drawn | None:
    """Draw every time as a volume, in parts where there are several; None for planes only."""
    version, image = prediction.version, prediction.image
    cut = partial(cut_volumes, version, image, ours, fast=fast)
    try:
        in_parts = _in_parts(prediction, ours, cut, merge_volumes)
    except EngineRefused as error:
        if only_planes(version, error):
            return None
        raise
    return in_parts or draw_volumes(version, image, ours, fast=fast, tell=tell)


def _in_parts(
    prediction: PredictionRun,
    ours: Attempt[PredictionRun],
    cut: Callable[[], list[Fields]],
    put_together: PutTogether,
) -> Drawn | None:
    between = partial(draw_in_view, prediction.version.engine)
    return predict_in_parts(ours, prediction, cut, put_together, between=between)


@dataclass(frozen=True, slots=True)
class _PlaneTeller:
    """Tells open pages which time and plane of an image is being looked at, from 1."""

    ours: Attempt[PredictionRun]
    image: Image

    def __call__(self, t: int, z: int | None) -> None:
        progress: dict[str, Any] = {"stage": "predicting"}
        if self.image.n_t > 1:
            progress |= {"time": t + 1, "times": self.image.n_t}
        if z is not None and self.image.n_z > 1:
            progress |= {"plane": z + 1, "planes": self.image.n_z}
        self.ours.write(progress=progress)
        publish_prediction_by_id(self.ours.pk)


def _draw_plane(prediction: PredictionRun, ours: Attempt[PredictionRun], *, fast: bool) -> Drawn:
    path = scratch_dir() / f"details-{secrets.token_hex(8)}.npz"
    details = DetailsFile(path, with_maps=prediction.keep_maps)
    version, image = prediction.version, prediction.image
    try:
        arrays = segment_image(version, image, ours, fast=fast, details=details)
        digest = put_file(path) if path.is_file() else ""
    finally:
        path.unlink(missing_ok=True)
    planes = StoredPlanes()
    planes.add(arrays.label_image, 0)
    return Drawn(planes, arrays.scores, arrays.classes, digest)


def _draft(prediction: PredictionRun, drawn: Drawn, *, name: str) -> LabelLayer:
    """Store the draft, or return the one of an earlier time, renamed, when it is the same.

    People may have decided about its objects already.
    """
    former = prediction.layer
    if former is not None and shows(former, drawn.planes.digests()):
        former.name = name
        former.save(update_fields=["name"])
        return former
    if drawn.classes is not None:
        hold_classes()
    return store_planes(
        image=prediction.image,
        name=name,
        planes=drawn.planes,
        scores=drawn.scores,
        class_names=class_names(prediction.version, drawn.classes),
    )


def class_names(version: ModelVersion, classes: NDArray[np.uint8] | None) -> list[str]:
    """Return the class of each predicted object by today's names; nothing where none is known."""
    if classes is None:
        return []
    names = ["", *classes_of_version(version)]
    return [names[number] if number < len(names) else "" for number in classes.tolist()]
