"""How good versions are."""

from __future__ import annotations

import uuid

from django.db import models

from annotations.models import Image
from training.models.sets import TrainingSet
from training.models.states import SupervisedRow
from training.models.versions import ModelVersion


class Evaluation(SupervisedRow):
    """How a version did on frozen regions; one row per version and split of a set."""

    version = models.ForeignKey(ModelVersion, on_delete=models.CASCADE, related_name="evaluations")
    training_set = models.ForeignKey(
        TrainingSet, on_delete=models.PROTECT, related_name="evaluations"
    )
    split = models.CharField(max_length=12)  # validation or test
    # {pooled: {...}, mean: {...}, n_images, n_instances}; where drafts are fast also {fast: {...}}:
    # the same of the fast way, with {agreement: {iou, n_objects, n_same}}
    metrics = models.JSONField(default=dict)
    per_image = models.JSONField(default=list)

    class Meta(SupervisedRow.Meta):
        constraints = [
            *SupervisedRow.Meta.constraints,
            models.UniqueConstraint(
                fields=["version", "training_set", "split"], name="one_evaluation_per_split"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.version} on {self.split}"


class Example(models.Model):
    """A picture of what a version drew and what people drew, as an evaluation compared them."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    evaluation = models.ForeignKey(Evaluation, on_delete=models.CASCADE, related_name="examples")
    image = models.ForeignKey(Image, on_delete=models.CASCADE, related_name="+")
    picture_digest = models.CharField(max_length=64)  # blob: JPEG

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["evaluation", "image"], name="one_example_per_measured_image"
            )
        ]

    def __str__(self) -> str:
        return f"{self.evaluation}: {self.image}"
