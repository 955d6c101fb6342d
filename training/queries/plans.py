"""What a training that somebody asks for would start from and look at."""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, ClassVar

from annotations.rules import membership_of
from project.errors import InvalidInput, NotFound
from training.engines import registry
from training.models import ModelVersion


class BadStart(InvalidInput):
    """The weights to start from cannot be used."""

    code: ClassVar[str] = "bad_start"


class BadChannels(InvalidInput):
    """The channels do not fit the images or the engine."""

    code: ClassVar[str] = "bad_channels"


@dataclass(frozen=True, slots=True)
class Start:
    """Where the first weights come from: a version, an official model, or chance."""

    parent: ModelVersion | None = None
    pretrained: str = ""


def parse_start(*, user: Any, engine: str, start: str) -> Start:
    """Understand `scratch`, `version:<id>` and `pretrained:<NAME>`; raises BadStart."""
    kind, _, name = start.partition(":")
    if start == "scratch":
        if not registry.registration(engine).from_scratch:
            offer = ", ".join(f"pretrained:{name}" for name in registry.spec(engine).pretrained)
            raise BadStart(
                f"{registry.spec(engine).title} cannot be trained from scratch. Start from an "
                f"official model ({offer}), an uploaded one or an earlier version."
            )
        return Start()
    if kind == "pretrained":
        known = registry.spec(engine).pretrained
        if name not in known:
            offer = ", ".join(known) if known else "none; start from scratch"
            raise BadStart(f"{engine} has no pretrained model {name!r}. It has: {offer}.")
        return Start(pretrained=name)
    if kind == "version":
        return Start(parent=parent_version(user=user, engine=engine, version_id=name))
    raise BadStart(f"{start!r} is not a start; write scratch, version:<id> or pretrained:<NAME>.")


def parent_version(*, user: Any, engine: str, version_id: str) -> ModelVersion:
    """Return the version to start from, if the person may see it; raises NotFound, BadStart."""
    try:
        wanted = uuid.UUID(version_id)
    except ValueError as error:
        raise BadStart(f"{version_id!r} is not the id of a model version.") from error
    version = ModelVersion.objects.select_related("project").filter(pk=wanted).first()
    if version is None or membership_of(user, version.project) is None:
        raise NotFound("There is no such model version, or you are not a member of its project.")
    if version.engine != engine:
        raise BadStart(
            f"{version} was made by {version.engine} and cannot be trained further by {engine}."
        )
    return version


def choose_channels(
    engine: str, fewest: int, parent: ModelVersion | None, wanted: Sequence[int] | None
) -> list[int]:
    """Return the channels to train on: those asked for, the parent's, or as many as fit.

    `fewest` is how many the image with the fewest has; held-out images count, since they must be
    predicted with the same channels.

    Raises BadChannels when an image lacks one, or the engine takes fewer.
    """
    most = registry.spec(engine).max_channels
    inherited = list(parent.channels.get("mapping", [])) if parent is not None else []
    fits = bool(inherited) and max(inherited) < fewest
    chosen = list(wanted) if wanted else inherited if fits else list(range(min(fewest, most)))
    if len(set(chosen)) != len(chosen) or min(chosen) < 0:
        raise BadChannels("Name each channel once, counted from 0.", channels=chosen)
    if max(chosen) >= fewest:
        raise BadChannels(
            f"Channel {max(chosen)} was chosen (counted from 0), but an image of the set has only "
            f"{fewest}. Choose others, or take that image out of the set.",
            channels=chosen,
            fewest=fewest,
        )
    if len(chosen) > most:
        raise BadChannels(f"{engine} takes at most {most} channels.", channels=chosen, most=most)
    return chosen


def no_deep_regions(engine: str) -> str:
    """Say that an engine of volumes has nothing to learn from, and what to do."""
    return (
        f"{registry.spec(engine).title} learns from volumes, but no submitted training region has "
        "two planes or more. Declare a region over several planes of a stack, paint its objects "
        "in all of them, and submit it; or choose an engine that looks at planes."
    )
