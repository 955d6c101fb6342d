"""The list of tiles at the end of a pyramid file: found with two short reads, nothing decoded.

A pyramid is an ordinary tiled TIFF of complete JPEG pictures. After its last byte comes a list
that TIFF readers ignore: one (offset, size) pair per tile, then the JSON of its geometry, then a
fixed tail that tells the sizes of both.
"""

from __future__ import annotations

import json
import os
import struct
from dataclasses import asdict, dataclass
from pathlib import Path

MAGIC = b"cytoloop-tiles-1"
ENTRY = struct.Struct("<QI")
TAIL = struct.Struct("<QI16s")  # place of the first pair, bytes of JSON, magic


@dataclass(frozen=True, slots=True)
class Geometry:
    """Tile side, (width, height) of each level from full resolution down, number of planes."""

    tile_size: int
    levels: tuple[tuple[int, int], ...]
    planes: int

    def grid(self, level: int) -> tuple[int, int]:
        """Return (columns, rows) of tiles of a level."""
        width, height = self.levels[level]
        return -(-width // self.tile_size), -(-height // self.tile_size)


def append_index(path: Path, geometry: Geometry, entries: list[tuple[int, int]]) -> None:
    """Write the list to the end of a finished pyramid file.

    `entries` run plane by plane, level by level, row by row.
    """
    text = json.dumps(asdict(geometry)).encode()
    with path.open("ab") as file:
        place = file.tell()
        file.write(b"".join(ENTRY.pack(*entry) for entry in entries))
        file.write(text)
        file.write(TAIL.pack(place, len(text), MAGIC))


class TileFile:
    """An open pyramid whose stored tiles can be taken out."""

    def __init__(self, path: str | Path) -> None:
        self._file = Path(path).open("rb")  # noqa: SIM115 - closed by close()
        size = self._file.seek(0, os.SEEK_END)
        tail = self._read(size - TAIL.size, TAIL.size) if size > TAIL.size else bytes(TAIL.size)
        place, text_bytes, magic = TAIL.unpack(tail)
        if magic != MAGIC:
            self._file.close()
            raise ValueError("not a tile pyramid")
        values = json.loads(self._read(size - TAIL.size - text_bytes, text_bytes))
        levels = tuple((width, height) for width, height in values["levels"])
        self.geometry = Geometry(values["tile_size"], levels, values["planes"])
        self._place = place
        self._grids = [self.geometry.grid(level) for level in range(len(levels))]
        self._first, total = [], 0
        for columns, rows in self._grids:
            self._first.append(total)
            total += columns * rows
        self._per_plane = total

    def tile(self, plane: int, level: int, column: int, row: int) -> bytes | None:
        """Return the stored JPEG, or None when there is no such tile."""
        if not (0 <= plane < self.geometry.planes and 0 <= level < len(self._grids)):
            return None
        columns, rows = self._grids[level]
        if not (0 <= column < columns and 0 <= row < rows):
            return None
        number = plane * self._per_plane + self._first[level] + row * columns + column
        offset, size = ENTRY.unpack(self._read(self._place + number * ENTRY.size, ENTRY.size))
        return self._read(offset, size)

    def close(self) -> None:
        """Close the file."""
        self._file.close()

    if hasattr(os, "pread"):

        def _read(self, place: int, size: int) -> bytes:
            return os.pread(self._file.fileno(), size, place)

    else:  # Windows; the tile function runs in one thread, so that nobody moves the place between

        def _read(self, place: int, size: int) -> bytes:
            self._file.seek(place)
            return self._file.read(size)
