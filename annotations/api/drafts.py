"""Drafts over REST: deciding about objects, accepting them."""

from __future__ import annotations

import uuid

from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from annotations.actions.drafts import Preserve, accept_draft, decide
from annotations.labels.ops import MAX_LABEL
from annotations.models import InstanceState

MAX_IDS = 200_000  # four times the 50,000 objects that drafts are measured with


class InstanceIds(serializers.ListField):
    """A list of instance ids."""

    child = serializers.IntegerField(min_value=1, max_value=MAX_LABEL)


class DecideIn(serializers.Serializer[None]):
    instance_ids = InstanceIds(max_length=MAX_IDS)
    state = serializers.ChoiceField(
        choices=[
            InstanceState.REJECTED.value,
            InstanceState.PROPOSED.value,
            InstanceState.ACCEPTED.value,
        ]
    )


class DecidedOut(serializers.Serializer[None]):
    n_changed = serializers.IntegerField()


class AcceptIn(serializers.Serializer[None]):
    draft = serializers.UUIDField()
    instance_ids = InstanceIds(max_length=MAX_IDS, allow_null=True, required=False)
    min_score = serializers.FloatField(allow_null=True, required=False)
    preserve = serializers.ChoiceField(choices=Preserve.choices, default=Preserve.OBJECTS.value)


class AcceptedOut(serializers.Serializer[None]):
    seq = serializers.IntegerField()
    n_accepted = serializers.IntegerField()
    n_skipped = serializers.IntegerField()


class InstancesDecide(APIView):
    @extend_schema(request=DecideIn, responses=DecidedOut)
    def post(self, request: Request, layer_id: uuid.UUID) -> Response:
        given = DecideIn(data=request.data)
        given.is_valid(raise_exception=True)
        n_changed = decide(
            user=request.user,
            layer_id=layer_id,
            instance_ids=given.validated_data["instance_ids"],
            state=InstanceState(given.validated_data["state"]),
        )
        return Response({"n_changed": n_changed})


class DraftAccept(APIView):
    @extend_schema(request=AcceptIn, responses=AcceptedOut)
    def post(self, request: Request, layer_id: uuid.UUID) -> Response:
        given = AcceptIn(data=request.data)
        given.is_valid(raise_exception=True)
        accepted = accept_draft(
            user=request.user,
            layer_id=layer_id,
            draft_id=given.validated_data["draft"],
            instance_ids=given.validated_data.get("instance_ids"),
            min_score=given.validated_data.get("min_score"),
            preserve=Preserve(given.validated_data["preserve"]),
        )
        return Response(
            {
                "seq": accepted.seq,
                "n_accepted": accepted.n_accepted,
                "n_skipped": accepted.n_skipped,
            }
        )
