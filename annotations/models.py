"""Rows about who marked what, on which image."""

from __future__ import annotations

import uuid
from typing import Any, ClassVar

from django.conf import settings
from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import F, Q

from project.leases import LeasedRow


class Project(models.Model):
    """A body of images with its people; made by its first owner."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    name = models.CharField(max_length=200, unique=True)
    description = models.TextField(blank=True)
    # Drafts may differ a little from what is measured, where an engine is faster that way.
    fast_drafts = models.BooleanField(default=False)
    created_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, on_delete=models.SET_NULL, related_name="+"
    )
    created_at = models.DateTimeField(auto_now_add=True)

    def __str__(self) -> str:
        return self.name


class Role(models.TextChoices):
    """What a member may do; each role includes the ones below it."""

    OWNER = "owner", "Owner"
    REVIEWER = "reviewer", "Reviewer"
    ANNOTATOR = "annotator", "Annotator"
    VIEWER = "viewer", "Viewer"


class Membership(models.Model):
    """A person's role in a project."""

    project = models.ForeignKey(Project, on_delete=models.CASCADE, related_name="memberships")
    user = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="memberships"
    )
    role = models.CharField(max_length=20, choices=Role.choices, default=Role.ANNOTATOR)
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["project", "user"], name="one_membership_per_project")
        ]

    def __str__(self) -> str:
        return f"{self.user} as {self.role} in {self.project}"


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


class LayerKind(models.TextChoices):
    """Who writes a layer: people, or one prediction."""

    ANNOTATION = "annotation", "Annotation"
    PREDICTION = "prediction", "Prediction"


DEFAULT_LAYER = "Annotation"  # every image has it from the moment it is ready


