"""Unsigned LEB128 numbers, many at a time."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

from project.errors import InvalidInput

Numbers: TypeAlias = NDArray[np.int64]

MAX_BYTES = 5  # 35 bits: enough for a label and for old * T + new with T up to 65536


def decode(data: bytes) -> Numbers:
    """Read a byte string that holds nothing but numbers.

    Parameters
    ----------
    data : bytes
        Numbers one after another, seven bits a byte, lowest first.

    Returns
    -------
    ndarray of int64, shape (n,)
        The numbers, each below 2**35.

    Raises
    ------
    InvalidInput
        When the last number is cut off, or one is longer than five bytes or than it needs to be.
    """
    raw = np.frombuffer(data, np.uint8)
    if raw.size == 0:
        return np.zeros(0, np.int64)
    ends = np.flatnonzero(raw < 0x80)
    if ends.size == 0 or ends[-1] != raw.size - 1:
        raise InvalidInput("The operation is cut off in the middle of a number.")
    starts = np.concatenate(([0], ends[:-1] + 1))
    lengths = ends - starts + 1
    if lengths.max() > MAX_BYTES:
        raise InvalidInput("The operation holds a number that is too large.")
    # One spelling per number: the same runs are always the same bytes.
    if np.any((raw[ends] == 0) & (lengths > 1)):
        raise InvalidInput("The operation holds a number that is longer than it needs to be.")
    values = np.zeros(ends.size, np.int64)
    for place in range(int(lengths.max())):
        here = lengths > place
        values[here] |= (raw[starts[here] + place].astype(np.int64) & 0x7F) << (7 * place)
    return values


def first(data: bytes) -> Iterator[int]:
    """Yield the numbers that a byte string begins with, up to one that is cut off.

    Parameters
    ----------
    data : bytes
        As for `decode`; what the numbers look like is not checked.
    """
    value = shift = 0
    for byte in data:
        value |= (byte & 0x7F) << shift
        if byte < 0x80:
            yield value
            value = shift = 0
        else:
            shift += 7


def encode(values: Numbers) -> bytes:
    """Write numbers in the shortest form.

    Parameters
    ----------
    values : ndarray of int64, shape (n,)
        Each from 0 to 2**35 - 1.

    Returns
    -------
    bytes
        What `decode` reads back.
    """
    values = np.ascontiguousarray(values, np.int64)
    if values.size == 0:
        return b""
    lengths = np.ones(values.size, np.int64)
    for place in range(1, MAX_BYTES):
        lengths += values >= (1 << (7 * place))
    starts = np.cumsum(lengths) - lengths
    raw = np.zeros(int(lengths.sum()), np.uint8)
    for place in range(int(lengths.max())):
        here = lengths > place
        more = np.where(lengths[here] > place + 1, 0x80, 0)
        raw[starts[here] + place] = ((values[here] >> (7 * place)) & 0x7F) | more
    return raw.tobytes()
