"""Resumable uploads: tus 1.0.0 with the extensions creation, checksum, expiration, termination."""

from __future__ import annotations

import base64
import binascii
import uuid
from typing import Any, cast

from django.conf import settings
from django.utils.http import http_date
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import extend_schema
from rest_framework.parsers import BaseParser
from rest_framework.permissions import AllowAny
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from annotations.actions.uploads import (
    LIFETIME,
    Checksum,
    abandon_upload,
    append_piece,
    begin_upload,
    find_upload,
)
from annotations.models import Image, Upload
from project.errors import InvalidInput

VERSION = "1.0.0"
PIECE_BYTES = 8 << 20  # held in memory once per request; a lost connection costs no more
MIB = 1 << 20


class WrongTusVersion(InvalidInput):
    """The client speaks another version of the protocol."""

    code = "wrong_tus_version"
    http_status = 412


class BadUploadHeader(InvalidInput):
    """A header of the protocol is missing or malformed."""

    code = "bad_upload_header"


class PieceTooLarge(InvalidInput):
    """A piece is larger than one request may be."""

    code = "piece_too_large"
    http_status = 413


class WrongPieceType(InvalidInput):
    """A piece comes as application/offset+octet-stream."""

    code = "wrong_piece_type"
    http_status = 415


class PieceParser(BaseParser):
    """Reads the piece as it is; a piece that is too large is never read."""

    media_type = "application/offset+octet-stream"

    def parse(  # type: ignore[override]  # the framework takes anything, its stubs do not
        self, stream: Any, media_type: Any = None, parser_context: Any = None
    ) -> bytes:
        """Return the bytes of the body; raise PieceTooLarge."""
        piece = bytes(stream.read(PIECE_BYTES + 1))
        if len(piece) > PIECE_BYTES:
            raise PieceTooLarge(f"Send pieces of at most {PIECE_BYTES // MIB} MiB.")
        return piece


class AnyParser(PieceParser):
    """Takes bodies that mean nothing (creation has none)."""

    media_type = "*/*"


class TusView(APIView):
    """What every request of the protocol shares."""

    parser_classes = (PieceParser, AnyParser)

    def get_permissions(self) -> Any:
        # What the server can do is no secret, and clients ask before they log in.
        return [AllowAny()] if self.request.method == "OPTIONS" else super().get_permissions()

    def initial(self, request: Request, *args: Any, **kwargs: Any) -> None:
        super().initial(request, *args, **kwargs)
        if request.method != "OPTIONS" and request.headers.get("Tus-Resumable") != VERSION:
            raise WrongTusVersion(
                f"Uploads use the tus protocol, version {VERSION}: send the header Tus-Resumable."
            )

    def finalize_response(self, request: Request, response: Any, *args: Any, **kwargs: Any) -> Any:
        response = super().finalize_response(request, response, *args, **kwargs)
        response["Tus-Resumable"] = VERSION
        response["Cache-Control"] = "no-store"
        if response.status_code == 412:
            response["Tus-Version"] = VERSION
        return response

    @extend_schema(exclude=True)
    def options(  # type: ignore[override]
        self, request: Request, *args: Any, **kwargs: Any
    ) -> Response:
        return answer(
            204,
            **{
                "Tus-Version": VERSION,
                "Tus-Extension": "creation,checksum,expiration,termination",
                "Tus-Checksum-Algorithm": "sha1,sha256,md5",
                "Tus-Max-Size": str(settings.CYTOLOOP_MAX_UPLOAD_MIB * MIB),
            },
        )


class UploadList(TusView):
    @extend_schema(request=None, responses={201: None})
    def post(self, request: Request, project_id: uuid.UUID) -> Response:
        metadata = read_metadata(request.headers.get("Upload-Metadata", ""))
        upload = begin_upload(
            user=request.user,
            project_id=project_id,
            file_name=metadata.get("filename", ""),
            size_bytes=read_number(request, "Upload-Length"),
            tags=metadata.get("tags", "").split(","),
        )
        image = None
        if upload.size_bytes == 0:  # no piece will ever come
            upload, image = append_piece(
                user=request.user, upload_id=upload.pk, offset=0, piece=b""
            )
        return answer(201, Location=f"/api/v1/uploads/{upload.pk}/", **state_of(upload, image))


class UploadItem(TusView):
    @extend_schema(responses={200: None})
    def head(self, request: Request, upload_id: uuid.UUID) -> Response:
        upload = find_upload(request.user, upload_id)
        return answer(200, **{"Upload-Length": str(upload.size_bytes)}, **state_of(upload))

    @extend_schema(
        request={"application/offset+octet-stream": OpenApiTypes.BINARY}, responses={204: None}
    )
    def patch(self, request: Request, upload_id: uuid.UUID) -> Response:
        if request.content_type != PieceParser.media_type:
            raise WrongPieceType(f"Send pieces as {PieceParser.media_type}.")
        if int(request.headers.get("Content-Length") or 0) > PIECE_BYTES:
            raise PieceTooLarge(f"Send pieces of at most {PIECE_BYTES // MIB} MiB.")
        upload, image = append_piece(
            user=request.user,
            upload_id=upload_id,
            offset=read_number(request, "Upload-Offset"),
            piece=cast("bytes", request.data),
            checksum=read_checksum(request.headers.get("Upload-Checksum")),
        )
        return answer(204, **state_of(upload, image))

    @extend_schema(responses={204: None})
    def delete(self, request: Request, upload_id: uuid.UUID) -> Response:
        abandon_upload(user=request.user, upload_id=upload_id)
        return answer(204)


def answer(status: int, **headers: str) -> Response:
    """Return an empty answer with headers."""
    return Response(status=status, headers=headers)


def state_of(upload: Upload, image: Image | None = None) -> dict[str, str]:
    """Return the headers that tell how far an upload is, and what it became."""
    headers = {
        "Upload-Offset": str(upload.received_bytes),
        "Upload-Expires": http_date((upload.created_at + LIFETIME).timestamp()),
    }
    return {**headers, "Cytoloop-Image": str(image.pk)} if image is not None else headers


def read_number(request: Request, name: str) -> int:
    """Return a header that is a whole number."""
    text = request.headers.get(name, "")
    if not (text.isascii() and text.isdigit() and len(text) <= 18):
        raise BadUploadHeader(f"The header {name} must be a whole number.")
    return int(text)


def read_metadata(header: str) -> dict[str, str]:
    """Return the pairs of Upload-Metadata: `key base64,key base64`."""
    pairs = {}
    for part in filter(None, (part.strip() for part in header.split(","))):
        key, _, value = part.partition(" ")
        pairs[key] = unbase64(value, "Upload-Metadata").decode("utf-8", errors="replace")
    return pairs


def read_checksum(header: str | None) -> Checksum | None:
    """Return the checksum of a piece, None when it has none."""
    if header is None:
        return None
    algorithm, _, value = header.partition(" ")
    return Checksum(algorithm, unbase64(value, "Upload-Checksum"))


def unbase64(text: str, name: str) -> bytes:
    """Return what base64 text stands for."""
    try:
        return base64.b64decode(text.strip(), validate=True)
    except (binascii.Error, ValueError) as error:
        raise BadUploadHeader(f"The header {name} is not proper base64.") from error
