"""How people look at images, over REST: settings of a project, bookmarks of an image."""

from __future__ import annotations

import math
import uuid
from typing import Any

from drf_spectacular.utils import extend_schema
from rest_framework import serializers, status
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from annotations.actions.views import (
    add_bookmark,
    change_bookmark,
    delete_bookmark,
    save_settings,
)
from annotations.models import Bookmark
from annotations.queries.images import find_project
from annotations.queries.labels import find_image
from annotations.queries.views import bookmarks_of, settings_of
from project.drf import PersonField

MAX_CHANNELS = 200  # names of all images of the project
MAX_PLANE = 2**31 - 1


class FiniteField(serializers.FloatField):
    """A number that JSON can hold."""

    def to_internal_value(self, data: Any) -> float:
        value: float = super().to_internal_value(data)
        if not math.isfinite(value):
            self.fail("invalid")
        return value


class ChannelLook(serializers.Serializer[Any]):
    visible = serializers.BooleanField(default=True)
    colour = serializers.RegexField(
        r"^#[0-9a-f]{6}$", allow_null=True, default=None, help_text="null: the image's own."
    )
    window = serializers.ListField(
        child=FiniteField(),
        min_length=2,
        max_length=2,
        allow_null=True,
        default=None,
        help_text="Stored values that are black and white; null: the image's own.",
    )
    gamma = FiniteField(min_value=0.05, max_value=20, default=1.0)
    is_inverted = serializers.BooleanField(default=False)


class LabelLook(serializers.Serializer[Any]):
    drawn = serializers.ChoiceField(choices=["both", "outline", "filled", "none"], default="both")
    colour_by = serializers.CharField(max_length=32, default="class")
    opacity = FiniteField(min_value=0, max_value=1, default=0.8)
    draft_opacity = FiniteField(min_value=0, max_value=1, default=0.8)


class ViewSettingsJson(serializers.Serializer[Any]):
    channels = serializers.DictField(
        child=ChannelLook(), default=dict, help_text="By the channel's name."
    )
    is_inverted = serializers.BooleanField(default=False, help_text="Of the whole picture.")
    labels = LabelLook(allow_null=True, default=None)

    def validate_channels(self, channels: dict[str, Any]) -> dict[str, Any]:
        if len(channels) > MAX_CHANNELS or any(len(name) > 100 for name in channels):
            raise serializers.ValidationError(
                f"At most {MAX_CHANNELS} channels, with names of at most 100 letters."
            )
        return channels


class Place(serializers.Serializer[None]):
    x = FiniteField(help_text="Middle of the view, in image pixels.")
    y = FiniteField()
    scale = FiniteField(min_value=1e-6, max_value=1e6, help_text="Screen pixels per image pixel.")
    t = serializers.IntegerField(min_value=0, max_value=MAX_PLANE, default=0)
    z = serializers.IntegerField(min_value=0, max_value=MAX_PLANE, default=0)
    is_projected = serializers.BooleanField(default=False)
    selected = serializers.IntegerField(
        min_value=0, max_value=2**32 - 1, default=0, help_text="Object of the annotation; 0: none."
    )
    draft = serializers.CharField(
        max_length=36, default="", allow_blank=True, help_text="Layer of the draft shown, if any."
    )


class BookmarkIn(serializers.Serializer[None]):
    name = serializers.CharField(max_length=100)
    place = Place()
    is_shared = serializers.BooleanField(default=False, help_text="With the project's members.")


class BookmarkChange(serializers.Serializer[None]):
    name = serializers.CharField(max_length=100, required=False)
    is_shared = serializers.BooleanField(required=False)


class BookmarkOut(serializers.ModelSerializer[Bookmark]):
    place = Place()
    made_by = PersonField(source="user")
    is_mine = serializers.SerializerMethodField()

    class Meta:
        model = Bookmark
        fields = ["id", "name", "place", "is_shared", "made_by", "is_mine", "created_at"]

    def get_is_mine(self, bookmark: Bookmark) -> bool:
        return bool(bookmark.user_id == self.context["user"].pk)


def told(request: Request, bookmark: Any, **options: Any) -> Any:
    """Return what the person is told of a bookmark, or of many."""
    return BookmarkOut(bookmark, context={"user": request.user}, **options).data


class ProjectViewSettings(APIView):
    @extend_schema(responses=ViewSettingsJson, summary="How you show the project's images")
    def get(self, request: Request, project_id: uuid.UUID) -> Response:
        return self._answer(settings_of(request.user, find_project(request.user, project_id)))

    @extend_schema(
        request=ViewSettingsJson, responses=ViewSettingsJson, summary="Keep how you show them"
    )
    def put(self, request: Request, project_id: uuid.UUID) -> Response:
        given = ViewSettingsJson(data=request.data)
        given.is_valid(raise_exception=True)
        return self._answer(
            save_settings(user=request.user, project_id=project_id, settings=given.validated_data)
        )

    def _answer(self, settings: dict[str, Any]) -> Response:
        nothing = {"channels": {}, "is_inverted": False, "labels": None}
        return Response(ViewSettingsJson({**nothing, **settings}).data)


class ImageBookmarks(APIView):
    @extend_schema(responses=BookmarkOut(many=True))
    def get(self, request: Request, image_id: uuid.UUID) -> Response:
        image = find_image(request.user, image_id)
        return Response(told(request, bookmarks_of(request.user, image), many=True))

    @extend_schema(request=BookmarkIn, responses={201: BookmarkOut})
    def post(self, request: Request, image_id: uuid.UUID) -> Response:
        given = BookmarkIn(data=request.data)
        given.is_valid(raise_exception=True)
        made = add_bookmark(user=request.user, image_id=image_id, **given.validated_data)
        return Response(told(request, made), status=status.HTTP_201_CREATED)


class BookmarkDetail(APIView):
    @extend_schema(request=BookmarkChange(partial=True), responses=BookmarkOut)
    def patch(self, request: Request, bookmark_id: uuid.UUID) -> Response:
        given = BookmarkChange(data=request.data, partial=True)
        given.is_valid(raise_exception=True)
        changed = change_bookmark(
            user=request.user, bookmark_id=bookmark_id, **given.validated_data
        )
        return Response(told(request, changed))

    @extend_schema(responses={204: None})
    def delete(self, request: Request, bookmark_id: uuid.UUID) -> Response:
        delete_bookmark(user=request.user, bookmark_id=bookmark_id)
        return Response(status=status.HTTP_204_NO_CONTENT)
