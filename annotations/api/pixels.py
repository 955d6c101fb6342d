"""Stored pixel values over REST: raw tiles of one plane, and the values at one place."""

from __future__ import annotations

import gzip
import uuid

import numpy as np
import zstandard
from django.http import HttpResponse
from django.http.response import HttpResponseBase
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework import serializers, status
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from annotations.imaging.pixels import Pixels
from annotations.queries.pixels import find_ready_image, raw_tile_of, values_at

MAX_PLACE = 2**31 - 1
# What a browser has an array for; other number types are sent as float64.
NATIVE = ("uint8", "int8", "uint16", "int16", "uint32", "int32", "float32", "float64")


class SliceIn(serializers.Serializer[None]):
    t = serializers.IntegerField(min_value=0, max_value=MAX_PLACE, default=0)
    z = serializers.IntegerField(min_value=0, max_value=MAX_PLACE, default=0)


class ValuesOut(serializers.Serializer[None]):
    values = serializers.ListField(
        child=serializers.FloatField(), help_text="As stored, one per channel; RGB: three."
    )


class RawTile(APIView):
    @extend_schema(
        responses={(200, "application/octet-stream"): OpenApiTypes.BINARY},
        parameters=[OpenApiParameter("Accept-Encoding", str, OpenApiParameter.HEADER)],
        summary="Stored values of a tile, row by row; X-Pixel-Type tells their number type",
    )
    def get(
        self, request: Request, image_id: uuid.UUID, plane: int, level: int, column: int, row: int
    ) -> HttpResponseBase:
        image = find_ready_image(request.user, image_id)
        etag = f'"{image.pixels_digest}-{plane}-{level}-{column}-{row}"'
        if request.headers.get("If-None-Match") == etag:
            answer = HttpResponse(status=status.HTTP_304_NOT_MODIFIED)
        else:
            tile = as_native(raw_tile_of(image, plane=plane, level=level, column=column, row=row))
            data, encoding = packed(tile.tobytes(), request.headers.get("Accept-Encoding", ""))
            answer = HttpResponse(data, content_type="application/octet-stream")
            answer["Content-Encoding"] = encoding
            answer["X-Pixel-Type"] = tile.dtype.name
        answer["ETag"] = etag
        answer["Vary"] = "Accept-Encoding, Cookie, Authorization"
        answer["Cache-Control"] = "private, max-age=31536000, immutable"
        return answer


class PixelValues(APIView):
    @extend_schema(parameters=[SliceIn], responses=ValuesOut, summary="Stored values at a pixel")
    def get(self, request: Request, image_id: uuid.UUID, row: int, column: int) -> Response:
        given = SliceIn(data=request.query_params)
        given.is_valid(raise_exception=True)
        place = {"x": column, "y": row, **given.validated_data}
        return Response({"values": values_at(request.user, image_id, **place)})


def as_native(tile: Pixels) -> Pixels:
    """Return a tile in a number type of browsers, its bytes in their order."""
    name = tile.dtype.name if tile.dtype.name in NATIVE else "float64"
    return np.ascontiguousarray(tile, dtype=np.dtype(name).newbyteorder("<"))


def packed(raw: bytes, accepted: str) -> tuple[bytes, str]:
    """Return bytes in the best coding that a client reads, and its name."""
    codings = {part.split(";")[0].strip() for part in accepted.split(",")}
    if "zstd" in codings:
        return zstandard.ZstdCompressor(level=1).compress(raw), "zstd"
    if "gzip" in codings or "*" in codings:
        return gzip.compress(raw, compresslevel=1, mtime=0), "gzip"
    return raw, "identity"
