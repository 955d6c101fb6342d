"""The band of background around labelled objects, beside neighbours that nobody labelled."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import ndimage

from tests.engines.worlds import write_region
from training.datasets.bands import TOUCHING_PX, Band, background_band
from training.datasets.crops import CropSource

SIDE = 40


def two_disks(seed: int = 0) -> tuple[np.ndarray, np.ndarray]:
    """Two bright disks that touch, on noise: an image (1, h, w) and labels 1 and 2."""
    rows, cols = np.mgrid[:SIDE, :SIDE]
    labels = np.zeros((SIDE, SIDE), np.int32)
    labels[(rows - 20) ** 2 + (cols - 13) ** 2 < 49] = 1
    labels[(rows - 20) ** 2 + (cols - 27) ** 2 < 49] = 2
    noise = np.random.default_rng(seed).normal(0, 20, (1, SIDE, SIDE))
    return 300 + 700.0 * (labels > 0) + noise, labels


def band_around_one(image: np.ndarray | None, labels: np.ndarray, width: float = 6) -> np.ndarray:
    few = np.where(labels == 1, 1, -1)

    def look(box: tuple[int, ...]) -> np.ndarray:
        assert image is not None
        return image[:, box[0] : box[2], box[1] : box[3]]

    return background_band(few, few < 0, Band(width, None, None if image is None else look))


def touching(labels: np.ndarray) -> np.ndarray:
    """Return the pixels beside the first disk."""
    return np.asarray(ndimage.distance_transform_edt(labels != 1)) <= TOUCHING_PX


@given(
    gains=st.lists(st.sampled_from([-3.0, -0.1, 0.1, 2.0]), min_size=1, max_size=3),
    shift=st.floats(-1000, 1000),
)
def test_a_neighbour_that_looks_like_the_object_stays_unknown_however_intensities_are(gains, shift):
    image, labels = two_disks()
    image = np.concatenate([gain * image + shift for gain in gains])

    by_distance, found = band_around_one(None, labels), band_around_one(image, labels)

    assert (found & ~by_distance).sum() == 0
    assert (by_distance & (labels == 2)).sum() > 20
    assert not (found & (labels == 2) & ~touching(labels)).any()
    assert (found & (labels == 0)).sum() > 0.98 * (by_distance & (labels == 0)).sum()


def test_a_channel_that_shows_nothing_does_not_hide_the_neighbour():
    image, labels = two_disks()
    noise = np.random.default_rng(1).normal(0, 5000, image.shape)

    found = band_around_one(np.concatenate([noise, image]), labels)

    assert (found & (labels == 2) & ~touching(labels)).sum() <= 2


@pytest.mark.parametrize("contrast", [0.0, 1.0])
def test_where_intensities_say_nothing_the_band_is_whole(contrast):
    """Flat images, and objects that are told by their outlines alone."""
    labels = two_disks()[1]
    image = np.zeros((1, SIDE, SIDE)) + contrast * (np.arange(SIDE) % 2)

    found = band_around_one(image, labels)

    assert (found & (labels == 0)).sum() >= 0.9 * band_around_one(None, labels)[labels == 0].sum()


@given(st.integers(0, 1), st.floats(0, 9))
def test_the_band_is_free_and_as_wide_as_was_asked_for(seed, width):
    image, labels = two_disks(seed)
    found = band_around_one(image, labels, width)
    rows, cols = np.nonzero(found)
    ours = np.argwhere(labels == 1)

    assert not found[labels == 1].any()
    for row, col in zip(rows, cols, strict=True):
        assert np.hypot(*(ours - (row, col)).T).min() <= width


def test_regions_are_looked_at_where_they_lie_in_their_image(tmp_path):
    image, labels = two_disks()
    padded = np.pad(image, ((0, 0), (7, 3), (11, 5)), constant_values=300).astype(np.uint16)
    inner = np.pad(labels, ((7, 3), (11, 5)))
    region = write_region(
        tmp_path,
        "image",
        padded,
        np.where(inner == 1, 1, 0),
        annotated=labels == 1,
        box=(7, 11, 7 + SIDE, 11 + SIDE),
    )
    source = CropSource([region], (0,), tmp_path / "cache", background_band_px=6)

    found = source.labels_of(0) == 0

    assert (found == band_around_one(image.astype(np.uint16), labels)).all()
