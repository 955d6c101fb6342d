"""The canonical pixels of an image: one tiled, zstd-compressed OME-TIFF, read region by region.

Axes are TCZYX in the original number type. Colour pictures (RGB) keep their three samples side
by side in one page (TCZYXS with C = 1), as they are always read together; `read_region` hides
this: it always returns channels first.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol, TypeAlias

import numpy as np
import tifffile
from numpy.typing import NDArray

from project.errors import InvalidInput

Pixels: TypeAlias = NDArray[Any]
Box: TypeAlias = tuple[int, int, int, int]

TILE_PX = 512  # as the label chunks: a region reads as many of one as of the other


class PartOutOfImage(InvalidInput):
    """A box, plane or channel that the image does not have."""

    code = "part_out_of_image"


@dataclass(frozen=True, slots=True)
class PixelShape:
    """What a canonical file holds.

    `n_channels` counts what `read_region` returns: 3 for a colour picture.
    """

    n_t: int
    n_channels: int
    n_z: int
    height: int
    width: int
    dtype: str
    is_rgb: bool = False

    @property
    def n_pages(self) -> int:
        """Count the pages of the file: one per time, channel and z; one per time and z in RGB."""
        return self.n_t * self.n_z * (1 if self.is_rgb else self.n_channels)


class RowReader(Protocol):
    """Gives rows of one page, in any order that pages and rows are asked for."""

    def __call__(self, page: int, row0: int, row1: int) -> Pixels:
        """Return rows [row0, row1) of a page: shape (rows, W), or (rows, W, 3) in RGB."""


def page_number(shape: PixelShape, *, t: int, channel: int, z: int) -> int:
    """Return which page of the file holds a plane (order T, C, Z)."""
    channels = 1 if shape.is_rgb else shape.n_channels
    return (t * channels + (0 if shape.is_rgb else channel)) * shape.n_z + z


def write_pixels(
    path: Path,
    shape: PixelShape,
    rows: RowReader,
    *,
    channel_names: Sequence[str] = (),
    pixel_size_um: float | None = None,
    z_step_um: float | None = None,
) -> None:
    """Write the canonical file, holding one band of tiles in memory at a time.

    Parameters
    ----------
    path : Path
        File to make; it must not exist.
    shape : PixelShape
        What will be written.
    rows : RowReader
        Gives the pixels; asked page by page, top to bottom.
    channel_names : sequence of str
        Names for other programs that open the file.
    pixel_size_um, z_step_um : float, optional
        Micrometres per pixel and from plane to plane, for other programs.
    """
    samples = (3,) if shape.is_rgb else ()
    channels = 1 if shape.is_rgb else shape.n_channels
    metadata: dict[str, Any] = {"axes": "TCZYXS" if shape.is_rgb else "TCZYX"}
    if len(channel_names) == channels:
        metadata["Channel"] = {"Name": list(channel_names)}
    if pixel_size_um is not None:
        metadata |= {"PhysicalSizeX": pixel_size_um, "PhysicalSizeY": pixel_size_um}
    if z_step_um is not None:
        metadata["PhysicalSizeZ"] = z_step_um
    with tifffile.TiffWriter(path, bigtiff=True, ome=True) as writer:
        writer.write(
            tiles_of_pages(shape, rows),
            shape=(shape.n_t, channels, shape.n_z, shape.height, shape.width, *samples),
            dtype=np.dtype(shape.dtype),
            photometric="rgb" if shape.is_rgb else "minisblack",
            planarconfig="contig" if shape.is_rgb else None,
            tile=(TILE_PX, TILE_PX),
            compression="zstd",
            compressionargs={"level": 3},
            # Differences of neighbours compress microscope noise about a quarter better.
            predictor=np.dtype(shape.dtype).itemsize <= 4,
            maxworkers=1,
            metadata=metadata,
        )


def tiles_of_pages(shape: PixelShape, rows: RowReader) -> Iterator[Pixels]:
    """Cut pages into full tiles, the last ones filled up with zeros."""
    for page in range(shape.n_pages):
        for row0 in range(0, shape.height, TILE_PX):
            band = rows(page, row0, min(row0 + TILE_PX, shape.height))
            for col0 in range(0, shape.width, TILE_PX):
                yield padded_tile(band[:, col0 : col0 + TILE_PX], TILE_PX)


def padded_tile(tile: Pixels, side: int, mode: str = "zeros") -> Pixels:
    """Return the tile at full size, filled up with zeros or with its own border."""
    rows, columns = tile.shape[:2]
    if (rows, columns) == (side, side):
        return np.ascontiguousarray(tile)
    pad = [(0, side - rows), (0, side - columns)] + [(0, 0)] * (tile.ndim - 2)
    return np.pad(tile, pad, mode="edge" if mode == "edge" else "constant")


class PixelFile:
    """An open canonical file."""

    def __init__(self, path: str | Path) -> None:
        self.path = Path(path)
        self._tiff = tifffile.TiffFile(path)
        series = self._tiff.series[0]
        n_t, channels, n_z, height, width = _full_shape(series)
        is_rgb = series.axes.endswith("S")
        self.shape = PixelShape(
            n_t, 3 if is_rgb else channels, n_z, height, width, str(series.dtype), is_rgb
        )

    def close(self) -> None:
        """Close the file."""
        self._tiff.close()

    def read(self, *, t: int = 0, z: int = 0, channels: Sequence[int] | None, box: Box) -> Pixels:
        """Return a box of some channels (all for None); see `read_region`."""
        wanted = range(self.shape.n_channels) if channels is None else channels
        self._check(t, z, wanted, box)
        if self.shape.is_rgb:
            area = self._read_page(page_number(self.shape, t=t, channel=0, z=z), box)
            return np.ascontiguousarray(np.moveaxis(area, -1, 0)[list(wanted)])
        pages = [page_number(self.shape, t=t, channel=channel, z=z) for channel in wanted]
        return np.stack([self._read_page(page, box) for page in pages])

    def rows(self, page: int, row0: int, row1: int) -> Pixels:
        """Return whole rows of a page (a RowReader)."""
        return self._read_page(page, (row0, 0, row1, self.shape.width))

    def _check(self, t: int, z: int, channels: Sequence[int], box: Box) -> None:
        shape = self.shape
        row0, col0, row1, col1 = box
        inside = 0 <= row0 < row1 <= shape.height and 0 <= col0 < col1 <= shape.width
        if not (inside and 0 <= t < shape.n_t and 0 <= z < shape.n_z):
            raise PartOutOfImage(
                f"The box {box} at t {t}, z {z} is not inside the image, which has "
                f"{shape.height} x {shape.width} pixels, {shape.n_t} times and {shape.n_z} slices."
            )
        if not channels or any(not 0 <= channel < shape.n_channels for channel in channels):
            raise PartOutOfImage(
                f"Channels {list(channels)} were asked for; the image has {shape.n_channels}."
            )

    def _read_page(self, number: int, box: Box) -> Pixels:
        page = self._tiff.pages[number].aspage()
        row0, col0, row1, col1 = box
        samples = (3,) if self.shape.is_rgb else ()
        out = np.zeros((row1 - row0, col1 - col0, *samples), dtype=self.shape.dtype)
        across = -(-self.shape.width // TILE_PX)
        for tile_row in range(row0 // TILE_PX, -(-row1 // TILE_PX)):
            for tile_col in range(col0 // TILE_PX, -(-col1 // TILE_PX)):
                index = tile_row * across + tile_col
                size = page.databytecounts[index]
                if size == 0:  # a tile of zeros need not be stored
                    continue
                self._tiff.filehandle.seek(page.dataoffsets[index])
                tile = page.decode(self._tiff.filehandle.read(size), index)[0][0]
                place = (tile_row * TILE_PX - row0, tile_col * TILE_PX - col0)
                _paste(out, tile if samples else tile[..., 0], place)
        return out


def _full_shape(series: Any) -> tuple[int, int, int, int, int]:
    sizes = dict(zip(series.get_axes(squeeze=False), series.get_shape(squeeze=False), strict=True))
    return sizes["T"], sizes["C"], sizes["Z"], sizes["Y"], sizes["X"]


def _paste(out: Pixels, tile: Pixels, at: tuple[int, int]) -> None:
    """Copy the part of a tile that falls into the box."""
    row, col = at
    target = out[max(row, 0) : row + tile.shape[0], max(col, 0) : col + tile.shape[1]]
    source = tile[max(-row, 0) :, max(-col, 0) :]
    target[...] = source[: target.shape[0], : target.shape[1]]


@contextmanager
def open_pixels(path: str | Path) -> Iterator[PixelFile]:
    """Open a canonical file for several reads."""
    file = PixelFile(path)
    try:
        yield file
    finally:
        file.close()


def read_region(
    path: str | Path,
    t: int = 0,
    z: int = 0,
    channels: Sequence[int] | None = None,
    box: Box | None = None,
) -> Pixels:
    """Read a box of an image; only the tiles it touches are read.

    Parameters
    ----------
    path : str or Path
        The canonical file.
    t, z : int
        Time and slice.
    channels : sequence of int, optional
        Channels in the order wanted; all when None.
    box : tuple of int, optional
        (row0, col0, row1, col1), half-open; the whole plane when None.

    Returns
    -------
    ndarray, shape (C, h, w)
        Pixels in the number type they were stored in.

    Raises
    ------
    PartOutOfImage
        When the image has no such place, plane or channel.
    """
    with open_pixels(path) as file:
        area = box if box is not None else (0, 0, file.shape.height, file.shape.width)
        return file.read(t=t, z=z, channels=channels, box=area)
