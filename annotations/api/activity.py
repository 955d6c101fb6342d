"""People's time over REST: the editor says how long a person worked."""

from __future__ import annotations

import uuid

from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from annotations.actions.activity import MAX_N, record_activity


class ActivityIn(serializers.Serializer[None]):
    session = serializers.UUIDField(help_text="One per editor tab.")
    n = serializers.IntegerField(
        min_value=0, max_value=MAX_N, help_text="The tab's own count: a retry repeats it."
    )
    active_s = serializers.FloatField(min_value=0, help_text="Seconds of work since the last one.")


class ActivityOut(serializers.Serializer[None]):
    active_s = serializers.FloatField(
        help_text="Seconds that were believed: never more than passed since the session's last."
    )


class ImageActivity(APIView):
    @extend_schema(request=ActivityIn, responses=ActivityOut, summary="Say how long one worked")
    def post(self, request: Request, image_id: uuid.UUID) -> Response:
        sent = ActivityIn(data=request.data)
        sent.is_valid(raise_exception=True)
        active_s = record_activity(user=request.user, image_id=image_id, **sent.validated_data)
        return Response({"active_s": active_s})
