"""Model versions: lists, lineage back to the first weights, and who did best."""

from __future__ import annotations

import uuid
from typing import Any

from django.db import connection
from django.db.models import (
    Count,
    Exists,
    OuterRef,
    Prefetch,
    Q,
    QuerySet,
)

from annotations.models import Project, Split
from annotations.rules import visible_projects
from project.errors import InvalidInput, NotFound
from training.models import (
    Evaluation,
    Example,
    ModelVersion,
    PredictionRun,
    RunState,
    VersionUpload,
)
from training.queries.sets import read_manifest

LINEAGE_SQL = """
    WITH RECURSIVE line (id, parent_id, depth) AS (
        SELECT id, parent_id, 0 FROM training_modelversion WHERE id = %s
        UNION ALL
        SELECT v.id, v.parent_id, line.depth + 1
        FROM training_modelversion v JOIN line ON v.id = line.parent_id
    )
    SELECT id FROM line ORDER BY depth
"""


def visible_versions(user: Any) -> QuerySet[ModelVersion]:
    """Return versions of the person's projects with their evaluations, newest first.

    `measured` are the finished ones, `unmeasured` those that wait, go on or failed.
    """
    evaluations = Evaluation.objects.select_related("training_set").defer("log", "traceback")
    evaluations = evaluations.order_by("-training_set__number", "split")
    done = Q(state=RunState.FINISHED)
    return (
        ModelVersion.objects.filter(project__in=visible_projects(user))
        .select_related("parent", "run", "run__training_set", "created_by", "project")
        .defer("run__log", "run__traceback")
        .prefetch_related(
            Prefetch("evaluations", evaluations.filter(done), "measured"),
            Prefetch("evaluations", evaluations.exclude(done), "unmeasured"),
        )
        .order_by("-created_at", "-number")
    )


def versions_of_project(user: Any, project: Project) -> QuerySet[ModelVersion]:
    """Return versions of one project, newest first."""
    return visible_versions(user).filter(project=project)


def one_version(user: Any, version_id: Any) -> ModelVersion:
    """Return a version; raises NotFound."""
    version = visible_versions(user).filter(pk=version_id).first()
    if version is None:
        raise NotFound("There is no such model version, or you are not a member of its project.")
    return version


def one_evaluation(user: Any, evaluation_id: Any) -> Evaluation:
    """Return an evaluation; raises NotFound."""
    found = Evaluation.objects.select_related("version__project").defer("log", "traceback")
    found = found.filter(version__project__in=visible_projects(user))
    evaluation = found.filter(pk=evaluation_id).first()
    if evaluation is None:
        raise NotFound("There is no such measurement, or you are not a member of its project.")
    return evaluation


def newest_drafting_version(project: Project) -> ModelVersion | None:
    """Return the project's newest version that has a finished draft."""
    drafted = PredictionRun.objects.filter(version=OuterRef("pk"), state=RunState.FINISHED)
    versions = ModelVersion.objects.filter(Exists(drafted), project=project)
    return versions.order_by("-number").first()


def lineage(version: ModelVersion) -> list[ModelVersion]:
    """Return the version and its parents, back to the one that has none."""
    with connection.cursor() as cursor:
        cursor.execute(LINEAGE_SQL, [version.pk])
        ids = [row[0] for row in cursor.fetchall()]
    rows = ModelVersion.objects.select_related("run__training_set").defer("run__log")
    found = rows.in_bulk(ids)
    return [found[pk] for pk in ids]


def images_known_to(version: ModelVersion, manifest: dict[str, Any]) -> list[str]:
    """Return the names of a manifest's held-out images that taught the version or its parents.

    The same file in another project counts too.
    """
    taught: set[str] = set()
    for ancestor in lineage(version):
        if ancestor.run is not None:
            images = read_manifest(ancestor.run.training_set)["images"]
            taught |= {image["original"] for image in images if image["split"] == Split.TRAIN}
    held_out = [image for image in manifest["images"] if image["split"] != Split.TRAIN]
    return sorted(image["name"] for image in held_out if image["original"] in taught)


PROGRESS_OF_DRAFTS = ("part", "of", "time", "times", "plane", "planes")


