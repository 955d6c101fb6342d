"""How far the training of a project is: its newest version, and what a run would learn from."""

from __future__ import annotations

import uuid
from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass

from django.db.models import Count, F, Q, QuerySet

from annotations.models import Coverage, Project, Region, RegionState, Split
from training.engines import registry
from training.models import Evaluation, ModelVersion, RunState
from training.queries.sets import sort_out


@dataclass(frozen=True, slots=True)
class LatestVersion:
    """The newest version of a project and how it did on blind validation."""

    version: ModelVersion
    ap50: float | None

    @property
    def engine_title(self) -> str:
        """The engine's name as its authors write it."""
        return engine_title(self.version.engine)


def engine_title(name: str) -> str:
    """Return an engine's name as its authors write it; its bare name when it was removed."""
    return registry.spec(name).title if name in registry.names() else name


def latest_versions(project_ids: Iterable[uuid.UUID]) -> dict[uuid.UUID, LatestVersion]:
    """Return the newest version of each project; two statements."""
    newest = (
        ModelVersion.objects.filter(project__in=list(project_ids))
        .order_by("project", "-number")
        .distinct("project")
    )
    versions = {version.project_id: version for version in newest}
    scores = ap50_of(versions.values())
    return {
        project_id: LatestVersion(version, scores.get(version.pk))
        for project_id, version in versions.items()
    }


def ap50_of(versions: Iterable[ModelVersion]) -> dict[uuid.UUID, float]:
    """Return each version's pooled AP at IoU 0.5 on the newest set that measured it."""
    done = (
        Evaluation.objects.filter(
            version__in=[version.pk for version in versions],
            split=Split.VALIDATION,
            state=RunState.FINISHED,
        )
        .order_by("training_set__number")
        .values_list("version", "metrics__pooled__ap")
    )
    return {version_id: ap["0.5"] for version_id, ap in done if ap and "0.5" in ap}


@dataclass(frozen=True, slots=True)
class Material:
    """What the submitted regions of one split hold."""

    n_images: int = 0
    n_regions: int = 0
    n_instances: int = 0
    n_pixels: int = 0
    n_positives_only: int = 0  # regions of which only the painted pixels teach


@dataclass(frozen=True, slots=True)
class ReadyToTrain:
    """What a training would learn from and be measured on now."""

    train: Material
    validation: Material
    test: Material

    @property
    def can_train(self) -> bool:
        """Tell whether there is anything to learn from."""
        return self.train.n_instances > 0


def ready_to_train(project: Project) -> ReadyToTrain:
    """Count what is submitted, by the same splits that freezing a set would use."""
    found = sort_out(regions_with_counts(project))
    kept: dict[str, list[Region]] = defaultdict(list)
    for image, regions in found.kept.items():
        kept[found.splits[image]] += regions
    train = material_of(kept[Split.TRAIN])
    validation = material_of(kept[Split.VALIDATION])
    return ReadyToTrain(
        train=train,
        validation=validation,
        test=material_of(kept[Split.TEST]),
    )


def regions_with_counts(project: Project) -> QuerySet[Region]:
    """Return submitted regions with the number of objects that touch them; one statement."""
    submitted = Region.objects.filter(image__project=project, state=RegionState.SUBMITTED)
    return counted_regions(submitted).select_related("image").order_by("image__name", "opened_at")


def counted_regions(regions: QuerySet[Region]) -> QuerySet[Region]:
    """Give regions `n_instances`, the number of objects that touch them.

    Counted from the instances' boxes: quick, and a few more than the pixels would say.
    """
    touches = Q(
        layer__instances__area_px__gt=0,
        layer__instances__t=F("t"),
        layer__instances__z__lt=F("z") + F("depth"),
        layer__instances__z__gt=F("z") - F("layer__instances__depth"),
        layer__instances__row0__lt=F("row1"),
        layer__instances__row1__gt=F("row0"),
        layer__instances__col0__lt=F("col1"),
        layer__instances__col1__gt=F("col0"),
    )
    return regions.annotate(n_instances=Count("layer__instances", filter=touches))


def material_of(regions: list[Region]) -> Material:
    """Add up regions of one split."""
    return Material(
        n_images=len({region.image_id for region in regions}),
        n_regions=len(regions),
        n_instances=sum(region.n_instances for region in regions),  # type: ignore[attr-defined]
        n_pixels=sum((r.row1 - r.row0) * (r.col1 - r.col0) for r in regions),
        n_positives_only=sum(r.coverage == Coverage.POSITIVES_ONLY for r in regions),
    )
