"""Label images as TIFF: any whole-number type in, 16 or 32 bit out."""

from __future__ import annotations

import math
import struct
import zlib
from collections.abc import Iterator
from itertools import islice
from typing import Any, BinaryIO

import numpy as np
import tifffile
from numpy.typing import NDArray

from annotations.imaging.tiff_header import TiffHeader, read_tiff_header
from annotations.labels.label_image import LabelImage, NotALabelImage, check
from annotations.labels.label_runs import Band, in_bands
from annotations.labels.ops import SIDE

SUFFIXES = (".tif", ".tiff")
MAX_PAGES = 2000  # as many planes as an image may have; more are refused without counting on
READ_AT_ONCE = 1 << 22  # compressed bytes
LARGEST_CLASSIC = 2 << 30  # bytes of labels; offsets of a classic TIFF have 32 bits
# Compressions that change pixel values: JPEG (old, new, XR), JPEG 2000, WebP, JPEG XL.
LOSSY = {6, 7, 22610, 33003, 33004, 33005, 33007, 34712, 34892, 34927, 50001, 50002, 52546}
# What tifffile and its codecs raise on damaged files (tifffile 2026.3, imagecodecs 2026.3).
DAMAGED = (
    tifffile.TiffFileError,
    ValueError,
    RuntimeError,
    KeyError,
    IndexError,
    TypeError,
    AttributeError,
    ArithmeticError,
    struct.error,
    zlib.error,
    EOFError,
    OSError,
)


def read_bands(file: BinaryIO, *, size: tuple[int, ...]) -> Iterator[Band]:
    """Read the label image of a TIFF file, or a stack of them, a page per plane.

    Parameters
    ----------
    file : binary file object
    size : (height, width) or (planes, height, width)
        Of the image the labels belong to; checked before a pixel is read.

    Yields
    ------
    Band
        One after the other; a band's strips or tiles are in memory, not the whole image.

    Raises
    ------
    InvalidInput
        NotALabelImage for another size or number of planes, colour, lossy compression and numbers
        that are no ids; ImageUnreadable for a header that is damaged.
    """
    # A bounded walk first: what tifffile does with a damaged header has no bound in time.
    header = read_tiff_header(file, max_pages=MAX_PAGES)
    _check_header(header, size)
    file.seek(0)
    try:
        with tifffile.TiffFile(file) as tiff:
            for z, one in enumerate(tiff.pages if len(size) == 3 else [tiff.pages.first]):
                page = one.aspage()
                _check_page(page, size[-2:])
                for at_z, row0, rows in in_bands(_rows(page), z):
                    yield at_z, row0, check(rows)
    except NotALabelImage:
        raise
    except MemoryError as error:
        raise NotALabelImage("This TIFF file needs more memory than there is.") from error
    except DAMAGED as error:
        raise NotALabelImage(
            "This TIFF file is damaged and cannot be read. Export the labels again."
        ) from error


def _check_header(header: TiffHeader, size: tuple[int, ...]) -> None:
    n_pages, n_planes = len(header.pages), 1 if len(size) == 2 else size[0]
    if n_planes > 1 and n_pages != n_planes:
        raise NotALabelImage(
            f"This TIFF file has {n_pages} page{'s' * (n_pages != 1)}, its image has {n_planes} "
            "planes; the labels of a stack have a page for each plane."
        )
    if n_planes == 1 and n_pages != 1:
        raise NotALabelImage(
            f"This TIFF file has {n_pages} pages; a label image has one. Export the plane that "
            "belongs to the image."
        )
    for page in header.pages:
        if page.samples != 1:
            raise NotALabelImage(
                "This is a colour picture, not a label image: save one grey plane whose pixel "
                "value is the number of the object."
            )
        if page.depth != 1:
            raise NotALabelImage(
                "This TIFF file holds a volume in one page; save a page for each plane."
            )
        check_size((page.height, page.width), size[-2:])


def _check_page(page: tifffile.TiffPage, size: tuple[int, ...]) -> None:
    if int(page.compression) in LOSSY:
        raise NotALabelImage(
            "These labels are stored with lossy compression, which changes the numbers of the "
            "objects. Export them without loss (deflate, LZW or none)."
        )
    if (page.imagelength, page.imagewidth, page.samplesperpixel) != (*size, 1):
        raise ValueError("the library reads another size than the header has")


def _rows(page: tifffile.TiffPage) -> Iterator[NDArray[Any]]:
    """Yield the page's rows from top to bottom, a strip or a row of tiles at a time."""
    if page.is_final:  # as it lies in the file, without strips that would matter
        yield from _plain_rows(page)
        return
    across = -(-page.imagewidth // page.tilewidth) if page.is_tiled else 1
    if len(page.dataoffsets) < math.prod(page.chunked):
        raise ValueError("a page without all its pixels")
    segments = page.segments(maxworkers=1, buffersize=READ_AT_ONCE)
    left = page.imagelength
    while row := list(islice(segments, across)):
        parts = [_pixels(page, segment, shape)[:left] for segment, _, shape in row]
        yield parts[0] if across == 1 else np.hstack(parts)[:, : page.imagewidth]
        left -= len(parts[0])


def _plain_rows(page: tifffile.TiffPage) -> Iterator[NDArray[Any]]:
    dtype = np.dtype(page.dtype).newbyteorder(page.parent.byteorder)
    n_bytes = page.imagewidth * dtype.itemsize
    for row0 in range(0, page.imagelength, SIDE):
        n_rows = min(SIDE, page.imagelength - row0)
        page.parent.filehandle.seek(page.dataoffsets[0] + row0 * n_bytes)
        data = page.parent.filehandle.read(n_rows * n_bytes)
        yield np.frombuffer(data, dtype).reshape(n_rows, page.imagewidth)


def _pixels(
    page: tifffile.TiffPage, segment: NDArray[Any] | None, shape: tuple[int, ...]
) -> NDArray[Any]:
    """Return the pixels of a strip or tile; one that is not stored has the file's "no data"."""
    if segment is None:
        return np.full(shape[1:3], page.nodata, page.dtype)
    return segment[0, :, :, 0]


def check_size(found: tuple[int, int], size: tuple[int, ...]) -> None:
    """Refuse labels that do not lie on their image pixel by pixel.

    Raises NotALabelImage.
    """
    if found != size:
        raise NotALabelImage(
            f"The label image has {found[0]} rows and {found[1]} columns, its image has "
            f"{size[0]} and {size[1]}; they must be the same.",
            found=list(found),
            expected=list(size),
        )


def write(file: BinaryIO, label_image: LabelImage) -> None:
    """Write a label image that ImageJ, QuPath, napari and the engines' own tools open.

    Parameters
    ----------
    file : binary file object
    label_image : ndarray of uint32, shape (H, W) or (Z, H, W)
        A page for each plane. Written as 16 bit when its ids fit, else as 32 bit.

    Notes
    -----
    Deflate with a horizontal predictor off: on labels the predictor makes files larger. Strips,
    since ImageJ opens no tiles (ij/io/TiffDecoder.java, 1.53t), nor a TIFF beyond 4 GiB.
    """
    fits = label_image.size == 0 or int(label_image.max()) <= np.iinfo(np.uint16).max
    array = label_image.astype(np.uint16 if fits else np.uint32, copy=False)
    with tifffile.TiffWriter(file, bigtiff=array.nbytes > LARGEST_CLASSIC) as tiff:
        for plane in array if array.ndim == 3 else [array]:
            tiff.write(
                plane,
                compression="zlib",
                predictor=False,
                photometric="minisblack",
                metadata=None,
                contiguous=False,
            )
