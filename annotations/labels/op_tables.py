"""The labels that a stored op names, read from its first bytes: searching many ops stays cheap."""

from __future__ import annotations

import zlib
from itertools import islice

from annotations.labels import varints
from annotations.labels.ops import VERSION
from project.errors import InvalidInput

USUAL_TABLE_BYTES = 256  # hold version and table of most ops


def labels_named(begin: bytes) -> frozenset[int] | None:
    """Read the labels of an op's table from the first bytes of its gzip body.

    Parameters
    ----------
    begin : bytes
        The body, or as much of it as was read.

    Returns
    -------
    frozenset of int or None
        Every label that the op takes away or gives, 0 with them; None when the bytes end before
        the table does.

    Raises
    ------
    InvalidInput
        When the bytes are not the beginning of an op.
    """
    inflate = zlib.decompressobj(wbits=31)
    try:
        raw = inflate.decompress(begin, USUAL_TABLE_BYTES)
        labels = _table_of(raw)
        if labels is None and inflate.unconsumed_tail:
            labels = _table_of(raw + inflate.decompress(inflate.unconsumed_tail))
    except zlib.error as error:
        raise InvalidInput("The operation is not a gzip stream.") from error
    return labels


def _table_of(raw: bytes) -> frozenset[int] | None:
    """Read the table number by number: of a few labels, arrays would cost ten times as much."""
    numbers = varints.first(raw)
    if next(numbers, VERSION) != VERSION:
        raise InvalidInput("This is not a label operation of version 1.")
    n_labels = next(numbers, None)
    labels = list(islice(numbers, n_labels or 0))
    return frozenset(labels) if len(labels) == n_labels else None
