"""Images over REST: list, read, change, remove, look at."""

from __future__ import annotations

import uuid
from typing import Any

from django.http import HttpResponse, StreamingHttpResponse
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from annotations.actions.images import delete_image, retry_image, update_image, view_image
from annotations.api.ops import AnyAccept
from annotations.api.serializers import HistogramOut, ImageIn, ImageOut, ImageRow, ViewOut
from annotations.models import ImageState, Split
from annotations.queries.images import (
    ImageFilter,
    find_image,
    find_project,
    find_ready_image,
    images_of_project,
    tile_view,
    with_counts,
)
from project.downloads import file_response, picture_response
from project.drf import Pages
from project.errors import NotFound
from project.storage import blob_path

# Bytes of strangers: never interpreted by a browser, whatever they pretend to be.
HARMLESS = {
    "X-Content-Type-Options": "nosniff",
    "Content-Security-Policy": "default-src 'none'; sandbox",
}


class FilterIn(serializers.Serializer[Any]):
    state = serializers.ChoiceField(choices=ImageState.choices, required=False, allow_blank=True)
    split = serializers.ChoiceField(choices=Split.choices, required=False, allow_blank=True)
    name = serializers.CharField(required=False, allow_blank=True, max_length=255)
    tag = serializers.CharField(required=False, allow_blank=True, max_length=64)
    painted = serializers.ChoiceField(choices=["yes", "no"], required=False, allow_blank=True)


class ImageList(APIView):
    @extend_schema(
        parameters=[FilterIn, OpenApiParameter("page", int), OpenApiParameter("page_size", int)],
        responses=ImageRow(many=True),
    )
    def get(self, request: Request, project_id: uuid.UUID) -> Response:
        project = find_project(request.user, project_id)
        sent = FilterIn(data=request.query_params)
        sent.is_valid(raise_exception=True)
        pages = Pages()
        images = images_of_project(project, ImageFilter(**sent.validated_data))
        page = with_counts(pages.paginate_queryset(images, request, self) or [])
        return pages.get_paginated_response(ImageRow(page, many=True).data)


class ImageItem(APIView):
    @extend_schema(responses=ImageOut)
    def get(self, request: Request, image_id: uuid.UUID) -> Response:
        image = find_image(request.user, image_id)
        return Response(ImageOut(with_counts([image])[0]).data)

    @extend_schema(request=ImageIn(partial=True), responses=ImageOut)
    def patch(self, request: Request, image_id: uuid.UUID) -> Response:
        sent = ImageIn(data=request.data, partial=True)
        sent.is_valid(raise_exception=True)
        image = update_image(user=request.user, image_id=image_id, **sent.validated_data)
        return Response(ImageOut(with_counts([image])[0]).data)

    @extend_schema(responses={204: None})
    def delete(self, request: Request, image_id: uuid.UUID) -> Response:
        delete_image(user=request.user, image_id=image_id)
        return Response(status=204)


class ImageRetry(APIView):
    @extend_schema(request=None, responses=ImageOut)
    def post(self, request: Request, image_id: uuid.UUID) -> Response:
        image = retry_image(user=request.user, image_id=image_id)
        return Response(ImageOut(image).data)


class ImageView(APIView):
    @extend_schema(responses=ViewOut, summary="Where the tiles are")
    def get(self, request: Request, image_id: uuid.UUID) -> Response:
        return Response(ViewOut(tile_view(request.user, image_id)).data)

    @extend_schema(
        request=None,
        responses=ViewOut,
        summary="Open the image: where its tiles are; its draft is made before others",
    )
    def post(self, request: Request, image_id: uuid.UUID) -> Response:
        return Response(ViewOut(view_image(user=request.user, image_id=image_id)).data)


class ImageHistogram(APIView):
    @extend_schema(responses=HistogramOut)
    def get(self, request: Request, image_id: uuid.UUID) -> Response:
        return Response(HistogramOut(find_ready_image(request.user, image_id)).data)


class ImageThumbnail(APIView):
    content_negotiation_class = AnyAccept  # an <img> asks for image/*

    @extend_schema(responses={(200, "image/jpeg"): OpenApiTypes.BINARY})
    def get(self, request: Request, image_id: uuid.UUID) -> HttpResponse:
        digest = find_image(request.user, image_id).thumbnail_digest
        if not digest:
            raise NotFound("There is no thumbnail yet.")
        return picture_response(request._request, digest)


class ImageOriginal(APIView):
    content_negotiation_class = AnyAccept  # an <img> asks for image/*

    @extend_schema(responses={(200, "application/octet-stream"): OpenApiTypes.BINARY})
    def get(self, request: Request, image_id: uuid.UUID) -> StreamingHttpResponse:
        image = find_image(request.user, image_id)
        path = blob_path(image.original_digest)
        if not path.is_file():
            raise NotFound("The file of this image is missing; restore it from the backup.")
        response = file_response(
            request._request, path, name=image.name, content_type="application/octet-stream"
        )
        for name, value in HARMLESS.items():
            response[name] = value
        return response
