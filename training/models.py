"""Rows about what was learned from whom: sets, runs, versions, evaluations, predictions."""

from __future__ import annotations

import uuid
from typing import Any, ClassVar

from django.conf import settings
from django.db import models
from django.db.models import F, Q
from django.utils import timezone

from annotations.models import Image, LabelLayer, LayerSnapshot, Project, Purpose, Region
from project.leases import LeasedRow


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


class RunState(models.TextChoices):
    """Where a training run or a prediction stands."""

    QUEUED = "queued", "Waiting"
    RUNNING = "running", "Running"
    PAUSED = "paused", "Paused"  # trainings only: stands still until a person continues it
    FINISHED = "finished", "Finished"
    FAILED = "failed", "Failed"  # an expected end, with a sentence
    ERRORED = "errored", "Error"  # a defect of ours, with a traceback
    CANCELLED = "cancelled", "Cancelled"
    LOST = "lost", "Lost"  # workers vanished until no attempt was left

    @classmethod
    def open_states(cls) -> set[str]:
        """Return the states from which something still happens by itself."""
        return {cls.QUEUED, cls.RUNNING}

    @classmethod
    def terminal_states(cls) -> set[str]:
        """Return the states that never change again."""
        return {cls.FINISHED, cls.FAILED, cls.ERRORED, cls.CANCELLED, cls.LOST}

    @classmethod
    def repeatable_states(cls) -> set[str]:
        """Return the states that ended without what was asked for."""
        return cls.terminal_states() - {cls.FINISHED}


class SupervisedRow(LeasedRow):
    """Work done by an engine in a child process, watched by a worker."""

    QUEUED_STATE: ClassVar[str] = RunState.QUEUED
    RUNNING_STATE: ClassVar[str] = RunState.RUNNING
    LOST_STATE: ClassVar[str] = RunState.LOST

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    state = models.CharField(max_length=12, choices=RunState.choices, default=RunState.QUEUED)
    cancel_requested = models.BooleanField(default=False)
    progress = models.JSONField(default=dict)  # {stage, epoch, of, seconds_left, …}
    traceback = models.TextField(blank=True)
    log = models.TextField(blank=True)  # stdout and stderr of the child, newest 200 kB
    created_at = models.DateTimeField(auto_now_add=True)
    started_at = models.DateTimeField(null=True)
    finished_at = models.DateTimeField(null=True)

    class Meta:
        abstract = True
        constraints = [
            models.CheckConstraint(
                condition=~Q(state=RunState.RUNNING) | Q(lease__isnull=False),
                name="running_%(class)s_has_a_lease",
            )
        ]

    @staticmethod
    def queued_anew() -> dict[str, Any]:
        """Return the fields of a row that waits as if nobody had tried it yet."""
        return {
            "state": RunState.QUEUED,
            "attempt": 0,
            "queued_at": timezone.now(),
            "error_code": "",
            "error_message": "",
            "traceback": "",
            "log": "",
            "progress": {},
            "started_at": None,
            "finished_at": None,
            "cancel_requested": False,
        }


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


class Round(models.Model):
    """Select, annotate, train, predict, once: closed when its training set is first trained on.

    What was labelled in a round is what its set has and the set of the round before has not.
    """

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    project = models.ForeignKey(Project, on_delete=models.PROTECT, related_name="rounds")
    number = models.PositiveIntegerField()  # from 1
    training_set = models.OneToOneField(
        TrainingSet, on_delete=models.PROTECT, related_name="round"
    )  # its versions are those trained on it
    before = models.ForeignKey(
        ModelVersion, null=True, on_delete=models.SET_NULL, related_name="+"
    )  # newest version while people annotated; null in the first round
    began_at = models.DateTimeField()
    ended_at = models.DateTimeField()
    n_images = models.PositiveIntegerField(default=0)  # with something new
    n_regions = models.PositiveIntegerField(default=0)  # new ones
    n_instances = models.PositiveIntegerField(default=0)  # in the new regions
    n_ops = models.PositiveIntegerField(default=0)  # label operations of the time
    active_s = models.FloatField(default=0)  # people's time in the editor

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["project", "number"], name="one_round_per_number")
        ]

    def __str__(self) -> str:
        return f"round {self.number} of {self.project_id}"


class Selection(SupervisedRow):
    """One choice of regions worth painting next; made when a person or the loop asks for it."""

    project = models.ForeignKey(Project, on_delete=models.CASCADE, related_name="selections")
    version = models.ForeignKey(
        ModelVersion, null=True, on_delete=models.CASCADE, related_name="selections"
    )  # whose drafts were doubted; null: no model yet, so by typicality
    n_wanted = models.PositiveSmallIntegerField(default=8)
    seed = models.BigIntegerField(default=0)
    created_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, on_delete=models.SET_NULL, related_name="+"
    )  # null: asked for by the loop itself

    def __str__(self) -> str:
        return f"selection {self.pk}"


class Strategy(models.TextChoices):
    """Why a region was chosen."""

    TYPICAL = "typical", "Typical"
    DOUBTFUL = "doubtful", "Doubtful"
    RANDOM = "random", "Random"


class SuggestionState(models.TextChoices):
    """What a person made of a suggestion."""

    OPEN = "open", "Open"
    TAKEN = "taken", "Taken"
    DISMISSED = "dismissed", "Dismissed"


class Suggestion(models.Model):
    """A region that is worth painting, and why."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    selection = models.ForeignKey(Selection, on_delete=models.CASCADE, related_name="suggestions")
    rank = models.PositiveSmallIntegerField()  # from 1, the best first
    image = models.ForeignKey(Image, on_delete=models.CASCADE, related_name="suggestions")
    t = models.PositiveIntegerField(default=0)
    z = models.PositiveIntegerField(default=0)
    row0 = models.PositiveIntegerField()
    col0 = models.PositiveIntegerField()
    row1 = models.PositiveIntegerField()
    col1 = models.PositiveIntegerField()
    purpose = models.CharField(max_length=20, choices=Purpose.choices, default=Purpose.TRAINING)
    strategy = models.CharField(max_length=12, choices=Strategy.choices)
    reason = models.CharField(max_length=300)  # one sentence for the person
    score = models.FloatField(null=True)  # of the strategy; higher is chosen earlier
    facts = models.JSONField(default=dict)  # {n_instances, expected_wrong, …}
    state = models.CharField(
        max_length=12, choices=SuggestionState.choices, default=SuggestionState.OPEN
    )
    region = models.OneToOneField(
        Region, null=True, on_delete=models.SET_NULL, related_name="suggestion"
    )  # opened from it
    decided_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, on_delete=models.SET_NULL, related_name="+"
    )
    decided_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["selection", "rank"], name="one_suggestion_per_rank"),
            models.CheckConstraint(
                condition=Q(row1__gt=F("row0"), col1__gt=F("col0")),
                name="suggestion_not_empty",
            ),
        ]

    def __str__(self) -> str:
        return f"suggestion {self.rank} of {self.selection_id}"
