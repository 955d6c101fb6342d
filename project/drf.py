"""What every REST endpoint shares: the error shape and the pages."""

from __future__ import annotations

from typing import Any

import psycopg
from django.db import DatabaseError
from rest_framework import exceptions, serializers
from rest_framework.pagination import PageNumberPagination
from rest_framework.response import Response
from rest_framework.views import exception_handler as rest_exception_handler
from rest_framework.views import set_rollback

from project.errors import PlatformError, StorageFull
from project.people import display_name
from project.request_ids import request_id
from project.storage import FULL


class Pages(PageNumberPagination):
    """Pages of 50, at most 500, chosen by `?page=` and `?page_size=`."""

    page_size = 50
    page_size_query_param = "page_size"
    max_page_size = 500


class PersonField(serializers.CharField):
    """An account, told by what its person is called."""

    def to_representation(self, person: Any) -> str:
        """Return the name."""
        return display_name(person)


def exception_handler(error: Exception, context: dict[str, Any]) -> Response | None:
    """Answer every expected failure as {code, message, data, request_id}."""
    if isinstance(error, DatabaseError) and isinstance(error.__cause__, psycopg.errors.DiskFull):
        error = StorageFull(FULL)  # the database shares the disk
    if isinstance(error, PlatformError):
        set_rollback()
        return error_response(error.code, error.message, error.data, error.http_status)
    response = rest_exception_handler(error, context)
    if response is None:
        return None
    code, message, data = describe(error)
    answer = error_response(code, message, data, response.status_code)
    for name, value in response.items():
        if name.lower() not in ("content-type", "content-length"):
            answer[name] = value
    return answer


def describe(error: Exception) -> tuple[str, str, Any]:
    """Return code, sentence and data of one of the framework's own errors."""
    if isinstance(error, exceptions.ValidationError):
        return "invalid_input", "Some fields are missing or wrong.", {"fields": error.detail}
    if isinstance(error, exceptions.APIException):
        return str(error.default_code), str(error.detail), {}
    return "not_found", "There is no such thing, or you may not see it.", {}


def error_response(code: str, message: str, data: Any, status: int) -> Response:
    """Build the one error answer of the API."""
    body = {"code": code, "message": message, "data": data, "request_id": request_id()}
    return Response(body, status=status)
