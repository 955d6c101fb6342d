from __future__ import annotations

import io

import imagecodecs
import numpy as np
import pytest
import tifffile
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp
from PIL import Image

from annotations.exchange import label_files, label_tiff
from annotations.labels.label_image import NotALabelImage
from project.errors import InvalidInput
from tests.drawing import draw_blobs
from tests.shared_data import needs_shared_data, shared_data

LABELS, _ = draw_blobs(60, 80, n=9)


def tiff(array, **kwargs):
    file = io.BytesIO()
    tifffile.imwrite(file, array, **{"photometric": "minisblack", **kwargs})
    file.seek(0)
    return file


def png(array):
    file = io.BytesIO()
    Image.fromarray(array).save(file, "PNG")
    file.seek(0)
    return file


def read(file, size=(60, 80)):
    return label_files.read(file, size=size)


@given(hnp.arrays(np.uint32, hnp.array_shapes(min_dims=2, max_dims=2, max_side=40)))
def test_a_written_label_image_comes_back(label_image):
    file = io.BytesIO()
    label_tiff.write(file, label_image)
    file.seek(0)

    assert np.array_equal(read(file, label_image.shape), label_image)


@pytest.mark.parametrize(
    "module", [one for one in label_files.FORMATS.values() if hasattr(one, "write")]
)
def test_every_format_that_is_written_comes_back_through_the_common_door(module):
    file = io.BytesIO()
    module.write(file, LABELS)
    file.seek(0)

    assert np.array_equal(label_files.read(file, size=LABELS.shape), LABELS)
    assert set(module.SUFFIXES) <= set(label_files.SUFFIXES)


@pytest.mark.parametrize(
    "options",
    [
        {},
        {"byteorder": ">"},
        {"rowsperstrip": 700},
        {"rowsperstrip": 7, "compression": "zlib"},
        {"rowsperstrip": 600, "compression": "zlib", "predictor": True},
        {"rowsperstrip": 1100, "compression": "lzw", "byteorder": ">"},
        {"tile": (512, 512), "compression": "zlib"},
        {"tile": (96, 160), "compression": "zstd"},
        {"tile": (1536, 16), "compression": "zlib", "predictor": True},
        {"tile": (64, 64)},
    ],
    ids=str,
)
def test_strips_and_tiles_of_any_size_are_read_in_bands(options):
    label_image, _ = draw_blobs(1100, 700, n=40)
    file = tiff(label_image.astype(np.uint16), **options)

    bands = list(label_files.read_bands(file, size=label_image.shape))

    assert [(z, row0, len(rows)) for z, row0, rows in bands] == [
        (0, 0, 512),
        (0, 512, 512),
        (0, 1024, 76),
    ]
    assert np.array_equal(np.concatenate([rows for *_, rows in bands]), label_image)


def test_tiles_that_are_not_stored_are_background():
    """GDAL leaves out what is empty."""
    label_image, _ = draw_blobs(1100, 700, n=40)
    label_image[600:] = 0
    file = io.BytesIO()
    tiles = [
        padded(label_image[row : row + 64, col : col + 64])
        for row in range(0, 1100, 64)
        for col in range(0, 700, 64)
    ]
    stored = [tile if k == 0 or tile.any() else None for k, tile in enumerate(tiles)]
    tifffile.imwrite(
        file, iter(stored), shape=(1100, 700), dtype=np.uint32, tile=(64, 64), compression="zlib",
        photometric="minisblack",
    )  # fmt: skip
    file.seek(0)

    with tifffile.TiffFile(file) as written:
        assert 0 in written.pages.first.databytecounts
    file.seek(0)
    assert np.array_equal(read(file, (1100, 700)), label_image)


def padded(tile):
    return np.pad(tile, [(0, 64 - side) for side in tile.shape])


