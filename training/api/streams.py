"""Answers that are no JSON: event streams and files."""

from __future__ import annotations

from collections.abc import Iterable
from rest_framework.negotiation import BaseContentNegotiation
from rest_framework.parsers import BaseParser
from rest_framework.renderers import BaseRenderer
from rest_framework.request import Request


class AnyAccepted(BaseContentNegotiation):
    """Takes every Accept header: an EventSource asks for text/event-stream, a browser for HTML.

    Errors of such an endpoint are JSON all the same.
    """

    def select_parser(self, request: Request, parsers: Iterable[BaseParser]) -> BaseParser:
        """Return the first parser; these endpoints take no body."""
        return next(iter(parsers))

    def select_renderer(
        self,
        request: Request,
        renderers: Iterable[BaseRenderer],
        format_suffix: str | None = None,
    ) -> tuple[BaseRenderer, str]:
        """Return the first renderer whatever was asked for."""
        first = next(iter(renderers))
        return first, str(first.media_type)
