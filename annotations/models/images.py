"""Images: uploads under way, what was read from them, work on them."""

from __future__ import annotations

import uuid
from typing import ClassVar

from django.conf import settings
from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import Q

from annotations.models.projects import Project
from project.leases import LeasedRow


class Upload(models.Model):
    """A resumable transfer (tus 1.0) of one file; gone once it became an image."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    project = models.ForeignKey(Project, on_delete=models.CASCADE, related_name="uploads")
    user = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="+")
    file_name = models.CharField(max_length=255)  # as the person named it; never used as a path
    tags = ArrayField(models.CharField(max_length=64), default=list, blank=True)
    size_bytes = models.BigIntegerField()
    received_bytes = models.BigIntegerField(default=0)
    created_at = models.DateTimeField(auto_now_add=True)

    def __str__(self) -> str:
        return self.file_name


class Split(models.TextChoices):
    """What an image is used for; always the whole image, never a part of it."""

    NONE = "none", "Not assigned"
    TRAIN = "train", "Training"
    VALIDATION = "validation", "Validation"
    TEST = "test", "Test"


class ImageState(models.TextChoices):
    """Where an image stands between upload and use."""

    QUEUED = "queued", "Waiting"
    INGESTING = "ingesting", "Being read"
    READY = "ready", "Ready"
    FAILED = "failed", "Failed"

    @classmethod
    def open_states(cls) -> set[str]:
        """Return the states in which the image still waits for a worker."""
        return {cls.QUEUED, cls.INGESTING}


class Image(LeasedRow):
    """An uploaded image: its untouched original and what was read from it."""

    QUEUED_STATE: ClassVar[str] = ImageState.QUEUED
    RUNNING_STATE: ClassVar[str] = ImageState.INGESTING
    LOST_STATE: ClassVar[str] = ImageState.FAILED

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    project = models.ForeignKey(Project, on_delete=models.CASCADE, related_name="images")
    name = models.CharField(max_length=255)
    tags = ArrayField(models.CharField(max_length=64), default=list, blank=True)  # stain, batch …
    split = models.CharField(max_length=12, choices=Split.choices, default=Split.NONE)
    group = models.CharField(max_length=255, blank=True)  # slide or patient: never split apart
    created_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, on_delete=models.SET_NULL, related_name="+"
    )
    created_at = models.DateTimeField(auto_now_add=True)

    viewed_at = models.DateTimeField(null=True)  # drafts of images in view are made first

    original_digest = models.CharField(max_length=64)  # sha256 of the file as it came
    size_bytes = models.BigIntegerField()

    state = models.CharField(max_length=12, choices=ImageState.choices, default=ImageState.QUEUED)

    # Read from the file; null until ready.
    height = models.PositiveIntegerField(null=True)
    width = models.PositiveIntegerField(null=True)
    n_channels = models.PositiveSmallIntegerField(null=True)
    n_z = models.PositiveIntegerField(default=1)
    n_t = models.PositiveIntegerField(default=1)
    dtype = models.CharField(max_length=16, blank=True)  # numpy name of the stored pixels
    is_rgb = models.BooleanField(default=False)
    pixel_size_um = models.FloatField(null=True)  # micrometres per pixel, square pixels
    z_step_um = models.FloatField(null=True)  # micrometres from one plane to the next
    channels = models.JSONField(default=list)  # [{name, colour "#rrggbb", window [low, high]}]
    pixels_digest = models.CharField(max_length=64, blank=True)  # canonical tiled TIFF, axes TCZYX
    pyramid_digest = models.CharField(max_length=64, blank=True)  # JPEG tiles in a TIFF, 8-bit view
    pyramid = models.JSONField(default=dict)  # {tile, levels: [{width, height}], planes}
    thumbnail_digest = models.CharField(max_length=64, blank=True)  # JPEG, at most 256 px wide
    histograms = models.JSONField(default=list)  # [{low, high, counts}] per channel; once in RGB
    source = models.JSONField(default=dict)  # how the file was read: {format, dtype, notes …}

    class Meta:
        constraints = [
            # A second upload of the same bytes is refused as a duplicate.
            models.UniqueConstraint(
                fields=["project", "original_digest"], name="one_image_per_file"
            ),
            models.CheckConstraint(
                condition=~Q(state=ImageState.READY) | Q(height__gt=0, width__gt=0),
                name="ready_image_has_a_size",
            ),
            models.CheckConstraint(
                condition=~Q(state=ImageState.INGESTING) | Q(lease__isnull=False),
                name="ingesting_image_has_a_lease",
            ),
        ]
        indexes = [
            # The project grid: filter by state, order by name.
            models.Index(fields=["project", "state", "name"], name="image_grid"),
        ]

    def __str__(self) -> str:
        return self.name

    @property
    def n_planes(self) -> int:
        """How many planes it has at all times together."""
        return self.n_t * self.n_z


class Activity(models.Model):
    """A stretch of a person's work on an image, as the editor measured it."""

    id = models.BigAutoField(primary_key=True)
    image = models.ForeignKey(Image, on_delete=models.CASCADE, related_name="activity")
    user = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, on_delete=models.SET_NULL, related_name="+"
    )
    session = models.UUIDField()  # one editor tab; with n it makes a retry harmless
    n = models.PositiveIntegerField()
    active_s = models.FloatField()  # pauses above 20 s without a pressed button do not count
    ended_at = models.DateTimeField()  # by the server's clock

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["session", "n"], name="one_activity_per_attempt"),
            models.CheckConstraint(condition=Q(active_s__gte=0), name="activity_not_negative"),
        ]
        indexes = [
            # Seconds spent since a round began.
            models.Index(fields=["image", "ended_at"], name="activity_by_time"),
        ]

    def __str__(self) -> str:
        return f"{self.active_s:.0f} s on {self.image_id}"
