"""Parts: a large image is predicted by all workers of its engine, each part by one of them.

Who holds the prediction lays its parts out, makes those that are open, waits for those that others
have, and puts them together. A part that is made stays made, whoever dies.
"""

from __future__ import annotations

import secrets
import time
import uuid
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, TypeAlias

from django.conf import settings
from django.db import transaction

from annotations.labels.ops import SIDE
from annotations.models import Image
from project import leases
from project.broker import is_waiting
from project.errors import Cancelled, OutOfMemory
from project.processes import stopping
from project.storage import keep_young, put_file, scratch_dir
from project.worker import n_serving
from training.engines.blocks import blocks, even_side
from training.jobs.attempt import Attempt, Interrupted, LeaseLost, attempt
from training.jobs.news import publish_prediction_by_id
from training.jobs.part_drafts import Told, block_of
from training.jobs.segment import ask, overlap_of, pixels_to_segment, timeout_of
from training.jobs.stacks import Drawn
from training.jobs.volume_parts import Fields, ask_for_volume
from training.models import ModelVersion, PredictionPart, PredictionRun, RunState
from training.queries.parts import (
    count_parts,
    next_part,
    open_parts,
    part_that_ended_badly,
    running_parts,
)
from training.queries.queues import predict_queue
from training.supervision.warm import EngineDefect, EngineRefused

PutTogether: TypeAlias = Callable[[Sequence[PredictionPart], Image, Told], Drawn]
BOX = ("row0", "col0", "row1", "col1")
# By these fields parts of an earlier time are recognised.
WHAT_IT_IS = ("t", "z", "depth", *BOX, "overlap_px", "overlap_z", "is_volume", "fast")
WAIT_S = 0.5  # until it is looked again at what others have made


def predict_in_parts(
    ours: Attempt[PredictionRun],
    prediction: PredictionRun,
    cut: Callable[[], Sequence[Fields]],
    put_together: PutTogether,
    *,
    between: Callable[[], object],
) -> Drawn | None:
    """Make the parts of a prediction, with the help of other workers, and put them together.

    `cut` says what the parts are; None is returned when it knows of none. `between` is called
    before each part: what is more urgent goes first. When the worker stops or loses the
    prediction, parts stay open for others; any other end stops them.

    Raises what ended a part, DataProblem, Cancelled, Interrupted, LeaseLost, StorageFull.
    """
    try:
        wanted = cut()
        if not wanted:
            return None
        lay_out(prediction, wanted)
        while not _all_are_made(ours.pk):
            ours.check()
            call_others(prediction)
            between()
            if not make_next(ours.pk):
                time.sleep(WAIT_S)
        return _merged(ours, prediction, put_together)
    except (Interrupted, LeaseLost):
        raise
    except Exception:
        stop_parts([ours.pk])
        raise


def cut_planes(
    version: ModelVersion, image: Image, ours: Attempt[PredictionRun], *, fast: bool
) -> list[Fields]:
    """Return the parts of all planes of an image."""
    height, width = image.height or 0, image.width or 0
    overlap_px = overlap_of(version, ours, fast=fast)
    side = even_side(height, width, settings.CYTOLOOP_PART_PX - 2 * overlap_px, SIDE)
    cores = [block.core for block in blocks(height, width, side, overlap_px)]
    return [
        {
            "t": t,
            "z": z,
            **dict(zip(BOX, core, strict=True)),
            "overlap_px": overlap_px,
            "fast": fast,
        }
        for t in range(image.n_t)
        for z in range(image.n_z)
        for core in cores
    ]


def lay_out(prediction: PredictionRun, wanted: Sequence[Fields]) -> None:
    """Make the rows of the parts, or open again those of an earlier time that are not made."""
    rows = [
        PredictionPart(prediction=prediction, number=number, **fields)
        for number, fields in enumerate(wanted, 1)
    ]
    with transaction.atomic():
        present = PredictionPart.objects.filter(prediction=prediction).order_by("number")
        former = list(present.select_for_update())
        if list(map(_what, former)) == list(map(_what, rows)):
            _open_again(former)
            return
        present.delete()
        PredictionPart.objects.bulk_create(rows)


def _what(part: PredictionPart) -> tuple[Any, ...]:
    return tuple(getattr(part, name) for name in WHAT_IT_IS)


def _open_again(parts: Sequence[PredictionPart]) -> None:
    """Queue the parts that ended without a result, or whose result is not stored any more."""
    is_open = {RunState.QUEUED, RunState.RUNNING}
    lost = [
        part.pk
        for part in parts
        if part.state not in is_open
        and not (part.state == RunState.FINISHED and keep_young(part.result_digest))
    ]
    _queue_anew(PredictionPart.objects.filter(pk__in=lost))


