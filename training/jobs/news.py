"""What open pages are told about runs, versions and predictions."""

from __future__ import annotations

from typing import Any

from project.events import publish
from training.models import (
    Evaluation,
    ModelVersion,
    PredictionRun,
    Round,
    Selection,
    TrainingRun,
    VersionUpload,
)
from training.queries.runs import run_state
from training.queries.suggestions import selection_state
from training.supervision.progress import pieces

LOG_EVENT_BYTES = 6000  # below PostgreSQL's limit for a notification


def publish_run(run: TrainingRun) -> None:
    """Tell the run's page and the project's pages how the run stands."""
    event = run_state(run)
    publish(f"run:{run.pk}", event)
    publish(f"project:{run.project_id}", {**event, "type": "run"})


def publish_run_by_id(run_id: Any) -> None:
    """Read the run again and tell how it stands."""
    run = TrainingRun.objects.defer("log", "traceback").filter(pk=run_id).first()
    if run is not None:
        publish_run(run)


def publish_epoch(run_id: Any, epoch: dict[str, Any], progress: dict[str, Any]) -> None:
    """Tell the run's page the numbers of an epoch."""
    publish(f"run:{run_id}", {"type": "epoch", **epoch, "progress": progress})


def publish_log(run_id: Any, text: str) -> None:
    """Send new lines of the log to the run's page."""
    for piece in pieces(text, LOG_EVENT_BYTES):
        publish(f"run:{run_id}", {"type": "log", "text": piece})


def publish_version(version: ModelVersion) -> None:
    """Tell the project's pages of a new version."""
    event = {
        "type": "version",
        "id": str(version.pk),
        "number": version.number,
        "engine": version.engine,
    }
    publish(f"project:{version.project_id}", event)


def publish_round(closed: Round) -> None:
    """Tell the project's pages that a round was closed."""
    publish(f"project:{closed.project_id}", {"type": "round", "number": closed.number})


def publish_evaluation(evaluation: Evaluation) -> None:
    """Tell the project's pages that a version was measured, or could not be."""
    event = {
        "type": "evaluation",
        "id": str(evaluation.pk),
        "version": str(evaluation.version_id),
        "split": evaluation.split,
        "state": evaluation.state,
        "ap50": evaluation.metrics.get("pooled", {}).get("ap", {}).get("0.5"),
    }
    publish(f"project:{evaluation.version.project_id}", event)


def publish_prediction(prediction: PredictionRun) -> None:
    """Tell the project's pages how a prediction stands."""
    event = {
        "type": "prediction",
        "id": str(prediction.pk),
        "image": str(prediction.image_id),
        "version": str(prediction.version_id),
        "layer": str(prediction.layer_id) if prediction.layer_id else None,
        "state": prediction.state,
        "n_instances": prediction.n_instances,
        "progress": prediction.progress,
        "error_message": prediction.error_message[:1000],
    }
    publish(f"project:{prediction.version.project_id}", event)


def publish_prediction_by_id(prediction_id: Any) -> None:
    """Read the prediction again and tell how it stands."""
    rows = PredictionRun.objects.select_related("version").defer("log", "traceback")
    prediction = rows.filter(pk=prediction_id).first()
    if prediction is not None:
        publish_prediction(prediction)


def publish_upload(upload: VersionUpload) -> None:
    """Tell the project's pages how an uploaded model stands."""
    event = {
        "type": "upload",
        "id": str(upload.pk),
        "engine": upload.engine,
        "starter": upload.starter,
        "state": upload.state,
        "version": str(upload.version_id) if upload.version_id else None,
        "error_message": upload.error_message[:1000],
    }
    publish(f"project:{upload.project_id}", event)


def publish_selection(selection: Selection) -> None:
    """Tell the project's pages how a choice of regions stands."""
    event = {"type": "selection", **selection_state(selection)}
    publish(f"project:{selection.project_id}", event)
