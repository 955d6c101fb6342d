"""Any file that holds one label image, told apart by its first bytes and not by its name."""

from __future__ import annotations

from collections.abc import Iterator
from types import ModuleType
from typing import BinaryIO

from annotations.exchange import label_png, label_tiff
from annotations.labels.label_image import LabelImage, NotALabelImage
from annotations.labels.label_runs import Band, join

# What a file of each format begins with; the module has `read_bands`, and `write` if we export it.
FORMATS: dict[tuple[bytes, ...], ModuleType] = {
    (b"II*\0", b"MM\0*", b"II+\0", b"MM\0+"): label_tiff,
    (b"\x89PNG\r\n\x1a\n",): label_png,
}
SUFFIXES = tuple(suffix for module in FORMATS.values() for suffix in module.SUFFIXES)
JPEG_START = b"\xff\xd8\xff"


def read(file: BinaryIO, *, size: tuple[int, ...]) -> LabelImage:
    """Read a label image, or those of a stack, as one array, uint32 of the shape `size`.

    As `read_bands` in everything else.
    """
    return join(read_bands(file, size=size), size)


def read_bands(file: BinaryIO, *, size: tuple[int, ...]) -> Iterator[Band]:
    """Read a label image, or those of a stack, band by band from a file of a format in FORMATS.

    Parameters
    ----------
    file : binary file object
        Open until the last band is read.
    size : (height, width) or (planes, height, width)
        Of the image the labels belong to; planes where it has several.

    Returns
    -------
    iterator of Band

    Raises
    ------
    NotALabelImage
        With a sentence that says what is wrong and what to do; also while it is read.
    """
    head = file.read(8)
    file.seek(0)
    for starts, module in FORMATS.items():
        if head.startswith(starts):
            bands: Iterator[Band] = module.read_bands(file, size=size)
            return bands
    if head.startswith(JPEG_START):
        raise NotALabelImage(
            "Labels cannot be read from JPEG: its compression changes the numbers of the "
            "objects. Export them as TIFF or PNG."
        )
    raise NotALabelImage("This file is neither TIFF nor PNG; export the labels as one of them.")
