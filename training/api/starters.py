"""Starter models over HTTP."""

from __future__ import annotations

import uuid

from drf_spectacular.utils import extend_schema
from rest_framework import status
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from annotations.queries.images import find_project
from training.actions.starters import add_starter
from training.api.shapes import StarterIn, StarterOut, UploadOut
from training.queries.starters import starters, starters_of_project


class StarterList(APIView):
    @extend_schema(responses=StarterOut(many=True), summary="Starter models that come along")
    def get(self, request: Request) -> Response:
        return Response(StarterOut(starters(), many=True).data)


class ProjectStarters(APIView):
    @extend_schema(
        responses=UploadOut(many=True), summary="How the starter models added to a project stand"
    )
    def get(self, request: Request, project_id: uuid.UUID) -> Response:
        project = find_project(request.user, project_id)
        return Response(UploadOut(starters_of_project(request.user, project), many=True).data)

    @extend_schema(
        request=StarterIn,
        responses={202: UploadOut},
        summary="Add a starter model; its version appears and drafts every image",
    )
    def post(self, request: Request, project_id: uuid.UUID) -> Response:
        project = find_project(request.user, project_id)
        asked = StarterIn(data=request.data)
        asked.is_valid(raise_exception=True)
        upload = add_starter(user=request.user, project=project, **asked.validated_data)
        return Response(UploadOut(upload).data, status=status.HTTP_202_ACCEPTED)