def _queue_anew(parts: Any) -> None:
    parts.update(**PredictionPart.queued_anew(), result_digest="")


def call_others(prediction: PredictionRun) -> None:
    """Ring once for each other worker of the engine that has no part of the prediction."""
    n_workers = n_serving(predict_queue(prediction.version.engine))
    n_idle = n_workers - 1 - running_parts(prediction.pk).count()
    for part in open_parts(prediction.pk)[1 : 1 + max(n_idle, 0)]:
        if not is_waiting(str(part.pk)):
            leases.ring(PredictionPart, part.pk)


def make_part(part_id: Any) -> uuid.UUID | None:
    """Make a part, or another one of its prediction; return one that is open still."""
    rows = PredictionPart.objects.filter(pk=part_id).values_list("prediction_id", flat=True)
    prediction_id = rows.first()
    if prediction_id is None:
        return None  # it is put together already
    make_next(prediction_id, rather=part_id)
    return next_part(prediction_id)


def make_next(prediction_id: Any, *, rather: Any = None) -> bool:
    """Make a part that is open, the one named if it is; False when there is none."""
    part_id = None if stopping.is_set() else next_part(prediction_id, rather=rather)
    if part_id is None:
        return False
    attempt(PredictionPart, part_id, _make, on_change=_tell)
    return True


def stop_parts(prediction_ids: Sequence[Any]) -> None:
    """Stop the parts of predictions: those that run as soon as their workers see the wish."""
    parts = PredictionPart.objects.filter(prediction_id__in=prediction_ids)
    parts.filter(state=RunState.RUNNING).update(cancel_requested=True)
    parts.filter(state=RunState.QUEUED).update(state=RunState.CANCELLED)


def _make(ours: Attempt[PredictionPart]) -> None:
    rows = PredictionPart.objects.select_related("prediction__version", "prediction__image")
    part = rows.get(pk=ours.pk)
    prediction = part.prediction
    if prediction.cancel_requested or prediction.state not in RunState.open_states():
        raise Cancelled("Cancelled.")
    path = scratch_dir() / f"part-{secrets.token_hex(8)}.npz"
    question = ask_for_volume if part.is_volume else _ask_for_plane
    try:
        question(ours, part, path)
        digest = put_file(path)
    except OutOfMemory as error:
        otherwise = "" if part.is_volume else ", or lower CYTOLOOP_PART_PX"
        raise OutOfMemory(
            f"Predicting a part of the image took more than {settings.CYTOLOOP_WARM_MAX_MIB} MiB. "
            f"Raise CYTOLOOP_WARM_MAX_MIB{otherwise}."
        ) from error
    finally:
        path.unlink(missing_ok=True)
    ours.finish(RunState.FINISHED, result_digest=digest)


def _ask_for_plane(ours: Attempt[PredictionPart], part: PredictionPart, target: Path) -> None:
    version, image = part.prediction.version, part.prediction.image
    row0, col0, row1, col1 = outer = block_of(part, image).outer
    ask(
        version,
        "part",
        timeout_s=timeout_of(row1 - row0, col1 - col0),
        ours=ours,
        fast=part.fast,
        pixels=str(pixels_to_segment(version, image)),
        t=part.t,
        z=part.z,
        box=outer,
        target=str(target),
    )


def _tell(part_id: Any) -> None:
    """Write how far the prediction of a part is, and tell open pages."""
    part = PredictionPart.objects.filter(pk=part_id).only("prediction_id").first()
    if part is None:
        return
    made, of = count_parts(part.prediction_id)
    running = PredictionRun.objects.filter(pk=part.prediction_id, state=RunState.RUNNING)
    if running.update(progress={"stage": "parts", "part": made, "of": of}):
        publish_prediction_by_id(part.prediction_id)


def _all_are_made(prediction_id: Any) -> bool:
    """Tell whether all parts are made; raises what ended one."""
    bad = part_that_ended_badly(prediction_id)
    if bad is not None:
        raise _why(bad)
    # Stopped for an earlier request, which was cancelled; the present one wants it.
    parts = PredictionPart.objects.filter(prediction_id=prediction_id)
    _queue_anew(parts.filter(state=RunState.CANCELLED))
    made, of = count_parts(prediction_id)
    return made == of


def _why(part: PredictionPart) -> Exception:
    if part.state == RunState.ERRORED:
        return EngineDefect(part.traceback)
    return EngineRefused(part.error_code, part.error_message)


def _merged(
    ours: Attempt[PredictionRun], prediction: PredictionRun, put_together: PutTogether
) -> Drawn:
    parts = list(prediction.parts.order_by("number"))

    def tell(number: int) -> None:
        ours.check()
        ours.write(progress={"stage": "merging", "merged": number, "of": len(parts)})

    return put_together(parts, prediction.image, tell)
