"""Comparing two layers over REST."""

from __future__ import annotations

import uuid

from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from annotations.api.layers import LayerOut
from annotations.labels.chunks import Box
from annotations.labels.differences import KINDS, Kind
from annotations.queries.differences import compare_layers

MOST_GROUPS = 10_000
A_BOX = r"^\d{1,9},\d{1,9},\d{1,9},\d{1,9}$"


class DifferencesIn(serializers.Serializer[None]):
    other = serializers.UUIDField(help_text="Layer B; the one in the address is A.")
    t = serializers.IntegerField(min_value=0, max_value=2**31 - 1, default=0)
    z = serializers.IntegerField(min_value=0, max_value=2**31 - 1, default=0)
    box = serializers.RegexField(
        A_BOX, required=False, help_text="row0,col0,row1,col1, half-open: only pixels in there."
    )
    kind = serializers.ChoiceField(choices=[kind.value for kind in KINDS], required=False)
    offset = serializers.IntegerField(min_value=0, default=0)
    limit = serializers.IntegerField(min_value=0, max_value=MOST_GROUPS, default=1000)

    def validate_box(self, value: str) -> Box:
        row0, col0, row1, col1 = map(int, value.split(","))
        if row0 >= row1 or col0 >= col1:
            raise serializers.ValidationError("A box is row0,col0,row1,col1, half-open.")
        return row0, col0, row1, col1


class DifferenceCounts(serializers.Serializer[None]):
    split = serializers.IntegerField(help_text="Instances of A that are several in B.")
    merged = serializers.IntegerField(help_text="Instances of B that are several in A.")
    vanished = serializers.IntegerField(help_text="Only in A.")
    appeared = serializers.IntegerField(help_text="Only in B.")
    moved = serializers.IntegerField(help_text="One to one with 0.5 < IoU < 0.9.")
    same = serializers.IntegerField(help_text="One to one with IoU >= 0.9.")


class DifferenceGroup(serializers.Serializer[None]):
    kind = serializers.ChoiceField(choices=[kind.value for kind in KINDS])
    a_ids = serializers.ListField(child=serializers.IntegerField())
    b_ids = serializers.ListField(child=serializers.IntegerField())
    row0 = serializers.IntegerField()
    col0 = serializers.IntegerField()
    row1 = serializers.IntegerField()
    col1 = serializers.IntegerField()
    iou = serializers.FloatField(help_text="Of the members in A together with those in B.")
    changed_px = serializers.IntegerField(help_text="Pixels that only one side has.")


class DifferencesOut(serializers.Serializer[None]):
    a = LayerOut()
    b = LayerOut()
    counts = DifferenceCounts()
    n_groups = serializers.IntegerField(help_text="Of the kind that was asked for.")
    groups = DifferenceGroup(many=True)
    hides_blind = serializers.BooleanField(
        help_text="Ground in an open blind validation region was left out, since one is a draft."
    )


class LayerDifferences(APIView):
    @extend_schema(
        parameters=[DifferencesIn], responses=DifferencesOut, operation_id="v1_layers_differences"
    )
    def get(self, request: Request, layer_id: uuid.UUID) -> Response:
        given = DifferencesIn(data=request.query_params)
        given.is_valid(raise_exception=True)
        wanted = given.validated_data
        compared = compare_layers(
            user=request.user,
            layer_id=layer_id,
            other_id=wanted["other"],
            t=wanted["t"],
            z=wanted["z"],
            box=wanted.get("box"),
        )
        kind = Kind(wanted["kind"]) if "kind" in wanted else None
        n_groups, groups = compared.page(kind, wanted["offset"], wanted["limit"])
        return Response(
            {
                **compared.sides(),
                "counts": {kind.value: n for kind, n in compared.counts().items()},
                "n_groups": n_groups,
                "groups": groups,
                "hides_blind": compared.hides_blind,
            }
        )
