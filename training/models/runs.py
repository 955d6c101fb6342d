"""Trainings and their epochs."""

from __future__ import annotations

from django.conf import settings
from django.db import models

from annotations.models import Project
from training.models.sets import TrainingSet
from training.models.states import SupervisedRow


class TrainingRun(SupervisedRow):
    """One attempt to train an engine on a training set."""

    project = models.ForeignKey(Project, on_delete=models.PROTECT, related_name="training_runs")
    number = models.PositiveIntegerField()
    training_set = models.ForeignKey(TrainingSet, on_delete=models.PROTECT, related_name="runs")
    engine = models.CharField(max_length=32)  # a name in training.engines.registry
    parent = models.ForeignKey(
        "ModelVersion", null=True, on_delete=models.PROTECT, related_name="child_runs"
    )  # null: from scratch or from a pretrained model
    pretrained = models.CharField(max_length=64, blank=True)  # official name, e.g. 2D_versatile_he
    params = models.JSONField(default=dict)  # every parameter, defaults filled in
    seed = models.BigIntegerField(default=0)
    max_minutes = models.FloatField(null=True)  # wall time for training; null: as the engine says
    pause_requested = models.BooleanField(default=False)
    # When it was paused; kept until a worker goes on with it, then added to the time it stood.
    paused_at = models.DateTimeField(null=True)
    paused_s = models.FloatField(default=0)  # of the time since it began; nobody trained then
    # Most memory that the child held; null: not finished, or nobody counted.
    peak_mib = models.PositiveIntegerField(null=True)
    channels = models.JSONField(default=list)  # indices of the image's channels, in net order
    # Regions that taught the versions it starts from and are not in its own set.
    n_replayed = models.PositiveIntegerField(default=0)
    # Newest resumable checkpoint, a file in the run's folder; written under the lease, so that
    # a worker that lost the run cannot name one.
    resume_file = models.CharField(max_length=100, blank=True)
    warnings = models.JSONField(default=list)  # sentences a person should know
    created_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, on_delete=models.SET_NULL, related_name="+"
    )

    class Meta(SupervisedRow.Meta):
        constraints = [
            *SupervisedRow.Meta.constraints,
            models.UniqueConstraint(fields=["project", "number"], name="one_run_per_number"),
        ]

    def __str__(self) -> str:
        return f"run {self.number} ({self.engine})"


class EpochRecord(models.Model):
    """What one epoch of a run reported; a resumed run overwrites the epochs it repeats."""

    id = models.BigAutoField(primary_key=True)
    run = models.ForeignKey(TrainingRun, on_delete=models.CASCADE, related_name="epochs")
    epoch = models.PositiveIntegerField()  # from 1
    n_epochs = models.PositiveIntegerField()
    train_loss = models.FloatField(null=True)
    validation_loss = models.FloatField(null=True)
    learning_rate = models.FloatField(null=True)
    duration_s = models.FloatField()
    metrics = models.JSONField(default=dict)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["run", "epoch"], name="one_record_per_epoch")
        ]

    def __str__(self) -> str:
        return f"epoch {self.epoch} of {self.run_id}"
