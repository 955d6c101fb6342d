"""Rows about what was learned from whom: sets, runs, versions, evaluations, predictions."""

from training.models.evaluations import Evaluation, Example
from training.models.predictions import PredictionPart, PredictionRun
from training.models.rounds import Round, Selection, Strategy, Suggestion, SuggestionState
from training.models.runs import EpochRecord, TrainingRun
from training.models.sets import FrozenSnapshot, TrainingSet
from training.models.states import RunState, SupervisedRow
from training.models.versions import ModelVersion, VersionUpload

__all__ = [
    "EpochRecord",
    "Evaluation",
    "Example",
    "FrozenSnapshot",
    "ModelVersion",
    "PredictionPart",
    "PredictionRun",
    "Round",
    "RunState",
    "Selection",
    "Strategy",
    "Suggestion",
    "SuggestionState",
    "SupervisedRow",
    "TrainingRun",
    "TrainingSet",
    "VersionUpload",
]
