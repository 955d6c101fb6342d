"""Rounds of a project: what each labelled, what it cost, and what it gave.

The SQL count is fixed, however many rounds, regions and versions there are.
"""

from __future__ import annotations

import uuid
from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any, TypeAlias

from django.db.models import Min, Sum

from annotations.models import (
    Activity,
    Coverage,
    Image,
    LabelLayer,
    LabelOp,
    LayerKind,
    Project,
    Region,
    RegionState,
    Split,
)
from annotations.queries.activity import active_seconds
from training.models import Evaluation, ModelVersion, Round, RunState
from training.queries.overview import counted_regions
from training.queries.sets import read_manifest, reason_to_leave_out, splits_of

# What a region taught: its labels, its box, its promise. Equal: nothing was labelled in it since.
Teaching: TypeAlias = tuple[Any, ...]


@dataclass(frozen=True, slots=True)
class Labelled:
    """What is new in a set against the set of the round before."""

    n_images: int = 0  # with something new
    n_regions: int = 0
    n_instances: int = 0  # all of those in the new regions


@dataclass(frozen=True, slots=True)
class Measured:
    """A version and its AP at IoU 0.5 on a round's validation split; None: not measured."""

    version: ModelVersion
    ap50: float | None

    @property
    def engine(self) -> str:
        """The engine that made the version."""
        return self.version.engine


@dataclass(frozen=True, slots=True)
class ClosedRound:
    """A round with the version before it and those trained on its set."""

    round: Round
    before: Measured | None
    after: tuple[Measured, ...]


@dataclass(frozen=True, slots=True)
class OpenRound:
    """What is labelled since the newest round was closed."""

    labelled: Labelled
    n_ops: int
    active_s: float
    began_at: datetime | None  # None: nothing has happened in the project yet


@dataclass(frozen=True, slots=True)
class Rounds:
    """All rounds of a project, newest first, and the open one."""

    closed: tuple[ClosedRound, ...]
    open: OpenRound


def rounds(project: Project) -> Rounds:
    """Return the rounds of a project with their scores, and the open one with live numbers."""
    closed = list(
        Round.objects.filter(project=project)
        .select_related("training_set", "before")
        .order_by("-number")
    )
    scores = ap50_by_set(project)
    trained = versions_by_set(project)

    def measured(row: Round, version: ModelVersion) -> Measured:
        return Measured(version, scores.get((row.training_set_id, version.pk)))

    return Rounds(
        closed=tuple(
            ClosedRound(
                round=row,
                before=measured(row, row.before) if row.before is not None else None,
                after=tuple(measured(row, version) for version in trained[row.training_set_id]),
            )
            for row in closed
        ),
        open=open_round(project, closed[0] if closed else None),
    )


def ap50_by_set(project: Project) -> dict[tuple[uuid.UUID, uuid.UUID], float]:
    """Return pooled AP at IoU 0.5 on validation, by training set and version."""
    done = Evaluation.objects.filter(
        training_set__project=project, split=Split.VALIDATION, state=RunState.FINISHED
    ).values_list("training_set", "version", "metrics__pooled__ap")
    return {
        (set_id, version_id): ap["0.5"] for set_id, version_id, ap in done if ap and "0.5" in ap
    }


def versions_by_set(project: Project) -> dict[uuid.UUID, list[ModelVersion]]:
    """Return the versions trained on each set of a project, oldest first."""
    versions = ModelVersion.objects.filter(project=project, run__isnull=False)
    found: dict[uuid.UUID, list[ModelVersion]] = defaultdict(list)
    for version in versions.select_related("run").defer("run__log").order_by("number"):
        if version.run is not None:
            found[version.run.training_set_id].append(version)
    return found


def open_round(project: Project, last: Round | None) -> OpenRound:
    """Return what is labelled since the newest round; objects counted by their boxes."""
    since = last.ended_at if last is not None else None
    return OpenRound(
        labelled=labelled_now(project, last),
        n_ops=n_ops_since(project, since),
        active_s=sum(active_seconds(project, since).values()),
        began_at=began_at(project, last),
    )


