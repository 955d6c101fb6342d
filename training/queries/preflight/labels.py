"""Whether regions and objects are such that the engine can learn from them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from annotations.models import Coverage, Region
from training.datasets.inspection import SPECK_PX
from training.engines import registry
from training.engines.base import ObjectSizes, Remark
from training.models import ModelVersion
from training.queries.inspections import Inspected
from training.queries.preflight.findings import Finding, Fix, named_images

TINY_DIAMETERS = 2.0  # a region narrower than this many objects holds hardly a whole one
TINY_PX = 32


def about_labels(taught: Sequence[Inspected], sizes: ObjectSizes | None) -> list[Finding]:
    """Tell of regions too small to teach and of instances that look like slips."""
    narrowest = max(TINY_PX, TINY_DIAMETERS * sizes.median_px) if sizes else TINY_PX
    tiny = [one for one in taught if min(extent(one.region)) < narrowest]
    empty = [one for one in taught if is_empty(one)]
    scattered = [one for one in taught if one.facts.n_scattered]
    specks = [one for one in taught if one.facts.n_specks]
    n_scattered = sum(one.facts.n_scattered for one in scattered)
    n_specks = sum(one.facts.n_specks for one in specks)
    return [
        *about_regions(
            "tiny_region",
            tiny,
            f"Training regions narrower than {narrowest:.0f} px: {len(tiny)}. Hardly a whole "
            "object fits in, and what a border cuts does not teach.",
        ),
        *about_regions(
            "empty_region",
            empty,
            f"Regions declared positives only without a whole object: {len(empty)}. Nothing in "
            "them teaches.",
        ),
        *about_regions(
            "split_instances",
            scattered,
            f"Objects in separate parts: {n_scattered}. Often two were painted as one.",
        ),
        *about_regions(
            "specks",
            specks,
            f"Objects below {SPECK_PX} px in area: {n_specks}. Often the brush slipped.",
        ),
    ]


def is_empty(one: Inspected) -> bool:
    """Tell whether nothing in a region teaches, not even background."""
    return one.region.coverage == Coverage.POSITIVES_ONLY and not one.facts.n_instances


def extent(region: Region) -> tuple[int, int]:
    """Return height and width of a region."""
    return region.row1 - region.row0, region.col1 - region.col0


def about_regions(code: str, where: Sequence[Inspected], sentence: str) -> list[Finding]:
    """Tell something about some regions, if there are any, with a way to the first of them."""
    if not where:
        return []
    named = named_images(one.image for one in where)
    fix = Fix("Open the region", image=where[0].image.pk, region=where[0].region.pk)
    return [Finding(code, "warning", f"{sentence} In {named}.", fix)]


def about_objects(
    engine: str, params: Any, sizes: ObjectSizes | None, parent: ModelVersion | None
) -> list[Finding]:
    """Tell what the engine says about objects of this size."""
    advise = registry.spec(engine).advise
    if advise is None or sizes is None:
        return []
    remarks = advise(params, sizes, parent.config if parent else None)
    return [Finding(remark.code, "warning", remark.sentence, fix_of(remark)) for remark in remarks]


def fix_of(remark: Remark) -> Fix | None:
    """Return the button of an engine's remark."""
    if not remark.label:
        return None
    return Fix(remark.label, params=remark.params, start=remark.start)
