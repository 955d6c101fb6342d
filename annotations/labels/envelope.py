"""Envelope of a request with several ops: a JSON header in front, the op bodies behind it.

``u32 little-endian header length | UTF-8 JSON | gzip bodies one after another`` with the header
``{"session": uuid, "ops": [{"n", "kind", "t", "z", "size", "meta"}]}``.
"""

from __future__ import annotations

import json
import re
import uuid
from dataclasses import dataclass, field
from typing import Any

from project.errors import InvalidInput

MAX_BYTES = 8 << 20  # held in memory once per request
MAX_OPS = 1024  # applied in one transaction, which keeps others off the layer
MAX_HEADER_BYTES = 1 << 20  # parsed as a whole, before anything else is checked
MAX_COUNT = (1 << 53) - 1  # what a browser counts exactly
KIND = re.compile(r"[a-z][a-z0-9_-]{0,23}")


@dataclass(frozen=True, slots=True)
class SentOp:
    """One op as it was sent, its body still packed."""

    n: int
    kind: str
    body: bytes
    t: int = 0
    z: int = 0
    meta: dict[str, Any] = field(default_factory=dict)


def read(data: bytes) -> tuple[uuid.UUID, list[SentOp]]:
    """Take an envelope apart.

    Parameters
    ----------
    data : bytes

    Returns
    -------
    session : UUID
    ops : list of SentOp
        In the order sent; `n` ascends.

    Raises
    ------
    InvalidInput
        When it is not such an envelope; `data["n"]` names the op at fault where one is.
    """
    header, place = _read_header(data)
    session = _read_session(header)
    rows = header.get("ops")
    if not isinstance(rows, list) or len(rows) > MAX_OPS:
        raise InvalidInput(f"The header must list at most {MAX_OPS} ops.")
    ops: list[SentOp] = []
    for row in rows:
        if not isinstance(row, dict):
            raise InvalidInput("Each op in the header must be an object.")
        size = _count(row, "size")
        op = _read_op(row, data[place : place + size])
        if len(op.body) != size:
            raise InvalidInput("The request ends before its last op does.", n=op.n)
        if ops and op.n <= ops[-1].n:
            raise InvalidInput("The ops of a request must be in the order of their n.", n=op.n)
        ops.append(op)
        place += size
    if place != len(data):
        raise InvalidInput("Something follows the last op of the request.")
    return session, ops


def write(session: uuid.UUID, ops: list[SentOp]) -> bytes:
    """Put an envelope together; what `read` takes apart."""
    rows = [
        {"n": op.n, "kind": op.kind, "t": op.t, "z": op.z, "size": len(op.body), "meta": op.meta}
        for op in ops
    ]
    header = json.dumps({"session": str(session), "ops": rows}).encode()
    return len(header).to_bytes(4, "little") + header + b"".join(op.body for op in ops)


def _read_header(data: bytes) -> tuple[dict[str, Any], int]:
    if len(data) > MAX_BYTES:
        raise InvalidInput("The request is too large; send fewer ops at once.")
    size = int.from_bytes(data[:4], "little")
    if len(data) < 4 or size > min(len(data) - 4, MAX_HEADER_BYTES):
        raise InvalidInput("The request does not begin with its header.")
    try:
        header = json.loads(data[4 : 4 + size])
    except (ValueError, RecursionError) as error:
        raise InvalidInput("The header of the request is not JSON.") from error
    if not isinstance(header, dict):
        raise InvalidInput("The header of the request must be an object.")
    return header, 4 + size


def _read_session(header: dict[str, Any]) -> uuid.UUID:
    try:
        return uuid.UUID(str(header.get("session")))
    except ValueError as error:
        raise InvalidInput("The session of the request is not a UUID.") from error


def _read_op(row: dict[str, Any], body: bytes) -> SentOp:
    n = _count(row, "n")
    kind, meta = row.get("kind"), row.get("meta", {})
    if not isinstance(kind, str) or not KIND.fullmatch(kind):
        raise InvalidInput("The kind of an op must be a short lower-case word.", n=n)
    if not isinstance(meta, dict):
        raise InvalidInput("The meta of an op must be an object.", n=n)
    check_storable(meta, n)
    return SentOp(n, kind, body, _count(row, "t", 0), _count(row, "z", 0), meta)


def check_storable(meta: dict[str, Any], n: int) -> None:
    """Refuse what Python reads as JSON and PostgreSQL does not store; raises InvalidInput."""
    try:
        text = json.dumps(meta, allow_nan=False, ensure_ascii=False)
        text.encode()
    except (ValueError, RecursionError) as error:  # NaN, infinity, half a surrogate pair
        raise InvalidInput("The meta of an op holds what is not JSON.", n=n) from error
    if "\\u0000" in text:
        raise InvalidInput("The meta of an op must not hold a zero character.", n=n)


def _count(row: dict[str, Any], name: str, default: int | None = None) -> int:
    value = row.get(name, default)
    if not isinstance(value, int) or isinstance(value, bool) or not 0 <= value <= MAX_COUNT:
        raise InvalidInput(f"The {name} of an op must be a whole number from 0 on.")
    return value
