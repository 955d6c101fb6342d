"""Starter models: those that come along, and which of them a project has."""

from __future__ import annotations

import json
import logging
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from django.conf import settings
from django.db.models import QuerySet

from annotations.models import Project
from annotations.rules import visible_projects
from project.errors import NotFound
from training.models import ModelVersion, VersionUpload

logger = logging.getLogger(__name__)

ORIGIN = "starter:"  # of a version, followed by the name


@dataclass(frozen=True, slots=True)
class Starter:
    """What the card of a starter model says, and where its files lie."""

    name: str
    title: str
    engine: str
    objects: str  # a sentence's end: "nuclei, bright on dark"
    n_channels: int
    diameter_px: float
    licence: str
    ap50: float  # on images of the same kind that it did not see
    n_test_images: int
    trained_on: list[dict[str, Any]]  # data sets: dataset, licence, source, n_images, n_objects
    size_bytes: int
    model: Path
    tiles: Path
    card: dict[str, Any] = field(repr=False)


def starters() -> list[Starter]:
    """Return the starter models that come along, by title; those with a broken card left out."""
    found = []
    for path in sorted(Path(settings.CYTOLOOP_STARTERS_DIR).glob("*.json")):
        try:
            found.append(read_starter(path))
        except (OSError, ValueError, KeyError, TypeError) as error:
            logger.warning("The starter model %s cannot be offered: %r", path.stem, error)
    return sorted(found, key=lambda starter: (starter.title, starter.engine))


def read_starter(path: Path) -> Starter:
    """Read a card and look for the files beside it; raises OSError, ValueError, KeyError."""
    card = json.loads(path.read_text(encoding="utf-8"))
    model, tiles = path.with_suffix(".zip"), path.with_suffix(".npz")
    tiles.stat()
    return Starter(
        name=path.stem,
        title=str(card["title"]),
        engine=str(card["engine"]),
        objects=str(card["objects"]),
        n_channels=int(card["n_channels"]),
        diameter_px=float(card["diameter_px"]),
        licence=str(card["licence"]),
        ap50=float(card["test"]["ap50"]),
        n_test_images=int(card["test"]["n_images"]),
        trained_on=list(card["trained_on"]),
        size_bytes=model.stat().st_size,
        model=model,
        tiles=tiles,
        card=card,
    )


def one_starter(name: str) -> Starter:
    """Return a starter model; raises NotFound."""
    for starter in starters():
        if starter.name == name:
            return starter
    raise NotFound(f"There is no starter model {name!r} on this site.", name=name)


def starter_of(version: ModelVersion) -> Starter | None:
    """Return the starter model that a version is, if it is one and still comes along."""
    kind, _, name = version.origin.partition(ORIGIN)
    return next((one for one in starters() if not kind and one.name == name), None)


def starters_of_project(user: Any, project: Project) -> QuerySet[VersionUpload]:
    """Return how the starter models stand that were added to a project: each one's last try."""
    rows = VersionUpload.objects.filter(project=project, project__in=visible_projects(user))
    rows = rows.exclude(starter="").defer("log", "traceback")
    return rows.order_by("starter", "-created_at").distinct("starter")
