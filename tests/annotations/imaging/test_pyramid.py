from __future__ import annotations

import io
from contextlib import closing
from itertools import pairwise

import numpy as np
import pytest
import tifffile
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from annotations.imaging.pyramid import TILE_SIZE, halved, plan_levels, read_view, write_pyramid
from project.tile_index import Geometry, TileFile
from tests.annotations.imaging.files import ramp


def made(folder, view, n_planes=1, tile_size=256):
    """Write the pyramid of a view and return the file."""
    height, width = view.shape[:2]
    geometry = Geometry(tile_size, tuple(plan_levels(width, height, tile_size)), n_planes)
    path = folder / "pyramid.tif"
    write_pyramid(
        path,
        geometry,
        lambda plane, row0, row1: view[row0:row1] // (plane + 1),
        is_rgb=view.ndim == 3,
        scratch=folder,
    )
    return path


@given(st.integers(1, 30_000), st.integers(1, 30_000))
def test_levels_halve_until_one_tile_holds_the_image(width, height):
    levels = plan_levels(width, height)

    assert levels[0] == (width, height)
    assert max(levels[-1]) <= TILE_SIZE
    for larger, smaller in pairwise(levels):
        assert smaller == tuple((side + 1) // 2 for side in larger)


@settings(max_examples=10, deadline=None)
@given(st.integers(1, 900), st.integers(1, 900), st.booleans())
def test_every_tile_of_every_level_is_a_picture_of_its_place(
    tmp_path_factory, height, width, colour
):
    view = ramp(height, width, samples=3 if colour else 0)
    tiles = TileFile(made(tmp_path_factory.mktemp("pyramid"), view))

    expected = view
    for level, (level_width, level_height) in enumerate(tiles.geometry.levels):
        assert expected.shape[:2] == (level_height, level_width)
        columns, rows = tiles.geometry.grid(level)
        for row in range(rows):
            for column in range(columns):
                picture = np.asarray(Image.open(io.BytesIO(tiles.tile(0, level, column, row))))
                part = expected[row * 256 : row * 256 + 256, column * 256 : column * 256 + 256]
                shown = picture[: part.shape[0], : part.shape[1]].astype(int)
                assert picture.shape[:2] == (256, 256)
                assert np.abs(shown - part).mean() < 4  # of 255; JPEG is lossy
        expected = halved(expected)
    tiles.close()


@settings(max_examples=20, deadline=None)
@given(st.data())
def test_a_box_is_read_as_it_is_shown(tmp_path_factory, data):
    view = ramp(300, 520)
    row0, col0 = data.draw(st.integers(0, 299)), data.draw(st.integers(0, 519))
    row1, col1 = data.draw(st.integers(row0 + 1, 300)), data.draw(st.integers(col0 + 1, 520))

    with closing(TileFile(made(tmp_path_factory.mktemp("pyramid"), view, n_planes=2))) as tiles:
        shown = read_view(tiles, 1, (row0, col0, row1, col1))

    expected = view[row0:row1, col0:col1] // 2
    assert shown.shape == expected.shape
    assert np.abs(shown.astype(int) - expected).mean() < 8  # of 255; JPEG is lossy


def test_a_plane_that_is_not_there_is_refused(tmp_path):
    tiles = TileFile(made(tmp_path, ramp(20, 30)))

    with closing(tiles), pytest.raises(ValueError, match="no plane 1"):
        read_view(tiles, 1, (0, 0, 5, 5))


def test_planes_do_not_mix(tmp_path):
    with closing(TileFile(made(tmp_path, np.full((300, 300), 200, np.uint8), n_planes=4))) as tiles:
        stored = [tiles.tile(plane, 0, 1, 1) for plane in range(4)]

    means = [np.asarray(Image.open(io.BytesIO(tile))).mean() for tile in stored]

    assert means == pytest.approx([200, 100, 66, 50], abs=1)


@pytest.mark.parametrize(
    "place", [(1, 0, 0, 0), (0, 2, 0, 0), (0, 0, 2, 0), (0, 0, 0, 2), (-1, 0, 0, 0), (0, 0, -1, 0)]
)
def test_a_place_without_a_tile_is_none(tmp_path, place):
    with closing(TileFile(made(tmp_path, ramp(300, 300)))) as tiles:
        assert tiles.tile(*place) is None


def test_the_file_is_a_tiff_that_others_can_read(tmp_path):
    view = ramp(700, 500, samples=3)
    path = made(tmp_path, view, n_planes=2)

    with tifffile.TiffFile(path) as tiff:
        assert [page.shape[:2] for page in tiff.pages] == [(700, 500), (350, 250), (175, 125)] * 2
        assert np.abs(tiff.pages[0].asarray().astype(int) - view).mean() < 4


def test_half_size_is_the_mean_of_four_pixels():
    assert halved(np.array([[0, 4], [8, 12]], np.uint8)).tolist() == [[6]]
    assert halved(np.array([[7]], np.uint8)).tolist() == [[7]]


def test_a_file_that_is_no_pyramid_is_refused(tmp_path):
    path = tmp_path / "other.tif"
    tifffile.imwrite(path, ramp(50, 50))

    with pytest.raises(ValueError, match="pyramid"):
        TileFile(path)
