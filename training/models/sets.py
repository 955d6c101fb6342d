"""Training sets: what versions learn from."""

from __future__ import annotations

import uuid

from django.conf import settings
from django.db import models

from annotations.models import LayerSnapshot, Project


class TrainingSet(models.Model):
    """A frozen list of snapshots, regions and splits; made when a run is queued."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    project = models.ForeignKey(Project, on_delete=models.PROTECT, related_name="training_sets")
    number = models.PositiveIntegerField()
    manifest_digest = models.CharField(max_length=64)  # blob: canonical JSON
    n_images = models.PositiveIntegerField(default=0)
    n_regions = models.PositiveIntegerField(default=0)
    n_instances = models.PositiveIntegerField(default=0)
    splits = models.JSONField(default=dict)  # {"train": {images, regions, instances}, …}
    created_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, on_delete=models.SET_NULL, related_name="+"
    )
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["project", "number"], name="one_set_per_number"),
            models.UniqueConstraint(
                fields=["project", "manifest_digest"], name="one_set_per_manifest"
            ),
        ]

    def __str__(self) -> str:
        return f"set {self.number} of {self.project_id}"


class FrozenSnapshot(models.Model):
    """A label state that a set names; while the row is there, it and its image stay.

    Made with the set. The manifest says the same, but only a row can protect another.
    """

    id = models.BigAutoField(primary_key=True)
    training_set = models.ForeignKey(
        TrainingSet, on_delete=models.CASCADE, related_name="frozen_snapshots"
    )
    # An image is protected with it: it cannot go while one of its layers has a snapshot.
    snapshot = models.ForeignKey(LayerSnapshot, on_delete=models.PROTECT, related_name="+")

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["training_set", "snapshot"], name="one_row_per_frozen_snapshot"
            )
        ]

    def __str__(self) -> str:
        # Read by people who want to delete the image: who would miss it?
        runs = self.training_set.runs.filter(version__isnull=False).order_by("version__number")
        versions = [f"v{number}" for number in runs.values_list("version__number", flat=True)]
        learned = f" (model {', '.join(versions)})" if versions else ""
        return f"training set {self.training_set.number}{learned}"
