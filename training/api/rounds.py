"""Rounds over HTTP."""

from __future__ import annotations

import uuid
from typing import Any

from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from annotations.queries.images import find_project
from training.queries.rounds import rounds


class NamedVersionOut(serializers.Serializer[Any]):
    """A version by its id, number and name."""

    id = serializers.UUIDField()
    number = serializers.IntegerField()
    name = serializers.CharField(source="__str__")


class BeforeOut(serializers.Serializer[Any]):
    """The newest version while people annotated."""

    version = NamedVersionOut()
    ap50 = serializers.FloatField(allow_null=True, help_text="null: not measured (yet)")


class AfterOut(BeforeOut):
    """A version trained on the round's set."""

    engine = serializers.CharField()


class RoundOut(serializers.Serializer[Any]):
    """A closed round; all its AP50 are of the same regions, its set's validation split."""

    number = serializers.IntegerField(source="round.number")
    began_at = serializers.DateTimeField(source="round.began_at")
    ended_at = serializers.DateTimeField(source="round.ended_at")
    n_images = serializers.IntegerField(source="round.n_images")
    n_regions = serializers.IntegerField(source="round.n_regions")
    n_instances = serializers.IntegerField(source="round.n_instances")
    n_ops = serializers.IntegerField(source="round.n_ops")
    active_s = serializers.FloatField(source="round.active_s")
    before = BeforeOut(allow_null=True)
    after = AfterOut(many=True)


class OpenRoundOut(serializers.Serializer[Any]):
    """What is labelled since the newest round was closed."""

    n_images = serializers.IntegerField(source="labelled.n_images")
    n_regions = serializers.IntegerField(source="labelled.n_regions")
    n_instances = serializers.IntegerField(source="labelled.n_instances")
    n_ops = serializers.IntegerField()
    active_s = serializers.FloatField()
    began_at = serializers.DateTimeField(allow_null=True)


class RoundsOut(serializers.Serializer[Any]):
    rounds = RoundOut(source="closed", many=True)
    open = OpenRoundOut()


class ProjectRounds(APIView):
    @extend_schema(responses=RoundsOut, summary="Rounds, newest first, and the open one")
    def get(self, request: Request, project_id: uuid.UUID) -> Response:
        project = find_project(request.user, project_id)
        return Response(RoundsOut(rounds(project)).data)
