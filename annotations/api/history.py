"""The past of a layer over REST: who did what, and what the layer was at a moment."""

from __future__ import annotations

import uuid
from typing import Any

from django.http import HttpResponse
from django.http.response import HttpResponseBase
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from annotations.api.layers import encoded
from annotations.labels import chunks
from annotations.queries.blame import MOST_CHANGES, instance_history
from annotations.queries.history import chunk_at
from annotations.queries.labels import find_layer
from annotations.queries.op_list import MOST_ROWS, Wanted, list_ops
from annotations.queries.past_classes import classes_at
from project.errors import NotFound

CORNERS = ("row0", "col0", "row1", "col1")
MAX_PLACE = 2**31 - 1  # what the columns take
MAX_SEQ = 2**53 - 1


class HistoryIn(serializers.Serializer[None]):
    """Which ops are asked for: a box with all four corners, a plane with t or z."""

    before = serializers.IntegerField(min_value=0, max_value=MAX_SEQ, required=False)
    limit = serializers.IntegerField(min_value=1, max_value=MOST_ROWS, default=50)
    person = serializers.IntegerField(min_value=0, max_value=MAX_SEQ, required=False)
    instance_id = serializers.IntegerField(min_value=1, max_value=2**32 - 1, required=False)
    t = serializers.IntegerField(min_value=0, max_value=MAX_PLACE, required=False)
    z = serializers.IntegerField(min_value=0, max_value=MAX_PLACE, required=False)
    row0 = serializers.IntegerField(min_value=0, max_value=MAX_PLACE, required=False)
    col0 = serializers.IntegerField(min_value=0, max_value=MAX_PLACE, required=False)
    row1 = serializers.IntegerField(min_value=0, max_value=MAX_PLACE, required=False)
    col1 = serializers.IntegerField(min_value=0, max_value=MAX_PLACE, required=False)

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        if len(set(CORNERS) & set(attrs)) not in (0, 4):
            raise serializers.ValidationError("Give all of row0, col0, row1 and col1, or none.")
        return attrs


class InstanceHistoryIn(serializers.Serializer[None]):
    before = serializers.IntegerField(min_value=0, max_value=MAX_SEQ, required=False)
    limit = serializers.IntegerField(min_value=1, max_value=MOST_CHANGES, default=MOST_CHANGES)


class PlaneOfTimeIn(serializers.Serializer[None]):
    t = serializers.IntegerField(min_value=0, max_value=MAX_PLACE, default=0)
    z = serializers.IntegerField(min_value=0, max_value=MAX_PLACE, default=0)


class UndoneOut(serializers.Serializer[None]):
    seq = serializers.IntegerField()
    kind = serializers.CharField(
        help_text="What was done at first, also when that was undone twice."
    )


class StepOut(serializers.Serializer[None]):
    seq = serializers.IntegerField()
    person = serializers.CharField(allow_null=True, help_text="null: the account is deleted.")
    person_id = serializers.IntegerField(allow_null=True)
    at = serializers.DateTimeField()
    kind = serializers.CharField()
    t = serializers.IntegerField()
    z = serializers.IntegerField()
    undo_of = UndoneOut(allow_null=True, help_text="Of an undo or redo: what it takes back.")
    draft = serializers.CharField(allow_null=True, help_text="Of an accept: the draft's name.")


class OpStepOut(StepOut):
    row0 = serializers.IntegerField()
    col0 = serializers.IntegerField()
    row1 = serializers.IntegerField()
    col1 = serializers.IntegerField()
    n_pixels = serializers.IntegerField()
    n_refused = serializers.IntegerField()
    group = serializers.CharField(
        allow_null=True, help_text="Ops of one group were done, and are undone, together."
    )
    n_objects = serializers.IntegerField(allow_null=True, help_text="Of an accept.")


class HistoryOut(serializers.Serializer[None]):
    seq = serializers.IntegerField(help_text="The newest op of the layer.")
    ops = OpStepOut(many=True)
    before = serializers.IntegerField(
        allow_null=True, help_text="Ask on with this; null: there are no more."
    )


class ChangeOut(StepOut):
    gained_px = serializers.IntegerField()
    lost_px = serializers.IntegerField()
    class_name = serializers.CharField(allow_null=True, help_text="null: its class stayed.")


