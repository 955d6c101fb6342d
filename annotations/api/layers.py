"""Layers over REST: what there is, their chunks, ids and instances."""

from __future__ import annotations

import gzip
import uuid
from collections.abc import Sequence

import zstandard
from django.http import HttpResponse
from django.http.response import HttpResponseBase
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework import serializers, status
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from annotations.actions.labels import allocate_ids, create_layer
from annotations.labels.chunks import CHUNK_BYTES
from annotations.models import LayerKind, Role
from annotations.queries.chunks import present_digests, stored_chunks
from annotations.queries.history import States, states_at
from annotations.queries.instances import instances_json
from annotations.queries.labels import find_image, find_layer, layer_info, layers_of_image
from project.errors import InvalidInput

MOST_CHUNKS = 16  # of one answer: 16 MiB when they are unpacked
# Of a layer whose chunks are read: who may see it decides, and reading all columns takes longer.
READ = ("image__project__name",)


class PlaneIn(serializers.Serializer[None]):
    t = serializers.IntegerField(min_value=0, max_value=2**31 - 1, default=0)
    z = serializers.IntegerField(min_value=0, max_value=2**31 - 1, default=0)
    seq = serializers.IntegerField(min_value=0, max_value=2**53 - 1, required=False)


class LayerIn(serializers.Serializer[None]):
    name = serializers.CharField(max_length=100)


class LayerOut(serializers.Serializer[None]):
    id = serializers.UUIDField()
    image = serializers.UUIDField()
    kind = serializers.ChoiceField(choices=LayerKind.choices)
    name = serializers.CharField()
    seq = serializers.IntegerField()
    height = serializers.IntegerField(allow_null=True)
    width = serializers.IntegerField(allow_null=True)
    chunk = serializers.IntegerField()
    created_at = serializers.DateTimeField()


class LayerInListOut(LayerOut):
    n_instances = serializers.IntegerField()
    n_proposed = serializers.IntegerField()


class ChunksOut(serializers.Serializer[None]):
    seq = serializers.IntegerField()
    chunks = serializers.ListField(child=serializers.ListField())
    remade = serializers.ListField(
        child=serializers.ListField(child=serializers.IntegerField()),
        help_text="Of an earlier seq: [cy, cx] of chunks that are not stored as they were then; "
        "/at/SEQ/chunks/CY/CX/ makes them again.",
    )


class IdsIn(serializers.Serializer[None]):
    count = serializers.IntegerField()


class IdsOut(serializers.Serializer[None]):
    first = serializers.IntegerField()
    count = serializers.IntegerField()


class AuthorOut(serializers.Serializer[None]):
    id = serializers.IntegerField()
    name = serializers.CharField()


class InstancesOut(serializers.Serializer[None]):
    seq = serializers.IntegerField()
    instance_id = serializers.ListField(child=serializers.IntegerField())
    area_px = serializers.ListField(child=serializers.IntegerField())
    row0 = serializers.ListField(child=serializers.IntegerField())
    col0 = serializers.ListField(child=serializers.IntegerField())
    row1 = serializers.ListField(child=serializers.IntegerField())
    col1 = serializers.ListField(child=serializers.IntegerField())
    state = serializers.ListField(child=serializers.CharField())
    score = serializers.ListField(child=serializers.FloatField(allow_null=True))
    doubt = serializers.ListField(child=serializers.FloatField(allow_null=True))
    class_name = serializers.ListField(child=serializers.CharField())
    t = serializers.ListField(child=serializers.IntegerField())
    z = serializers.ListField(child=serializers.IntegerField())
    depth = serializers.ListField(
        child=serializers.IntegerField(), help_text="Planes that may hold it, from z on."
    )
    created_by_id = serializers.ListField(child=serializers.IntegerField(allow_null=True))
    authors = AuthorOut(many=True, help_text="The people that `created_by_id` names.")


class ImageLayers(APIView):
    @extend_schema(responses=LayerInListOut(many=True))
    def get(self, request: Request, image_id: uuid.UUID) -> Response:
        return Response(layers_of_image(find_image(request.user, image_id)))

    @extend_schema(request=LayerIn, responses={201: LayerOut})
    def post(self, request: Request, image_id: uuid.UUID) -> Response:
        given = LayerIn(data=request.data)
        given.is_valid(raise_exception=True)
        image = find_image(request.user, image_id, Role.ANNOTATOR)
        layer = create_layer(user=request.user, image=image, name=given.validated_data["name"])
        return Response(layer_info(layer), status=status.HTTP_201_CREATED)


