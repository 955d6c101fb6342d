from __future__ import annotations

import struct
from contextlib import suppress

import numpy as np
import pytest
import tifffile
from PIL import Image

from annotations.imaging import tiff_metadata
from annotations.imaging.probe import Limits, probe
from annotations.imaging.tiff_header import ImageUnreadable
from tests.annotations.imaging.files import (
    encoded,
    malformed_files,
    png_bytes,
    ramp,
    read_back,
    tiff_bytes,
)
from tests.shared_data import manifest, needs_shared_data, shared_data

TIFF_VARIANTS = {
    "plain": {},
    "big_endian": {"byteorder": ">"},
    "bigtiff": {"bigtiff": True},
    "tiled": {"tile": (64, 64), "compression": "zlib", "predictor": True},
    "strips": {"rowsperstrip": 7, "compression": "lzw"},
    "zstd": {"compression": "zstd"},
    "packbits": {"compression": "packbits"},
    "lzma": {"compression": "lzma"},
    "deflate_one_strip": {"compression": "zlib", "rowsperstrip": 10_000},
}


@pytest.mark.parametrize("variant", TIFF_VARIANTS)
@pytest.mark.parametrize("dtype", ["uint8", "uint16", "int16", "float32"])
def test_every_way_to_store_a_tiff_gives_the_same_pixels(tmp_path, variant, dtype):
    image = ramp(150, 203, dtype)
    image[:5, :7] = 1 if dtype != "int16" else -1
    path = tmp_path / "image.tif"
    path.write_bytes(encoded(image, "tiff", **TIFF_VARIANTS[variant]))

    fields, pixels, _ = read_back(path, tmp_path)

    assert np.array_equal(pixels[0], image)
    assert (fields["dtype"], fields["height"], fields["width"]) == (dtype, 150, 203)


@pytest.mark.parametrize("planar", ["contig", "separate"])
@pytest.mark.parametrize("dtype", ["uint8", "uint16"])
def test_colour_is_one_image_with_three_channels(tmp_path, planar, dtype):
    image = ramp(60, 80, dtype, samples=3)
    stored = image if planar == "contig" else np.moveaxis(image, -1, 0)
    path = tmp_path / "image.tif"
    path.write_bytes(
        encoded(stored, "tiff", photometric="rgb", planarconfig=planar, compression="zlib")
    )

    fields, pixels, _ = read_back(path, tmp_path)

    assert np.array_equal(pixels, np.moveaxis(image, -1, 0))
    assert fields["is_rgb"]
    assert fields["pyramid"]["planes"] == 1
    assert [channel["name"] for channel in fields["channels"]] == ["Red", "Green", "Blue"]


@pytest.mark.parametrize("kind", ["png", "bmp", "tiff"])
@pytest.mark.parametrize("samples", [0, 3])
def test_lossless_pictures_keep_their_pixels(tmp_path, kind, samples):
    image = ramp(40, 50, samples=samples)
    path = tmp_path / "picture"
    path.write_bytes(encoded(image, kind))

    _, pixels, _ = read_back(path, tmp_path)

    assert np.array_equal(pixels, np.moveaxis(image, -1, 0) if samples else image[np.newaxis])


def test_sixteen_bit_colour_png_is_not_cut_to_eight_bits(tmp_path):
    image = ramp(20, 30, "uint16", samples=3)
    rows = b"".join(b"\0" + row.astype(">u2").tobytes() for row in image)
    path = tmp_path / "picture.png"
    path.write_bytes(png_bytes(30, 20, bits=16, colour=2, data=rows))

    fields, pixels, _ = read_back(path, tmp_path)

    assert fields["dtype"] == "uint16"
    assert np.array_equal(pixels, np.moveaxis(image, -1, 0))