class SourceOut(serializers.Serializer[None]):
    layer = serializers.UUIDField()
    name = serializers.CharField()
    instance_id = serializers.IntegerField()


class InstanceHistoryOut(serializers.Serializer[None]):
    seq = serializers.IntegerField()
    instance_id = serializers.IntegerField()
    area_px = serializers.IntegerField()
    class_name = serializers.CharField()
    state = serializers.CharField()
    created_by = serializers.CharField(allow_null=True)
    accepted_from = SourceOut(allow_null=True, help_text="The draft object it was accepted from.")
    created = ChangeOut(allow_null=True, help_text="null while there are changes before these.")
    changes = ChangeOut(many=True, help_text="Newest first; the first one's person is the editor.")
    before = serializers.IntegerField(allow_null=True)


class ClassesAtOut(serializers.Serializer[None]):
    seq = serializers.IntegerField()
    classes = serializers.DictField(
        child=serializers.ListField(child=serializers.IntegerField()),
        help_text="Instance ids by the class that they had, under its name of today.",
    )


class LayerHistory(APIView):
    @extend_schema(parameters=[HistoryIn], responses=HistoryOut)
    def get(self, request: Request, layer_id: uuid.UUID) -> Response:
        given = HistoryIn(data=request.query_params)
        given.is_valid(raise_exception=True)
        return Response(list_ops(find_layer(request.user, layer_id), wanted(given.validated_data)))


def wanted(asked: dict[str, Any]) -> Wanted:
    """Return what a request asks for."""
    has_plane = "t" in asked or "z" in asked
    box = (asked["row0"], asked["col0"], asked["row1"], asked["col1"]) if "row0" in asked else None
    return Wanted(
        before=asked.get("before"),
        limit=asked["limit"],
        person=asked.get("person"),
        plane=(asked.get("t", 0), asked.get("z", 0)) if has_plane else None,
        box=box,
        instance_id=asked.get("instance_id"),
    )


class InstanceHistory(APIView):
    @extend_schema(parameters=[InstanceHistoryIn], responses=InstanceHistoryOut)
    def get(self, request: Request, layer_id: uuid.UUID, instance_id: int) -> Response:
        given = InstanceHistoryIn(data=request.query_params)
        given.is_valid(raise_exception=True)
        layer = find_layer(request.user, layer_id)
        asked = given.validated_data
        return Response(
            instance_history(layer, instance_id, before=asked.get("before"), limit=asked["limit"])
        )


class ClassesAt(APIView):
    @extend_schema(responses=ClassesAtOut)
    def get(self, request: Request, layer_id: uuid.UUID, seq: int) -> Response:
        layer = find_layer(request.user, layer_id)
        check_past(layer.seq, seq)
        return Response({"seq": seq, "classes": classes_at(layer, seq)})


class ChunkAt(APIView):
    @extend_schema(
        responses={(200, "application/octet-stream"): OpenApiTypes.BINARY},
        parameters=[
            PlaneOfTimeIn,
            OpenApiParameter("Accept-Encoding", str, OpenApiParameter.HEADER),
        ],
    )
    def get(
        self, request: Request, layer_id: uuid.UUID, seq: int, cy: int, cx: int
    ) -> HttpResponseBase:
        given = PlaneOfTimeIn(data=request.query_params)
        given.is_valid(raise_exception=True)
        layer = find_layer(request.user, layer_id)
        check_past(layer.seq, seq)
        if max(cy, cx) > MAX_PLACE:
            raise NotFound("The image has no such chunk.")
        pixels = chunk_at(layer, seq, (cy, cx), **given.validated_data)
        data, encoding = encoded(
            [chunks.encode(pixels)], request.headers.get("Accept-Encoding", "")
        )
        answer = HttpResponse(data, content_type="application/octet-stream")
        answer["Content-Encoding"] = encoding
        answer["Vary"] = "Accept-Encoding, Cookie, Authorization"
        # What was does not change any more.
        answer["Cache-Control"] = "private, max-age=31536000, immutable"
        return answer


def check_past(newest: int, seq: int) -> None:
    """Refuse a moment that has not been yet: its answer would be kept as if it had."""
    if seq > newest:
        raise NotFound(f"This layer has {newest} operations so far; {seq} is none of them.")
