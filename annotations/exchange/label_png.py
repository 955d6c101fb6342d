"""Label images as PNG: 8 or 16 bit grey, or a palette whose places are the ids."""

from __future__ import annotations

import struct
import zlib
from collections.abc import Iterator
from typing import BinaryIO

import numpy as np
from PIL import Image

from annotations.exchange.label_tiff import check_size
from annotations.labels.label_image import NotALabelImage, check
from annotations.labels.label_runs import Band, bands_of

SUFFIXES = (".png",)
HEADER_BYTES = 33  # signature and IHDR
GREY, PALETTE = 0, 3  # colour types
MAX_PIXELS = 170_000_000  # below Pillow's own limit; larger labels come as TIFF
DAMAGED = (OSError, SyntaxError, ValueError, struct.error, zlib.error, EOFError, IndexError)


def read_bands(file: BinaryIO, *, size: tuple[int, ...]) -> Iterator[Band]:
    """Read a label image from a PNG file.

    Parameters
    ----------
    file : binary file object
    size : (height, width)
        Of the image the labels belong to; checked before a pixel is read. With planes in front
        the file is refused.

    Yields
    ------
    Band

    Raises
    ------
    NotALabelImage
        For another size, colour, transparency, or damage.
    """
    if len(size) == 3:
        raise NotALabelImage(
            f"A PNG file holds one plane, its image has {size[0]}; save the labels of a stack as "
            "TIFF with a page for each plane."
        )
    head = file.read(HEADER_BYTES)
    file.seek(0)
    if len(head) < HEADER_BYTES or head[12:16] != b"IHDR":
        raise NotALabelImage("This PNG file is cut off. Export the labels again.")
    width, height, _, colour = struct.unpack(">IIBB", head[16:26])
    if colour not in (GREY, PALETTE):
        raise NotALabelImage(
            "This is a colour picture, not a label image: save one grey plane whose pixel value "
            "is the number of the object."
        )
    check_size((height, width), size)
    if height * width > MAX_PIXELS:
        raise NotALabelImage("This PNG file is very large; save labels of this size as TIFF.")
    try:
        with Image.open(file, formats=["PNG"]) as image:
            # A palette is for looking at only: the stored places are the ids.
            array = np.asarray(image)
    except DAMAGED as error:
        raise NotALabelImage(
            "This PNG file is damaged and cannot be read. Export the labels again."
        ) from error
    yield from bands_of(check(array))
