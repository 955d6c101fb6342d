"""Layers of labels: chunks, operations, instances, snapshots."""

from __future__ import annotations

import uuid

from django.conf import settings
from django.db import models
from django.db.models import Q

from annotations.models.images import Image


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
    depth = models.PositiveIntegerField(default=1)  # planes from z on that may hold its pixels
    area_px = models.BigIntegerField(default=0)  # over all planes; 0: emptied, restorable by undo
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