class LabelLayer(models.Model):
    """A label image of one image: edited by people, or filled once by a prediction."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    image = models.ForeignKey(Image, on_delete=models.CASCADE, related_name="layers")
    kind = models.CharField(max_length=12, choices=LayerKind.choices)
    name = models.CharField(max_length=100, default=DEFAULT_LAYER)
    seq = models.BigIntegerField(default=0)  # of the newest op; 0 for an untouched layer
    next_instance_id = models.BigIntegerField(default=1)  # ids are handed out in blocks
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["image", "name"],
                condition=Q(kind=LayerKind.ANNOTATION),
                name="one_annotation_layer_per_name",
            ),
            models.CheckConstraint(condition=Q(seq__gte=0), name="layer_seq_not_negative"),
        ]

    def __str__(self) -> str:
        return f"{self.name} of {self.image}"


class LabelOp(models.Model):
    """One accepted label operation; the log is only ever appended to."""

    id = models.BigAutoField(primary_key=True)
    layer = models.ForeignKey(LabelLayer, on_delete=models.CASCADE, related_name="ops")
    seq = models.BigIntegerField()  # place in the layer's order, from 1 without a gap
    session = models.UUIDField()  # one editor tab; with n it makes a retry harmless
    n = models.BigIntegerField()  # the tab's own count
    user = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, on_delete=models.SET_NULL, related_name="+"
    )
    kind = models.CharField(max_length=24)  # tool: brush, erase, merge, accept, undo …
    t = models.PositiveIntegerField(default=0)
    z = models.PositiveIntegerField(default=0)
    row0 = models.PositiveIntegerField(default=0)
    col0 = models.PositiveIntegerField(default=0)
    row1 = models.PositiveIntegerField(default=0)
    col1 = models.PositiveIntegerField(default=0)
    body = models.BinaryField()  # gzip of the accepted runs (annotations.labels.ops)
    meta = models.JSONField(default=dict)  # undo_of, group, source layer and instance …
    n_pixels = models.BigIntegerField(default=0)
    n_refused = models.BigIntegerField(default=0)
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["layer", "seq"], name="one_op_per_seq"),
            models.UniqueConstraint(fields=["layer", "session", "n"], name="one_op_per_attempt"),
        ]
        indexes = [
            # Ops of a project since a round began, counted without touching their bodies.
            models.Index(fields=["layer", "created_at"], name="op_by_time"),
        ]

    def __str__(self) -> str:
        return f"{self.kind} {self.seq} on {self.layer_id}"


class LabelChunk(models.Model):
    """The present content of one 512 x 512 chunk of a layer; absent means all background."""

    id = models.BigAutoField(primary_key=True)
    layer = models.ForeignKey(LabelLayer, on_delete=models.CASCADE, related_name="chunks")
    t = models.PositiveIntegerField(default=0)
    z = models.PositiveIntegerField(default=0)
    cy = models.PositiveIntegerField()
    cx = models.PositiveIntegerField()
    seq = models.BigIntegerField()  # of the op that wrote it last
    digest = models.CharField(max_length=64)  # blob: zstd of little-endian uint32, C order
    size_bytes = models.PositiveIntegerField()

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["layer", "t", "z", "cy", "cx"], name="one_chunk_per_place"
            )
        ]

    def __str__(self) -> str:
        return f"chunk {self.cy},{self.cx} of {self.layer_id}"


class ChunkState(models.Model):
    """A content that a chunk of a layer had from some op on; written with every change.

    Says which blobs of a layer may be read, what the layer was at an earlier seq, and which
    blobs are still wanted. Old ones may be thinned out.
    """

    id = models.BigAutoField(primary_key=True)
    layer = models.ForeignKey(LabelLayer, on_delete=models.CASCADE, related_name="chunk_states")
    t = models.PositiveIntegerField(default=0)
    z = models.PositiveIntegerField(default=0)
    cy = models.PositiveIntegerField()
    cx = models.PositiveIntegerField()
    seq = models.BigIntegerField()  # of the op after which the chunk was so
    digest = models.CharField(max_length=64)  # as LabelChunk.digest
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        constraints = [
            # Also the index for "the newest state up to a seq".
            models.UniqueConstraint(
                fields=["layer", "t", "z", "cy", "cx", "seq"], name="one_chunk_state_per_seq"
            )
        ]
        indexes = [
            # May this digest be read through this layer?
            models.Index(fields=["layer", "digest"], name="chunk_state_by_digest"),
        ]

    def __str__(self) -> str:
        return f"chunk {self.cy},{self.cx} of {self.layer_id} from {self.seq}"


class InstanceState(models.TextChoices):
    """What people decided about an instance."""

    PROPOSED = "proposed", "Proposed"
    ACCEPTED = "accepted", "Accepted"
    EDITED = "edited", "Edited"
    REJECTED = "rejected", "Rejected"


class Instance(models.Model):
    """One object of a layer, kept in step with the pixels by every op."""

    id = models.BigAutoField(primary_key=True)
    layer = models.ForeignKey(LabelLayer, on_delete=models.CASCADE, related_name="instances")
    instance_id = models.BigIntegerField()  # value in the label image, from 1
    t = models.PositiveIntegerField(default=0)
    z = models.PositiveIntegerField(default=0)
    area_px = models.BigIntegerField(default=0)  # 0: emptied, restorable by undo
    row0 = models.PositiveIntegerField(default=0)  # box that holds every pixel; may be loose
    col0 = models.PositiveIntegerField(default=0)
    row1 = models.PositiveIntegerField(default=0)
    col1 = models.PositiveIntegerField(default=0)
    state = models.CharField(
        max_length=12, choices=InstanceState.choices, default=InstanceState.ACCEPTED
    )
    score = models.FloatField(null=True)  # of a prediction, 0 to 1
    # How likely the prediction is wrong, 0 to 1: 1 - agreement over turned and mirrored views.
    doubt = models.FloatField(null=True)
    class_name = models.CharField(max_length=64, blank=True)
    created_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, on_delete=models.SET_NULL, related_name="+"
    )
    source_layer = models.ForeignKey(
        LabelLayer, null=True, on_delete=models.SET_NULL, related_name="+"
    )  # the draft this instance was accepted from
    source_instance_id = models.BigIntegerField(null=True)
    seq = models.BigIntegerField(default=0)  # of the op that touched it last

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["layer", "instance_id"], name="one_row_per_instance"),
            models.CheckConstraint(condition=Q(area_px__gte=0), name="instance_area_not_negative"),
        ]
        indexes = [
            # Counts of drafts by what was decided.
            models.Index(fields=["layer", "state"], name="instance_by_state"),
        ]

    def __str__(self) -> str:
        return f"instance {self.instance_id} of {self.layer_id}"


class LayerSnapshot(models.Model):
    """An immutable state of a layer: the digests of its chunks at a seq."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    layer = models.ForeignKey(LabelLayer, on_delete=models.PROTECT, related_name="snapshots")
    seq = models.BigIntegerField()
    manifest_digest = models.CharField(max_length=64)  # blob: JSON {chunks: {"t/z/cy/cx": digest}}
    created_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, on_delete=models.SET_NULL, related_name="+"
    )
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["layer", "seq"], name="one_snapshot_per_seq")
        ]

    def __str__(self) -> str:
        return f"{self.layer} at {self.seq}"


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
    """A half-open box of an image with a promise about its annotation."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    image = models.ForeignKey(Image, on_delete=models.CASCADE, related_name="regions")
    layer = models.ForeignKey(LabelLayer, on_delete=models.CASCADE, related_name="regions")
    t = models.PositiveIntegerField(default=0)
    z = models.PositiveIntegerField(default=0)
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
                condition=Q(row1__gt=F("row0"), col1__gt=F("col0")), name="region_not_empty"
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


class AuditEntry(models.Model):
    """Who did what, when; written by every action in its own transaction."""

    id = models.BigAutoField(primary_key=True)
    project = models.ForeignKey(Project, null=True, on_delete=models.CASCADE, related_name="audit")
    user = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, on_delete=models.SET_NULL, related_name="+"
    )
    verb = models.CharField(max_length=64)  # name of the action
    target = models.CharField(max_length=64)  # id of what it acted on
    data: models.JSONField[dict[str, Any]] = models.JSONField(default=dict)
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        indexes = [models.Index(fields=["project", "-created_at"], name="audit_of_project")]

    def __str__(self) -> str:
        return f"{self.verb} {self.target}"
