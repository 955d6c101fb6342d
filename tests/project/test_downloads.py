from __future__ import annotations

import asyncio

import pytest
from django.test import AsyncRequestFactory, RequestFactory

from project.downloads import BLOCK_BYTES, MADE_BYTES, file_response, made_response

CONTENT = b"0123456789" * (BLOCK_BYTES // 4)  # two and a half blocks


def test_a_file_is_sent_block_by_block_under_asgi(tmp_path):
    path = tmp_path / "stored"
    path.write_bytes(CONTENT)
    answer = file_response(
        AsyncRequestFactory().get("/"), path, name="große.zip", content_type="application/zip"
    )

    async def blocks():
        return [block async for block in answer]

    sent = asyncio.run(blocks())

    assert answer.is_async, "else Django reads the whole file before it sends a byte"
    assert b"".join(sent) == CONTENT
    assert max(map(len, sent)) == BLOCK_BYTES
    assert answer["Content-Length"] == str(len(CONTENT))
    assert answer["Content-Disposition"].startswith("attachment")


@pytest.mark.django_db(transaction=True)  # the end of an answer closes connections left open
def test_the_same_file_is_sent_under_wsgi(tmp_path):
    path = tmp_path / "stored"
    path.write_bytes(CONTENT)

    answer = file_response(
        RequestFactory().get("/"), path, name="x.zip", content_type="application/zip"
    )

    assert b"".join(answer.streaming_content) == CONTENT
    answer.close()


def test_what_is_made_while_it_is_sent_comes_in_blocks_under_both():
    pieces = [bytes([k]) * 1000 for k in range(256)]
    seen_by = []

    def made(request):
        asked = iter(pieces)
        answer = made_response(request, asked, name="größe.geojson", content_type="text/x")
        seen_by.append(next(asked, None))  # nothing was made before it is sent
        return answer

    async def blocks(answer):
        return [block async for block in answer]

    under_wsgi = list(made(RequestFactory().get("/")).streaming_content)
    answer = made(AsyncRequestFactory().get("/"))
    assert answer.is_async
    under_asgi = asyncio.run(blocks(answer))

    assert seen_by == [pieces[0]] * 2
    assert under_wsgi == under_asgi
    assert b"".join(under_wsgi) == b"".join(pieces[1:])
    assert all(len(block) >= MADE_BYTES for block in under_wsgi[:-1])
    assert answer["Content-Disposition"].startswith("attachment")
