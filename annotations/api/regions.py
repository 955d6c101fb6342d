"""Regions over REST."""

from __future__ import annotations

import uuid
from typing import Any

from drf_spectacular.utils import extend_schema
from rest_framework import serializers, status
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from annotations.actions.regions import (
    change_region,
    delete_region,
    open_region,
    reopen_region,
    submit_region,
)
from annotations.labels.chunks import Box
from annotations.models import Coverage, Purpose, Region
from annotations.queries.labels import find_image
from annotations.queries.regions import find_region, regions_of_image

CORNERS = ("row0", "col0", "row1", "col1")
PLACES = (*CORNERS, "z", "depth")
MAX_PLACE = 2**31 - 1  # what the columns take


class RegionIn(serializers.Serializer[None]):
    """A box, or the whole image when no corner is given."""

    row0 = serializers.IntegerField(min_value=0, max_value=MAX_PLACE, required=False)
    col0 = serializers.IntegerField(min_value=0, max_value=MAX_PLACE, required=False)
    row1 = serializers.IntegerField(min_value=0, max_value=MAX_PLACE, required=False)
    col1 = serializers.IntegerField(min_value=0, max_value=MAX_PLACE, required=False)
    layer = serializers.UUIDField(required=False, allow_null=True)
    coverage = serializers.ChoiceField(choices=Coverage.choices, default=Coverage.COMPLETE.value)
    purpose = serializers.ChoiceField(choices=Purpose.choices, default=Purpose.TRAINING.value)
    t = serializers.IntegerField(min_value=0, max_value=MAX_PLACE, default=0)
    z = serializers.IntegerField(min_value=0, max_value=MAX_PLACE, default=0)
    depth = serializers.IntegerField(
        min_value=1, max_value=MAX_PLACE, default=1, help_text="Planes, from z on."
    )

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        if len(set(CORNERS) & set(attrs)) not in (0, 4):
            raise serializers.ValidationError("Give all of row0, col0, row1 and col1, or none.")
        return attrs


class RegionChangeIn(serializers.Serializer[None]):
    row0 = serializers.IntegerField(min_value=0, max_value=MAX_PLACE, required=False)
    col0 = serializers.IntegerField(min_value=0, max_value=MAX_PLACE, required=False)
    row1 = serializers.IntegerField(min_value=0, max_value=MAX_PLACE, required=False)
    col1 = serializers.IntegerField(min_value=0, max_value=MAX_PLACE, required=False)
    z = serializers.IntegerField(min_value=0, max_value=MAX_PLACE, required=False)
    depth = serializers.IntegerField(
        min_value=1, max_value=MAX_PLACE, required=False, help_text="Planes, from z on."
    )
    coverage = serializers.ChoiceField(choices=Coverage.choices, required=False)
    purpose = serializers.ChoiceField(choices=Purpose.choices, required=False)


class RegionOut(serializers.ModelSerializer[Region]):
    class Meta:
        model = Region
        fields = [
            *("id", "image", "layer", "t", "z", "depth", *CORNERS, "coverage", "purpose", "state"),
            *("snapshot", "left_out", "opened_by", "opened_at", "submitted_by", "submitted_at"),
        ]


class ImageRegions(APIView):
    @extend_schema(responses=RegionOut(many=True))
    def get(self, request: Request, image_id: uuid.UUID) -> Response:
        image = find_image(request.user, image_id)
        return Response(RegionOut(regions_of_image(image), many=True).data)

    @extend_schema(request=RegionIn, responses={201: RegionOut})
    def post(self, request: Request, image_id: uuid.UUID) -> Response:
        given = RegionIn(data=request.data)
        given.is_valid(raise_exception=True)
        wanted = given.validated_data
        image = find_image(request.user, image_id)
        region = open_region(
            user=request.user,
            image_id=image_id,
            box=_box(wanted, (0, 0, image.height or 0, image.width or 0)),
            coverage=Coverage(wanted["coverage"]),
            purpose=Purpose(wanted["purpose"]),
            layer_id=wanted.get("layer"),
            plane=(wanted["t"], wanted["z"]),
            depth=wanted["depth"],
        )
        return Response(RegionOut(region).data, status=status.HTTP_201_CREATED)


class RegionDetail(APIView):
    @extend_schema(responses=RegionOut)
    def get(self, request: Request, region_id: uuid.UUID) -> Response:
        return Response(RegionOut(find_region(request.user, region_id)).data)

    @extend_schema(request=RegionChangeIn, responses=RegionOut)
    def patch(self, request: Request, region_id: uuid.UUID) -> Response:
        given = RegionChangeIn(data=request.data)
        given.is_valid(raise_exception=True)
        wanted = given.validated_data
        region = change_region(
            user=request.user,
            region_id=region_id,
            corners={name: wanted[name] for name in PLACES if name in wanted},
            coverage=Coverage(wanted["coverage"]) if "coverage" in wanted else None,
            purpose=Purpose(wanted["purpose"]) if "purpose" in wanted else None,
        )
        return Response(RegionOut(region).data)

    @extend_schema(responses={204: None})
    def delete(self, request: Request, region_id: uuid.UUID) -> Response:
        delete_region(user=request.user, region_id=region_id)
        return Response(status=status.HTTP_204_NO_CONTENT)


class RegionSubmit(APIView):
    @extend_schema(request=None, responses=RegionOut)
    def post(self, request: Request, region_id: uuid.UUID) -> Response:
        return Response(RegionOut(submit_region(user=request.user, region_id=region_id)).data)


class RegionReopen(APIView):
    @extend_schema(request=None, responses=RegionOut)
    def post(self, request: Request, region_id: uuid.UUID) -> Response:
        return Response(RegionOut(reopen_region(user=request.user, region_id=region_id)).data)


def _box(given: dict[str, Any], otherwise: Box) -> Box:
    row0, col0, row1, col1 = (given.get(name, otherwise[i]) for i, name in enumerate(CORNERS))
    return (row0, col0, row1, col1)
