"""What the training endpoints take and give: shapes and types only."""

from __future__ import annotations

from typing import Any

from rest_framework import serializers

from project.drf import PersonField
from training.datasets.large import LARGE_PX
from training.models import (
    EpochRecord,
    Evaluation,
    Example,
    ModelVersion,
    PredictionRun,
    RunState,
    TrainingRun,
    TrainingSet,
    VersionUpload,
)


class RunIn(serializers.Serializer[Any]):
    """A training that somebody asks for."""

    engine = serializers.CharField(max_length=32)
    start = serializers.CharField(max_length=200, default="scratch")
    params = serializers.DictField(default=dict)
    seed = serializers.IntegerField(default=0)
    max_minutes = serializers.FloatField(allow_null=True, default=None)
    channels = serializers.ListField(
        child=serializers.IntegerField(), default=list, max_length=64, allow_empty=True
    )


class FixOut(serializers.Serializer[Any]):
    """The button of a finding: opens an image or the project's images, or changes the form."""

    button = serializers.CharField(help_text="What is written on it.")
    image = serializers.UUIDField(allow_null=True)
    region = serializers.UUIDField(allow_null=True)
    params = serializers.DictField()
    channels = serializers.ListField(child=serializers.IntegerField(), allow_null=True)
    start = serializers.CharField()


class FindingOut(serializers.Serializer[Any]):
    """One thing to know before a training."""

    code = serializers.CharField()
    tone = serializers.ChoiceField(choices=("problem", "warning", "hint"))
    sentence = serializers.CharField()
    fix = FixOut(allow_null=True)


class PreflightOut(serializers.Serializer[Any]):
    """All that can be said before a training begins."""

    findings = FindingOut(many=True)
    estimate = serializers.CharField(help_text="A sentence; empty when nothing alike ran here.")


class PredictionsIn(serializers.Serializer[Any]):
    """Images that somebody wants predicted; null for all."""

    version = serializers.UUIDField()
    images = serializers.ListField(
        child=serializers.UUIDField(), allow_null=True, default=None, max_length=100_000
    )
    keep_maps = serializers.BooleanField(
        default=False,
        help_text=(
            "Keep the engine's own maps; drafts that exist without them are predicted again. "
            f"For images up to {LARGE_PX / 1e6:.1f} megapixels."
        ),
    )


class VersionIn(serializers.Serializer[Any]):
    """A model file from outside."""

    engine = serializers.CharField(max_length=32)
    file = serializers.FileField(allow_empty_file=True)
    channels = serializers.ListField(child=serializers.IntegerField(), default=list, max_length=64)
    licence = serializers.CharField(max_length=100, default="", allow_blank=True)


class StarterIn(serializers.Serializer[Any]):
    """A starter model that somebody wants in a project."""

    name = serializers.CharField(max_length=64)
    channels = serializers.ListField(
        child=serializers.IntegerField(),
        default=list,
        max_length=64,
        help_text="Of the images, counted from 0, in the order it sees them; none: the first.",
    )


class DataSetOut(serializers.Serializer[Any]):
    """A public data set that taught a starter model."""

    dataset = serializers.CharField()
    licence = serializers.CharField()
    source = serializers.CharField(  # type: ignore[assignment]
        help_text="Where it comes from, to be cited."
    )
    n_images = serializers.IntegerField()
    n_objects = serializers.IntegerField()


class StarterOut(serializers.Serializer[Any]):
    """The card of a starter model."""

    name = serializers.CharField()
    title = serializers.CharField()
    engine = serializers.CharField()
    objects = serializers.CharField()
    n_channels = serializers.IntegerField()
    diameter_px = serializers.FloatField(help_text="Median of the objects that it learnt from.")
    licence = serializers.CharField(help_text="Of the weights.")
    ap50 = serializers.FloatField(help_text="On images of the same data that it never saw.")
    n_test_images = serializers.IntegerField()
    trained_on = DataSetOut(many=True)
    size_bytes = serializers.IntegerField()


class EngineOut(serializers.Serializer[Any]):
    """An engine: what it makes, what it starts from, its form."""

    name = serializers.CharField()
    title = serializers.CharField()
    version = serializers.CharField()
    max_channels = serializers.IntegerField()
    produces = serializers.ListField(child=serializers.CharField())
    pretrained = serializers.ListField(child=serializers.CharField())
    licence = serializers.CharField()
    citation = serializers.CharField()
    needs_gpu = serializers.BooleanField()
    from_scratch = serializers.BooleanField()
    missing = serializers.CharField(help_text="Why it cannot be used; empty when it can.")
    params = serializers.ListField(child=serializers.DictField())
    schema = serializers.DictField()


