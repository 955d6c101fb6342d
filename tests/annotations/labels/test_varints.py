from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from annotations.labels import varints

numbers = st.lists(st.integers(0, (1 << 35) - 1), max_size=50)


def one_by_one(values):
    """Write numbers the slow way."""
    out = bytearray()
    for number in values:
        rest = number
        while rest >= 0x80:
            out.append(rest & 0x7F | 0x80)
            rest >>= 7
        out.append(rest)
    return bytes(out)


@given(numbers)
def test_numbers_are_written_like_one_by_one(values):
    assert varints.encode(np.array(values, np.int64)) == one_by_one(values)


@given(numbers)
def test_numbers_come_back(values):
    assert varints.decode(one_by_one(values)).tolist() == values
