"""Image tiles: a raw ASGI function in front of Django, and the tokens that open it.

The permission check happens once, when a token is handed out; a tile then costs a look into two
dictionaries and two short reads. Nothing is decoded and the database is not asked.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import re
import struct
import time
import uuid
from collections import OrderedDict
from collections.abc import Awaitable, Callable
from typing import Any, TypeAlias

from django.conf import settings
from django.utils.crypto import salted_hmac

from project.errors import NotFound
from project.storage import blob_path
from project.tile_index import TileFile

Scope: TypeAlias = dict[str, Any]
Receive: TypeAlias = Callable[[], Awaitable[dict[str, Any]]]
Send: TypeAlias = Callable[[dict[str, Any]], Awaitable[None]]

PREFIX = "/tiles/"
# ASCII: \d alone takes the digits of every script.
ADDRESS = re.compile(r"/tiles/([^/]*)/(\d{1,9})/(\d{1,9})/(\d{1,9})_(\d{1,9})\.jpg", re.ASCII)
NO_SNIFFING = (b"x-content-type-options", b"nosniff")
# A token lives for one to two periods: everyone who asks within a period gets the same one, so
# that the browser's cache of tiles outlives a reload.
PERIOD_S = 1800
PAYLOAD = struct.Struct(">16s32sII")  # image, digest of the pyramid, user, expiry
SIGNATURE_BYTES = 16  # 128 bits cannot be guessed, and the address stays short
OPEN_FILES = 128  # far below the usual limit of 1024 handles per process
KNOWN_TOKENS = 4096  # a signature is checked once per view, not once per tile; 1 MB

_files: OrderedDict[str, TileFile] = OrderedDict()
_tokens: OrderedDict[str, tuple[str, int]] = OrderedDict()


def make_token(*, image: uuid.UUID, pyramid_digest: str, user_id: int) -> tuple[str, int]:
    """Return a token for the tiles of an image, and when it ends (seconds since 1970)."""
    expires = (int(time.time()) // PERIOD_S + 2) * PERIOD_S
    payload = PAYLOAD.pack(image.bytes, bytes.fromhex(pyramid_digest), user_id, expires)
    token = base64.urlsafe_b64encode(payload + _signature(payload)).rstrip(b"=")
    return token.decode(), expires


def read_token(token: str) -> tuple[str, int] | None:
    """Return the pyramid's digest and the expiry of a token of ours, else None."""
    known = _tokens.get(token)
    if known is not None:
        return known
    try:
        data = base64.b64decode(token + "=" * (-len(token) % 4), altchars=b"-_", validate=True)
    except ValueError:
        return None
    payload, signature = data[: PAYLOAD.size], data[PAYLOAD.size :]
    if len(payload) != PAYLOAD.size or not hmac.compare_digest(signature, _signature(payload)):
        return None
    _, digest, _, expires = PAYLOAD.unpack(payload)
    _tokens[token] = digest.hex(), expires
    if len(_tokens) > KNOWN_TOKENS:
        _tokens.popitem(last=False)
    return _tokens[token]


def _signature(payload: bytes) -> bytes:
    key = salted_hmac("project.tiles", b"", settings.SECRET_KEY, algorithm="sha256").digest()
    return hmac.digest(key, payload, hashlib.sha256)[:SIGNATURE_BYTES]


async def tiles_app(scope: Scope, receive: Receive, send: Send) -> None:
    """Answer GET /tiles/{token}/{plane}/{level}/{col}_{row}.jpg."""
    status, body, expires = find_tile(scope["method"], scope["path"])
    if status == 200:
        headers = [
            (b"content-type", b"image/jpeg"),
            (b"content-length", b"%d" % len(body)),
            (b"cache-control", b"private, max-age=%d, immutable" % (expires - int(time.time()))),
            NO_SNIFFING,
        ]
    else:
        headers = [
            (b"content-type", b"text/plain"),
            (b"content-length", b"%d" % len(body)),
            (b"cache-control", b"no-store"),
            NO_SNIFFING,
        ]
    await send({"type": "http.response.start", "status": status, "headers": headers})
    content = b"" if scope["method"] == "HEAD" else body
    await send({"type": "http.response.body", "body": content})


def find_tile(method: str, path: str) -> tuple[int, bytes, int]:
    """Return status, body and the expiry of the token."""
    if method not in ("GET", "HEAD"):
        return 405, b"Only GET.", 0
    asked = ADDRESS.fullmatch(path)
    if asked is None:
        return 404, b"No such tile.", 0
    token, plane, level, column, row = asked.groups()
    found = read_token(token)
    if found is None or found[1] <= time.time():
        return 403, b"This address is no longer valid; ask for a new one.", 0
    file = open_tiles(found[0])
    tile = file.tile(int(plane), int(level), int(column), int(row)) if file is not None else None
    return (404, b"No such tile.", 0) if tile is None else (200, tile, found[1])


def open_tiles(digest: str) -> TileFile | None:
    """Return the open pyramid with this digest; the least used ones are closed."""
    file = _files.get(digest)
    if file is not None:
        _files.move_to_end(digest)
        return file
    try:
        file = TileFile(blob_path(digest))
    except (OSError, NotFound, ValueError):
        return None
    _files[digest] = file
    if len(_files) > OPEN_FILES:
        _files.popitem(last=False)[1].close()
    return file
