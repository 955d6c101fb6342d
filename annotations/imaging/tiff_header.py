"""A bounded walk over a TIFF file's page headers, before any library opens it.

Only sizes and places are read: no pixel and no text is interpreted, every count is checked
against the size of the file, and a chain of pages that bites its own tail ends.
"""

from __future__ import annotations

import struct
from dataclasses import dataclass
from typing import BinaryIO

import numpy as np

from project.errors import InvalidInput

WIDTH, HEIGHT, BITS, SAMPLES = 256, 257, 258, 277
DESCRIPTION, TILE_WIDTH, TILE_HEIGHT, DEPTH = 270, 322, 323, 32997
OFFSETS, SIZES = (273, 324), (279, 325)
# Byte length of each TIFF field type that can hold a count or an offset.
TYPE_BYTES = {1: 1, 2: 1, 3: 2, 4: 4, 13: 4, 16: 8, 18: 8}
MAX_TAGS = 4096  # of one page; real files have fewer than a hundred
MAX_TEXT_BYTES = 64 << 20  # of one description; OME-XML of a large plate is a few megabytes


class ImageUnreadable(InvalidInput):
    """A file that cannot be read as an image; the message tells a person why."""

    code = "image_unreadable"


@dataclass(frozen=True, slots=True)
class TiffPage:
    """What one page says about itself; `data_end` is where its last byte must lie."""

    width: int
    height: int
    depth: int
    samples: int
    bits: int
    tile: tuple[int, int] | None
    data_end: int

    @property
    def n_bytes(self) -> int:
        """Size of the page once unpacked."""
        return self.width * self.height * self.depth * self.samples * max(1, (self.bits + 7) // 8)


@dataclass(frozen=True, slots=True)
class TiffHeader:
    """The pages of a file and the text of its first page."""

    pages: tuple[TiffPage, ...]
    description: bytes


def read_tiff_header(file: BinaryIO, *, max_pages: int) -> TiffHeader:
    """Walk all pages of a TIFF or BigTIFF.

    Raises
    ------
    ImageUnreadable
        When the file is cut off, damaged, loops, or has more pages than allowed.
    """
    try:
        return _Walk(file, max_pages).run()
    except (struct.error, KeyError, OverflowError, ValueError) as error:
        raise ImageUnreadable(
            "This TIFF file is damaged: its header cannot be read. Export the image again."
        ) from error


class _Walk:
    def __init__(self, file: BinaryIO, max_pages: int) -> None:
        self._file = file
        self._size = file.seek(0, 2)
        self._max_pages = max_pages
        start = self._read(0, 16)
        self._order = {b"II": "<", b"MM": ">"}[start[:2]]
        self._big = struct.unpack(f"{self._order}H", start[2:4])[0] == 43
        self._first = self._number(
            "Q" if self._big else "I", start[8:16] if self._big else start[4:8]
        )

    def run(self) -> TiffHeader:
        pages: list[TiffPage] = []
        description = b""
        seen: set[int] = set()
        place = self._first
        while place:
            if place in seen:
                raise ImageUnreadable(
                    "This TIFF file is damaged: its list of pages runs in a circle. "
                    "Export the image again."
                )
            if len(pages) >= self._max_pages:
                raise ImageUnreadable(
                    f"This TIFF file has more than {self._max_pages:,} pages, which is the most "
                    "this site reads. Split the stack into smaller files."
                )
            seen.add(place)
            tags, following = self._tags(place)
            if not pages:
                description = self._text(tags)
            pages.append(self._page(tags))
            place = following
        if not pages:
            raise ImageUnreadable("This TIFF file contains no image.")
        return TiffHeader(tuple(pages), description)

    def _read(self, place: int, size: int) -> bytes:
        if place > self._size:
            raise ValueError("a place beyond the end of the file")
        self._file.seek(place)
        return self._file.read(size)

    def _number(self, code: str, data: bytes) -> int:
        value: int = struct.unpack(f"{self._order}{code}", data)[0]
        return value

    def _tags(self, place: int) -> tuple[dict[int, tuple[int, int, bytes]], int]:
        """Return {tag: (type, count, raw value field)} and the place of the next page."""
        head, entry, field = (8, 20, "Q") if self._big else (2, 12, "I")
        n_tags = self._number("Q" if self._big else "H", self._read(place, head))
        if n_tags > MAX_TAGS:
            raise ValueError(f"{n_tags} tags")
        block = self._read(place + head, n_tags * entry)
        tags = {}
        width = struct.calcsize(f"{self._order}{field}")
        for start in range(0, n_tags * entry, entry):
            code, kind = struct.unpack(f"{self._order}HH", block[start : start + 4])
            count = self._number(field, block[start + 4 : start + 4 + width])
            tags[code] = (kind, count, block[start + 4 + width : start + entry])
        tail = self._read(place + head + n_tags * entry, width)
        # Some writers cut the file right after the last page: that is an end as well.
        return tags, self._number(field, tail) if len(tail) == width else 0

    def _data(self, tag: tuple[int, int, bytes]) -> bytes:
        kind, count, field = tag
        size = TYPE_BYTES[kind] * count
        if size <= len(field):
            return field[:size]
        if size > self._size:
            raise ValueError("a list longer than the file")
        data = self._read(self._number("Q" if self._big else "I", field), size)
        if len(data) != size:
            raise ValueError("a list beyond the end of the file")
        return data

    def _values(self, tags: dict[int, tuple[int, int, bytes]], code: int) -> list[int]:
        tag = tags.get(code)
        if tag is None:
            return []
        dtype = f"{self._order}u{TYPE_BYTES[tag[0]]}"
        values: list[int] = np.frombuffer(self._data(tag), dtype).tolist()
        return values

    def _one(self, tags: dict[int, tuple[int, int, bytes]], code: int, default: int) -> int:
        return (self._values(tags, code) or [default])[0]

    def _text(self, tags: dict[int, tuple[int, int, bytes]]) -> bytes:
        tag = tags.get(DESCRIPTION)
        if tag is None or TYPE_BYTES.get(tag[0]) != 1:
            return b""
        if tag[1] > MAX_TEXT_BYTES:
            raise ImageUnreadable("The description inside this TIFF file is too long to be read.")
        return self._data(tag)

    def _page(self, tags: dict[int, tuple[int, int, bytes]]) -> TiffPage:
        tile = self._one(tags, TILE_WIDTH, 0), self._one(tags, TILE_HEIGHT, 0)
        ends = [0]
        for place_code, size_code in zip(OFFSETS, SIZES, strict=True):
            places, sizes = self._values(tags, place_code), self._values(tags, size_code)
            ends += [place + size for place, size in zip(places, sizes, strict=False) if size]
        return TiffPage(
            width=self._one(tags, WIDTH, 0),
            height=self._one(tags, HEIGHT, 0),
            depth=self._one(tags, DEPTH, 1),
            samples=self._one(tags, SAMPLES, 1),
            bits=self._one(tags, BITS, 1),
            tile=tile if tile[0] and tile[1] else None,
            data_end=max(ends),
        )
