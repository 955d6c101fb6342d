"""The 8-bit view of an image as a pyramid of JPEG tiles in one TIFF file.

Every tile is a complete JPEG picture, so that a stored tile is served as it is. Tiles at the
right and lower border are full tiles that repeat the border; a viewer shows only the part
inside the image. Planes run t, then z, then channel; a colour picture has one plane per t and z.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, TypeAlias

import imagecodecs
import numpy as np
import tifffile
from numpy.typing import NDArray

from annotations.imaging.pixels import padded_tile
from project.tile_index import Geometry, TileFile, append_index

View: TypeAlias = NDArray[np.uint8]
# (plane, row0, row1) -> rows of the view, shape (rows, W) or (rows, W, 3).
ViewRows: TypeAlias = Callable[[int, int, int], View]

TILE_SIZE = 256
QUALITY = 87
KEEP_PX = 256  # a thumbnail, at most so wide, is made from this level


def plan_levels(width: int, height: int, tile_size: int = TILE_SIZE) -> list[tuple[int, int]]:
    """Return (width, height) of every level: halved, rounded up, until one tile holds it.

    Examples
    --------
    >>> plan_levels(1025, 300)
    [(1025, 300), (513, 150), (257, 75), (129, 38)]
    """
    levels = [(width, height)]
    while max(levels[-1]) > tile_size:
        levels.append(((levels[-1][0] + 1) // 2, (levels[-1][1] + 1) // 2))
    return levels


def write_pyramid(
    path: Path,
    geometry: Geometry,
    rows: ViewRows,
    *,
    is_rgb: bool,
    scratch: Path,
    keep: Callable[[int, View], None] | None = None,
) -> None:
    """Write the pyramid, holding one band of tiles in memory at a time.

    Parameters
    ----------
    path : Path
        File to make.
    geometry : Geometry
        Tile side, levels and number of planes.
    rows : callable
        Gives the view; asked plane by plane, top to bottom.
    is_rgb : bool
        Whether planes are colour.
    scratch : Path
        Folder for the half-size views between two levels.
    keep : callable, optional
        Receives (plane, the smallest level of at least KEEP_PX as a whole), for a thumbnail.
    """
    samples = (3,) if is_rgb else ()
    kept = max(sum(max(size) >= KEEP_PX for size in geometry.levels) - 1, 0)
    with tifffile.TiffWriter(path, bigtiff=True) as writer:
        for plane in range(geometry.planes):
            reader: Callable[[int, int], View] = _of_plane(rows, plane)
            for level, (width, height) in enumerate(geometry.levels):
                halves = scratch / f"half-{level % 2}.raw"
                last = level == len(geometry.levels) - 1
                if level == kept and keep is not None:
                    keep(plane, reader(0, height))
                writer.write(
                    _jpegs(reader, (width, height), geometry.tile_size, None if last else halves),
                    shape=(height, width, *samples),
                    dtype=np.uint8,
                    tile=(geometry.tile_size, geometry.tile_size),
                    photometric="rgb" if is_rgb else "minisblack",
                    compression="jpeg",
                    subfiletype=1 if level else 0,
                    metadata=None,
                )
                if not last:
                    reader = _stored_rows(halves, (width + 1) // 2, samples)
    append_index(path, geometry, _tile_places(path))


def _of_plane(rows: ViewRows, plane: int) -> Callable[[int, int], View]:
    return lambda row0, row1: rows(plane, row0, row1)


def _stored_rows(path: Path, width: int, samples: tuple[int, ...]) -> Callable[[int, int], View]:
    row_bytes = width * (3 if samples else 1)

    def read(row0: int, row1: int) -> View:
        data = np.fromfile(path, np.uint8, (row1 - row0) * row_bytes, offset=row0 * row_bytes)
        return data.reshape(row1 - row0, width, *samples)

    return read


def _jpegs(
    reader: Callable[[int, int], View], size: tuple[int, int], side: int, halves: Path | None
) -> Iterator[bytes]:
    """Yield the JPEG of each tile; write the view at half size on the way."""
    width, height = size
    if halves is not None:
        halves.write_bytes(b"")
    for row0 in range(0, height, side):
        band = reader(row0, min(row0 + side, height))
        if halves is not None:
            with halves.open("ab") as file:
                file.write(halved(band).tobytes())
        for col0 in range(0, width, side):
            yield encode_tile(padded_tile(band[:, col0 : col0 + side], side, "edge"))


def encode_tile(tile: View) -> bytes:
    """Return a tile as a complete JPEG picture."""
    colour: dict[str, Any] = (
        {"colorspace": "RGB", "outcolorspace": "YCbCr"} if tile.ndim == 3 else {}
    )
    # 4:4:4: half-resolution colour would shift thin stained rims that people paint along.
    return bytes(imagecodecs.jpeg8_encode(tile, QUALITY, subsampling="444", **colour))


def read_view(tiles: TileFile, plane: int, box: tuple[int, int, int, int]) -> View:
    """Return a box of a plane at full resolution.

    Parameters
    ----------
    tiles : TileFile
        An open pyramid.
    plane : int
        Its number: planes run t, then z, then channel.
    box : tuple of int
        Half-open (row0, col0, row1, col1) inside the image.

    Returns
    -------
    ndarray of uint8, shape (rows, columns) or (rows, columns, 3)

    Raises
    ------
    ValueError
        When the pyramid has no such plane or place.
    """
    row0, col0, row1, col1 = box
    side = tiles.geometry.tile_size
    bands = []
    for row in range(row0 // side, -(-row1 // side)):
        places = [(column, row) for column in range(col0 // side, -(-col1 // side))]
        bands.append(np.concatenate([_decoded(tiles, plane, *place) for place in places], axis=1))
    view: View = np.concatenate(bands)
    top, left = row0 // side * side, col0 // side * side
    return view[row0 - top : row1 - top, col0 - left : col1 - left]


def _decoded(tiles: TileFile, plane: int, column: int, row: int) -> View:
    jpeg = tiles.tile(plane, 0, column, row)
    if jpeg is None:
        raise ValueError(f"The pyramid has no plane {plane} at column {column}, row {row}.")
    tile: View = imagecodecs.jpeg8_decode(jpeg)
    return tile


def halved(band: View) -> View:
    """Return a view at half size: the mean of 2 x 2 pixels, an odd border repeated."""
    rows, columns = band.shape[:2]
    if rows % 2 or columns % 2:
        pad = [(0, rows % 2), (0, columns % 2)] + [(0, 0)] * (band.ndim - 2)
        band = np.pad(band, pad, mode="edge")
    total = band[0::2, 0::2].astype(np.uint16)
    total += band[1::2, 0::2]
    total += band[0::2, 1::2]
    total += band[1::2, 1::2]
    total += 2
    return (total >> 2).astype(np.uint8)


def _tile_places(path: Path) -> list[tuple[int, int]]:
    with tifffile.TiffFile(path) as tiff:
        places: list[tuple[int, int]] = []
        for page in tiff.pages:
            places += zip(page.aspage().dataoffsets, page.aspage().databytecounts, strict=True)
    return places