class SetRefOut(serializers.ModelSerializer[TrainingSet]):
    """A training set in a word."""

    class Meta:
        model = TrainingSet
        fields = (
            "id",
            "number",
            "n_images",
            "n_regions",
            "n_instances",
            "splits",
            "manifest_digest",
            "created_at",
        )


class SetOut(SetRefOut):
    """A training set with its frozen manifest."""

    manifest = serializers.DictField()

    class Meta(SetRefOut.Meta):
        fields = (*SetRefOut.Meta.fields, "manifest")  # type: ignore[assignment]


class VersionRefOut(serializers.ModelSerializer[ModelVersion]):
    """A version in a word."""

    class Meta:
        model = ModelVersion
        fields = ("id", "number", "engine", "origin")


class EpochOut(serializers.ModelSerializer[EpochRecord]):
    """The numbers of an epoch."""

    class Meta:
        model = EpochRecord
        fields = (
            "epoch",
            "n_epochs",
            "train_loss",
            "validation_loss",
            "learning_rate",
            "duration_s",
            "metrics",
        )


class RunRowOut(serializers.ModelSerializer[TrainingRun]):
    """A run in a list."""

    start = serializers.SerializerMethodField()
    parent = VersionRefOut(allow_null=True)
    version = serializers.SerializerMethodField()
    training_set = SetRefOut()
    created_by = PersonField(default=None)

    class Meta:
        model = TrainingRun
        fields = (
            "id",
            "project",
            "number",
            "engine",
            "state",
            "start",
            "parent",
            "pretrained",
            "params",
            "seed",
            "max_minutes",
            "peak_mib",
            "channels",
            "n_replayed",
            "progress",
            "cancel_requested",
            "pause_requested",
            "paused_at",
            "paused_s",
            "attempt",
            "max_attempts",
            "warnings",
            "error_code",
            "error_message",
            "version",
            "training_set",
            "created_at",
            "started_at",
            "finished_at",
            "created_by",
        )

    def get_start(self, run: TrainingRun) -> str:
        if run.parent_id is not None:
            return f"version:{run.parent_id}"
        return f"pretrained:{run.pretrained}" if run.pretrained else "scratch"

    def get_version(self, run: TrainingRun) -> dict[str, Any] | None:
        version = getattr(run, "version", None)
        return dict(VersionRefOut(version).data) if version is not None else None


class RunOut(RunRowOut):
    """A run with its epochs and the newest part of its log."""

    epochs = EpochOut(many=True)

    class Meta(RunRowOut.Meta):
        fields = (*RunRowOut.Meta.fields, "epochs", "log")  # type: ignore[assignment]


class EvaluationRowOut(serializers.ModelSerializer[Evaluation]):
    """How a version did on the held-out regions of a set."""

    training_set = SetRefOut()

    class Meta:
        model = Evaluation
        fields: tuple[str, ...] = (
            "id",
            "training_set",
            "split",
            "state",
            "metrics",
            "finished_at",
        )


class ExampleOut(serializers.ModelSerializer[Example]):
    """A picture of what was measured; its bytes are at /api/v1/examples/ID/."""

    class Meta:
        model = Example
        fields = ("id", "image")


class EvaluationOut(EvaluationRowOut):
    """The same with the numbers of each image, and pictures of some."""

    examples = ExampleOut(many=True)

    class Meta(EvaluationRowOut.Meta):
        fields = (*EvaluationRowOut.Meta.fields, "per_image", "examples")


class UnmeasuredOut(serializers.ModelSerializer[Evaluation]):
    """A measurement that waits, goes on, or could not be made."""

    training_set = SetRefOut()

    class Meta:
        model = Evaluation
        fields = ("id", "training_set", "split", "state", "progress", "error_code", "error_message")


class VersionRowOut(serializers.ModelSerializer[ModelVersion]):
    """A version in a list."""

    parent = VersionRefOut(allow_null=True)
    run = serializers.SerializerMethodField()
    evaluations = EvaluationRowOut(source="measured", many=True)
    created_by = PersonField(default=None)

    class Meta:
        model = ModelVersion
        fields = (
            "id",
            "project",
            "number",
            "engine",
            "origin",
            "parent",
            "run",
            "size_bytes",
            "channels",
            "licence",
            "created_at",
            "created_by",
            "evaluations",
        )

    def get_run(self, version: ModelVersion) -> dict[str, Any] | None:
        run = version.run
        return {"id": str(run.pk), "number": run.number} if run is not None else None