def test_axes_of_an_ome_file_are_kept(tmp_path):
    stack = np.arange(2 * 3 * 4 * 20 * 30, dtype=np.uint16).reshape(2, 3, 4, 20, 30)
    path = tmp_path / "stack.ome.tif"
    metadata = {
        "axes": "TCZYX",
        "Channel": {"Name": ["DAPI", "Actin", "Ki67"]},
        "PhysicalSizeX": 0.25,
        "PhysicalSizeY": 0.25,
        "PhysicalSizeZ": 1.5,
    }
    tifffile.imwrite(path, stack, metadata=metadata)

    fields, _, made = read_back(path, tmp_path)

    with tifffile.TiffFile(made.pixels) as tiff:
        assert np.array_equal(tiff.asarray(), stack)
    assert (fields["n_t"], fields["n_channels"], fields["n_z"]) == (2, 3, 4)
    assert [channel["name"] for channel in fields["channels"]] == ["DAPI", "Actin", "Ki67"]
    assert fields["pixel_size_um"] == 0.25
    assert fields["z_step_um"] == fields["source"]["z_step_um"] == 1.5
    assert fields["pyramid"]["planes"] == 24


def test_an_imagej_hyperstack_keeps_colours_and_calibration(tmp_path):
    stack = np.random.default_rng(0).integers(0, 900, (2, 3, 2, 20, 30)).astype(np.uint16)
    path = tmp_path / "stack.tif"
    green, red = np.zeros((2, 3, 256), np.uint8)
    green[1] = red[0] = np.arange(256)
    tifffile.imwrite(
        path,
        stack,
        imagej=True,
        resolution=(1 / 0.2, 1 / 0.2),
        metadata={"axes": "TZCYX", "unit": "um", "spacing": 2.0, "LUTs": [green, red]},
    )

    fields, _, made = read_back(path, tmp_path)

    with tifffile.TiffFile(made.pixels) as tiff:
        assert np.array_equal(tiff.asarray(), stack.swapaxes(1, 2))
    assert [channel["colour"] for channel in fields["channels"]] == ["#00ff00", "#ff0000"]
    assert fields["pixel_size_um"] == pytest.approx(0.2)
    assert fields["z_step_um"] == fields["source"]["z_step_um"] == 2.0


@pytest.mark.parametrize(
    ("step", "unit", "expected"),
    [
        (750, "nm", 0.75),
        (0.002, "mm", 2.0),
        (1.5, "µm", 1.5),
        (0, "µm", None),
        (-1, "µm", None),
        (5, "mm", None),
        (3, "reference frame", None),
    ],
)
def test_the_step_of_an_ome_stack_is_told_in_micrometres(tmp_path, step, unit, expected):
    path = tmp_path / "stack.ome.tif"
    metadata = {"axes": "ZYX", "PhysicalSizeZ": step, "PhysicalSizeZUnit": unit}
    tifffile.imwrite(path, np.zeros((3, 20, 30), np.uint8) + 7, metadata=metadata)

    assert read_back(path, tmp_path)[0]["z_step_um"] == expected


@pytest.mark.parametrize(
    ("spacing", "unit", "expected"),
    [(2.0, "micron", 2.0), (-0.5, "um", 0.5), (300.0, "nm", 0.3), (1.0, "pixel", None)],
)
def test_the_spacing_of_an_imagej_stack_is_told_in_micrometres(tmp_path, spacing, unit, expected):
    path = tmp_path / "stack.tif"
    metadata = {"axes": "ZYX", "unit": unit, "spacing": spacing}
    tifffile.imwrite(path, np.zeros((3, 20, 30), np.uint8) + 7, imagej=True, metadata=metadata)

    assert read_back(path, tmp_path)[0]["z_step_um"] == expected


@needs_shared_data
@pytest.mark.parametrize(
    ("name", "n_z", "size", "step"),
    [
        ("tif_z_stack_calibrated.tif", 6, 0.0852, 3.0),
        ("ome_multichannel_z.ome.tif", 5, None, None),
        ("stack3d_nuclei.tif", 31, None, None),
    ],
)
def test_planes_of_real_stacks_are_as_far_apart_as_their_files_say(tmp_path, name, n_z, size, step):
    fields, _, made = read_back(shared_data() / "formats" / name, tmp_path)

    assert fields["n_z"] == n_z
    assert (fields["z_step_um"], fields["pixel_size_um"]) == (
        step,
        None if size is None else pytest.approx(size, abs=1e-4),
    )
    with tifffile.TiffFile(made.pixels) as tiff:  # for other programs
        assert tiff_metadata.from_ome(tiff.ome_metadata).z_step_um == step


