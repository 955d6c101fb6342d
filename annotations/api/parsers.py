"""Request bodies that are no JSON."""

from __future__ import annotations

from collections.abc import Mapping
from typing import IO, Any

from rest_framework.parsers import BaseParser

from annotations.labels.envelope import MAX_BYTES
from project.errors import InvalidInput


class BodyTooLarge(InvalidInput):
    """More bytes than one request may bring."""

    code = "body_too_large"
    http_status = 413


class OpsParser(BaseParser):
    """Hands over the raw bytes of a request with ops, up to a limit."""

    media_type = "application/vnd.cytoloop.ops"

    def parse(  # type: ignore[override]  # the framework takes anything, its stubs do not
        self,
        stream: IO[Any],
        media_type: str | None = None,
        parser_context: Mapping[str, Any] | None = None,
    ) -> bytes:
        """Read the body.

        Raises BodyTooLarge.
        """
        data: bytes = stream.read(MAX_BYTES + 1)
        if len(data) > MAX_BYTES:
            raise BodyTooLarge(
                "The request is too large; send fewer operations at once.", max_bytes=MAX_BYTES
            )
        return data
