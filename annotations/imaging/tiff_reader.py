"""TIFF of every kind (plain, OME, ImageJ, BigTIFF, pyramids): rows without reading the whole."""

from __future__ import annotations

from math import prod
from pathlib import Path
from typing import Any

import numpy as np
import tifffile

from annotations.imaging.axes import AxisPlan, plan_axes
from annotations.imaging.pixels import Pixels, PixelShape
from annotations.imaging.sources import TURNED, Description, oriented
from annotations.imaging.tiff_header import ImageUnreadable
from annotations.imaging.tiff_metadata import Calibration, calibration

VENDOR_SLIDES = {"svs": "an Aperio slide (SVS)", "ndpi": "a Hamamatsu slide (NDPI)",
                 "scn": "a Leica slide (SCN)", "bif": "a Ventana slide (BIF)",
                 "philips": "a Philips slide"}  # fmt: skip
JPEG_CODES = frozenset({6, 7, 34892, 33007})
MIN_IS_WHITE, BLACK, RGB, PALETTE, SEPARATED, YCBCR = 0, 1, 2, 3, 5, 6
MAX_SEGMENT_ROW_BYTES = 3 << 30  # below the reader's 4 GiB, so that it ends with a sentence
NOT_THE_PAGES = ImageUnreadable(
    "The description inside this TIFF file does not match its pages. Open it in Fiji and save it "
    "as TIFF."
)


