"""Kinds of objects: which ones teach, and what those of a version are called now."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterable
from typing import Any

from annotations.models import Project, Region
from annotations.queries.classes import classes_in, classes_of_project, renames
from training.models import ModelVersion


def n_of_class(region: Region, instance_ids: Collection[int]) -> dict[str, int]:
    """Count some instances of a submitted region by class; those without are left out."""
    named = classes_in(region.snapshot) if region.snapshot is not None else {}
    return dict(Counter(named[one] for one in instance_ids if one in named))


def in_order(project: Project, names: Iterable[str]) -> list[str]:
    """Sort class names as the project lists them, those that it does not have behind."""
    listed = list(classes_of_project(project).values_list("name", flat=True))
    place = {name: number for number, name in enumerate(listed)}
    return sorted(set(names), key=lambda name: (place.get(name, len(listed)), name))


def classes_that_teach(project: Project, images: Iterable[dict[str, Any]]) -> list[str]:
    """Return the classes in some images' entries of a manifest."""
    regions = (region for image in images for region in image["regions"])
    names = {name for region in regions for name in region.get("n_of_class", {})}
    return in_order(project, names) if names else []


def classes_of_version(version: ModelVersion) -> list[str]:
    """Return the classes that a version tells apart, by today's names, in the order of its numbers.

    Empty for a version that knows none; one of them is empty when its class is gone.
    """
    names = version.config.get("classes") or []
    if not names:
        return []
    since = version.run.training_set.created_at if version.run else version.created_at
    called = renames(version.project, since)
    return [called.get(name, name) for name in names]
