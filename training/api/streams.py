"""Answers that are no JSON: event streams and files."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from rest_framework.negotiation import BaseContentNegotiation
from rest_framework.renderers import BaseRenderer
from rest_framework.request import Request


class AnyAccepted(BaseContentNegotiation):
    """Takes every Accept header: an EventSource asks for text/event-stream, a browser for HTML.

    Errors of such an endpoint are JSON all the same.
    """

    def select_parser(self, request: Request, parsers: Sequence[Any]) -> Any:
        """Return the first parser; these endpoints take no body."""
        return parsers[0]

    def select_renderer(
        self,
        request: Request,
        renderers: Sequence[BaseRenderer],
        format_suffix: str | None = None,
    ) -> tuple[BaseRenderer, str]:
        """Return the first renderer whatever was asked for."""
        return renderers[0], str(renderers[0].media_type)
