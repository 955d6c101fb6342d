from __future__ import annotations

import asyncio

from django.test import AsyncRequestFactory, RequestFactory

from project.downloads import BLOCK_BYTES, file_response

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


def test_the_same_file_is_sent_under_wsgi(tmp_path):
    path = tmp_path / "stored"
    path.write_bytes(CONTENT)

    answer = file_response(
        RequestFactory().get("/"), path, name="x.zip", content_type="application/zip"
    )

    assert b"".join(answer.streaming_content) == CONTENT
    answer.close()