@pytest.mark.parametrize("orientation", range(1, 9))
@pytest.mark.parametrize("kind", ["tiff", "jpeg", "png"])
def test_turned_pictures_are_shown_upright(tmp_path, orientation, kind):
    image = np.zeros((64, 96), np.uint8)
    image[:24, :40] = 250  # a bright corner tells the turn
    path = tmp_path / "picture"
    if kind == "tiff":
        extra = [(274, "H", 1, orientation, True)]
        path.write_bytes(encoded(image, "tiff", extratags=extra, compression="zlib"))
    else:
        exif = Image.Exif()
        exif[274] = orientation
        path.write_bytes(encoded(image, kind, exif=exif))
    turns = [(0, 0), (0, -1), (-1, -1), (-1, 0), (0, 0), (0, -1), (-1, -1), (-1, 0)]

    _, pixels, _ = read_back(path, tmp_path)

    assert pixels[0].shape == ((64, 96) if orientation < 5 else (96, 64))
    bright = np.argwhere(np.atleast_2d(pixels[0][:: 63 if orientation < 5 else 95, ::63]) > 200)
    corner = turns[orientation - 1]
    row, col = (0 if place == 0 else pixels[0].shape[axis] - 1 for axis, place in enumerate(corner))
    assert pixels[0][row, col] > 200
    assert len(bright)


def test_black_and_white_are_exchanged_when_the_file_says_so(tmp_path):
    path = tmp_path / "image.tif"
    path.write_bytes(encoded(ramp(20, 30), "tiff", photometric="miniswhite"))

    fields, pixels, _ = read_back(path, tmp_path)

    assert np.array_equal(pixels[0], 255 - ramp(20, 30))
    assert "MinIsWhite" in fields["source"]["notes"][0]


def test_bits_become_black_and_white(tmp_path):
    path = tmp_path / "bits.tif"
    path.write_bytes(encoded(ramp(20, 30) > 100, "tiff", photometric="minisblack"))

    _, pixels, _ = read_back(path, tmp_path)

    assert np.array_equal(pixels[0], (ramp(20, 30) > 100) * 255)


def test_transparency_is_left_out_and_told(tmp_path):
    image = ramp(20, 30, samples=4)
    path = tmp_path / "picture.png"
    path.write_bytes(encoded(image, "png"))

    fields, pixels, _ = read_back(path, tmp_path)

    assert np.array_equal(pixels, np.moveaxis(image[..., :3], -1, 0))
    assert "transparency" in fields["source"]["notes"][0]


def test_undefined_pixels_become_zero_and_are_told(tmp_path):
    image = ramp(20, 30, "float32")
    image[3, 4:9] = np.nan
    path = tmp_path / "image.tif"
    path.write_bytes(encoded(image, "tiff"))

    fields, pixels, _ = read_back(path, tmp_path)

    assert np.isfinite(pixels).all()
    assert fields["source"]["notes"] == [
        "5 pixels without a value (NaN or infinite) were set to 0."
    ]


def test_whole_numbers_in_a_wide_type_are_narrowed_and_the_type_recorded(tmp_path):
    path = tmp_path / "image.tif"
    path.write_bytes(encoded(ramp(20, 30, "uint32", top=60_000), "tiff"))

    fields, pixels, _ = read_back(path, tmp_path)

    assert (fields["dtype"], fields["source"]["dtype"]) == ("uint16", "uint32")
    assert np.array_equal(pixels[0], ramp(20, 30, "uint32", top=60_000))


def test_a_print_resolution_is_no_pixel_size(tmp_path):
    path = tmp_path / "image.tif"
    path.write_bytes(encoded(ramp(20, 30), "tiff", resolution=(300, 300), resolutionunit="INCH"))

    fields, _, _ = read_back(path, tmp_path)

    assert fields["pixel_size_um"] is None


