"""Which engine does a row's work: that decides its queue."""

from __future__ import annotations

from typing import Any

from training.models import (
    Evaluation,
    PredictionPart,
    PredictionRun,
    Selection,
    SupervisedRow,
    TrainingRun,
    VersionUpload,
)

ENGINE: dict[type[SupervisedRow], str] = {
    TrainingRun: "engine",
    VersionUpload: "engine",
    Evaluation: "version__engine",
    PredictionRun: "version__engine",
    PredictionPart: "prediction__version__engine",
    Selection: "version__engine",  # null: no drafts to doubt yet
}


def predict_queue(engine: str) -> str:
    """Return the queue of an engine's predictions and evaluations."""
    return f"predict.{engine}"


def engine_of(model: type[SupervisedRow], pk: Any) -> str:
    """Return the name of the engine, or "" for work that needs none."""
    return model._default_manager.values_list(ENGINE[model], flat=True).get(pk=pk) or ""
