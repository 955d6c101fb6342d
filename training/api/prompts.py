"""One object for one click or box, over HTTP: ask, then look for the answer."""

from __future__ import annotations

import uuid
from typing import Any

from django.conf import settings
from drf_spectacular.utils import extend_schema
from rest_framework import serializers, status
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from annotations.queries.images import find_image
from project.errors import InvalidInput
from project.worker import is_served
from training.actions.prompts import ask_model
from training.api.versions import one_version_of
from training.engines.prompters import prompters, why_not_ready
from training.queries.prompts import one_answer
from training.queries.queues import predict_queue


class PromptIn(serializers.Serializer[Any]):
    """A point or a box, in pixels of the image."""

    version = serializers.UUIDField(
        required=False, help_text="The newest version that sees planes where none is named."
    )
    prompter = serializers.CharField(
        required=False, help_text="A model to ask instead of a version, see /api/v1/prompters/."
    )
    t = serializers.IntegerField(min_value=0, default=0)
    z = serializers.IntegerField(min_value=0, default=0)
    point = serializers.ListField(
        child=serializers.IntegerField(), min_length=2, max_length=2, required=False,
        help_text="Row and column of a pixel of the object.",
    )  # fmt: skip
    box = serializers.ListField(
        child=serializers.IntegerField(), min_length=4, max_length=4, required=False,
        help_text="Around the object: row0, col0, row1, col1, half-open.",
    )  # fmt: skip
    threshold = serializers.FloatField(
        required=False,
        help_text="In the engine's unit (StarDist: probability; Cellpose: logit). Without it the "
        "version's own, and a lower one where that finds nothing.",
    )


class PromptOut(serializers.Serializer[Any]):
    """What a version found, or that its worker has not answered yet."""

    id = serializers.CharField()
    state = serializers.ChoiceField(choices=["waiting", "found", "nothing", "failed"])
    code = serializers.CharField(required=False, help_text="Why it failed.")
    message = serializers.CharField(required=False, help_text="A sentence for the person.")
    by = serializers.CharField(required=False, help_text="Name of the version.")
    version = serializers.CharField(required=False)
    engine = serializers.CharField(required=False)
    rows = serializers.ListField(
        child=serializers.IntegerField(), required=False,
        help_text="Runs of pixels: row, first column, column after the last, and so on.",
    )  # fmt: skip
    box = serializers.ListField(child=serializers.IntegerField(), required=False)
    score = serializers.FloatField(required=False)
    threshold = serializers.FloatField(required=False, help_text="The one that was taken.")
    seconds = serializers.FloatField(required=False, help_text="Of the worker.")
    is_served = serializers.BooleanField(
        required=False, help_text="Whether a worker of the engine runs that will answer."
    )


class PrompterOut(serializers.Serializer[Any]):
    """A model that finds objects by prompts and knows no project."""

    name = serializers.CharField()
    title = serializers.CharField()
    missing = serializers.CharField(help_text="What it lacks, as a sentence; empty: nothing.")


class PrompterList(APIView):
    @extend_schema(responses=PrompterOut(many=True), summary="Models that answer prompts")
    def get(self, request: Request) -> Response:
        folder = settings.CYTOLOOP_PROMPTER_DIR
        may_know = request.user.is_superuser
        rows = [
            {
                "name": one.name,
                "title": one.title,
                "missing": why_not_ready(one, folder, tell_folder=may_know),
            }
            for one in prompters().values()
        ]
        return Response(PrompterOut(rows, many=True).data)


class ImagePrompts(APIView):
    @extend_schema(
        request=PromptIn,
        responses={200: PromptOut, 202: PromptOut},
        summary="Ask a version for the object at a point or in a box",
    )
    def post(self, request: Request, image_id: uuid.UUID) -> Response:
        image = find_image(request.user, image_id)
        given = PromptIn(data=request.data)
        given.is_valid(raise_exception=True)
        asked: dict[str, Any] = {"point": None, "box": None, **given.validated_data}
        if (asked["point"] is None) == (asked["box"] is None):
            raise InvalidInput("Name either a point or a box.")
        named = asked.pop("version", None)
        version = one_version_of(request.user, image.project, named) if named else None
        for place in ("point", "box"):
            asked[place] = tuple(asked[place]) if asked[place] else None
        question, known = ask_model(
            user=request.user, image=image, version=version, kind="prompt", **asked
        )
        told = _told(question.key, known)
        if known["state"] != "waiting":
            return Response(told)
        told["is_served"] = is_served(predict_queue(known["engine"]))
        return Response(told, status=status.HTTP_202_ACCEPTED)


class ImagePrompt(APIView):
    @extend_schema(responses=PromptOut, summary="What a version said of a point or a box")
    def get(self, request: Request, image_id: uuid.UUID, key: str) -> Response:
        image = find_image(request.user, image_id)
        return Response(_told(key, one_answer(image, key)))


def _told(key: str, known: dict[str, Any]) -> dict[str, Any]:
    told: dict[str, Any] = {"id": key, **known}
    if rows := known.get("rows"):
        top, bottom = min(rows[::3]), max(rows[::3]) + 1
        told["box"] = [top, min(rows[1::3]), bottom, max(rows[2::3])]
    return dict(PromptOut(told).data)