def drafts_under_way(version: ModelVersion) -> list[dict[str, Any]]:
    """Return how far the version's predictions in parts, planes or times are that go on now.

    Numbers that a prediction does not have are None.
    """
    running = PredictionRun.objects.filter(
        version=version,
        state=RunState.RUNNING,
        progress__has_any_keys=["part", "time", "plane"],
    )
    rows = running.order_by("started_at").values_list("image_id", "image__name", "progress")
    return [
        {
            "image": str(image),
            "name": name,
            **{number: progress.get(number) for number in PROGRESS_OF_DRAFTS},
        }
        for image, name, progress in rows
    ]


def drafts_of(version: ModelVersion) -> dict[str, int]:
    """Count the version's predictions by their state."""
    rows = PredictionRun.objects.filter(version=version).values_list("state")
    return dict(rows.annotate(Count("pk")))


def one_example(user: Any, example_id: Any) -> Example:
    """Return a picture of what was measured; raises NotFound."""
    examples = Example.objects.filter(evaluation__version__project__in=visible_projects(user))
    example = examples.filter(pk=example_id).first()
    if example is None:
        raise NotFound("There is no such example, or you are not a member of its project.")
    return example


def one_upload(user: Any, upload_id: Any) -> VersionUpload:
    """Return an uploaded model; raises NotFound."""
    uploads = VersionUpload.objects.filter(pk=upload_id, project__in=visible_projects(user))
    upload = uploads.defer("log", "traceback").first()
    if upload is None:
        raise NotFound("There is no such upload, or you are not a member of its project.")
    return upload


def leaderboard(project: Project, split: str = "validation") -> list[Evaluation]:
    """Return how versions did on the newest set that measured any, best AP at IoU 0.5 first.

    Only numbers of one set are compared: another set has other regions.
    """
    done = Evaluation.objects.filter(
        version__project=project, split=split, state=RunState.FINISHED
    ).select_related("version__parent", "version__run", "training_set")
    done = done.defer("log", "traceback", "per_image", "version__run__log")
    newest = done.order_by("-training_set__number").first()
    if newest is None:
        return []
    rows = done.filter(training_set=newest.training_set_id)
    return sorted(rows, key=lambda row: -pooled_ap50(row))


def pooled_ap50(evaluation: Evaluation) -> float:
    """Return AP at IoU 0.5 over all instances of an evaluation."""
    value: float = evaluation.metrics.get("pooled", {}).get("ap", {}).get("0.5", 0.0)
    return value


def measures_fast_way(evaluation: Evaluation) -> bool:
    """Tell whether a measurement says what fast drafts cost: on blind validation, where wanted."""
    return evaluation.split == Split.VALIDATION and evaluation.version.project.fast_drafts


def lacks_fast_way(evaluation: Evaluation) -> bool:
    """Tell whether a measurement should say what fast drafts cost and does not."""
    return measures_fast_way(evaluation) and "fast" not in evaluation.metrics


def version_by_name(name: str, *, project: Project | None = None) -> ModelVersion:
    """Find a version by `PROJECT/v3`, by `v3` in the only project that has one, or by its id.

    Raises NotFound, and InvalidInput when a short name fits more than one project.
    """
    versions = ModelVersion.objects.select_related("project")
    if project is not None:
        versions = versions.filter(project=project)
    project_name, _, short = name.rpartition("/")
    if project_name:
        versions = versions.filter(project__name=project_name)
    if is_uuid(short):
        versions = versions.filter(pk=short)
    elif short[:1] in "vV" and short[1:].isdecimal():
        versions = versions.filter(number=int(short[1:]))
    else:
        raise InvalidInput(
            f"{name!r} names no model version; give its id, v3, or PROJECT/v3.", name=name
        )
    found = list(versions.order_by("created_at")[:2])
    if not found:
        raise NotFound(f"There is no model version {name!r}.", name=name)
    if len(found) > 1:
        raise InvalidInput(
            f"More than one project has a {short}; write PROJECT/{short}.", name=name
        )
    return found[0]


def is_uuid(text: str) -> bool:
    """Tell whether a text is a version's id."""
    try:
        uuid.UUID(text)
    except ValueError:
        return False
    return True
