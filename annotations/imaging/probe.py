"""The first look at a file: what it is, and whether it may be unpacked at all.

Nothing is decoded here. A few bytes tell the kind of the file, its header tells the size, and
both are held against limits before any decoder runs.
"""

from __future__ import annotations

import re
import struct
import zlib
from dataclasses import dataclass
from math import prod
from pathlib import Path
from typing import BinaryIO

from PIL import Image as PillowImage

from annotations.imaging.tiff_header import ImageUnreadable, TiffHeader, read_tiff_header

# Our own check of the size comes first and has a sentence of its own.
PillowImage.MAX_IMAGE_PIXELS = None
MAX_TILE_PX = 4096
# A picture that unpacks to a thousand times its file is empty, or made to fill the memory.
MAX_RATIO, RATIO_FROM_BYTES = 500, 256 << 20
PNG_CHANNELS = {0: 1, 2: 3, 3: 3, 4: 2, 6: 4}
READABLE = "PNG, JPEG, TIFF, OME-TIFF, BMP or WebP"
CONVERT = "This file type cannot be read yet: convert it to TIFF or OME-TIFF."

MAGIC = (
    (b"\x89PNG\r\n\x1a\n", "png"),
    (b"\xff\xd8\xff", "jpeg"),
    (b"II*\x00", "tiff"),
    (b"MM\x00*", "tiff"),
    (b"II+\x00", "tiff"),
    (b"MM\x00+", "tiff"),
    (b"BM", "bmp"),
)
KNOWN_BUT_UNREAD = (
    (b"ZISRAWFILE", "a Zeiss CZI file"),
    (b"\x70\x00\x00\x00", "a Leica LIF file"),
    (b"\xda\xce\xbe\x0a", "a Nikon ND2 file"),
    (b"\x89HDF\r\n\x1a\n", "an HDF5 file"),
    (b"GIF8", "a GIF picture"),
    (b"\x00\x00\x00\x0cjP", "a JPEG 2000 file"),
    (b"\xff\x4f\xff\x51", "a JPEG 2000 file"),
    (b"\x01\xda", "an SGI picture"),
    (b"\x00\x00\x01\x00", "an icon file"),
)
NO_IMAGE = (
    (b"PK\x03\x04", "a ZIP archive: unpack it and upload the images inside, best as TIFF"),
    (b"%PDF", "a PDF document, not an image: export the picture as TIFF or PNG"),
    (b"\x7fELF", "a program, not an image"),
    (b"MZ", "a program, not an image"),
)


@dataclass(frozen=True, slots=True)
class Limits:
    """What is the most that this site unpacks."""

    max_side_px: int = 20_000
    max_bytes: int = 16 << 30  # of all planes together
    max_pages: int = 2_000
    max_channels: int = 16


@dataclass(frozen=True, slots=True)
class Probe:
    """What the header says: enough to decide that the file may be unpacked."""

    format: str  # png, jpeg, tiff, bmp, webp
    width: int
    height: int
    n_bytes: int
    tiff: TiffHeader | None = None


def probe(path: Path, limits: Limits) -> Probe:
    """Look at a file's header and check it against the limits.

    Raises
    ------
    ImageUnreadable
        When the file is no image, damaged, of a kind that is not read, or too large.
    """
    with path.open("rb") as file:
        kind = kind_of(file)
        look = {"tiff": _probe_tiff, "png": _probe_png}.get(kind, _probe_pillow)
        found = look(file, kind, limits)
        file_bytes = file.seek(0, 2)
    check_size(found.width, found.height, limits)
    check_bytes(found.n_bytes, file_bytes, limits)
    return found


def kind_of(file: BinaryIO) -> str:
    """Tell the kind of a file by its first bytes, never by its name."""
    file.seek(0)
    head = file.read(512)
    if not head:
        raise ImageUnreadable(
            "This file is empty (0 bytes): copy it again and upload it once more."
        )
    for magic, kind in MAGIC:
        if head.startswith(magic):
            return kind
    if head[:4] == b"RIFF" and head[8:12] == b"WEBP":
        return "webp"
    for magic, name in KNOWN_BUT_UNREAD:
        if head.startswith(magic):
            raise ImageUnreadable(f"This is {name}. {CONVERT}")
    for magic, name in NO_IMAGE:
        if head.startswith(magic):
            raise ImageUnreadable(f"This is {name}.")
    if looks_like_text(head):
        raise ImageUnreadable(
            f"This is a text file (a web page or a drawing?), not an image. Upload {READABLE}."
        )
    raise ImageUnreadable(f"This is not an image that can be read here. Upload {READABLE}.")


def looks_like_text(head: bytes) -> bool:
    """Tell whether bytes are printable ASCII or UTF-8."""
    try:
        text = head.decode("utf-8", errors="strict" if len(head) < 512 else "ignore")
    except UnicodeDecodeError:
        return False
    return len(text) > 1 and all(letter.isprintable() or letter.isspace() for letter in text)


def check_size(width: int, height: int, limits: Limits) -> None:
    """Refuse pictures without pixels and those that are too wide or high."""
    if width < 1 or height < 1:
        raise ImageUnreadable("This image has no pixels (its width or height is 0).")
    if max(width, height) > limits.max_side_px:
        raise ImageUnreadable(
            f"This image has {width:,} x {height:,} pixels; the most that can be read here is "
            f"{limits.max_side_px:,} x {limits.max_side_px:,}. Crop it or export it at a lower "
            "magnification."
        )


