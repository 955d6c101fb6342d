"""Suggestions: the newest selection of a project and what it proposes to paint."""

from __future__ import annotations

from typing import Any

from django.db.models import Exists, OuterRef, QuerySet

from annotations.models import Project, Role
from annotations.rules import allowed_row
from training.models import (
    ModelVersion,
    PredictionRun,
    RunState,
    Selection,
    Suggestion,
    SuggestionState,
)

SHOWN = (SuggestionState.OPEN, SuggestionState.TAKEN)


def newest_selection(project: Project) -> Selection | None:
    """Return the selection that was asked for last, whatever became of it."""
    return selections_of(project).first()


def open_selection(project: Project) -> Selection | None:
    """Return the selection that waits or is being made."""
    return selections_of(project).filter(state__in=RunState.open_states()).first()


def selections_of(project: Project) -> QuerySet[Selection]:
    """Return the project's selections, newest first."""
    return (
        Selection.objects.filter(project=project)
        .select_related("version")
        .defer("log", "traceback")
        .order_by("-created_at", "pk")
    )


def present_suggestions(project: Project) -> list[Suggestion]:
    """Return the open and taken suggestions of the newest finished selection, best first."""
    newest = selections_of(project).filter(state=RunState.FINISHED).values("pk")[:1]
    rows = Suggestion.objects.filter(selection__in=newest, state__in=SHOWN)
    return list(rows.select_related("image", "region").order_by("rank"))


def versions_without_selection(engine: str) -> list[ModelVersion]:
    """Return trained versions, newest of their projects, whose drafts are drawn but not doubted."""
    drafts = PredictionRun.objects.filter(version=OuterRef("pk"))
    newer = ModelVersion.objects.filter(project=OuterRef("project"), number__gt=OuterRef("number"))
    versions = ModelVersion.objects.filter(
        Exists(drafts.filter(state=RunState.FINISHED)),
        ~Exists(drafts.filter(state__in=RunState.open_states())),
        ~Exists(Selection.objects.filter(version=OuterRef("pk"))),
        ~Exists(newer),
        engine=engine,
        run__isnull=False,
    )
    return list(versions.order_by("created_at"))


def one_suggestion(
    user: Any, suggestion_id: Any, role: Role = Role.VIEWER, *, lock: bool = False
) -> Suggestion:
    """Return a suggestion that the person may use in this role.

    Raises NotFound or NotAllowed.
    """
    rows = Suggestion.objects.select_related("image__project", "region", "selection")
    if lock:
        # Of two who take it at once, the second finds it taken.
        rows = rows.select_for_update(of=("self",))
    return allowed_row(
        user, rows, suggestion_id, role, project_of=lambda suggestion: suggestion.image.project
    )


def selection_state(selection: Selection) -> dict[str, Any]:
    """Return what open pages are told about a selection."""
    n_open = selection.suggestions.filter(state=SuggestionState.OPEN).count()
    return {"id": str(selection.pk), "state": selection.state, "n_suggestions": n_open}