def test_the_thumbnail_is_small(tmp_path):
    path = tmp_path / "image.png"
    path.write_bytes(encoded(ramp(1200, 900, samples=3), "png"))

    _, _, made = read_back(path, tmp_path)

    with Image.open(made.thumbnail) as thumbnail:
        assert (thumbnail.format, max(thumbnail.size)) == ("JPEG", 256)


@pytest.mark.parametrize("name", malformed_files())
def test_a_malformed_file_is_refused_before_it_costs_anything(tmp_path, name):
    path = tmp_path / name
    path.write_bytes(malformed_files()[name])

    from annotations.imaging.ingest_child import attempt

    end = attempt({"path": str(path), "out": str(tmp_path), "limits": {}})

    assert end["type"] == "failed"
    assert len(end["message"]) > 30
    assert end["message"].endswith(".")


@pytest.mark.parametrize("data", [tiff_bytes(), encoded(ramp(9, 9), "png")])
def test_a_file_within_the_limits_passes_the_first_look(tmp_path, data):
    path = tmp_path / "file"
    path.write_bytes(data)

    assert probe(path, Limits()).width in (8, 9)


def test_pages_are_counted_before_they_are_read(tmp_path):
    path = tmp_path / "stack.tif"
    path.write_bytes(encoded(np.zeros((11, 8, 9), np.uint8), "tiff"))

    with pytest.raises(ImageUnreadable, match="more than 10 pages"):
        probe(path, Limits(max_pages=10))


def test_the_header_check_never_fails_in_another_way(tmp_path):
    """Flip bytes of good headers: a sentence or a pass, never anything else."""
    good = [tiff_bytes(), encoded(ramp(8, 8), "tiff", bigtiff=True), encoded(ramp(8, 8), "png")]
    rng = np.random.default_rng(0)
    path = tmp_path / "file"

    for _ in range(1500):
        data = bytearray(good[rng.integers(len(good))])
        for _ in range(rng.integers(1, 5)):
            data[rng.integers(min(len(data), 300))] = rng.integers(256)
        path.write_bytes(bytes(data[: rng.integers(1, len(data) + 1)]))
        with suppress(ImageUnreadable):
            probe(path, Limits())


def test_a_page_list_longer_than_the_file_is_refused(tmp_path):
    data = bytearray(tiff_bytes())
    struct.pack_into("<I", data, 8 + 2 + 5 * 12 + 4, 2**31)  # count of strip offsets
    path = tmp_path / "file.tif"
    path.write_bytes(bytes(data))

    with pytest.raises(ImageUnreadable, match="damaged"):
        probe(path, Limits())


LATER = (".svs", ".czi", ".lif", ".h5", ".zip", ".json", ".geojson")


@needs_shared_data
@pytest.mark.parametrize("entry", manifest()["formats"], ids=lambda entry: entry["file"])
def test_every_shared_file_reads_as_its_list_says_or_is_refused_clearly(tmp_path, entry):
    path = shared_data() / entry["file"]

    if path.name.endswith(LATER):
        with pytest.raises(ImageUnreadable, match="TIFF"):
            read_back(path, tmp_path)
        return
    fields, pixels, _ = read_back(path, tmp_path)

    loads = entry["loads"]
    first = loads[loads.index("(") + 1 : loads.index(")")]
    numbers = sorted(int(number) for number in first.split(",") if number.strip())
    sizes = [fields[name] for name in ("n_t", "n_z", "n_channels", "height", "width")]
    if fields["is_rgb"] and len(numbers) == 2:
        sizes.remove(3)
    assert sorted(size for size in sizes if size > 1) == [size for size in numbers if size > 1]
    # Minimum and maximum as told, where a file is not turned, inverted, or has more planes.
    one_plane = fields["n_z"] * fields["n_t"] == 1 and not fields["source"]["notes"]
    if " min " in loads and one_plane:
        low, high = loads.split(" min ")[1].split(" max ")
        assert (pixels.min(), pixels.max()) == pytest.approx((float(low), float(high)))
