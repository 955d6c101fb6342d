"""Projects over REST."""

from __future__ import annotations

import uuid

from drf_spectacular.utils import extend_schema
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from annotations.actions.projects import create_project, update_project
from annotations.api.serializers import (
    ProjectChange,
    ProjectDetail,
    ProjectIn,
    ProjectOut,
    ProjectRow,
)
from annotations.models import Role
from annotations.queries.images import find_project, tags_of_project
from annotations.queries.overview import project_overview, project_overviews
from annotations.rules import require
from project.drf import Pages


class ProjectList(APIView):
    @extend_schema(responses=ProjectRow(many=True))
    def get(self, request: Request) -> Response:
        pages = Pages()
        page = pages.paginate_queryset(project_overviews(request.user), request, self)
        return pages.get_paginated_response(ProjectRow(page, many=True).data)

    @extend_schema(request=ProjectIn, responses={201: ProjectOut})
    def post(self, request: Request) -> Response:
        sent = ProjectIn(data=request.data)
        sent.is_valid(raise_exception=True)
        project = create_project(user=request.user, **sent.validated_data)
        return Response(ProjectOut(project).data, status=201)


class ProjectItem(APIView):
    @extend_schema(responses=ProjectDetail)
    def get(self, request: Request, project_id: uuid.UUID) -> Response:
        project = find_project(request.user, project_id)
        overview = project_overview(require(request.user, project, Role.VIEWER))
        return Response({**ProjectRow(overview).data, "tags": tags_of_project(project)})

    @extend_schema(request=ProjectChange(partial=True), responses=ProjectOut)
    def patch(self, request: Request, project_id: uuid.UUID) -> Response:
        sent = ProjectChange(data=request.data, partial=True)
        sent.is_valid(raise_exception=True)
        project = update_project(user=request.user, project_id=project_id, **sent.validated_data)
        return Response(ProjectOut(project).data)
