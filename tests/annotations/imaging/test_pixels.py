from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from annotations.imaging.pixels import (
    PartOutOfImage,
    PixelShape,
    open_pixels,
    read_region,
    write_pixels,
)

DTYPES = ["uint8", "uint16", "int16", "uint32", "float32", "float64"]


def stored(folder, shape, seed=0):
    """Write random pixels; return the file and the array (pages, H, W[, 3])."""
    samples = (3,) if shape.is_rgb else ()
    size = (shape.n_pages, shape.height, shape.width, *samples)
    pages = (np.random.default_rng(seed).random(size) * 200).astype(shape.dtype)
    path = folder / "pixels.tif"
    path.unlink(missing_ok=True)
    write_pixels(path, shape, lambda page, row0, row1: pages[page, row0:row1])
    return path, pages


@settings(max_examples=25, deadline=None)
@given(
    dtype=st.sampled_from(DTYPES),
    is_rgb=st.booleans(),
    size=st.tuples(st.integers(1, 1100), st.integers(1, 1100)),
    corners=st.tuples(*[st.floats(0, 0.999)] * 4),
    seed=st.integers(0, 9),
)
def test_a_box_reads_back_as_it_was_written(tmp_path_factory, dtype, is_rgb, size, corners, seed):
    height, width = size
    shape = PixelShape(1, 3 if is_rgb else 2, 1, height, width, dtype, is_rgb)
    path, pages = stored(tmp_path_factory.mktemp("pixels"), shape, seed)
    row0, row1 = sorted(int(share * height) for share in corners[:2])
    col0, col1 = sorted(int(share * width) for share in corners[2:])

    area = read_region(path, box=(row0, col0, row1 + 1, col1 + 1))

    whole = np.moveaxis(pages[0], -1, 0) if is_rgb else pages
    assert area.dtype == dtype
    assert np.array_equal(area, whole[:, row0 : row1 + 1, col0 : col1 + 1])


def test_time_slice_and_channel_find_their_plane(tmp_path):
    shape = PixelShape(2, 3, 4, 20, 30, "uint8")
    path, pages = stored(tmp_path, shape)

    area = read_region(path, 1, 2, [2, 0])

    by_axes = pages.reshape(2, 3, 4, 20, 30)
    assert np.array_equal(area, by_axes[1, [2, 0], 2])


def test_the_file_tells_what_it_holds(tmp_path):
    shape = PixelShape(2, 3, 4, 700, 30, "float32")
    path, _ = stored(tmp_path, shape)

    with open_pixels(path) as file:
        assert file.shape == shape


@pytest.mark.parametrize(
    ("t", "z", "channels", "box"),
    [
        (0, 0, [2], None),
        (0, 0, [], None),
        (1, 0, None, None),
        (0, -1, None, None),
        (0, 0, None, (0, 0, 21, 10)),
        (0, 0, None, (-1, 0, 5, 10)),
        (0, 0, None, (5, 5, 5, 10)),
    ],
)
def test_a_place_outside_the_image_is_refused(tmp_path, t, z, channels, box):
    path, _ = stored(tmp_path, PixelShape(1, 2, 1, 20, 30, "uint8"))

    with pytest.raises(PartOutOfImage):
        read_region(path, t, z, channels, box)


def test_other_programs_see_axes_names_and_pixel_size(tmp_path):
    path = tmp_path / "pixels.tif"
    shape = PixelShape(1, 2, 3, 20, 30, "uint16")
    write_pixels(
        path,
        shape,
        lambda page, row0, row1: np.zeros((row1 - row0, 30), np.uint16),
        channel_names=["DAPI", "Actin"],
        pixel_size_um=0.325,
    )
    import tifffile

    with tifffile.TiffFile(path) as tiff:
        assert tiff.series[0].axes == "CZYX"
        assert 'Name="Actin"' in tiff.ome_metadata
        assert 'PhysicalSizeX="0.325"' in tiff.ome_metadata
