"""Asking a model about an image while somebody waits: which object lies at a click."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any, ClassVar

from django.conf import settings
from django.db import transaction

from annotations.actions.audit import not_audited
from annotations.models import Image, ImageState, Purpose, RegionState, Role
from annotations.queries.regions import touching
from annotations.rules import require
from project.broker import send
from project.errors import Conflict, InvalidInput, NotReady
from training import tasks
from training.engines import registry
from training.engines.prompters import PrompterNotReady, prompter, why_not_ready
from training.jobs.prompts import CARRIER
from training.models import ModelVersion
from training.queries.prompts import Question, keep_answer, kept_answer, version_to_ask
from training.supervision.interpreters import require_installed

LARGEST_BOX_PX = 1024  # what is looked at for it must fit into memory


class NoVersionYet(NotReady):
    """A project has no model that could be asked."""

    code: ClassVar[str] = "no_version"


class ImageNotReady(NotReady):
    """An image's pixels are not there yet."""

    code: ClassVar[str] = "image_not_ready"


class SeesVolumes(NotReady):
    """A version looks at stacks and not at planes."""

    code: ClassVar[str] = "sees_volumes"


class ChannelsMissing(NotReady):
    """An image lacks channels that a version looks at."""

    code: ClassVar[str] = "channels_missing"


class BlindRegion(Conflict):
    """A model was asked about what people draw without one."""

    code: ClassVar[str] = "blind_region"


@not_audited("nothing changes by asking; what is kept of the answer is an op of the layer")
def ask_model(
    *, user: Any, image: Image, version: ModelVersion | None, **asked: Any
) -> tuple[Question, dict[str, Any]]:
    """Put a question to a version, the newest one by default; return it with what is known.

    `asked` are fields of training.queries.prompts.Question. One that was asked before is not sent
    again, unless it failed. Raises NotAllowed, NotFound, InvalidInput, NoVersionYet,
    ImageNotReady, SeesVolumes, ChannelsMissing, BlindRegion, EngineNotInstalled,
    QueueUnavailable.
    """
    require(user, image.project, Role.ANNOTATOR)
    if image.state != ImageState.READY:
        raise ImageNotReady("This image is not read yet; ask again when it is.")
    if asked.get("prompter"):
        return _ask_prompter(user, image, asked)
    chosen = version or version_to_ask(image.project, image)
    if chosen is None:
        raise NoVersionYet(
            "This project has no model version to ask yet. Train one, or add a starter model, on "
            "the training page; until then the magic wand (W) finds areas by colour."
        )
    _check_version(chosen, image)
    question = Question(image=str(image.pk), version=str(chosen.pk), **asked)
    _check_place(question, image)
    _check_blind(question, image)
    if question.kind == "map":
        _check_map(question, chosen)
    by = {"by": str(chosen), "version": str(chosen.pk), "engine": chosen.engine}
    return question, _sent(question, image, by)


def _ask_prompter(
    user: Any, image: Image, asked: dict[str, Any]
) -> tuple[Question, dict[str, Any]]:
    chosen = prompter(asked["prompter"])
    folder = settings.CYTOLOOP_PROMPTER_DIR
    missing = why_not_ready(chosen, folder, tell_folder=user.is_superuser)
    if missing:
        raise PrompterNotReady(missing)
    question = Question(image=str(image.pk), version="", **asked)
    _check_place(question, image)
    _check_blind(question, image)
    return question, _sent(question, image, {"by": chosen.title, "engine": CARRIER})


def _sent(question: Question, image: Image, by: dict[str, str]) -> dict[str, Any]:
    """Return what is known of a question; send it when that is nothing, or a failure."""
    known = kept_answer(image, question.key)
    if known is None or known["state"] == "failed":
        known = {"state": "waiting", **by}
        with transaction.atomic():
            keep_answer(question, known)
            queue = tasks.predict_queue(by["engine"])
            send(tasks.answer_question, asdict(question), queue=queue)
    return known


def _check_version(version: ModelVersion, image: Image) -> None:
    if registry.spec(version.engine).n_dims != 2:
        raise SeesVolumes(f"{version} looks at whole stacks; ask a version that looks at planes.")
    require_installed(version.engine)
    if max(version.channels.get("mapping") or [0]) >= (image.n_channels or 0):
        raise ChannelsMissing(f"{version} looks at channels that {image.name} does not have.")


def _check_place(question: Question, image: Image) -> None:
    height, width = image.height or 0, image.width or 0
    if not (0 <= question.z < image.n_z and 0 <= question.t < image.n_t):
        raise InvalidInput("The image has no such plane.")
    if question.point is not None:
        row, col = question.point
        if not (0 <= row < height and 0 <= col < width):
            raise InvalidInput("The point lies outside of the image.")
    if question.box is not None:
        row0, col0, row1, col1 = question.box
        if not (0 <= row0 < row1 <= height and 0 <= col0 < col1 <= width):
            raise InvalidInput("The box must lie within the image and hold a pixel.")
        if max(row1 - row0, col1 - col0) > LARGEST_BOX_PX:
            raise InvalidInput(f"The box may be at most {LARGEST_BOX_PX} pixels wide and high.")


def _check_blind(question: Question, image: Image) -> None:
    """Refuse help where a person draws without a model, so that versions can be measured there."""
    row, col = question.point or (0, 0)
    box = question.box or (row, col, row + 1, col + 1)
    blind = touching(image, box, t=question.t, z=question.z, purpose=Purpose.BLIND_VALIDATION)
    if blind.filter(state=RegionState.OPEN).exists():
        raise BlindRegion(
            "This lies in an open blind region, which is drawn without a model's help so that "
            "versions can be measured there. Draw it by hand, or submit the region first."
        )


def _check_map(question: Question, version: ModelVersion) -> None:
    names = registry.spec(version.engine).produces
    if question.name not in names:
        raise InvalidInput(f"{version} makes no map of that name; it has {', '.join(names)}.")
    if question.box is None:
        raise InvalidInput("Name the box that the map shall cover.")
