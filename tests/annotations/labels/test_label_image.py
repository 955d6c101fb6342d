from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from annotations.labels import label_image as pure
from tests.drawing import draw_blobs

few = hnp.arrays(
    np.uint32,
    hnp.array_shapes(min_dims=2, max_dims=2, max_side=12),
    elements=st.sampled_from([0, 1, 5, 9, 4_000_000_000]),
)


@given(few)
def test_measures_are_what_a_recount_finds(label_image):
    measures = pure.measure(label_image)

    assert measures.instance_id.tolist() == [int(i) for i in np.unique(label_image) if i]
    for instance_id, area, box in zip(
        measures.instance_id, measures.area_px, measures.boxes, strict=True
    ):
        rows, cols = np.nonzero(label_image == instance_id)
        assert area == rows.size
        assert box.tolist() == [rows.min(), cols.min(), rows.max() + 1, cols.max() + 1]


@settings(deadline=None)
@given(few, st.integers(1, 40))
def test_block_by_block_it_is_the_same(label_image, block_pixels):
    """Large images are looked at in blocks of rows, whatever they cut."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(pure, "BLOCK_PIXELS", block_pixels)
        runs = pure.row_runs(label_image)

    pixels = np.zeros_like(label_image)
    for row, col0, col1, instance_id in zip(
        runs.row, runs.col0, runs.col1, runs.instance_id, strict=True
    ):
        assert (pixels[row, col0:col1] == 0).all()
        pixels[row, col0:col1] = instance_id
    assert np.array_equal(pixels, label_image)


@given(few)
def test_scattered_ids_have_more_than_one_part(label_image):
    from scipy.ndimage import label

    expected = [
        int(i)
        for i in np.unique(label_image)
        if i and label(label_image == i, structure=np.ones((3, 3)))[1] > 1
    ]

    assert pure.scattered_ids(label_image).tolist() == expected


def test_an_object_at_a_cut_side_is_cut_and_one_at_the_images_end_is_not():
    label_image = np.zeros((10, 10), np.uint32)
    label_image[0:2, 4] = 1  # top
    label_image[8:, 4] = 2  # bottom
    label_image[4:6, 4] = 3  # inside

    cut = pure.border_cut_ids(label_image, top=True, left=True, bottom=False, right=True)

    assert cut.tolist() == [1]


def test_a_region_without_cut_sides_cuts_nothing():
    label_image, _ = draw_blobs(80, 80)

    assert (
        pure.border_cut_ids(label_image, top=False, left=False, bottom=False, right=False).size == 0
    )


@pytest.mark.parametrize(
    "dtype", ["uint8", "uint16", "uint32", "int16", "int32", "int64", "float32", "float64"]
)
def test_whole_numbers_of_any_type_are_a_label_image(dtype):
    array = np.array([[0, 3], [100, 0]], dtype)

    checked = pure.check(array)

    assert checked.dtype == np.uint32
    assert checked.tolist() == array.tolist()


def test_a_foreground_of_true_and_false_is_one_object():
    assert pure.check(np.array([[True, False]])).tolist() == [[1, 0]]


@pytest.mark.parametrize(
    ("array", "word"),
    [
        (np.array([[-1, 2]]), "negative"),
        (np.array([[0.5, 2]]), "fractions"),
        (np.array([[np.nan, 2]]), "NaN"),
        (np.array([[2.0**33, 2]]), "ids go up to"),
        (np.array([[1 + 2j]]), "complex"),
        (np.zeros((4, 4, 3), np.uint8), "colour"),
        (np.zeros((4, 4, 4, 4), np.uint16), "rows and columns"),
        (np.zeros((0, 4), np.uint16), "no pixels"),
    ],
)
def test_what_is_no_label_image_is_refused_with_its_reason(array, word):
    with pytest.raises(pure.NotALabelImage, match=word):
        pure.check(array)
