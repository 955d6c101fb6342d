"""The codec against the vectors that the browser's codec is tested with too."""

from __future__ import annotations

import json

import pytest

from annotations.labels import ops
from project.errors import InvalidInput
from tests.contracts import make_op_vectors

CONTENT = json.loads(make_op_vectors.PATH.read_text(encoding="utf-8"))


def test_the_vectors_are_what_this_codec_makes():
    assert make_op_vectors.text() == make_op_vectors.PATH.read_text(encoding="utf-8")


@pytest.mark.parametrize("vector", CONTENT["vectors"], ids=lambda v: v["name"])
def test_a_vector_decodes_to_its_runs_and_back(vector):
    op = ops.decode(bytes.fromhex(vector["op"]))

    assert [[*place, make_op_vectors.rows_of(op[place])] for place in sorted(op)] == vector["runs"]
    assert ops.encode(op).hex() == vector["op"]


@pytest.mark.parametrize("case", CONTENT["invalid"], ids=lambda c: c["name"])
def test_a_malformed_op_is_refused(case):
    with pytest.raises(InvalidInput):
        ops.decode(bytes.fromhex(case["op"]))