class LayerDetail(APIView):
    @extend_schema(responses=LayerOut)
    def get(self, request: Request, layer_id: uuid.UUID) -> Response:
        return Response(layer_info(find_layer(request.user, layer_id)))


class LayerIds(APIView):
    @extend_schema(request=IdsIn, responses=IdsOut)
    def post(self, request: Request, layer_id: uuid.UUID) -> Response:
        given = IdsIn(data=request.data)
        given.is_valid(raise_exception=True)
        count = given.validated_data["count"]
        first = allocate_ids(user=request.user, layer_id=layer_id, count=count)
        return Response({"first": first, "count": count})


class LayerChunks(APIView):
    @extend_schema(operation_id="v1_layers_chunks_list", parameters=[PlaneIn], responses=ChunksOut)
    def get(self, request: Request, layer_id: uuid.UUID) -> Response:
        given = PlaneIn(data=request.query_params)
        given.is_valid(raise_exception=True)
        plane = given.validated_data
        layer = find_layer(request.user, layer_id)
        # Read after the layer: a chunk may be newer than `seq`, and the ops after it, replayed
        # where each pixel still holds the old label, change nothing then.
        seq, t, z = plane.get("seq"), plane["t"], plane["z"]
        if seq is None or seq >= layer.seq:
            seq, states = layer.seq, States(present_digests(layer, t=t, z=z), [])
        else:
            states = states_at(layer, seq, t=t, z=z)
        chunks = [[cy, cx, digest] for (cy, cx), digest in sorted(states.digests.items())]
        return Response({"seq": seq, "chunks": chunks, "remade": states.remade})


class LayerChunk(APIView):
    @extend_schema(
        description="Chunks by their digests, up to 16 with commas between: one after another, "
        "little-endian uint32, 512 x 512 each.",
        responses={(200, "application/octet-stream"): OpenApiTypes.BINARY},
        parameters=[OpenApiParameter("Accept-Encoding", str, OpenApiParameter.HEADER)],
    )
    def get(self, request: Request, layer_id: uuid.UUID, digest: str) -> HttpResponseBase:
        layer = find_layer(request.user, layer_id, only=READ)
        digests = digest.split(",")
        if len(digests) > MOST_CHUNKS:
            raise InvalidInput(f"Ask for at most {MOST_CHUNKS} chunks at once.")
        etag = f'"{digest}"'
        if request.headers.get("If-None-Match") == etag:
            answer = HttpResponse(status=status.HTTP_304_NOT_MODIFIED)
        else:
            data, encoding = encoded(
                stored_chunks(layer, digests), request.headers.get("Accept-Encoding", "")
            )
            answer = HttpResponse(data, content_type="application/octet-stream")
            answer["Content-Encoding"] = encoding
        answer["ETag"] = etag
        answer["Vary"] = "Accept-Encoding, Cookie, Authorization"
        answer["Cache-Control"] = "private, max-age=31536000, immutable"
        return answer


def encoded(stored: Sequence[bytes], accepted: str) -> tuple[bytes, str]:
    """Return chunks as they are stored, or gzip for a client that cannot read zstd."""
    codings = {part.split(";")[0].strip() for part in accepted.split(",")}
    if "zstd" in codings:
        return b"".join(stored), "zstd"  # frames one after another are zstd too
    unpack = zstandard.ZstdDecompressor()
    raw = b"".join(unpack.decompress(one, max_output_size=CHUNK_BYTES) for one in stored)
    if "gzip" in codings or "*" in codings:
        return gzip.compress(raw, compresslevel=1, mtime=0), "gzip"
    return raw, "identity"


class LayerInstances(APIView):
    @extend_schema(responses=InstancesOut)
    def get(self, request: Request, layer_id: uuid.UUID) -> HttpResponse:
        text = instances_json(find_layer(request.user, layer_id))
        return HttpResponse(text, content_type="application/json")
