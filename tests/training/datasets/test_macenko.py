"""Colours of H&E pictures, brought to one look."""

from __future__ import annotations

import numpy as np
import pytest

from training.datasets.macenko import TARGET, find_stains, recoloured
from training.datasets.normalize import measure_limits, normalize, normalize_image


def slide(seed: int, stains: np.ndarray, *, side: int = 80, strength: float = 1.0) -> np.ndarray:
    """A picture (3, h, w) of two stains in amounts of their own, some of it clear."""
    rng = np.random.default_rng(seed)
    amounts = rng.gamma(2.0, 0.35 * strength, (2, side, side))
    amounts[:, :10] = 0
    amounts[0, :, ::3], amounts[1, :, 1::3] = 0, 0
    return np.exp(-np.tensordot(stains.T, amounts, axes=1)).astype(np.float32)


OTHER = np.array([[0.45, 0.80, 0.40], [0.10, 0.90, 0.42]])  # another laboratory's


@pytest.mark.parametrize("stains", [TARGET, OTHER])
def test_the_stains_of_a_made_slide_are_found(stains):
    found = find_stains(slide(0, stains).reshape(3, -1))

    wanted = stains / np.linalg.norm(stains, axis=1, keepdims=True)
    assert found is not None
    assert np.abs(np.array(found.densities) - wanted).max() < 0.05


def test_two_looks_of_the_same_tissue_become_one():
    ours, theirs = slide(1, TARGET), slide(1, OTHER, strength=1.0)

    made = [recoloured(each, find_stains(each.reshape(3, -1))) for each in (ours, theirs)]

    assert np.abs(ours - theirs).mean() > 3 * np.abs(made[0] - made[1]).mean()
    assert all(each.min() >= 0 and each.max() <= 1 for each in made)


@pytest.mark.parametrize(
    "pixels", [np.ones((3, 500), np.float32), np.full((3, 500), 0.4, np.float32)]
)
def test_what_shows_no_two_stains_is_left_as_it_is(pixels):
    assert find_stains(pixels) is None


def test_a_crop_gets_the_colours_of_its_whole_image():
    image = (255 * slide(2, OTHER, side=120)).astype(np.uint8)
    limits = measure_limits(lambda b: image[:, b[0] : b[2], b[1] : b[3]], 120, 120, recolour=True)

    assert limits.stains is not None
    whole = normalize_image(image, invert=True, recolour=True)
    part = normalize(image[:, 20:60, 30:90], limits, invert=True)
    assert np.allclose(part, whole[:, 20:60, 30:90], atol=1e-6)
    assert not np.allclose(whole, normalize_image(image, invert=True), atol=0.05)


def test_grey_pictures_have_no_stains():
    grey = np.random.default_rng(0).random((1, 50, 50)).astype(np.float32)

    assert (normalize_image(grey, recolour=True) == normalize_image(grey)).all()
