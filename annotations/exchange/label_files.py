"""Any file that holds one label image, told apart by its first bytes and not by its name."""

from __future__ import annotations

from typing import BinaryIO

from annotations.exchange import label_png, label_tiff
from annotations.labels.label_image import LabelImage, NotALabelImage

SUFFIXES = (".tif", ".tiff", ".png")
TIFF_STARTS = (b"II*\0", b"MM\0*", b"II+\0", b"MM\0+")
PNG_START = b"\x89PNG\r\n\x1a\n"
JPEG_START = b"\xff\xd8\xff"


def read(file: BinaryIO, *, size: tuple[int, int]) -> LabelImage:
    """Read a label image from a TIFF or PNG file.

    Parameters
    ----------
    file : binary file object
    size : (height, width)
        Of the image the labels belong to.

    Returns
    -------
    ndarray of uint32, shape (height, width)

    Raises
    ------
    NotALabelImage
        With a sentence that says what is wrong and what to do.
    """
    head = file.read(8)
    file.seek(0)
    if head.startswith(TIFF_STARTS):
        return label_tiff.read(file, size=size)
    if head.startswith(PNG_START):
        return label_png.read(file, size=size)
    if head.startswith(JPEG_START):
        raise NotALabelImage(
            "Labels cannot be read from JPEG: its compression changes the numbers of the "
            "objects. Export them as TIFF or PNG."
        )
    raise NotALabelImage("This file is neither TIFF nor PNG; export the labels as one of them.")
