"""Chunks: a label image cut into squares of 512 x 512, stored as zstd of little-endian uint32."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import TypeAlias

import numpy as np
import zstandard
from numpy.typing import NDArray

from annotations.labels.ops import CHUNK_PIXELS, SIDE, Chunk, Place
from project.errors import InvalidInput

LabelImage: TypeAlias = NDArray[np.uint32]
Box: TypeAlias = tuple[int, int, int, int]  # (row0, col0, row1, col1), half-open

LEVEL = 3  # zstd; higher levels win 6 % and cost four times the time
CHUNK_BYTES = CHUNK_PIXELS * 4


def encode(chunk: Chunk) -> bytes:
    """Compress a chunk to the bytes that are stored and sent.

    Parameters
    ----------
    chunk : ndarray of uint32, shape (512, 512)

    Returns
    -------
    bytes
        One zstd frame with content size and checksum; no shuffle, which is worse on labels.
    """
    raw = np.ascontiguousarray(chunk, dtype="<u4")
    compressor = zstandard.ZstdCompressor(level=LEVEL, write_checksum=True)
    return compressor.compress(raw.data)  # the buffer itself: copying it costs a millisecond


def decode(data: bytes) -> Chunk:
    """Read a stored chunk.

    Parameters
    ----------
    data : bytes
        What `encode` made.

    Returns
    -------
    ndarray of uint32, shape (512, 512)
        Read-only; copy before writing.

    Raises
    ------
    InvalidInput
        When the bytes are no such chunk.
    """
    try:
        if zstandard.frame_content_size(data) != CHUNK_BYTES:
            raise InvalidInput("This is not a stored label chunk.")
        raw = zstandard.ZstdDecompressor().decompress(data, max_output_size=CHUNK_BYTES)
    except zstandard.ZstdError as error:
        raise InvalidInput("This is not a stored label chunk.") from error
    chunk: Chunk = np.frombuffer(raw, "<u4").reshape(SIDE, SIDE)
    return chunk


def empty() -> Chunk:
    """Return a new chunk of background."""
    return np.zeros((SIDE, SIDE), np.uint32)


def places(box: Box) -> list[Place]:
    """Return the chunks that a box touches, in (cy, cx) order."""
    row0, col0, row1, col1 = box
    if row1 <= row0 or col1 <= col0:
        return []
    return [
        (cy, cx)
        for cy in range(row0 // SIDE, (row1 - 1) // SIDE + 1)
        for cx in range(col0 // SIDE, (col1 - 1) // SIDE + 1)
    ]


def split(label_image: LabelImage) -> Iterator[tuple[Place, Chunk]]:
    """Cut a label image into its chunks, leaving out those that are all background.

    Parameters
    ----------
    label_image : ndarray of uint32, shape (H, W)

    Yields
    ------
    (cy, cx), ndarray of uint32, shape (512, 512)
        Padded with background at the lower and right border of the image.
    """
    height, width = label_image.shape
    for cy, cx in places((0, 0, height, width)):
        part = label_image[cy * SIDE : (cy + 1) * SIDE, cx * SIDE : (cx + 1) * SIDE]
        if not part.any():
            continue
        chunk = empty()
        chunk[: part.shape[0], : part.shape[1]] = part
        yield (cy, cx), chunk


def join(chunks: Mapping[Place, Chunk], box: Box) -> LabelImage:
    """Put together the part of a label image that a box shows.

    Parameters
    ----------
    chunks : mapping of (cy, cx) to ndarray of uint32, shape (512, 512)
        Absent ones are background.
    box : (row0, col0, row1, col1)

    Returns
    -------
    ndarray of uint32, shape (row1 - row0, col1 - col0)
    """
    row0, col0, row1, col1 = box
    label_image = np.zeros((max(row1 - row0, 0), max(col1 - col0, 0)), np.uint32)
    for cy, cx in places(box):
        chunk = chunks.get((cy, cx))
        if chunk is None:
            continue
        top, left = cy * SIDE, cx * SIDE
        r0, c0 = max(row0, top), max(col0, left)
        r1, c1 = min(row1, top + SIDE), min(col1, left + SIDE)
        label_image[r0 - row0 : r1 - row0, c0 - col0 : c1 - col0] = chunk[
            r0 - top : r1 - top, c0 - left : c1 - left
        ]
    return label_image
