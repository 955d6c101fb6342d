"""Model versions and predictions over HTTP."""

from __future__ import annotations

import uuid
from typing import Any

from django.db.models import prefetch_related_objects
from django.http import HttpResponse, StreamingHttpResponse
from django.utils.text import slugify
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework import status
from rest_framework.parsers import MultiPartParser
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from annotations.api.ops import AnyAccept
from annotations.models import Project
from annotations.queries.images import find_image, find_project
from project.downloads import file_response, picture_response
from project.drf import Pages
from project.errors import NotFound
from project.storage import blob_path
from training.actions.evaluations import repeat_evaluation
from training.actions.predictions import (
    cancel_prediction,
    cancel_waiting_predictions,
    queue_predictions,
)
from training.actions.versions import upload_version
from training.api.shapes import (
    LeaderOut,
    PredictionOut,
    PredictionsCancelIn,
    PredictionsCancelOut,
    PredictionsIn,
    UnmeasuredOut,
    UploadOut,
    VersionIn,
    VersionOut,
    VersionRowOut,
)
from training.models import ModelVersion
from training.queries.predictions import one_prediction, predictions_of_image
from training.queries.versions import (
    drafts_of,
    drafts_under_way,
    leaderboard,
    lineage,
    one_evaluation,
    one_example,
    one_upload,
    one_version,
    versions_of_project,
)


class ProjectVersions(APIView):
    parser_classes = [MultiPartParser]

    @extend_schema(responses=VersionRowOut(many=True), summary="Model versions, newest first")
    def get(self, request: Request, project_id: uuid.UUID) -> Response:
        project = find_project(request.user, project_id)
        pages = Pages()
        rows = pages.paginate_queryset(versions_of_project(request.user, project), request, self)
        return pages.get_paginated_response(VersionRowOut(rows, many=True).data)

    @extend_schema(
        request={"multipart/form-data": VersionIn},
        responses={202: UploadOut},
        summary="Upload a model file; a version appears when the engine could open it",
    )
    def post(self, request: Request, project_id: uuid.UUID) -> Response:
        project = find_project(request.user, project_id)
        given = VersionIn(data=request.data)
        given.is_valid(raise_exception=True)
        fields: dict[str, Any] = given.validated_data
        file = fields.pop("file")
        upload = upload_version(
            user=request.user,
            project=project,
            stream=file.file,
            file_name=file.name,
            size_bytes=file.size,
            **fields,
        )
        return Response(UploadOut(upload).data, status=status.HTTP_202_ACCEPTED)


class UploadDetail(APIView):
    @extend_schema(responses=UploadOut, summary="An uploaded model on its way to a version")
    def get(self, request: Request, upload_id: uuid.UUID) -> Response:
        return Response(UploadOut(one_upload(request.user, upload_id)).data)


class VersionDetail(APIView):
    @extend_schema(responses=VersionOut, summary="A version and all that it was made of")
    def get(self, request: Request, version_id: uuid.UUID) -> Response:
        version: Any = one_version(request.user, version_id)
        prefetch_related_objects(version.measured, "examples")
        version.lineage = lineage(version)
        version.drafts = drafts_of(version)
        version.drafts_under_way = drafts_under_way(version)
        return Response(VersionOut(version).data)


class VersionDownload(APIView):
    content_negotiation_class = AnyAccept

    @extend_schema(
        responses={(200, "application/zip"): OpenApiTypes.BINARY},
        summary="The model as the engine's own program opens it, with config and licence",
    )
    def get(self, request: Request, version_id: uuid.UUID) -> StreamingHttpResponse:
        version = one_version(request.user, version_id)
        path = blob_path(version.export_digest or version.checkpoint_digest)
        if not path.is_file():
            raise NotFound("The file of this version is missing; restore it from the backup.")
        return file_response(
            request._request, path, name=file_name_of(version), content_type="application/zip"
        )


