from __future__ import annotations

import json
import uuid

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from annotations.labels import envelope
from annotations.labels.envelope import SentOp
from project.errors import InvalidInput

SESSION = uuid.UUID(int=5)


def raw(header, bodies=b""):
    text = header if isinstance(header, bytes) else json.dumps(header).encode()
    return len(text).to_bytes(4, "little") + text + bodies


def row(**change):
    return {"n": 1, "kind": "brush", "t": 0, "z": 0, "size": 2, "meta": {}, **change}


def test_an_envelope_comes_back():
    sent = [SentOp(1, "brush", b"abc"), SentOp(4, "undo", b"", 1, 2, {"undo_of": 1})]

    assert envelope.read(envelope.write(SESSION, sent)) == (SESSION, sent)


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"\x01",
        b"\xff\xff\xff\xff{}",
        raw(b"nonsense"),
        raw([]),
        raw({"ops": []}),
        raw({"session": str(SESSION)}),
        raw({"session": str(SESSION), "ops": [3]}),
        raw({"session": str(SESSION), "ops": [row(n=-1)]}, b"ab"),
        raw({"session": str(SESSION), "ops": [row(n=True)]}, b"ab"),
        raw({"session": str(SESSION), "ops": [row(size=3)]}, b"ab"),
        raw({"session": str(SESSION), "ops": [row(size=1)]}, b"ab"),
        raw({"session": str(SESSION), "ops": [row(kind="Brush!")]}, b"ab"),
        raw({"session": str(SESSION), "ops": [row(meta=[])]}, b"ab"),
        raw({"session": str(SESSION), "ops": [row(meta={"a": "\0"})]}, b"ab"),
        raw({"session": str(SESSION), "ops": [row(meta={"a": float("nan")})]}, b"ab"),
        raw({"session": str(SESSION), "ops": [row(meta={"a": "\ud800"})]}, b"ab"),
        raw({"session": str(SESSION), "ops": [row(), row()]}, b"abcd"),
        raw(b"[" * 100_000),
    ],
)
def test_a_malformed_envelope_is_refused(data):
    with pytest.raises(InvalidInput):
        envelope.read(data)


@settings(max_examples=200)
@given(st.binary(max_size=80))
def test_any_bytes_are_refused_with_a_sentence(data):
    with pytest.raises(InvalidInput):
        envelope.read(data)
