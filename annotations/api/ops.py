"""Ops over REST: append, read on from a seq, watch."""

from __future__ import annotations

import base64
import uuid
from collections.abc import Iterator
from typing import Any

from django.http.response import HttpResponseBase
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.negotiation import BaseContentNegotiation
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from annotations.actions.labels import append_ops
from annotations.actions.layer_news import layer_channel
from annotations.api.parsers import OpsParser
from annotations.labels import envelope
from annotations.models import LabelOp
from annotations.queries.labels import OPS_PER_ANSWER, find_layer, op_info, ops_after
from project import events


class AfterIn(serializers.Serializer[None]):
    after = serializers.IntegerField(min_value=0, max_value=2**53 - 1, default=0)
    limit = serializers.IntegerField(min_value=1, max_value=OPS_PER_ANSWER, default=OPS_PER_ANSWER)


class OpResultOut(serializers.Serializer[None]):
    n = serializers.IntegerField()
    seq = serializers.IntegerField()
    n_refused = serializers.IntegerField()
    body = serializers.CharField(allow_null=True, help_text="base64; null: nothing was refused")


class AppendedOut(serializers.Serializer[None]):
    seq = serializers.IntegerField()
    results = OpResultOut(many=True)


class OpOut(serializers.Serializer[None]):
    seq = serializers.IntegerField()
    session = serializers.UUIDField()
    n = serializers.IntegerField()
    user = serializers.IntegerField(allow_null=True)
    kind = serializers.CharField()
    t = serializers.IntegerField()
    z = serializers.IntegerField()
    body = serializers.CharField(help_text="base64 of the gzip body: the accepted runs")
    meta = serializers.DictField()
    n_pixels = serializers.IntegerField()
    n_refused = serializers.IntegerField()
    created_at = serializers.DateTimeField()


class OpsOut(serializers.Serializer[None]):
    ops = OpOut(many=True)


class LayerOps(APIView):
    parser_classes = [OpsParser]

    @extend_schema(parameters=[AfterIn], responses=OpsOut)
    def get(self, request: Request, layer_id: uuid.UUID) -> Response:
        given = AfterIn(data=request.query_params)
        given.is_valid(raise_exception=True)
        layer = find_layer(request.user, layer_id)
        found = ops_after(
            layer.pk, given.validated_data["after"], limit=given.validated_data["limit"]
        )
        return Response({"ops": [op_info(op) for op in found]})

    @extend_schema(
        request={"application/vnd.cytoloop.ops": OpenApiTypes.BINARY}, responses=AppendedOut
    )
    def post(self, request: Request, layer_id: uuid.UUID) -> Response:
        body: object = request.data  # bytes; an empty dict when there is no body
        session, sent = envelope.read(body if isinstance(body, bytes) else b"")
        appended = append_ops(user=request.user, layer_id=layer_id, session=session, sent=sent)
        return Response({"seq": appended.seq, "results": [op_result(row) for row in appended.ops]})


def op_result(row: LabelOp) -> dict[str, Any]:
    """Return what the sender must know about its op."""
    body = base64.b64encode(bytes(row.body)).decode("ascii") if row.n_refused else None
    return {"n": row.n, "seq": row.seq, "n_refused": row.n_refused, "body": body}


class AnyAccept(BaseContentNegotiation):
    """An event stream is what it is, whatever the client says it would like."""

    def select_parser(self, request: Request, parsers: Any) -> Any:
        return parsers[0]

    def select_renderer(self, request: Request, renderers: Any, format_suffix: Any = None) -> Any:
        return renderers[0], renderers[0].media_type


class LayerEvents(APIView):
    content_negotiation_class = AnyAccept

    @extend_schema(parameters=[AfterIn], responses={(200, "text/event-stream"): OpenApiTypes.STR})
    def get(self, request: Request, layer_id: uuid.UUID) -> HttpResponseBase:
        given = AfterIn(
            data={
                "after": request.headers.get("Last-Event-ID", request.query_params.get("after", 0))
            }
        )
        given.is_valid(raise_exception=True)
        layer = find_layer(request.user, layer_id)
        news = OpNews(request.user, layer.pk, given.validated_data["after"])
        return events.stream(
            request,
            [layer_channel(layer.pk)],
            news.missing,
            news.expand,
            check=lambda: find_layer(request.user, layer.pk),
        )


class OpNews:
    """Turns "there are new ops" into the ops themselves, each exactly once and in order."""

    def __init__(self, user: Any, layer_id: uuid.UUID, after: int) -> None:
        self.user, self.layer_id, self.after = user, layer_id, after

    def missing(self) -> Iterator[dict[str, Any]]:
        """Yield the ops that this reader has not got yet."""
        # Asked every time: a person who was taken out of the project hears nothing more.
        find_layer(self.user, self.layer_id)
        while found := ops_after(self.layer_id, self.after):
            for op in found:
                self.after = op.seq
                yield {"type": "op", **op_info(op)}

    def expand(self, event: dict[str, Any]) -> Iterator[dict[str, Any]]:
        """Yield what an event of the layer means for this reader."""
        if event.get("type") == "ops":
            yield from self.missing()
        else:
            yield event
