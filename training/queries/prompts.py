"""Questions to a model that somebody waits for, and their answers, which are kept for a while.

A question is named by what it asks, so that the same one is answered once, and asking again costs
nothing. Nothing of it is a fact: the cache may forget it at any time.
"""

from __future__ import annotations

import hashlib
import json
from dataclasses import asdict, dataclass
from typing import Any

from django.core.cache import cache

from annotations.labels.chunks import Box
from annotations.models import Image, Project
from project.errors import NotFound
from training.engines import registry
from training.models import ModelVersion

KEPT_S = 3600
# A worker that died takes a question along; whoever still wants to know asks it again.
WAITING_S = 120


@dataclass(frozen=True, slots=True)
class Question:
    """What a version is asked about one plane of an image, in pixels of it."""

    kind: str  # prompt or map
    image: str
    version: str
    t: int = 0
    z: int = 0
    point: tuple[int, int] | None = None  # row, column
    box: Box | None = None
    threshold: float | None = None
    name: str = ""  # of the map
    prompter: str = ""  # asked instead of a version, which is "" then

    @property
    def key(self) -> str:
        """Name of the question and of its answer."""
        text = json.dumps(asdict(self), sort_keys=True)
        return hashlib.sha256(text.encode()).hexdigest()[:32]

    @classmethod
    def read(cls, fields: dict[str, Any]) -> Question:
        """Read it from its JSON form."""
        point, box = fields["point"], fields["box"]
        whole: Any = {
            **fields,
            "point": tuple(point) if point else None,
            "box": tuple(box) if box else None,
        }
        return cls(**whole)


def keep_answer(question: Question, answer: dict[str, Any]) -> None:
    """Keep an answer, or that the question waits for one (`state` "waiting")."""
    timeout_s = WAITING_S if answer["state"] == "waiting" else KEPT_S
    cache.set(_name(question.image, question.key), answer, timeout_s)


def kept_answer(image: Image, key: str) -> dict[str, Any] | None:
    """Return what is known of a question about an image; None when it must be asked (again)."""
    found: dict[str, Any] | None = cache.get(_name(str(image.pk), key))
    return found


def one_answer(image: Image, key: str) -> dict[str, Any]:
    """Return what is known of a question; raises NotFound."""
    found = kept_answer(image, key)
    if found is None:
        raise NotFound("This question is not waiting any more, and its answer is forgotten.")
    return found


def version_to_ask(project: Project, image: Image) -> ModelVersion | None:
    """Return the newest version of a project that looks at single planes, and at this image's."""
    flat = [name for name in registry.names() if registry.spec(name).n_dims == 2]
    versions = ModelVersion.objects.filter(project=project, engine__in=flat)
    for version in versions.order_by("-number")[:20]:
        if max(version.channels.get("mapping") or [0]) < (image.n_channels or 0):
            return version
    return None


def _name(image: str, key: str) -> str:
    return f"question:{image}:{key}"