def test_a_large_label_image_is_written_in_strips_of_16_bit_which_imagej_opens():
    label_image, _ = draw_blobs(600, 700, n=12)
    file = io.BytesIO()
    label_tiff.write(file, label_image)
    file.seek(0)

    with tifffile.TiffFile(file) as written:
        page = written.pages.first
        assert (page.dtype, page.is_tiled) == (np.uint16, False)
        assert len(page.dataoffsets) > 1, "read a part at a time"
    file.seek(0)
    assert np.array_equal(read(file, (600, 700)), label_image)


@pytest.mark.parametrize(
    "dtype", ["uint8", "uint16", "uint32", "int16", "int32", "float32", "float64"]
)
def test_tiff_labels_of_any_type_are_read(dtype):
    assert np.array_equal(read(tiff(LABELS.astype(dtype))), LABELS)


@pytest.mark.parametrize("dtype", ["uint8", "uint16"])
def test_png_labels_are_read(dtype):
    file = io.BytesIO(imagecodecs.png_encode(LABELS.astype(dtype)))

    assert np.array_equal(read(file), LABELS)


def test_the_places_of_a_palette_are_the_ids():
    image = Image.fromarray(LABELS.astype(np.uint8), "L").convert("P")
    image.putpalette(list(range(256)) * 3)
    image.putdata(LABELS.ravel().tolist())
    file = io.BytesIO()
    image.save(file, "PNG")
    file.seek(0)

    assert np.array_equal(read(file), LABELS)


@pytest.mark.parametrize(
    ("file", "word"),
    [
        (lambda: tiff(LABELS.astype(np.int32) - 1), "negative"),
        (lambda: tiff(LABELS / 2), "fractions"),
        (lambda: tiff(np.full((60, 80), np.nan)), "NaN"),
        (lambda: tiff(np.zeros((60, 80), np.complex64)), "complex"),
        (lambda: tiff(np.zeros((60, 80, 3), np.uint8), photometric="rgb"), "colour"),
        (lambda: tiff(np.zeros((4, 60, 80), np.uint16)), "pages"),
        (lambda: tiff(LABELS[:50]), "rows"),
        (lambda: tiff(LABELS.astype(np.uint8), compression="jpeg"), "lossy"),
        (lambda: io.BytesIO(imagecodecs.png_encode(np.zeros((60, 80, 3), np.uint8))), "colour"),
        (lambda: io.BytesIO(imagecodecs.png_encode(np.zeros((60, 80, 4), np.uint8))), "colour"),
        (lambda: io.BytesIO(imagecodecs.png_encode(np.zeros((80, 60), np.uint8))), "rows"),
        (lambda: io.BytesIO(imagecodecs.jpeg_encode(LABELS.astype(np.uint8))), "JPEG"),
        (lambda: io.BytesIO(b"<html>"), "neither"),
        (lambda: io.BytesIO(b""), "neither"),
        (lambda: io.BytesIO(b"\x89PNG\r\n\x1a\n"), "cut off"),
    ],
)
def test_what_is_no_label_image_is_refused_with_its_reason(file, word):
    with pytest.raises(NotALabelImage, match=word) as refusal:
        read(file())
    assert refusal.value.message.endswith(".")


