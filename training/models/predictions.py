"""Predictions of images."""

from __future__ import annotations

from django.conf import settings
from django.db import models
from django.db.models import Q

from annotations.models import Image, LabelLayer, StackDrafts
from training.models.states import RunState, SupervisedRow
from training.models.versions import ModelVersion


class PredictionRun(SupervisedRow):
    """One version predicting one image; its layer is the draft."""

    version = models.ForeignKey(ModelVersion, on_delete=models.CASCADE, related_name="predictions")
    image = models.ForeignKey(Image, on_delete=models.CASCADE, related_name="predictions")
    layer = models.OneToOneField(
        LabelLayer, null=True, on_delete=models.CASCADE, related_name="prediction_run"
    )  # set when finished
    priority = models.IntegerField(default=100)  # 0 is in view, then the queue, then the rest
    n_instances = models.PositiveIntegerField(default=0)
    fast = models.BooleanField(default=False)  # how the layer was made: the engine's fast way
    # What the layer's objects are where there are several planes; empty: it was not made yet.
    stack_drafts = models.CharField(max_length=8, choices=StackDrafts.choices, blank=True)
    keep_maps = models.BooleanField(default=False)  # a person wants the engine's own maps
    # Blob: .npz with the outlines of the layer's objects, and the maps; empty: there are none.
    details_digest = models.CharField(max_length=64, blank=True)
    requested_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, on_delete=models.SET_NULL, related_name="+"
    )  # null: queued by the loop itself, so a newer version may take its place

    class Meta(SupervisedRow.Meta):
        constraints = [
            *SupervisedRow.Meta.constraints,
            models.UniqueConstraint(fields=["version", "image"], name="one_prediction_per_image"),
        ]
        indexes = [
            # The next draft to make: looked up once per prediction.
            models.Index(
                fields=["priority", "created_at"],
                condition=Q(state=RunState.QUEUED),
                name="waiting_predictions",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.version} on {self.image}"


class PredictionPart(SupervisedRow):
    """A part of a large image's prediction, of a plane or a volume; any worker may make it.

    Made while the prediction is open, gone when it is finished.
    """

    prediction = models.ForeignKey(PredictionRun, on_delete=models.CASCADE, related_name="parts")
    number = models.PositiveIntegerField()  # from 1, plane by plane and row by row
    t = models.PositiveIntegerField(default=0)
    z = models.PositiveIntegerField(default=0)
    depth = models.PositiveIntegerField(default=1)  # planes that it owns, from z on
    row0 = models.PositiveIntegerField()  # of what it owns, see training.engines.blocks
    col0 = models.PositiveIntegerField()
    row1 = models.PositiveIntegerField()
    col1 = models.PositiveIntegerField()
    overlap_px = models.PositiveIntegerField()  # how far it sees beyond that
    overlap_z = models.PositiveIntegerField(default=0)  # and in planes
    is_volume = models.BooleanField(default=False)  # its objects are volumes
    fast = models.BooleanField(default=False)  # by the engine's fast way
    # Blob: .npz of training.supervision.parts; empty: not made yet.
    result_digest = models.CharField(max_length=64, blank=True)

    class Meta(SupervisedRow.Meta):
        constraints = [
            *SupervisedRow.Meta.constraints,
            models.UniqueConstraint(fields=["prediction", "number"], name="one_part_per_number"),
        ]

    def __str__(self) -> str:
        return f"part {self.number} of {self.prediction_id}"
