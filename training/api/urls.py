"""Addresses of the training endpoints, below /api/v1/."""

from __future__ import annotations

from django.urls import path

from training.api.maps import ImageMap, ImageMapPicture, ImageMaps
from training.api.outlines import PredictionMaps, PredictionOutlines, PredictionRois
from training.api.prompts import ImagePrompt, ImagePrompts, PrompterList
from training.api.rounds import ProjectRounds
from training.api.runs import (
    EngineList,
    ProjectRuns,
    ProjectRunsCheck,
    RunCancel,
    RunDetail,
    RunEvents,
    RunPause,
    RunResume,
    TrainingSetDetail,
)
from training.api.starters import ProjectStarters, StarterList
from training.api.suggestions import ProjectSuggestions, SuggestionDismiss, SuggestionTake
from training.api.versions import (
    EvaluationRepeat,
    ExamplePicture,
    ImagePredictions,
    PredictionCancel,
    ProjectLeaderboard,
    ProjectPredictions,
    ProjectPredictionsCancel,
    ProjectVersions,
    UploadDetail,
    VersionDetail,
    VersionDownload,
)

urlpatterns = [
    path("engines/", EngineList.as_view()),
    path("prompters/", PrompterList.as_view()),
    path("starters/", StarterList.as_view()),
    path("projects/<uuid:project_id>/runs/", ProjectRuns.as_view()),
    path("projects/<uuid:project_id>/runs/check/", ProjectRunsCheck.as_view()),
    path("projects/<uuid:project_id>/versions/", ProjectVersions.as_view()),
    path("projects/<uuid:project_id>/starters/", ProjectStarters.as_view()),
    path("projects/<uuid:project_id>/leaderboard/", ProjectLeaderboard.as_view()),
    path("projects/<uuid:project_id>/rounds/", ProjectRounds.as_view()),
    path("projects/<uuid:project_id>/predictions/", ProjectPredictions.as_view()),
    path("projects/<uuid:project_id>/predictions/cancel/", ProjectPredictionsCancel.as_view()),
    path("predictions/<uuid:prediction_id>/cancel/", PredictionCancel.as_view()),
    path("predictions/<uuid:prediction_id>/outlines/", PredictionOutlines.as_view()),
    path("predictions/<uuid:prediction_id>/rois/", PredictionRois.as_view()),
    path("predictions/<uuid:prediction_id>/maps/", PredictionMaps.as_view()),
    path("projects/<uuid:project_id>/suggestions/", ProjectSuggestions.as_view()),
    path("suggestions/<uuid:suggestion_id>/take/", SuggestionTake.as_view()),
    path("suggestions/<uuid:suggestion_id>/dismiss/", SuggestionDismiss.as_view()),
    path("runs/<uuid:run_id>/", RunDetail.as_view()),
    path("runs/<uuid:run_id>/cancel/", RunCancel.as_view()),
    path("runs/<uuid:run_id>/pause/", RunPause.as_view()),
    path("runs/<uuid:run_id>/resume/", RunResume.as_view()),
    path("runs/<uuid:run_id>/events/", RunEvents.as_view()),
    path("versions/<uuid:version_id>/", VersionDetail.as_view()),
    path("versions/<uuid:version_id>/download/", VersionDownload.as_view()),
    path("version-uploads/<uuid:upload_id>/", UploadDetail.as_view()),
    path("evaluations/<uuid:evaluation_id>/repeat/", EvaluationRepeat.as_view()),
    path("examples/<uuid:example_id>/", ExamplePicture.as_view()),
    path("images/<uuid:image_id>/predictions/", ImagePredictions.as_view()),
    path("images/<uuid:image_id>/maps/", ImageMaps.as_view()),
    path("images/<uuid:image_id>/maps/<str:key>/", ImageMap.as_view()),
    path("images/<uuid:image_id>/maps/<str:key>/picture/", ImageMapPicture.as_view()),
    path("images/<uuid:image_id>/prompts/", ImagePrompts.as_view()),
    path("images/<uuid:image_id>/prompts/<str:key>/", ImagePrompt.as_view()),
    path("training-sets/<uuid:set_id>/", TrainingSetDetail.as_view()),
]
