"""Engines and training runs over HTTP."""

from __future__ import annotations

import uuid
from collections.abc import Iterator
from typing import Any

from django.http import StreamingHttpResponse
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import extend_schema
from rest_framework import status
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from annotations.api.ops import AnyAccept
from annotations.models import Role
from annotations.queries.images import find_project
from project import events
from project.drf import Pages
from training.actions.runs import cancel_run, pause_run, queue_run, resume_run
from training.api.shapes import (
    EngineOut,
    EpochOut,
    PreflightOut,
    RunIn,
    RunOut,
    RunRowOut,
    SetOut,
)
from training.models import TrainingRun
from training.queries.engines import engine_list
from training.queries.preflight import preflight
from training.queries.runs import epochs_of, one_run, run_state, runs_of_project
from training.queries.sets import one_set, read_manifest

PLANNED = ("engine", "start", "params", "max_minutes", "channels")  # all but the seed
FIRST_LOG_CHARACTERS = 20_000  # what a page that opens late still shows


class EngineList(APIView):
    @extend_schema(responses=EngineOut(many=True), summary="Engines and their parameters")
    def get(self, request: Request) -> Response:
        return Response(EngineOut(engine_list(), many=True).data)


class ProjectRuns(APIView):
    @extend_schema(responses=RunRowOut(many=True), summary="Training runs, newest first")
    def get(self, request: Request, project_id: uuid.UUID) -> Response:
        project = find_project(request.user, project_id)
        pages = Pages()
        runs = pages.paginate_queryset(runs_of_project(request.user, project), request, self)
        return pages.get_paginated_response(RunRowOut(runs, many=True).data)

    @extend_schema(request=RunIn, responses={201: RunOut}, summary="Queue a training run")
    def post(self, request: Request, project_id: uuid.UUID) -> Response:
        project = find_project(request.user, project_id)
        asked = RunIn(data=request.data)
        asked.is_valid(raise_exception=True)
        run = queue_run(user=request.user, project=project, **asked.validated_data)
        return Response(run_json(request.user, run.pk), status=status.HTTP_201_CREATED)


class ProjectRunsCheck(APIView):
    @extend_schema(
        request=RunIn, responses=PreflightOut, summary="What to know before such a training"
    )
    def post(self, request: Request, project_id: uuid.UUID) -> Response:
        project = find_project(request.user, project_id, Role.REVIEWER)
        asked = RunIn(data=request.data)
        asked.is_valid(raise_exception=True)
        plan = {name: asked.validated_data[name] for name in PLANNED}
        return Response(PreflightOut(preflight(user=request.user, project=project, **plan)).data)


class RunDetail(APIView):
    @extend_schema(responses=RunOut, summary="A run with its epochs and log")
    def get(self, request: Request, run_id: uuid.UUID) -> Response:
        return Response(run_json(request.user, run_id))


class RunCancel(APIView):
    @extend_schema(request=None, responses=RunOut, summary="Stop a run")
    def post(self, request: Request, run_id: uuid.UUID) -> Response:
        cancel_run(user=request.user, run=one_run(request.user, run_id))
        return Response(run_json(request.user, run_id))


class RunPause(APIView):
    @extend_schema(request=None, responses=RunOut, summary="Let a run stand still for a while")
    def post(self, request: Request, run_id: uuid.UUID) -> Response:
        pause_run(user=request.user, run=one_run(request.user, run_id))
        return Response(run_json(request.user, run_id))


class RunResume(APIView):
    @extend_schema(request=None, responses=RunOut, summary="Let a paused run go on")
    def post(self, request: Request, run_id: uuid.UUID) -> Response:
        resume_run(user=request.user, run=one_run(request.user, run_id))
        return Response(run_json(request.user, run_id))


class RunEvents(APIView):
    content_negotiation_class = AnyAccept

    @extend_schema(
        responses={(200, "text/event-stream"): OpenApiTypes.STR},
        summary="State, epochs and log of a run, live",
    )
    def get(self, request: Request, run_id: uuid.UUID) -> StreamingHttpResponse:
        run = one_run(request.user, run_id)
        return events.stream(
            request._request,
            [f"run:{run.pk}"],
            first=lambda: so_far(run.pk),
            check=lambda: one_run(request.user, run.pk),
        )


class TrainingSetDetail(APIView):
    @extend_schema(responses=SetOut, summary="A training set with its frozen manifest")
    def get(self, request: Request, set_id: uuid.UUID) -> Response:
        training_set = one_set(request.user, set_id)
        training_set.manifest = read_manifest(training_set)  # type: ignore[attr-defined]
        return Response(SetOut(training_set).data)


def run_json(user: Any, run_id: uuid.UUID) -> dict[str, Any]:
    """Return a run as the API shows it."""
    run = one_run(user, run_id)
    # Not the related manager of that name: in order, and as a list.
    fields = {**RunRowOut(run).data, "log": run.log}
    fields["epochs"] = EpochOut(epochs_of(run), many=True).data
    return fields


def so_far(run_id: uuid.UUID) -> Iterator[dict[str, Any]]:
    """Yield what a page must know that begins to listen now."""
    run = TrainingRun.objects.get(pk=run_id)
    for epoch in epochs_of(run):
        yield {"type": "epoch", **EpochOut(epoch).data}
    if run.log:
        yield {"type": "log", "text": run.log[-FIRST_LOG_CHARACTERS:], "all": True}
    yield run_state(run)
