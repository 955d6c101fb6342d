"""What happens in a project, as server-sent events."""

from __future__ import annotations

import uuid

from django.http import StreamingHttpResponse
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import extend_schema
from rest_framework.request import Request
from rest_framework.views import APIView

from annotations.api.ops import AnyAccept
from annotations.queries.images import find_project
from project import events


class ProjectEvents(APIView):
    content_negotiation_class = AnyAccept  # an EventSource asks for text/event-stream

    @extend_schema(responses={(200, "text/event-stream"): OpenApiTypes.STR})
    def get(self, request: Request, project_id: uuid.UUID) -> StreamingHttpResponse:
        project = find_project(request.user, project_id)
        return events.stream(
            request._request,
            [f"project:{project.pk}"],
            check=lambda: find_project(request.user, project.pk),
        )