@pytest.mark.parametrize(
    "make", [lambda: tiff(LABELS, compression="zlib"), lambda: png(LABELS.astype(np.uint8))]
)
def test_a_file_cut_anywhere_is_refused_or_read(make):
    whole = make().getvalue()
    for size in range(0, len(whole), max(1, len(whole) // 60)):
        try:
            read(io.BytesIO(whole[:size]))
        except InvalidInput:
            continue


@settings(max_examples=60, deadline=None)
@given(st.data())
def test_a_damaged_file_is_refused_or_read(data):
    raw = bytearray(tiff(LABELS, compression="zlib").getvalue())
    for _ in range(3):
        raw[data.draw(st.integers(8, len(raw) - 1))] = data.draw(st.integers(0, 255))
    try:
        read(io.BytesIO(bytes(raw)))
    except InvalidInput:
        return


@pytest.mark.parametrize("kind", ["Strip", "Tile"])
def test_a_file_without_its_last_pixels_is_refused_and_not_read_as_background(kind):
    options = {"rowsperstrip": 100} if kind == "Strip" else {"tile": (256, 256)}
    label_image, _ = draw_blobs(1100, 700, n=40)
    raw = bytearray(tiff(label_image.astype(np.uint16), compression="zlib", **options).getvalue())
    with tifffile.TiffFile(io.BytesIO(raw)) as written:
        tags = [written.pages.first.tags[f"{kind}{name}"] for name in ("Offsets", "ByteCounts")]
    for tag in tags:
        raw[tag.offset + 4] = tag.count - 3  # of 11 strips or 15 tiles

    with pytest.raises(NotALabelImage, match="damaged"):
        read(io.BytesIO(raw), label_image.shape)


@needs_shared_data
@pytest.mark.parametrize(
    ("name", "word"),
    [
        ("mask_negative.tif", "negative"),
        ("mask_float_fraction.tif", "fractions"),
        ("mask_rgb.png", "colour"),
        ("mask_jpeg.jpg", "JPEG"),
        ("mask_other_size.tif", "rows"),
    ],
)
def test_the_shared_bad_masks_are_refused(name, word):
    with (
        (shared_data() / "bad" / name).open("rb") as file,
        pytest.raises(NotALabelImage, match=word),
    ):
        read(file, (256, 256))


@needs_shared_data
@pytest.mark.parametrize(
    ("name", "n"), [("mask_empty.tif", 0), ("mask_huge_id.tif", None), ("mask_65536_ids.tif", None)]
)
def test_the_shared_odd_masks_are_read(name, n):
    with (shared_data() / "bad" / name).open("rb") as file:
        label_image = read(file, (256, 256))

    ids = np.unique(label_image[label_image > 0])
    assert ids.size > 0 if n is None else ids.size == n


# --- stacks ------------------------------------------------------------------------------------


def stack_of_labels():
    return np.stack([np.where(z < LABELS, LABELS, 0) for z in range(4)]).astype(np.uint32)


@given(hnp.arrays(np.uint32, hnp.array_shapes(min_dims=3, max_dims=3, max_side=20)))
def test_a_written_stack_comes_back_a_page_for_each_plane(stack):
    file = io.BytesIO()
    label_tiff.write(file, stack)
    file.seek(0)

    assert np.array_equal(read(file, stack.shape), stack)


@pytest.mark.parametrize(
    "options",
    [
        {"imagej": True, "metadata": {"axes": "ZYX"}},
        {"ome": True, "metadata": {"axes": "ZYX"}},
        {"bigtiff": True},
        {"tile": (16, 16), "compression": "lzw"},
    ],
)
def test_stacks_of_other_programs_are_read(options):
    file = tiff(stack_of_labels().astype(np.uint16), **options)

    assert np.array_equal(read(file, (4, 60, 80)), stack_of_labels())


@pytest.mark.parametrize(
    ("file", "size", "word"),
    [
        (lambda: tiff(stack_of_labels()), (5, 60, 80), "4 pages, its image has 5 planes"),
        (lambda: tiff(LABELS), (4, 60, 80), "1 page, its image has 4 planes"),
        (lambda: tiff(stack_of_labels()), (4, 60, 81), "columns"),
        (lambda: png(LABELS.astype(np.uint8)), (4, 60, 80), "TIFF with a page for each plane"),
        (lambda: tiff(np.full((2, 60, 80), 0.5, np.float32)), (2, 60, 80), "fractions"),
    ],
)
def test_what_is_no_stack_of_the_image_is_refused_with_a_sentence(file, size, word):
    with pytest.raises(NotALabelImage, match=word):
        read(file(), size)


@needs_shared_data
def test_a_real_stack_of_labels_is_read():
    path = shared_data() / "formats" / "stack3d_nuclei_labels.tif"
    expected = tifffile.imread(path)

    with path.open("rb") as file:
        assert np.array_equal(read(file, expected.shape), expected)
