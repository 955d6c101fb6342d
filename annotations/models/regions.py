"""Regions: boxes of images with a promise about their labels."""

from __future__ import annotations

import uuid

from django.conf import settings
from django.db import models
from django.db.models import F, Q

from annotations.models.images import Image
from annotations.models.layers import LabelLayer, LayerSnapshot


class Coverage(models.TextChoices):
    """What a person promises about the pixels of a region."""

    COMPLETE = "complete", "Everything is annotated"
    POSITIVES_ONLY = "positives_only", "What is annotated is right; the rest is unknown"
    IGNORE = "ignore", "Leave this out"


class Purpose(models.TextChoices):
    """What a region's labels are for."""

    TRAINING = "training", "Training"
    BLIND_VALIDATION = "blind_validation", "Blind validation (drawn without seeing a draft)"


class RegionState(models.TextChoices):
    """Where a region stands."""

    OPEN = "open", "Open"
    SUBMITTED = "submitted", "Submitted"


class Region(models.Model):
    """A half-open box of an image, of one plane or several, with a promise about its annotation."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    image = models.ForeignKey(Image, on_delete=models.CASCADE, related_name="regions")
    layer = models.ForeignKey(LabelLayer, on_delete=models.CASCADE, related_name="regions")
    t = models.PositiveIntegerField(default=0)
    z = models.PositiveIntegerField(default=0)
    depth = models.PositiveIntegerField(default=1)  # planes, from z on
    row0 = models.PositiveIntegerField()
    col0 = models.PositiveIntegerField()
    row1 = models.PositiveIntegerField()
    col1 = models.PositiveIntegerField()
    coverage = models.CharField(max_length=16, choices=Coverage.choices, default=Coverage.COMPLETE)
    purpose = models.CharField(max_length=20, choices=Purpose.choices, default=Purpose.TRAINING)
    state = models.CharField(max_length=12, choices=RegionState.choices, default=RegionState.OPEN)
    snapshot = models.ForeignKey(
        LayerSnapshot, null=True, on_delete=models.PROTECT, related_name="regions"
    )  # set when submitted
    left_out = models.JSONField(default=list)  # boxes of "ignore" regions inside, when submitted
    opened_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, on_delete=models.SET_NULL, related_name="+"
    )
    opened_at = models.DateTimeField(auto_now_add=True)
    submitted_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, on_delete=models.SET_NULL, related_name="+"
    )
    submitted_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(row1__gt=F("row0"), col1__gt=F("col0"), depth__gt=0),
                name="region_not_empty",
            ),
            models.CheckConstraint(
                condition=~Q(state=RegionState.SUBMITTED) | Q(snapshot__isnull=False),
                name="submitted_region_has_a_snapshot",
            ),
        ]

    def __str__(self) -> str:
        return f"region {self.row0},{self.col0}-{self.row1},{self.col1} of {self.image_id}"


class Assignment(models.Model):
    """A person asked to annotate a region."""

    region = models.ForeignKey(Region, on_delete=models.CASCADE, related_name="assignments")
    user = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="assignments"
    )
    assigned_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, on_delete=models.SET_NULL, related_name="+"
    )
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["region", "user"], name="one_assignment_per_person")
        ]

    def __str__(self) -> str:
        return f"{self.region} for {self.user}"
