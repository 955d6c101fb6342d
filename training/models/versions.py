"""Versions: what was learned, or came from outside."""

from __future__ import annotations

import uuid

from django.conf import settings
from django.db import models
from django.db.models import Q

from annotations.models import Project
from training.models.runs import TrainingRun
from training.models.states import SupervisedRow


class ModelVersion(models.Model):
    """A registered checkpoint; its parents lead back to where its weights came from."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    project = models.ForeignKey(Project, on_delete=models.PROTECT, related_name="model_versions")
    number = models.PositiveIntegerField()
    engine = models.CharField(max_length=32)
    run = models.OneToOneField(
        TrainingRun, null=True, on_delete=models.PROTECT, related_name="version"
    )  # null: uploaded
    parent = models.ForeignKey("self", null=True, on_delete=models.PROTECT, related_name="children")
    # scratch, pretrained:NAME, starter:NAME, version:N or upload
    origin = models.CharField(max_length=200)
    checkpoint_digest = models.CharField(max_length=64)  # blob: zip of the checkpoint folder
    size_bytes = models.BigIntegerField()
    # Blob: zip of the folder or file that the upstream tool opens; what a download gives.
    export_digest = models.CharField(max_length=64, blank=True)
    channels = models.JSONField(default=dict)  # {count, mapping, conversion}
    config = models.JSONField(default=dict)  # params, thresholds, diameter, normalisation, versions
    licence = models.CharField(max_length=100, blank=True)
    created_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, on_delete=models.SET_NULL, related_name="+"
    )
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["project", "number"], name="one_version_per_number")
        ]

    def __str__(self) -> str:
        return f"{self.engine} v{self.number}"


class VersionUpload(SupervisedRow):
    """A file from outside on its way to a version: opened by the engine's child, never by us."""

    project = models.ForeignKey(Project, on_delete=models.CASCADE, related_name="version_uploads")
    engine = models.CharField(max_length=32)
    starter = models.CharField(max_length=64, blank=True)  # name of the starter model that it is
    file_name = models.CharField(max_length=255)  # as the person named it; never used as a path
    upload_digest = models.CharField(max_length=64)  # blob: the file as it came
    licence = models.CharField(max_length=100, blank=True)  # as the person said
    channels = models.JSONField(default=list)  # as the person said; empty: as the file says
    version = models.OneToOneField(
        ModelVersion, null=True, on_delete=models.PROTECT, related_name="upload"
    )  # set when finished
    created_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, on_delete=models.SET_NULL, related_name="+"
    )

    class Meta(SupervisedRow.Meta):
        constraints = [
            *SupervisedRow.Meta.constraints,
            models.UniqueConstraint(
                fields=["project", "starter"],
                condition=~Q(starter="") & Q(state__in=["queued", "running", "finished"]),
                name="one_version_per_starter",
            ),
        ]

    def __str__(self) -> str:
        return self.file_name