class DraftUnderWayOut(serializers.Serializer[Any]):
    """How far the prediction of a large image, a stack or a time series is."""

    image = serializers.UUIDField()
    name = serializers.CharField()
    part = serializers.IntegerField(help_text="How many parts are made.", allow_null=True)
    of = serializers.IntegerField(help_text="How many parts there are.", allow_null=True)
    time = serializers.IntegerField(help_text="The time being drawn, from 1.", allow_null=True)
    times = serializers.IntegerField(allow_null=True)
    plane = serializers.IntegerField(help_text="The plane being drawn, from 1.", allow_null=True)
    planes = serializers.IntegerField(allow_null=True)


class VersionOut(VersionRowOut):
    """A version with all that it was made of."""

    evaluations = EvaluationOut(source="measured", many=True)
    unmeasured = UnmeasuredOut(many=True)
    lineage = VersionRefOut(many=True)
    training_set = serializers.SerializerMethodField()
    params = serializers.SerializerMethodField()
    seed = serializers.SerializerMethodField()
    thresholds = serializers.SerializerMethodField()
    versions = serializers.SerializerMethodField()
    drafts = serializers.DictField(
        child=serializers.IntegerField(), help_text="How many predictions are in which state."
    )
    drafts_under_way = DraftUnderWayOut(
        many=True, help_text="Those in parts, planes or times that are being made now."
    )

    class Meta(VersionRowOut.Meta):
        fields = (  # type: ignore[assignment]
            *VersionRowOut.Meta.fields,
            "unmeasured",
            "lineage",
            "training_set",
            "params",
            "seed",
            "thresholds",
            "versions",
            "config",
            "checkpoint_digest",
            "export_digest",
            "drafts",
            "drafts_under_way",
        )

    def get_training_set(self, version: ModelVersion) -> dict[str, Any] | None:
        return dict(SetRefOut(version.run.training_set).data) if version.run else None

    def get_params(self, version: ModelVersion) -> dict[str, Any]:
        return dict(version.run.params if version.run else version.config.get("params", {}))

    def get_seed(self, version: ModelVersion) -> int | None:
        return version.run.seed if version.run else None

    def get_thresholds(self, version: ModelVersion) -> dict[str, float]:
        return dict(version.config.get("thresholds") or {})

    def get_versions(self, version: ModelVersion) -> dict[str, str]:
        return dict(version.config.get("packages") or {})


class UploadOut(serializers.ModelSerializer[VersionUpload]):
    """An uploaded model on its way to a version."""

    class Meta:
        model = VersionUpload
        fields = (
            "id",
            "engine",
            "starter",
            "file_name",
            "state",
            "version",
            "error_code",
            "error_message",
            "created_at",
        )


class PredictionOut(serializers.ModelSerializer[PredictionRun]):
    """A prediction of an image; its layer is there when it is finished."""

    number = serializers.IntegerField(source="version.number")
    engine = serializers.CharField(source="version.engine")
    has_maps = serializers.SerializerMethodField(help_text="Whether maps can be downloaded.")

    class Meta:
        model = PredictionRun
        fields = (
            "id",
            "image",
            "version",
            "number",
            "engine",
            "state",
            "layer",
            "n_instances",
            "fast",
            "stack_drafts",
            "has_maps",
            "progress",
            "error_code",
            "error_message",
            "created_at",
            "finished_at",
        )

    def get_has_maps(self, prediction: PredictionRun) -> bool:
        is_made = prediction.state == RunState.FINISHED
        return is_made and prediction.keep_maps and bool(prediction.details_digest)


class PredictionsCancelIn(serializers.Serializer[Any]):
    version = serializers.UUIDField(
        required=False, allow_null=True, default=None, help_text="Only those of this version."
    )


class PredictionsCancelOut(serializers.Serializer[Any]):
    n_cancelled = serializers.IntegerField()


class LeaderOut(serializers.ModelSerializer[Evaluation]):
    """One version's place among those measured on the same set."""

    version = VersionRefOut()
    parent = VersionRefOut(source="version.parent", allow_null=True)
    trained_s = serializers.SerializerMethodField()
    training_set = SetRefOut()

    class Meta:
        model = Evaluation
        fields = ("version", "parent", "trained_s", "training_set", "split", "metrics")

    def get_trained_s(self, evaluation: Evaluation) -> float | None:
        run = evaluation.version.run
        if run is None or run.started_at is None or run.finished_at is None:
            return None
        return (run.finished_at - run.started_at).total_seconds() - run.paused_s
