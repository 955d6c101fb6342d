"""Who is here, over REST: said by POST, heard on the layer's event stream."""

from __future__ import annotations

import uuid
from typing import Any

from django.core.cache import caches
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.throttling import UserRateThrottle
from rest_framework.views import APIView

from annotations.actions.presence import Presence, announce
from annotations.labels.ops import MAX_LABEL

MAX_PLACE = 2**31 - 1


class PresenceIn(serializers.Serializer[None]):
    session = serializers.UUIDField(help_text="One per editor tab.")
    t = serializers.IntegerField(min_value=0, max_value=MAX_PLACE, default=0)
    z = serializers.IntegerField(min_value=0, max_value=MAX_PLACE, default=0)
    box = serializers.ListField(
        child=serializers.IntegerField(min_value=0, max_value=MAX_PLACE),
        min_length=4,
        max_length=4,
        allow_null=True,
        default=None,
        help_text="What is on screen: row0, col0, row1, col1, half-open.",
    )
    selected = serializers.IntegerField(
        min_value=0, max_value=MAX_LABEL, default=0, help_text="Instance of this layer; 0: none."
    )
    is_painting = serializers.BooleanField(default=False)
    hello = serializers.BooleanField(
        default=False, help_text="Just come: the others answer with where they are."
    )
    gone = serializers.BooleanField(default=False, help_text="Leaving; the rest does not count.")


class PresenceThrottle(UserRateThrottle):
    """At most four a second of a person, over a minute: an editor sends one, three tabs three."""

    scope = "presence"
    rate = "240/min"

    # In memory: counting in the database would cost more than what is counted.
    cache = caches["memory"]


class LayerPresence(APIView):
    throttle_classes = [PresenceThrottle]

    @extend_schema(request=PresenceIn, responses={204: None}, summary="Say where one is")
    def post(self, request: Request, layer_id: uuid.UUID) -> Response:
        given = PresenceIn(data=request.data)
        given.is_valid(raise_exception=True)
        fields: dict[str, Any] = dict(given.validated_data)
        session = fields.pop("session")
        fields["box"] = fields["box"] and tuple(fields["box"])
        announce(user=request.user, layer_id=layer_id, session=session, presence=Presence(**fields))
        return Response(status=204)
