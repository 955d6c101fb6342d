"""One thing that a person should know before a training, and the button that mends it."""

from __future__ import annotations

import uuid
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from annotations.models import Image

NAMED = 3


@dataclass(frozen=True, slots=True)
class Fix:
    """What a button does about a finding: opens an image, or changes the form."""

    button: str  # what is written on it
    image: uuid.UUID | None = None  # none of all: the project's images
    region: uuid.UUID | None = None
    params: Mapping[str, Any] = field(default_factory=dict)
    channels: Sequence[int] | None = None
    start: str = ""


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that a person should know."""

    code: str
    tone: str  # problem: the run would be refused or useless; warning; hint
    sentence: str
    fix: Fix | None = None


def named_images(images: Iterable[Image]) -> str:
    """Name the first few of some images."""
    names = list(dict.fromkeys(image.name for image in images))
    return ", ".join(names[:NAMED]) + (" and others" if len(names) > NAMED else "")