class TiffSource:
    """An open TIFF file; its first image at full resolution."""

    def __init__(self, path: Path, scratch: Path) -> None:
        # No second file is ever opened, whatever the description names.
        self._tiff = tifffile.TiffFile(path, _multifile=False)
        try:
            self._open(scratch)
        except BaseException:
            self._tiff.close()
            raise

    def _open(self, scratch: Path) -> None:
        for name, title in VENDOR_SLIDES.items():
            if getattr(self._tiff, f"is_{name}", False):
                raise ImageUnreadable(
                    f"This is {title}. This file type cannot be read yet: convert it to TIFF or "
                    "OME-TIFF."
                )
        if not self._tiff.series:
            raise ImageUnreadable("This TIFF file contains no image.")
        self._scratch = scratch
        self._notes: list[str] = []
        self._series = self._tiff.series[0]
        self._key = self._series.keyframe
        self._raw_from = self._series.dataoffset
        self._orientation = int(self._key.tags.valueof(274, default=1))
        self._check_kind()
        self._plan = self._plan_pages()
        self._cache: dict[tuple[int, int], Pixels] = {}
        self._spooled: tuple[int, Pixels] | None = None
        self.description = self._describe()

    def close(self) -> None:
        """Close the file."""
        self._tiff.close()

    def rows(self, page: int, row0: int, row1: int) -> Pixels:
        """Return rows of a page; see `sources.Source`."""
        if self._orientation in (0, 1):
            return self._page_rows(page, row0, row1)
        if self._spooled is None or self._spooled[0] != page:
            self._spooled = page, self._spool(page)
        return oriented(self._spooled[1], self._orientation)[row0:row1]

    # --- what the file says ------------------------------------------------------------------

    def _check_kind(self) -> None:
        key = self._key
        if key.dtype is None or key.dtype.kind not in "buif":
            what = "complex numbers" if key.dtype is not None else "an unknown number type"
            raise ImageUnreadable(
                f"The pixels of this TIFF file are {what}; only whole and real numbers can be "
                "read. Export the magnitude as a 32-bit TIFF."
            )
        known = {MIN_IS_WHITE, BLACK, RGB, PALETTE, SEPARATED}
        decoded_colour = key.photometric == YCBCR and key.compression in JPEG_CODES
        if int(key.photometric) not in known and not decoded_colour:
            raise ImageUnreadable(
                "The colours of this TIFF file are coded in a way that cannot be read here "
                f"({key.photometric.name}). Save it as RGB or grey."
            )
        if key.imagedepth > 1:
            raise ImageUnreadable(
                "This TIFF file keeps a volume in a single page, which cannot be read here. "
                "Open it in Fiji and save it as TIFF."
            )
        if len(self._tiff.series) > 1:
            self._notes.append(f"Only the first of {len(self._tiff.series)} images was read.")

    def _plan_pages(self) -> AxisPlan:
        """Find out which page holds which plane; the pages' own size is what counts."""
        key, series = self._key, self._series
        page_shape = tuple(key.shape)
        axes, shape = series.get_axes(squeeze=False), tuple(series.get_shape(squeeze=False))
        planar = len(page_shape) == 3 and axes[-3:-2] == "S"
        n_page_axes = 3 if axes.endswith("S") or planar else 2
        lead, tail = axes[:-n_page_axes], shape[-n_page_axes:]
        sizes = shape[: len(lead)]
        n_samples = key.samplesperpixel
        if prod(tail) != prod(page_shape) or key.imagelength * key.imagewidth == 0:
            raise NOT_THE_PAGES
        n_pages = len(series.pages)
        single_block = n_pages == 1 and self._raw_from is not None
        if prod(sizes) != n_pages and not single_block:
            raise NOT_THE_PAGES
        if single_block:
            self._check_block(prod(sizes))
        missing = sum(page is None for page in series.pages)
        if missing:
            self._notes.append(f"{missing} planes are not in this file and are shown black.")
        return plan_axes(lead, sizes, n_samples)

    def _check_block(self, n_planes: int) -> None:
        """Check that planes without a page of their own (ImageJ over 4 GB) are in the file."""
        if self._raw_from + n_planes * self._key.nbytes > self._tiff.filehandle.size:
            raise ImageUnreadable(
                "This TIFF file is cut off: not all slices that it announces are inside. Copy it "
                "again and upload it once more."
            )

    def _is_rgb(self) -> bool:
        key = self._key
        colour = int(key.photometric) in (RGB, YCBCR) and key.samplesperpixel in (3, 4)
        painted = self._is_painted() or int(key.photometric) == SEPARATED
        return (colour or painted) and self._plan.n_c == 1 and key.dtype.name in ("uint8", "uint16")

    def _is_painted(self) -> bool:
        """Tell whether a palette means colours; ImageJ's is only a display setting."""
        return int(self._key.photometric) == PALETTE and not self._tiff.is_imagej

    def _describe(self) -> Description:
        key, plan = self._key, self._plan
        is_rgb = self._is_rgb()
        colour_or_alpha = is_rgb or len(self._alpha_samples()) > 0
        samples = plan.n_samples - len(self._alpha_samples()) if colour_or_alpha else plan.n_samples
        n_channels = 3 if is_rgb else plan.n_c * samples
        height, width = key.imagelength, key.imagewidth
        if self._orientation in TURNED:
            height, width = width, height
        dtype = stored_dtype(key.dtype)
        if self._is_painted():
            dtype = np.dtype(np.uint8)
        shape = PixelShape(plan.n_t, n_channels, plan.n_z, height, width, str(dtype), is_rgb)
        self._kept_samples = samples
        found: Calibration = calibration(self._tiff, self._series)
        if int(key.photometric) == MIN_IS_WHITE:
            self._notes.append("White and black were exchanged, as the file asks (MinIsWhite).")
        if int(key.photometric) == SEPARATED:
            self._notes.append("The print colours (CMYK) of this picture were turned into RGB.")
        names = found.channel_names if len(found.channel_names) == n_channels else ()
        colours = found.channel_colours if len(found.channel_colours) == n_channels else ()
        if not is_rgb and int(key.photometric) == RGB and n_channels == 3:
            names, colours = ("Red", "Green", "Blue"), ("#ff0000", "#00ff00", "#0000ff")
        return Description(
            self._kind(), shape, str(key.dtype), names, colours,
            found.pixel_size_um, found.z_step_um, tuple(self._notes),
        )  # fmt: skip

    def _kind(self) -> str:
        if self._tiff.is_ome:
            return "ome-tiff"
        return "imagej-tiff" if self._tiff.is_imagej else "tiff"

    def _alpha_samples(self) -> list[int]:
        """Return which samples are transparency (ExtraSamples 1 or 2, or a fourth one of RGB)."""
        key = self._key
        extra = [int(kind) for kind in key.extrasamples]
        first = key.samplesperpixel - len(extra)
        alpha = [first + place for place, kind in enumerate(extra) if kind in (1, 2)]
        if not alpha and int(key.photometric) == RGB and key.samplesperpixel == 4:
            return [3]
        return alpha

    # --- pixels -------------------------------------------------------------------------------

    def _page_rows(self, page: int, row0: int, row1: int) -> Pixels:
        """Return rows of an output page before turning."""
        shape, plan = self.description.shape, self._plan
        channels = 1 if shape.is_rgb else shape.n_channels
        tc, z = divmod(page, shape.n_z)
        t, channel = divmod(tc, channels)
        c, sample = divmod(channel, self._kept_samples) if not shape.is_rgb else (0, 0)
        band = self._file_rows(plan.page(t=t, c=c, z=z), row0, row1)
        if shape.is_rgb:
            return self._colour(band)
        return self._grey(band[..., sample])

    def _grey(self, band: Pixels) -> Pixels:
        if int(self._key.photometric) == MIN_IS_WHITE:
            band = inverted(band, self._key.bitspersample)
        if band.dtype == np.bool_:
            return band.astype(np.uint8) * np.uint8(255)
        return band.astype(self.description.shape.dtype, copy=False)

    def _colour(self, band: Pixels) -> Pixels:
        if self._is_painted():
            table = np.asarray(self._key.colormap)
            wide = table.max() > 255  # some writers store 8-bit palettes against the rule
            table = (table >> 8 if wide else table).astype(np.uint8)
            return np.moveaxis(table[:, band[..., 0]], 0, -1)
        if int(self._key.photometric) == SEPARATED:
            top = np.iinfo(band.dtype).max
            ink = (top - band[..., :4]).astype(np.float32)
            return (ink[..., :3] * ink[..., 3:] / top).round().astype(band.dtype)
        return band[..., :3].astype(self.description.shape.dtype, copy=False)

    def _spool(self, page: int) -> Pixels:
        """Unpack a page into a file, so that it can be turned without filling the memory."""
        key = self._key
        path = self._scratch / "turned.raw"
        samples = (3,) if self.description.shape.is_rgb else ()
        out: Pixels = np.memmap(
            path, self.description.shape.dtype, mode="w+",
            shape=(key.imagelength, key.imagewidth, *samples),
        )  # fmt: skip
        for row0 in range(0, key.imagelength, 512):
            row1 = min(row0 + 512, key.imagelength)
            out[row0:row1] = self._page_rows(page, row0, row1)
        return out

    def _file_rows(self, number: int, row0: int, row1: int) -> Pixels:
        """Return rows of a page of the file as they are stored, shape (rows, W, S)."""
        key = self._key
        contiguous = key.planarconfig == 1 or key.samplesperpixel == 1
        if self._raw_from is not None and contiguous:
            return self._raw_rows(self._raw_from + number * key.nbytes, row0, row1)
        page = self._series.pages[number]
        out = np.zeros((row1 - row0, key.imagewidth, key.samplesperpixel), key.dtype)
        if page is None or len(page.dataoffsets) == 0:  # a plane that OME announces without data
            return out
        if key.is_final and contiguous:
            return self._raw_rows(page.dataoffsets[0], row0, row1)
        height = key.tilelength if key.is_tiled else min(key.rowsperstrip, key.imagelength)
        for segment_row in range(row0 // height, -(-row1 // height)):
            band = self._segment_row(page, number, segment_row, height)
            top = segment_row * height
            first, last = max(row0, top), min(row1, top + band.shape[0])
            out[first - row0 : last - row0] = band[first - top : last - top]
        return out

    def _raw_rows(self, offset: int, row0: int, row1: int) -> Pixels:
        key = self._key
        dtype = np.dtype(key.dtype).newbyteorder(self._tiff.byteorder)
        row_items = key.imagewidth * key.samplesperpixel
        self._tiff.filehandle.seek(offset + row0 * row_items * dtype.itemsize)
        data = self._tiff.filehandle.read((row1 - row0) * row_items * dtype.itemsize)
        rows = np.frombuffer(data, dtype).astype(key.dtype, copy=False)
        return rows.reshape(row1 - row0, key.imagewidth, key.samplesperpixel)

    def _segment_row(self, page: Any, number: int, segment_row: int, height: int) -> Pixels:
        """Decode one row of tiles, or one strip, of every sample; the last one is remembered."""
        if (number, segment_row) in self._cache:
            return self._cache[number, segment_row]
        key = self._key
        rows = min(height, key.imagelength - segment_row * height)
        shape = (rows, key.imagewidth, key.samplesperpixel)
        if prod(shape) * key.dtype.itemsize > MAX_SEGMENT_ROW_BYTES:
            raise MemoryError
        band = np.zeros(shape, key.dtype)
        across = -(-key.imagewidth // key.tilewidth) if key.is_tiled else 1
        down = -(-key.imagelength // height)
        planes = key.samplesperpixel if key.planarconfig == 2 else 1
        for plane in range(planes):
            samples = slice(plane, plane + 1) if planes > 1 else slice(None)
            for column in range(across):
                index = (plane * down + segment_row) * across + column
                segment = self._decoded(page, index)
                if segment is None:
                    continue
                left = column * (key.tilewidth if key.is_tiled else 0)
                part = segment[:rows, : key.imagewidth - left]
                band[: part.shape[0], left : left + part.shape[1], samples] = part
        self._cache = {(number, segment_row): band}
        return band

    def _decoded(self, page: Any, index: int) -> Pixels | None:
        """Return one strip or tile, shape (rows, columns, samples); None when it is not stored."""
        size = page.databytecounts[index]
        if size == 0:
            return None
        self._tiff.filehandle.seek(page.dataoffsets[index])
        data = self._tiff.filehandle.read(size)
        extra: dict[str, Any] = {}
        if self._key.compression in JPEG_CODES:
            extra = {"jpegtables": page.jpegtables, "jpegheader": self._key.jpegheader}
        segment = self._key.decode(data, index, _fullsize=self._key.is_tiled, **extra)[0]
        return None if segment is None else np.asarray(segment[0])


def stored_dtype(dtype: np.dtype[Any]) -> np.dtype[Any]:
    """Return the number type that rows are given in: bits as bytes, half floats as floats."""
    widened = {"bool": "uint8", "float16": "float32"}
    return np.dtype(widened.get(dtype.name, dtype.name))


def inverted(band: Pixels, bits: int) -> Pixels:
    """Exchange black and white."""
    if band.dtype == np.bool_:
        return ~band
    if band.dtype.kind == "u":
        return np.asarray(band.dtype.type(2**bits - 1) - band)
    return np.asarray(-band)
