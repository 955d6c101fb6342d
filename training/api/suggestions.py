"""What to paint next, over HTTP."""

from __future__ import annotations

import uuid
from typing import Any

from drf_spectacular.utils import extend_schema
from rest_framework import serializers, status
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from annotations.models import Image
from annotations.queries.images import find_project
from training.actions.suggestions import (
    MAX_SEED,
    MOST_WANTED,
    USUALLY_WANTED,
    dismiss_suggestion,
    suggest_regions,
    take_suggestion,
)
from training.models import Selection, Suggestion
from training.queries.suggestions import newest_selection, present_suggestions


class SelectionIn(serializers.Serializer[Any]):
    """How many regions somebody wants."""

    n = serializers.IntegerField(min_value=1, max_value=MOST_WANTED, default=USUALLY_WANTED)
    seed = serializers.IntegerField(
        min_value=0,
        max_value=MAX_SEED,
        required=False,
        help_text="The same seed on the same project gives the same regions.",
    )


class SelectionVersionOut(serializers.Serializer[Any]):
    """The version whose drafts were doubted."""

    id = serializers.UUIDField()
    name = serializers.CharField(source="__str__")


class SelectionOut(serializers.ModelSerializer[Selection]):
    """A choice of regions and how far it is."""

    version = SelectionVersionOut(allow_null=True)
    progress = serializers.DictField()

    class Meta:
        model = Selection
        fields = (
            "id",
            "state",
            "version",
            "n_wanted",
            "seed",
            "created_at",
            "finished_at",
            "progress",
            "error_code",
            "error_message",
        )


class SuggestedImageOut(serializers.ModelSerializer[Image]):
    """The image of a suggestion."""

    thumbnail = serializers.SerializerMethodField()

    class Meta:
        model = Image
        fields = ("id", "name", "width", "height", "n_z", "n_t", "thumbnail")

    def get_thumbnail(self, image: Image) -> str:
        return f"/api/v1/images/{image.pk}/thumbnail/"


class SuggestionOut(serializers.ModelSerializer[Suggestion]):
    """A region worth painting, and why."""

    image = SuggestedImageOut()
    box = serializers.SerializerMethodField(help_text="row0, col0, row1, col1; half-open")
    facts = serializers.DictField()
    region_state = serializers.CharField(
        source="region.state", default=None, help_text="open or submitted; null before it is taken"
    )

    class Meta:
        model = Suggestion
        fields = (
            "id",
            "rank",
            "image",
            "box",
            "t",
            "z",
            "purpose",
            "strategy",
            "reason",
            "score",
            "facts",
            "state",
            "region",
            "region_state",
        )

    def get_box(self, suggestion: Suggestion) -> list[int]:
        return [suggestion.row0, suggestion.col0, suggestion.row1, suggestion.col1]


class SuggestionsOut(serializers.Serializer[Any]):
    """The newest selection, and the suggestions of the newest finished one."""

    selection = SelectionOut(allow_null=True)
    suggestions = SuggestionOut(many=True)


class ProjectSuggestions(APIView):
    @extend_schema(responses=SuggestionsOut, summary="What is worth painting next, and why")
    def get(self, request: Request, project_id: uuid.UUID) -> Response:
        project = find_project(request.user, project_id)
        shown = {
            "selection": newest_selection(project),
            "suggestions": present_suggestions(project),
        }
        return Response(SuggestionsOut(shown).data)

    @extend_schema(
        request=SelectionIn,
        responses={202: SelectionOut},
        summary="Ask what to paint next; the selection under way is returned when there is one",
    )
    def post(self, request: Request, project_id: uuid.UUID) -> Response:
        project = find_project(request.user, project_id)
        asked = SelectionIn(data=request.data)
        asked.is_valid(raise_exception=True)
        selection = suggest_regions(user=request.user, project=project, **asked.validated_data)
        return Response(SelectionOut(selection).data, status=status.HTTP_202_ACCEPTED)


class SuggestionTake(APIView):
    @extend_schema(
        request=None, responses=SuggestionOut, summary="Open the suggested region for painting"
    )
    def post(self, request: Request, suggestion_id: uuid.UUID) -> Response:
        suggestion = take_suggestion(user=request.user, suggestion_id=suggestion_id)
        return Response(SuggestionOut(suggestion).data)


class SuggestionDismiss(APIView):
    @extend_schema(
        request=None, responses=SuggestionOut, summary="Say that it is not worth painting"
    )
    def post(self, request: Request, suggestion_id: uuid.UUID) -> Response:
        suggestion = dismiss_suggestion(user=request.user, suggestion_id=suggestion_id)
        return Response(SuggestionOut(suggestion).data)
