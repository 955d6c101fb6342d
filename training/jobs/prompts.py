"""Answer what somebody asks of a model and waits for: the object at a click, or a map."""

from __future__ import annotations

import secrets
import time
from typing import Any

from django.conf import settings

from annotations.models import Image
from project.errors import NotFound, PlatformError
from project.storage import put_file, scratch_dir
from training.engines.prompters import prompter
from training.jobs.segment import ask, pixels_of, pixels_to_segment
from training.models import ModelVersion
from training.queries.prompts import Question, keep_answer, kept_answer
from training.supervision.warm import EngineDefect, warm_child

CARRIER = "threshold"
MOST_CHANNELS = 3  # of the image a prompter is shown
LONGEST_S = 120.0  # loading a framework and a model takes ten seconds, looking a few


def answer_question(fields: dict[str, Any]) -> None:
    """Answer a question, and keep the answer where whoever asked looks for it.

    One that nobody waits for any more, or that was answered meanwhile, is passed over.
    """
    question = Question.read(fields)
    image = Image.objects.filter(pk=question.image).first()
    known = kept_answer(image, question.key) if image else None
    if image is None or known is None or known["state"] != "waiting":
        return
    began = time.monotonic()
    try:
        answer = _answer(image, question)
    except PlatformError as error:
        answer = {"state": "failed", "code": error.code, "message": error.message}
    except EngineDefect:
        keep_answer(question, {"state": "failed", "code": "engine_defect", "message": DEFECT})
        raise
    seconds = round(time.monotonic() - began, 3)
    keep_answer(question, {**known, **answer, "seconds": seconds})


def _answer(image: Image, question: Question) -> dict[str, Any]:
    if question.prompter:
        return _prompted(image, question)
    version = ModelVersion.objects.filter(pk=question.version).first()
    if version is None:
        raise NotFound("This model version is gone.")
    look = _map if question.kind == "map" else _object
    return look(version, image, question)


DEFECT = "The engine failed in a way nobody expected; the worker's log says more."


def _map(version: ModelVersion, image: Image, question: Question) -> dict[str, Any]:
    target = scratch_dir() / f"map-{secrets.token_hex(8)}.png"
    try:
        made = _ask(version, image, question, "map", name=question.name, target=str(target))
        digest = put_file(target)
    finally:
        target.unlink(missing_ok=True)
    return {"state": "found", "digest": digest, "low": made["low"], "high": made["high"]}


def _ask(
    version: ModelVersion, image: Image, question: Question, kind: str, **more: Any
) -> dict[str, Any]:
    return ask(
        version,
        kind,
        timeout_s=LONGEST_S,
        pixels=str(pixels_to_segment(version, image)),
        t=question.t,
        z=question.z,
        box=question.box,
        **more,
    )


def _object(version: ModelVersion, image: Image, question: Question) -> dict[str, Any]:
    how = {"point": question.point, "threshold": question.threshold}
    return _told(_ask(version, image, question, "prompt", **how), str(version), question)


def _prompted(image: Image, question: Question) -> dict[str, Any]:
    """Ask a prompter, in the child of the engine that needs no framework."""
    found = warm_child(CARRIER).ask(
        "prompter",
        timeout_s=LONGEST_S,
        prompter=question.prompter,
        folder=str(settings.CYTOLOOP_PROMPTER_DIR),
        n_threads=settings.CYTOLOOP_CPUS,
        pixels=str(pixels_of(image)),
        channels=list(range(min(image.n_channels or 1, MOST_CHANNELS))),
        t=question.t,
        z=question.z,
        point=question.point,
        box=question.box,
        threshold=question.threshold,
    )
    return _told(found or {"rows": []}, prompter(question.prompter).title, question)


def _told(found: dict[str, Any], name: str, question: Question) -> dict[str, Any]:
    if not found["rows"]:
        return {"state": "nothing", "message": _nothing(name, question)}
    return {
        "state": "found",
        "rows": found["rows"],
        "score": found["score"],
        "threshold": found["threshold"],
    }


def _nothing(name: str, question: Question) -> str:
    where = "in this box" if question.box else "at this point"
    if question.threshold is None:
        return f"{name} sees no object {where}, however improbable. Draw it by hand."
    return (
        f"{name} sees no object {where} with a threshold of {question.threshold:g}. "
        "Turn the wheel for a lower one, or draw it by hand."
    )
