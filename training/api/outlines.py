"""What a prediction holds besides pixels, as files: outlines for other tools, the engine's maps."""

from __future__ import annotations

import uuid
from pathlib import Path

from django.http import StreamingHttpResponse
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import extend_schema
from rest_framework.request import Request
from rest_framework.views import APIView

from annotations.api.ops import AnyAccept
from annotations.exchange import outlines_geojson, outlines_imagej
from project.downloads import file_response, made_response
from project.storage import blob_path
from training.models import PredictionRun
from training.queries.outlines import DraftOutlines, maps_digest
from training.queries.predictions import one_prediction


class PredictionOutlines(APIView):
    content_negotiation_class = AnyAccept

    @extend_schema(
        operation_id="v1_predictions_outlines",
        responses={(200, "application/geo+json"): OpenApiTypes.OBJECT},
        summary="The objects of a draft as polygons: GeoJSON, as QuPath imports it",
    )
    def get(self, request: Request, prediction_id: uuid.UUID) -> StreamingHttpResponse:
        prediction = one_prediction(request.user, prediction_id)
        return made_response(
            request._request,
            outlines_geojson.write(DraftOutlines(prediction)),
            name=file_name_of(prediction, ".geojson"),
            content_type="application/geo+json",
        )


class PredictionRois(APIView):
    content_negotiation_class = AnyAccept

    @extend_schema(
        operation_id="v1_predictions_rois",
        responses={(200, "application/zip"): OpenApiTypes.BINARY},
        summary="The same as a zip of ImageJ ROIs",
    )
    def get(self, request: Request, prediction_id: uuid.UUID) -> StreamingHttpResponse:
        prediction = one_prediction(request.user, prediction_id)
        return made_response(
            request._request,
            outlines_imagej.write(DraftOutlines(prediction)),
            name=file_name_of(prediction, "-RoiSet.zip"),
            content_type="application/zip",
        )


class PredictionMaps(APIView):
    content_negotiation_class = AnyAccept

    @extend_schema(
        operation_id="v1_predictions_maps",
        responses={(200, "application/octet-stream"): OpenApiTypes.BINARY},
        summary="The engine's own maps as .npz, if they were kept",
    )
    def get(self, request: Request, prediction_id: uuid.UUID) -> StreamingHttpResponse:
        prediction = one_prediction(request.user, prediction_id)
        return file_response(
            request._request,
            blob_path(maps_digest(prediction)),
            name=file_name_of(prediction, "-maps.npz"),
            content_type="application/octet-stream",
        )


def file_name_of(prediction: PredictionRun, ending: str) -> str:
    """Return the name under which something of a prediction is saved."""
    version = prediction.version
    stem = Path(prediction.image.name).stem
    return f"{stem}-{version.engine}-v{version.number}{ending}"
