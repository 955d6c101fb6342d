"""Image files made for tests: good ones with known pixels, and malformed ones."""

from __future__ import annotations

import io
import struct
import zlib

import numpy as np
import tifffile
from PIL import Image

from annotations.imaging.ingest import Ingested, ingest
from annotations.imaging.pixels import read_region
from annotations.imaging.probe import Limits


def ramp(height, width, dtype="uint8", samples=0, top=None):
    """Return an image in which every pixel tells where it is."""
    top = top or (1.0 if np.dtype(dtype).kind == "f" else np.iinfo(dtype).max)
    plane = np.add.outer(np.arange(height) * 3, np.arange(width)) / (3 * height + width)
    if samples:
        plane = np.stack([plane * (number + 1) / samples for number in range(samples)], -1)
    return (plane * top).astype(dtype)


def read_back(path, out, limits=None):
    """Ingest a file and return (fields, pixels of t 0, z 0 as (C, H, W), the three files)."""
    made: Ingested = ingest(path, out, limits or Limits(), lambda stage, share: None)
    return made.fields, read_region(made.pixels), made


def tiff_bytes(**tags):
    """Return a tiny TIFF whose header says what the test wants; 64 bytes of pixels follow."""
    values = {"width": 8, "height": 8, "bits": 8, "samples": 1, "offset": 200, "size": 64} | tags
    entries = [
        (256, 4, values["width"]),
        (257, 4, values["height"]),
        (258, 3, values["bits"]),
        (259, 3, 1),
        (262, 3, 1),
        (273, 4, values["offset"]),
        (277, 3, values["samples"]),
        (278, 4, values["height"]),
        (279, 4, values["size"]),
    ]
    if "tile" in values:
        entries += [(322, 4, values["tile"]), (323, 4, values["tile"])]
    body = struct.pack("<2sHIH", b"II", 42, 8, len(entries))
    body += b"".join(struct.pack("<HHII", tag, kind, 1, value) for tag, kind, value in entries)
    body += struct.pack("<I", values.get("next_page", 0))
    return body.ljust(200, b"\0") + bytes(range(64))


def png_bytes(width, height, *, bits=8, colour=0, data=b""):
    """Return a PNG with a right checksum, whatever its header claims."""

    def chunk(name, content):
        check = struct.pack(">I", zlib.crc32(name + content))
        return struct.pack(">I", len(content)) + name + content + check

    header = struct.pack(">IIBBBBB", width, height, bits, colour, 0, 0, 0)
    return (
        b"\x89PNG\r\n\x1a\n"
        + chunk(b"IHDR", header)
        + chunk(b"IDAT", zlib.compress(data))
        + chunk(b"IEND", b"")
    )


def encoded(array, kind, **options):
    """Return an array as the bytes of a PNG, JPEG, BMP, WebP or TIFF file."""
    file = io.BytesIO()
    if kind == "tiff":
        tifffile.imwrite(file, array, **options)
    else:
        Image.fromarray(array).save(file, kind.upper(), **options)
    return file.getvalue()


def ome_claiming(**sizes):
    """Return an 8 x 8 OME-TIFF whose XML claims other sizes."""
    claims = {"SizeX": 8, "SizeY": 8, "SizeZ": 1, "SizeC": 1, "SizeT": 1} | sizes
    text = " ".join(f'{name}="{value}"' for name, value in claims.items())
    xml = (
        '<?xml version="1.0"?><OME xmlns="http://www.openmicroscopy.org/Schemas/OME/2016-06">'
        f'<Image ID="Image:0"><Pixels ID="Pixels:0" DimensionOrder="XYCZT" Type="uint8" {text}>'
        '<Channel ID="Channel:0:0"/><TiffData/></Pixels></Image></OME>'
    )
    return encoded(ramp(8, 8), "tiff", description=xml, metadata=None)


def malformed_files():
    """Return {name: bytes} of files that must end as failed, each with a sentence."""
    good = encoded(ramp(64, 64, "uint16"), "tiff")
    jpeg = encoded(ramp(64, 64, samples=3), "jpeg")
    png = encoded(ramp(64, 64), "png")
    entity = b'<?xml version="1.0"?><!DOCTYPE x [<!ENTITY a "aaaaaaaa">]><OME>&a;</OME>'
    nan = np.full((16, 16), np.nan, np.float32)
    return {
        "empty.tif": b"",
        "one_byte.png": b"x",
        "text.tif": b"Dear colleague, find the images attached.",
        "page.png": b"<html><script>alert(1)</script></html>",
        "drawing.svg": b"<svg xmlns='http://www.w3.org/2000/svg'><script>alert(1)</script></svg>",
        "archive.tif": b"PK\x03\x04" + bytes(60),
        "program.png": b"\x7fELF" + bytes(60),
        "slide.czi": b"ZISRAWFILE" + bytes(60),
        "cut.tif": good[: len(good) // 2],
        "cut_header.tif": good[:6],
        "cut.png": png[: len(png) // 2],
        "cut.jpg": jpeg[: len(jpeg) // 2],
        "flipped_bit.png": png[:60] + bytes([png[60] ^ 1]) + png[61:],
        "bomb.png": png_bytes(30_000, 30_000, data=bytes(1000)),
        "bomb_header.png": png_bytes(2**31 - 1, 2**31 - 1),
        "bomb.tif": tiff_bytes(width=200_000, height=200_000, size=64),
        "bomb_wraps.tif": tiff_bytes(width=65_537, height=65_537, bits=16),
        "blank_giant.tif": tiff_bytes(width=20_000, height=20_000),
        "no_pixels.tif": tiff_bytes(width=0, height=0),
        "giant_tile.tif": tiff_bytes(width=8, height=8, tile=32_768),
        "loop.tif": tiff_bytes(next_page=8),
        "beyond_the_end.tif": tiff_bytes(offset=10_000),
        "complex.tif": encoded(np.ones((8, 8), np.complex64), "tiff"),
        "nothing_but_nan.tif": encoded(nan, "tiff"),
        "entities.ome.tif": encoded(ramp(8, 8), "tiff", description=entity, metadata=None),
        "lies.ome.tif": ome_claiming(SizeX=99_999, SizeY=99_999, SizeT=99_999),
        "lies_planes.ome.tif": ome_claiming(SizeT=1_000_000_000),
        "many_channels.tif": encoded(
            np.zeros((17, 8, 8), np.uint8), "tiff", imagej=True, metadata={"axes": "CYX"}
        ),
    }
