"""Open an image file of any supported kind as one `Source`: what it holds, and its rows."""

from __future__ import annotations

from pathlib import Path

import imagecodecs
import numpy as np
from PIL import Image as PillowImage

from annotations.imaging.pixels import Pixels
from annotations.imaging.probe import PNG_CHANNELS, Probe
from annotations.imaging.sources import ORIENTATION, ArraySource, Source
from annotations.imaging.tiff_reader import TiffSource

SPOOL_FROM_BYTES = 128 << 20  # larger pictures are decoded into a file instead of memory


def open_source(path: Path, found: Probe, scratch: Path) -> Source:
    """Open a file that was probed.

    Parameters
    ----------
    path : Path
        The file.
    found : Probe
        What the first look found.
    scratch : Path
        Folder for half-made files; the caller removes it.

    Raises
    ------
    ImageUnreadable
        When the image is of a kind that is not read; a decoder's own error goes up as it is.
    """
    if found.format == "tiff":
        return TiffSource(path, scratch)
    return open_array_file(path, found, scratch)


def open_array_file(path: Path, found: Probe, scratch: Path) -> ArraySource:
    """Decode a PNG, JPEG, BMP or WebP file."""
    notes: list[str] = []
    if found.format == "png":
        # Not Pillow: it turns 16-bit colour into 8 bits without a word.
        data = path.read_bytes()
        plane = _decode_png(data, found, scratch)
        return ArraySource(plane, "png", _png_orientation(path, data), notes)
    with PillowImage.open(path, formats=[found.format.upper()]) as image:
        orientation = image.getexif().get(ORIENTATION, 1)
        n_frames = getattr(image, "n_frames", 1)
        if n_frames > 1:
            notes.append(f"Only the first of {n_frames} frames was read.")
        if image.mode == "CMYK":
            notes.append("The print colours (CMYK) of this picture were turned into RGB.")
        plane = np.asarray(image.convert(_plain_mode(image.mode)))
    return ArraySource(plane, found.format, orientation, notes)


def _plain_mode(mode: str) -> str:
    """Return the mode to convert to: grey, or colour with or without transparency."""
    known = {"1": "L", "L": "L", "RGBA": "RGBA", "PA": "RGBA", "LA": "LA"}
    return known.get(mode, "RGB")


def _png_orientation(path: Path, data: bytes) -> int:
    """Return the EXIF orientation; Pillow decodes the whole picture to look, so only when asked."""
    if b"eXIf" not in data:
        return 1
    with PillowImage.open(path, formats=["PNG"]) as image:
        return int(image.getexif().get(ORIENTATION, 1))


def _decode_png(data: bytes, found: Probe, scratch: Path) -> Pixels:
    # One transparent colour (tRNS) adds a sample that the header does not count.
    if found.n_bytes < SPOOL_FROM_BYTES or b"tRNS" in data[:4096]:
        return np.asarray(imagecodecs.png_decode(data))
    bits, samples = data[24], PNG_CHANNELS[data[25]]
    shape = (found.height, found.width) + ((samples,) if samples > 1 else ())
    out = np.memmap(
        scratch / "png.raw", np.uint16 if bits == 16 else np.uint8, mode="w+", shape=shape
    )
    return np.asarray(imagecodecs.png_decode(data, out=out))
