"""Answer what somebody asks of a model and waits for: the object at a click, or a map."""

from __future__ import annotations

import secrets
import time
from typing import Any

from annotations.models import Image
from project.errors import PlatformError
from project.storage import put_file, scratch_dir
from training.jobs.segment import ask, pixels_to_segment
from training.models import ModelVersion
from training.queries.prompts import Question, keep_answer, kept_answer
from training.supervision.warm import EngineDefect

LONGEST_S = 120.0  # loading a framework and a model takes ten seconds, looking a few


def answer_question(fields: dict[str, Any]) -> None:
    """Answer a question, and keep the answer where whoever asked looks for it.

    One that nobody waits for any more, or that was answered meanwhile, is passed over.
    """
    question = Question.read(fields)
    image = Image.objects.filter(pk=question.image).first()
    version = ModelVersion.objects.filter(pk=question.version).first()
    if image is None or version is None:
        return
    known = kept_answer(image, question.key)
    if known is None or known["state"] != "waiting":
        return
    began = time.monotonic()
    try:
        look = _map if question.kind == "map" else _object
        answer = look(version, image, question)
    except PlatformError as error:
        answer = {"state": "failed", "code": error.code, "message": error.message}
    except EngineDefect:
        keep_answer(question, {"state": "failed", "code": "engine_defect", "message": DEFECT})
        raise
    seconds = round(time.monotonic() - began, 3)
    keep_answer(question, {**_asked(version), **answer, "seconds": seconds})


DEFECT = "The engine failed in a way nobody expected; the worker's log says more."


def _asked(version: ModelVersion) -> dict[str, Any]:
    return {"version": str(version.pk), "by": str(version), "engine": version.engine}


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
    found = _ask(version, image, question, "prompt", **how)
    if not found["rows"]:
        return {"state": "nothing", "message": _nothing(version, question)}
    return {
        "state": "found",
        "rows": found["rows"],
        "score": found["score"],
        "threshold": found["threshold"],
    }


def _nothing(version: ModelVersion, question: Question) -> str:
    where = "in this box" if question.box else "at this point"
    if question.threshold is None:
        return f"{version} sees no object {where}, however improbable. Draw it by hand."
    return (
        f"{version} sees no object {where} with a threshold of {question.threshold:g}. "
        "Turn the wheel for a lower one, or draw it by hand."
    )
