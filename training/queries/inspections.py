"""What the submitted labels look like, region by region; each is measured once per process.

Measuring takes some hundredths of a second per megapixel, and somebody waits for the answer: when
the time is up, the rest is told from the table of instances, and measured when it is asked again.
"""

from __future__ import annotations

import json
import time
from collections.abc import Iterable
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import numpy as np
from django.db.models import F

from annotations.models import Image, Instance, Region
from annotations.queries.labels import region_labels
from training.datasets.inspection import LabelFacts, inspect_labels
from training.engines.base import ObjectSizes
from training.queries.sets import SortedRegions

REMEMBERED = 1024  # a few kB each
PATIENCE_S = 5.0


@dataclass(frozen=True, slots=True)
class Inspected:
    """A region that teaches or measures, and what its labels look like."""

    image: Image
    region: Region
    split: str
    facts: LabelFacts


def inspect_regions(found: SortedRegions) -> list[Inspected]:
    """Look at the labels of every region that is used."""
    until = time.monotonic() + PATIENCE_S
    inspected = []
    for image, regions in found.kept.items():
        for region in regions:
            look = facts_of if time.monotonic() < until else rough_facts_of
            inspected.append(Inspected(image, region, found.splits[image], look(region)))
    return inspected


def facts_of(region: Region) -> LabelFacts:
    """Measure the labels of a submitted region: a frozen state, so never twice."""
    return _facts(region.pk, region.snapshot_id, json.dumps(region.left_out), region.coverage)


def rough_facts_of(region: Region) -> LabelFacts:
    """Tell the same from the instances' areas, without a look at pixels, so without their parts."""
    rows = Instance.objects.filter(
        layer=region.layer_id,
        t=region.t,
        z__lt=region.z + region.depth,
        z__gt=region.z - F("depth"),
        area_px__gt=0,
        row0__gte=region.row0,
        row1__lte=region.row1,
        col0__gte=region.col0,
        col1__lte=region.col1,
    )
    section_px = F("area_px") / F("depth")  # of objects of many planes
    told = np.array(list(rows.values_list(section_px, "instance_id")), np.int64).reshape(-1, 2)
    return LabelFacts.of_areas(told[:, 0], told[:, 1])


@lru_cache(maxsize=REMEMBERED)
def _facts(region_id: Any, snapshot_id: Any, left_out: str, coverage: str) -> LabelFacts:
    region = Region.objects.select_related("image", "snapshot").get(pk=region_id)
    region.snapshot_id, region.coverage = snapshot_id, coverage
    region.left_out = json.loads(left_out)
    planes = range(region.z, region.z + region.depth)
    return LabelFacts.of_planes([inspect_labels(*region_labels(region, z)) for z in planes])


def sizes_of(inspected: Iterable[Inspected]) -> ObjectSizes | None:
    """Return how large the objects of some regions are; None when there is none."""
    diameters = [one.facts.diameters_px for one in inspected]
    every = np.concatenate(diameters) if diameters else np.zeros(0, np.float32)
    if every.size == 0:
        return None
    small, median, large = np.percentile(every, [5, 50, 95])
    return ObjectSizes(float(median), float(small), float(large))
