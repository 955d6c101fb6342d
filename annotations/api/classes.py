"""Classes of a project over REST, and giving instances theirs."""

from __future__ import annotations

import uuid
from typing import Any

from drf_spectacular.utils import extend_schema
from rest_framework import serializers, status
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from annotations.actions.classes import MAX_CLASSES, create_class, delete_class, update_class
from annotations.actions.instance_classes import set_class
from annotations.api.drafts import MAX_IDS, InstanceIds
from annotations.labels.class_meta import MAX_NAME
from annotations.models import ObjectClass
from annotations.queries.classes import classes_of_project, find_class, objects_of_class
from annotations.queries.images import find_project

# Longer ones are refused by the action, whose sentence says how long they may be.
MAX_SENT = 1000


class ClassIn(serializers.Serializer[None]):
    name = serializers.CharField(max_length=MAX_SENT, allow_blank=True)
    colour = serializers.CharField(
        max_length=MAX_SENT, required=False, help_text="#rrggbb; without one it is chosen."
    )
    key = serializers.CharField(
        max_length=MAX_SENT,
        required=False,
        allow_blank=True,
        help_text="Of the keyboard, to choose the class in the editor.",
    )
    description = serializers.CharField(max_length=5000, required=False, allow_blank=True)


class ClassChangeIn(ClassIn):
    position = serializers.IntegerField(
        min_value=0, max_value=MAX_CLASSES, required=False, help_text="Its place, from 0."
    )


class ClassDeleteIn(serializers.Serializer[None]):
    replace_by = serializers.CharField(
        max_length=MAX_SENT,
        required=False,
        allow_blank=True,
        help_text="Name of the class that its objects get; empty: none.",
    )


class ClassOut(serializers.ModelSerializer[ObjectClass]):
    class Meta:
        model = ObjectClass
        fields = ["id", "name", "colour", "key", "description", "position"]


class ClassDetailOut(ClassOut):
    n_instances = serializers.IntegerField(help_text="Objects of the project's annotations.")
    n_drafted = serializers.IntegerField(help_text="Objects of drafts that nobody decided on.")

    class Meta(ClassOut.Meta):
        fields = [*ClassOut.Meta.fields, "n_instances", "n_drafted"]


class InstanceClassIn(serializers.Serializer[None]):
    instance_ids = InstanceIds(max_length=MAX_IDS)
    class_name = serializers.CharField(
        max_length=MAX_NAME, allow_blank=True, help_text="Empty: unknown."
    )
    restores = serializers.BooleanField(
        default=False, help_text="Undoes a change: the class may be one that only a draft knows."
    )


class InstanceClassOut(serializers.Serializer[None]):
    n_changed = serializers.IntegerField()
    seq = serializers.IntegerField()


class ProjectClasses(APIView):
    @extend_schema(responses=ClassOut(many=True))
    def get(self, request: Request, project_id: uuid.UUID) -> Response:
        classes = classes_of_project(find_project(request.user, project_id))
        return Response(ClassOut(classes, many=True).data)

    @extend_schema(request=ClassIn, responses={201: ClassOut})
    def post(self, request: Request, project_id: uuid.UUID) -> Response:
        given = ClassIn(data=request.data)
        given.is_valid(raise_exception=True)
        made = create_class(user=request.user, project_id=project_id, **given.validated_data)
        return Response(ClassOut(made).data, status=status.HTTP_201_CREATED)


class ClassDetail(APIView):
    @extend_schema(responses=ClassDetailOut)
    def get(self, request: Request, class_id: uuid.UUID) -> Response:
        one = find_class(request.user, class_id)
        n_instances, n_drafted = objects_of_class(one)
        counted = {"n_instances": n_instances, "n_drafted": n_drafted}
        return Response({**ClassOut(one).data, **counted})

    @extend_schema(request=ClassChangeIn(partial=True), responses=ClassOut)
    def patch(self, request: Request, class_id: uuid.UUID) -> Response:
        given = ClassChangeIn(data=request.data, partial=True)
        given.is_valid(raise_exception=True)
        changed = update_class(user=request.user, class_id=class_id, **given.validated_data)
        return Response(ClassOut(changed).data)

    @extend_schema(parameters=[ClassDeleteIn], responses={204: None})
    def delete(self, request: Request, class_id: uuid.UUID) -> Response:
        given = ClassDeleteIn(data=request.query_params)
        given.is_valid(raise_exception=True)
        asked: dict[str, Any] = given.validated_data
        delete_class(user=request.user, class_id=class_id, **asked)
        return Response(status=status.HTTP_204_NO_CONTENT)


class LayerClasses(APIView):
    @extend_schema(request=InstanceClassIn, responses=InstanceClassOut)
    def post(self, request: Request, layer_id: uuid.UUID) -> Response:
        given = InstanceClassIn(data=request.data)
        given.is_valid(raise_exception=True)
        done = set_class(user=request.user, layer_id=layer_id, **given.validated_data)
        return Response({"n_changed": done.n_changed, "seq": done.seq})
