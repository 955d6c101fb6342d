"""Training rows in the admin: read for support, never edited there."""

from __future__ import annotations

from typing import Any

from django.contrib import admin
from django.http import HttpRequest

from training.models import Evaluation, ModelVersion, PredictionRun, TrainingRun, TrainingSet


class ReadOnlyAdmin(admin.ModelAdmin):  # type: ignore[type-arg]  # not generic at run time
    """Shows rows; frozen things do not change and runs belong to their workers."""

    def has_add_permission(self, request: HttpRequest) -> bool:
        """Refuse: rows are made by actions."""
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Refuse: rows are changed by actions and jobs."""
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Refuse: others name these rows as their origin."""
        return False


@admin.register(TrainingSet)
class TrainingSetAdmin(ReadOnlyAdmin):
    """Frozen sets."""

    list_display = ("project", "number", "n_images", "n_regions", "n_instances", "created_at")
    list_select_related = ("project",)


@admin.register(TrainingRun)
class TrainingRunAdmin(ReadOnlyAdmin):
    """Runs with their log and traceback."""

    list_display = ("project", "number", "engine", "state", "attempt", "error_code", "created_at")
    list_filter = ("state", "engine")
    list_select_related = ("project",)


@admin.register(ModelVersion)
class ModelVersionAdmin(ReadOnlyAdmin):
    """Versions and where they come from."""

    list_display = ("project", "number", "engine", "origin", "created_at")
    list_filter = ("engine",)
    list_select_related = ("project",)


@admin.register(Evaluation)
class EvaluationAdmin(ReadOnlyAdmin):
    """Measured versions."""

    list_display = ("version", "training_set", "split", "state", "error_code")
    list_filter = ("state", "split")
    list_select_related = ("version", "training_set")


@admin.register(PredictionRun)
class PredictionRunAdmin(ReadOnlyAdmin):
    """Drafts made and to be made."""

    list_display = ("version", "image", "state", "priority", "error_code", "created_at")
    list_filter = ("state",)
    list_select_related = ("version", "image")