def check_bytes(n_bytes: int, file_bytes: int, limits: Limits) -> None:
    """Refuse what unpacks to too much, in all or for its file."""
    if n_bytes > limits.max_bytes:
        raise ImageUnreadable(
            f"This image needs {n_bytes / 2**30:,.1f} GiB once unpacked; the most that can be read "
            f"here is {limits.max_bytes / 2**30:,.0f} GiB. Split it into smaller files."
        )
    if n_bytes > RATIO_FROM_BYTES and n_bytes > MAX_RATIO * file_bytes:
        raise ImageUnreadable(
            f"This file is {file_bytes / 2**20:,.1f} MB but claims {n_bytes / 2**20:,.0f} MB of "
            "pixels: it is empty or damaged. Export the image again."
        )


def _probe_tiff(file: BinaryIO, kind: str, limits: Limits) -> Probe:
    header = read_tiff_header(file, max_pages=limits.max_pages)
    file_bytes = file.seek(0, 2)
    for page in header.pages:
        check_size(page.width, page.height, limits)
        if page.tile is not None and max(page.tile) > MAX_TILE_PX:
            raise ImageUnreadable(
                f"The tiles of this TIFF file have {page.tile[0]:,} x {page.tile[1]:,} pixels; at "
                f"most {MAX_TILE_PX:,} x {MAX_TILE_PX:,} can be read. Export it with smaller tiles."
            )
        if page.data_end > file_bytes:
            raise ImageUnreadable(
                f"This TIFF file is cut off: {page.data_end - file_bytes:,} bytes are missing at "
                "its end. Copy it again and upload it once more."
            )
    if b"<!ENTITY" in header.description or b"<!DOCTYPE" in header.description:
        raise ImageUnreadable(
            "The description inside this TIFF file contains instructions that a microscope does "
            "not write. Open it in Fiji and save it as TIFF."
        )
    _check_ome(header, limits)
    first = header.pages[0]
    total = sum(page.n_bytes for page in header.pages)
    return Probe("tiff", first.width, first.height, total, header)


def _check_ome(header: TiffHeader, limits: Limits) -> None:
    """Hold the sizes that OME-XML claims against the pages, before a library believes them."""
    for pixels in re.findall(rb"<(?:\w+:)?Pixels\b[^>]*>", header.description):
        sizes = {
            axis.decode(): int(value)
            for axis, value in re.findall(rb'Size([XYZCT])="(\d+)"', pixels)
        }
        planes = prod(sizes.get(axis, 1) for axis in "ZCT")
        page = header.pages[0]
        width, height = sizes.get("X", page.width), sizes.get("Y", page.height)
        if planes > max(limits.max_pages, 3 * len(header.pages)) or (width, height) not in {
            (page.width, page.height) for page in header.pages
        }:
            raise ImageUnreadable(
                f"The description inside this OME-TIFF file claims {planes:,} planes of {width:,} "
                f"x {height:,} pixels, but the file holds {len(header.pages):,} of {page.width:,} "
                f"x {page.height:,}. Export the image again."
            )


def _probe_png(file: BinaryIO, kind: str, limits: Limits) -> Probe:
    """Read the header and check every chunk's checksum, as damaged pixels may decode silently."""
    file.seek(0)
    head = file.read(29)
    if len(head) < 29 or head[12:16] != b"IHDR":
        raise ImageUnreadable("This PNG file is damaged: its header cannot be read.")
    width, height, bits, colour = struct.unpack(">IIBB", head[16:26])
    check_size(width, height, limits)
    _check_png_chunks(file)
    n_bytes = width * height * PNG_CHANNELS.get(colour, 4) * (2 if bits == 16 else 1)
    return Probe("png", width, height, n_bytes)


def _check_png_chunks(file: BinaryIO) -> None:
    file.seek(8)
    while len(start := file.read(8)) == 8:
        left, name = struct.unpack(">I4s", start)
        checksum = zlib.crc32(name)
        while left and (block := file.read(min(left, 1 << 20))):
            checksum = zlib.crc32(block, checksum)
            left -= len(block)
        stored = file.read(4)
        if left or len(stored) < 4:
            break
        if stored != struct.pack(">I", checksum):
            raise ImageUnreadable(
                "This PNG file is damaged: a checksum is wrong. Copy or export it again."
            )
        if name == b"IEND":
            return
    raise ImageUnreadable("This PNG file is cut off. Copy it again and upload it once more.")


def _probe_pillow(file: BinaryIO, kind: str, limits: Limits) -> Probe:
    """Read only the header of a JPEG, BMP or WebP file."""
    file.seek(0)
    try:
        with PillowImage.open(file, formats=[kind.upper()]) as image:
            width, height = image.size
            bands = len(image.getbands())
    except (OSError, SyntaxError, ValueError, struct.error) as error:
        raise ImageUnreadable(
            f"This {kind.upper()} file is damaged: its header cannot be read. Export it again."
        ) from error
    return Probe(kind, width, height, width * height * max(3, bands))