class ExamplePicture(APIView):
    content_negotiation_class = AnyAccept

    @extend_schema(
        responses={(200, "image/jpeg"): OpenApiTypes.BINARY},
        summary="A part of a measured image with the outlines of people and of the version",
    )
    def get(self, request: Request, example_id: uuid.UUID) -> HttpResponse:
        digest = one_example(request.user, example_id).picture_digest
        return picture_response(request._request, digest)


class EvaluationRepeat(APIView):
    @extend_schema(request=None, responses={202: UnmeasuredOut}, summary="Measure again")
    def post(self, request: Request, evaluation_id: uuid.UUID) -> Response:
        evaluation = one_evaluation(request.user, evaluation_id)
        queued = repeat_evaluation(user=request.user, evaluation=evaluation)
        return Response(UnmeasuredOut(queued).data, status=status.HTTP_202_ACCEPTED)


class ProjectLeaderboard(APIView):
    @extend_schema(
        parameters=[OpenApiParameter("split", enum=["validation", "test"])],
        responses=LeaderOut(many=True),
        summary="Versions measured on the newest set, best first",
    )
    def get(self, request: Request, project_id: uuid.UUID) -> Response:
        project = find_project(request.user, project_id)
        split = request.query_params.get("split", "validation")
        return Response(LeaderOut(leaderboard(project, split), many=True).data)


class ProjectPredictions(APIView):
    @extend_schema(
        request=PredictionsIn,
        responses={202: PredictionOut(many=True)},
        summary="Queue predictions of some images, or of all",
    )
    def post(self, request: Request, project_id: uuid.UUID) -> Response:
        project = find_project(request.user, project_id)
        asked = PredictionsIn(data=request.data)
        asked.is_valid(raise_exception=True)
        version = one_version_of(request.user, project, asked.validated_data["version"])
        rows = queue_predictions(
            user=request.user,
            version=version,
            images=asked.validated_data["images"],
            keep_maps=asked.validated_data["keep_maps"],
        )
        return Response(PredictionOut(rows, many=True).data, status=status.HTTP_202_ACCEPTED)


class ProjectPredictionsCancel(APIView):
    @extend_schema(
        request=PredictionsCancelIn,
        responses=PredictionsCancelOut,
        summary="Cancel every prediction that waits, of the project or of one version",
    )
    def post(self, request: Request, project_id: uuid.UUID) -> Response:
        project = find_project(request.user, project_id)
        asked = PredictionsCancelIn(data=request.data)
        asked.is_valid(raise_exception=True)
        wanted = asked.validated_data["version"]
        version = one_version_of(request.user, project, wanted) if wanted else None
        n_cancelled = cancel_waiting_predictions(
            user=request.user, project=project, version=version
        )
        return Response(PredictionsCancelOut({"n_cancelled": n_cancelled}).data)


class PredictionCancel(APIView):
    @extend_schema(request=None, responses=PredictionOut, summary="Stop a prediction")
    def post(self, request: Request, prediction_id: uuid.UUID) -> Response:
        prediction = one_prediction(request.user, prediction_id)
        cancelled = cancel_prediction(user=request.user, prediction=prediction)
        return Response(PredictionOut(cancelled).data)


class ImagePredictions(APIView):
    @extend_schema(responses=PredictionOut(many=True), summary="Predictions of an image")
    def get(self, request: Request, image_id: uuid.UUID) -> Response:
        image = find_image(request.user, image_id)
        pages = Pages()
        rows = pages.paginate_queryset(predictions_of_image(request.user, image), request, self)
        return pages.get_paginated_response(PredictionOut(rows, many=True).data)


def one_version_of(user: Any, project: Project, version_id: uuid.UUID) -> ModelVersion:
    """Return a version of this very project; raises NotFound."""
    version = one_version(user, version_id)
    if version.project_id != project.pk:
        raise NotFound("There is no such model version in this project.")
    return version


def file_name_of(version: ModelVersion) -> str:
    """Return the name under which a version is saved."""
    return f"{slugify(version.project.name) or 'project'}-{version.engine}-v{version.number}.zip"
