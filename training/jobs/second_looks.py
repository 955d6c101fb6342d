"""Look again at a version's drafts: which objects change when the image is turned."""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from django.conf import settings
from numpy.typing import NDArray

from annotations.actions.drafts import record_doubt
from annotations.labels.chunks import Box
from annotations.labels.label_image import measure
from annotations.models import Image, LabelLayer
from annotations.queries.labels import layer_label_image
from project.errors import DataProblem
from project.storage import blob_path
from training.acquisition.agreement import Doubts, carry_over
from training.acquisition.cost import correction_seconds
from training.jobs.attempt import Attempt
from training.jobs.pool import Place, Told
from training.jobs.predict import draw_waiting
from training.jobs.segment import BASE_TIMEOUT_S, check_channels, predicted_arrays
from training.jobs.stacks import sees_volumes
from training.models import ModelVersion
from training.queries.candidates import draft_layers
from training.supervision.warm import EngineRefused

N_VIEWS = 3
WHOLE_PX = 1 << 20  # a larger image is looked at place by place
MARGIN_PX = 64  # around a place, so that its border is not the end of the world
MOST_LOOKS = 200
CHANGES = 0.25  # an object with more doubt than this looks different to a person


@dataclass(frozen=True, slots=True)
class Doubtful:
    """What second looks say about a place."""

    n_instances: int
    n_changing: int
    expected_wrong: float
    missed: float
    seconds: float  # to correct it

    def facts(self) -> dict[str, Any]:
        """Return the numbers as a suggestion keeps them."""
        return {
            "n_instances": self.n_instances,
            "n_changing": self.n_changing,
            "expected_wrong": round(self.expected_wrong, 2),
            "expected_missed": round(self.missed, 2),
            "seconds": round(self.seconds, 1),
        }


@dataclass(frozen=True, slots=True)
class _Seen:
    """Objects of a looked-at box by the middle of theirs, in pixels of the image."""

    middles: NDArray[np.float64]  # (n, 2)
    areas: NDArray[np.int64]
    doubt: NDArray[np.float64]
    missed_middles: NDArray[np.float64]  # (m, 2)
    missed_weight: NDArray[np.float64]

    def within(self, box: Box) -> Doubtful:
        """Sum up what lies in a box."""
        mine = _is_inside(self.middles, box)
        doubt = self.doubt[mine]
        missed = float(self.missed_weight[_is_inside(self.missed_middles, box)].sum())
        area = float(np.median(self.areas)) if self.areas.size else 300.0
        wrong = float(doubt.sum())
        return Doubtful(
            n_instances=int(doubt.size),
            n_changing=int(np.count_nonzero(doubt > CHANGES)),
            expected_wrong=wrong,
            missed=missed,
            seconds=correction_seconds(int(doubt.size), wrong, missed, area),
        )


def doubt_places(
    version: ModelVersion, places: Sequence[Place], ours: Attempt[Any], tell: Told
) -> dict[int, Doubtful]:
    """Look again at as many places as the time allows, in their order; return them by index.

    The doubt of each drafted object there is written with its draft. A small image is looked at
    once for all its places. Drafts that wait meanwhile are made first. At least one place is
    looked at, however long it takes.
    """
    drafts = draft_layers(version.pk)
    until = time.monotonic() + settings.CYTOLOOP_SELECT_S
    seen: dict[Any, _Seen | None] = {}
    found: dict[int, Doubtful] = {}
    for index, place in enumerate(places):
        is_whole = (place.image.height or 0) * (place.image.width or 0) <= WHOLE_PX
        key = (place.image.pk, place.plane, None if is_whole else place.box)
        if key not in seen:
            if found and (len(seen) >= MOST_LOOKS or time.monotonic() > until):
                continue  # a later place may lie on an image that was looked at
            tell("doubting", len(found), len(places))
            before = time.monotonic()
            draw_waiting(version.engine)
            until += time.monotonic() - before
            draft_id = drafts.get(place.image.pk)
            seen[key] = _look(version, place, None if is_whole else place.box, draft_id, ours)
        known = seen[key]
        if known is not None:
            found[index] = known.within(place.box)
    return found


def _look(
    version: ModelVersion, place: Place, box: Box | None, draft_id: Any, ours: Attempt[Any]
) -> _Seen | None:
    """Ask the engine; None where it cannot work with the image."""
    image = place.image
    if sees_volumes(version):
        return None  # a place is a box of one plane
    around = _with_margin(box, image) if box else (0, 0, image.height or 0, image.width or 0)
    try:
        check_channels(version, image)
        arrays = predicted_arrays(
            version,
            blob_path(image.pixels_digest),
            timeout_s=BASE_TIMEOUT_S,
            ours=ours,
            plane=place.plane,
            box=around if box else None,
            n_views=N_VIEWS,
        )
    except (DataProblem, EngineRefused):
        return None
    prediction = arrays["label_image"]
    n_instances = len(arrays["scores"])
    doubts = Doubts(
        np.arange(1, n_instances + 1, dtype=np.int64),
        arrays["doubt"],
        arrays["missed_boxes"],
        arrays["missed_weight"],
    )
    instance_ids, doubt, drawn = doubts.instance_ids, doubts.doubt, prediction
    layer = LabelLayer.objects.select_related("image__project").filter(pk=draft_id).first()
    if layer is not None:
        drawn = layer_label_image(layer, around, t=place.plane[0], z=place.plane[1])
        instance_ids, doubt = carry_over(drawn, prediction, doubts)
    measures = measure(drawn)
    middles = _middles(measures.boxes, around)
    if layer is not None:
        mine = _is_inside(middles, place.box if box else around)
        record_doubt(layer=layer, instance_ids=instance_ids[mine], doubt=doubt[mine])
    return _Seen(
        middles,
        measures.area_px,
        doubt,
        _middles(doubts.missed_boxes, around),
        doubts.missed_weight,
    )


def _with_margin(box: Box, image: Image) -> Box:
    return (
        max(box[0] - MARGIN_PX, 0),
        max(box[1] - MARGIN_PX, 0),
        min(box[2] + MARGIN_PX, image.height or 0),
        min(box[3] + MARGIN_PX, image.width or 0),
    )


def _middles(boxes: NDArray[np.int64], around: Box) -> NDArray[np.float64]:
    """Return the middles of boxes within a part of an image, in pixels of the image."""
    middles: NDArray[np.float64] = (boxes[:, :2] + boxes[:, 2:]) / 2 + np.array(around[:2])
    return middles


def _is_inside(middles: NDArray[np.float64], box: Box) -> NDArray[np.bool_]:
    inside: NDArray[np.bool_] = (
        (middles[:, 0] >= box[0])
        & (middles[:, 0] < box[2])
        & (middles[:, 1] >= box[1])
        & (middles[:, 1] < box[3])
    )
    return inside
