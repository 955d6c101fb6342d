"""One id for each request: in the answer, in every line of the log, on the page of a failure."""

from __future__ import annotations

import logging
import uuid
from collections.abc import Callable
from contextvars import ContextVar
from inspect import iscoroutinefunction
from typing import Any

from django.http import HttpRequest, HttpResponse, HttpResponseBase, JsonResponse
from django.template import loader
from django.utils.decorators import sync_and_async_middleware

HEADER = "X-Request-ID"
BROKEN = "Something broke on our side; what went wrong is in the site's log under this request_id."

_current: ContextVar[str] = ContextVar("request_id", default="")


def request_id() -> str:
    """Return the id of the request that is being answered; empty outside of one."""
    return _current.get()


@sync_and_async_middleware
def request_ids(get_response: Callable[[HttpRequest], Any]) -> Callable[[HttpRequest], Any]:
    """Give every request an id. Never one that came with it: it stands in our log."""

    async def answer_async(request: HttpRequest) -> HttpResponseBase:
        _current.set(uuid.uuid4().hex)
        return _marked(await get_response(request))

    def answer(request: HttpRequest) -> HttpResponseBase:
        _current.set(uuid.uuid4().hex)
        return _marked(get_response(request))

    return answer_async if iscoroutinefunction(get_response) else answer


def _marked(answer: HttpResponseBase) -> HttpResponseBase:
    answer[HEADER] = request_id()
    return answer


class AddRequestId(logging.Filter):
    """Gives each line of the log `request_note`: the id of its request, in brackets."""

    def filter(self, record: logging.LogRecord) -> bool:
        """Let everything pass."""
        record.request_note = f" [{request_id()}]" if request_id() else ""
        return True


def server_error(request: HttpRequest) -> HttpResponse:
    """Answer for an unexpected error, whose traceback Django has logged under the same id."""
    if request.path.startswith("/api/"):
        body = {"code": "internal_error", "message": BROKEN, "data": {}}
        return JsonResponse({**body, "request_id": request_id()}, status=500)
    # Without the request: what fills other pages may be what broke.
    page = loader.get_template("500.html").render({"request_id": request_id()})
    return HttpResponse(page, status=500)
