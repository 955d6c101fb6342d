"""What an engine says of each pixel of a part of an image, as a picture over it, over HTTP."""

from __future__ import annotations

import uuid
from typing import Any

from django.http import HttpResponse
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import extend_schema
from rest_framework import serializers, status
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from annotations.api.ops import AnyAccept
from annotations.queries.images import find_image
from project.downloads import picture_response
from project.errors import NotFound
from training.actions.prompts import ask_model
from training.api.versions import one_version_of
from training.queries.prompts import one_answer


class MapIn(serializers.Serializer[Any]):
    """Which map, and of which part of the image."""

    version = serializers.UUIDField(
        required=False, help_text="The newest version that sees planes where none is named."
    )
    name = serializers.CharField(help_text="One of what the engine `produces`, e.g. prob or flows.")
    t = serializers.IntegerField(min_value=0, default=0)
    z = serializers.IntegerField(min_value=0, default=0)
    box = serializers.ListField(
        child=serializers.IntegerField(), min_length=4, max_length=4,
        help_text="row0, col0, row1, col1, half-open, at most 1024 pixels wide and high.",
    )  # fmt: skip


class MapOut(serializers.Serializer[Any]):
    """A map, or that its worker has not made it yet."""

    id = serializers.CharField()
    state = serializers.ChoiceField(choices=["waiting", "found", "failed"])
    code = serializers.CharField(required=False, help_text="Why it failed.")
    message = serializers.CharField(required=False, help_text="A sentence for the person.")
    by = serializers.CharField(required=False, help_text="Name of the version.")
    low = serializers.FloatField(required=False, help_text="What the first colour stands for.")
    high = serializers.FloatField(required=False, help_text="What the last colour stands for.")
    seconds = serializers.FloatField(required=False, help_text="Of the worker.")


class ImageMaps(APIView):
    @extend_schema(
        request=MapIn,
        responses={200: MapOut, 202: MapOut},
        summary="Ask a version for a map of a part of an image",
    )
    def post(self, request: Request, image_id: uuid.UUID) -> Response:
        image = find_image(request.user, image_id)
        given = MapIn(data=request.data)
        given.is_valid(raise_exception=True)
        asked: dict[str, Any] = dict(given.validated_data)
        named = asked.pop("version", None)
        version = one_version_of(request.user, image.project, named) if named else None
        asked["box"] = tuple(asked["box"])
        question, known = ask_model(
            user=request.user, image=image, version=version, kind="map", **asked
        )
        is_waiting = known["state"] == "waiting"
        return Response(
            MapOut({"id": question.key, **known}).data,
            status=status.HTTP_202_ACCEPTED if is_waiting else status.HTTP_200_OK,
        )


class ImageMap(APIView):
    @extend_schema(responses=MapOut, summary="How a map stands that was asked for")
    def get(self, request: Request, image_id: uuid.UUID, key: str) -> Response:
        image = find_image(request.user, image_id)
        return Response(MapOut({"id": key, **one_answer(image, key)}).data)


class ImageMapPicture(APIView):
    content_negotiation_class = AnyAccept

    @extend_schema(
        responses={(200, "image/png"): OpenApiTypes.BINARY},
        summary="The map's colours, one pixel for each pixel of the box",
    )
    def get(self, request: Request, image_id: uuid.UUID, key: str) -> HttpResponse:
        image = find_image(request.user, image_id)
        digest = one_answer(image, key).get("digest")
        if not digest:
            raise NotFound("This map is not made yet.")
        return picture_response(request._request, digest, content_type="image/png")
