"""Answers that are files: sent block by block, however large, under either server interface."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterable, Iterator
from pathlib import Path

from asgiref.sync import sync_to_async
from django.core.handlers.asgi import ASGIRequest
from django.http import FileResponse, HttpRequest, HttpResponse, StreamingHttpResponse
from django.utils.http import content_disposition_header

from project.storage import read_blob

BLOCK_BYTES = 1 << 20
MADE_BYTES = 1 << 16  # of what is made while it is sent
DAY_S = 86_400


def picture_response(
    request: HttpRequest, digest: str, *, content_type: str = "image/jpeg"
) -> HttpResponse:
    """Answer with a stored picture, or that the browser has it already."""
    headers = {"Cache-Control": f"private, max-age={DAY_S}", "ETag": f'"{digest}"'}
    if request.headers.get("If-None-Match") == headers["ETag"]:
        return HttpResponse(status=304, headers=headers)
    return HttpResponse(read_blob(digest), content_type=content_type, headers=headers)


def file_response(
    request: HttpRequest, path: Path, *, name: str, content_type: str
) -> StreamingHttpResponse:
    """Answer with a stored file as a download of that name.

    Under ASGI Django would read a whole synchronous file into memory first.
    """
    if not isinstance(request, ASGIRequest):
        return FileResponse(
            path.open("rb"), as_attachment=True, filename=name, content_type=content_type
        )
    response = StreamingHttpResponse(blocks_of(path), content_type=content_type)
    response["Content-Length"] = str(path.stat().st_size)
    named = content_disposition_header(as_attachment=True, filename=name)
    response["Content-Disposition"] = named or "attachment"
    return response


async def blocks_of(path: Path) -> AsyncIterator[bytes]:
    """Read a file block by block, in a thread each."""
    file = await sync_to_async(lambda: path.open("rb"), thread_sensitive=False)()
    try:
        while block := await sync_to_async(file.read, thread_sensitive=False)(BLOCK_BYTES):
            yield block
    finally:
        file.close()


def made_response(
    request: HttpRequest, pieces: Iterable[bytes], *, name: str, content_type: str
) -> StreamingHttpResponse:
    """Answer with a download that is made while it is sent; the pieces may be small.

    They must ask nothing of the database: each may be made in another thread.
    """
    blocks = in_blocks(pieces)
    content = made_in_threads(blocks) if isinstance(request, ASGIRequest) else blocks
    response = StreamingHttpResponse(content, content_type=content_type)
    named = content_disposition_header(as_attachment=True, filename=name)
    response["Content-Disposition"] = named or "attachment"
    return response


def in_blocks(pieces: Iterable[bytes]) -> Iterator[bytes]:
    """Join pieces to blocks that are worth sending."""
    held = bytearray()
    for piece in pieces:
        held += piece
        if len(held) >= MADE_BYTES:
            yield bytes(held)
            held.clear()
    if held:
        yield bytes(held)


async def made_in_threads(blocks: Iterator[bytes]) -> AsyncIterator[bytes]:
    """Make block after block, in a thread each."""
    make = sync_to_async(lambda: next(blocks, None), thread_sensitive=False)
    while (block := await make()) is not None:
        yield block