def labelled_now(project: Project, last: Round | None) -> Labelled:
    """Return what the set would have that the newest round's has not, without reading labels."""
    submitted: dict[Image, list[Region]] = defaultdict(list)
    regions = Region.objects.filter(image__project=project, state=RegionState.SUBMITTED)
    for region in regions.select_related("image", "snapshot"):
        submitted[region.image].append(region)
    splits = splits_of(submitted)
    known = taught_by(last)
    new = {
        region.pk: image.pk
        for image, drawn in submitted.items()
        for region in drawn
        if region.coverage != Coverage.IGNORE
        and not reason_to_leave_out(region, splits[image])
        and known.get(str(region.pk)) != teaching_of(region)
    }
    counted = counted_regions(Region.objects.filter(pk__in=new))
    return Labelled(
        n_images=len(set(new.values())),
        n_regions=len(new),
        n_instances=sum(region.n_instances for region in counted),  # type: ignore[attr-defined]
    )


def labelled_in(manifest: dict[str, Any], last: Round | None) -> Labelled:
    """Return what a frozen manifest has that the newest round's has not.

    A region that was reopened and submitted again counts when its layer, its box or its promise
    changed in between, and then with all its objects: somebody vouched for each of them anew.
    """
    known = taught_by(last)
    new = [
        (image["id"], region["n_instances"])
        for image in manifest["images"]
        for region in image["regions"]
        if known.get(region["id"]) != teaching_in(region)
    ]
    return Labelled(
        n_images=len({image_id for image_id, _ in new}),
        n_regions=len(new),
        n_instances=sum(n_instances for _, n_instances in new),
    )


def taught_by(last: Round | None) -> dict[str, Teaching]:
    """Return what each region taught in a round's set, by the region's id."""
    if last is None:
        return {}
    images: Iterable[dict[str, Any]] = read_manifest(last.training_set)["images"]
    return {region["id"]: teaching_in(region) for image in images for region in image["regions"]}


def teaching_in(region: dict[str, Any]) -> Teaching:
    """Return what a region of a manifest taught."""
    return (region["labels"], tuple(region["box"]), region["coverage"], region["purpose"])


def teaching_of(region: Region) -> Teaching:
    """Return what a submitted region would teach now."""
    labels = region.snapshot.manifest_digest if region.snapshot is not None else ""
    box = (region.row0, region.col0, region.row1, region.col1)
    return (labels, box, region.coverage, region.purpose)


def last_round(project: Project) -> Round | None:
    """Return the newest round."""
    found = Round.objects.filter(project=project).select_related("training_set")
    return found.order_by("-number").first()


def newest_version(project: Project) -> ModelVersion | None:
    """Return the newest version of a project, whatever made it."""
    return ModelVersion.objects.filter(project=project).order_by("-number").first()


def began_at(project: Project, last: Round | None) -> datetime | None:
    """Return when the open round began: with the end of the last, else with the first work."""
    if last is not None:
        return last.ended_at
    first = [
        # Ops are numbered without a gap, so the first of each layer is its oldest.
        LabelOp.objects.filter(layer__image__project=project, seq=1).aggregate(
            at=Min("created_at")
        ),
        Region.objects.filter(image__project=project).aggregate(at=Min("opened_at")),
        Activity.objects.filter(image__project=project).aggregate(at=Min("ended_at")),
    ]
    times = [found["at"] for found in first if found["at"] is not None]
    return min(times, default=None)


def n_ops_since(project: Project, since: datetime | None) -> int:
    """Count the label operations of a project after a moment, or all of them."""
    layers = LabelLayer.objects.filter(image__project=project, kind=LayerKind.ANNOTATION)
    if since is None:
        return layers.aggregate(n=Sum("seq"))["n"] or 0  # numbered without a gap
    return LabelOp.objects.filter(layer__in=layers, created_at__gt=since).count()
