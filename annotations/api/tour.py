"""The tour of the editor, over REST: how far you are in it."""

from __future__ import annotations

from typing import Any

from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from annotations.actions.tour import keep_tour
from annotations.models import TourStatus, TourStep
from annotations.queries.tour import tour_of


class TourChange(serializers.Serializer[Any]):
    status = serializers.ChoiceField(choices=TourStatus.choices)
    step = serializers.ChoiceField(choices=TourStep.choices, help_text="Where it goes on.")


class TourJson(serializers.Serializer[Any]):
    status = serializers.ChoiceField(choices=[("new", "Never answered"), *TourStatus.choices])
    step = serializers.ChoiceField(choices=TourStep.choices)
    is_due = serializers.BooleanField(help_text="It opens by itself in an editor.")


class OwnTour(APIView):
    @extend_schema(responses=TourJson, summary="How far you are in the tour of the editor")
    def get(self, request: Request) -> Response:
        return Response(TourJson(tour_of(request.user)).data)

    @extend_schema(
        request=TourChange, responses=TourJson, summary="Keep how far you are in the tour"
    )
    def put(self, request: Request) -> Response:
        given = TourChange(data=request.data)
        given.is_valid(raise_exception=True)
        keep_tour(user=request.user, **given.validated_data)
        return self.get(request)
