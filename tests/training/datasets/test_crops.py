from __future__ import annotations

import tracemalloc

import numpy as np
import pytest

from tests.engines.kinds import region_of_kinds, two_kinds, with_kinds
from tests.engines.worlds import ellipses, small_world, write_region
from training.datasets.augment import (
    Strengths,
    change_intensities,
    draw_scale,
    jitter_stains,
    resize,
    turn,
)
from training.datasets.balance import draw_order, region_weights
from training.datasets.crops import CropSource
from training.datasets.normalize import normalize_image


def source_of(tmp_path, image, labels, **region):
    made = write_region(tmp_path, "image", image, labels, **region)
    return CropSource([made], (0,), tmp_path / "cache")


def test_every_crop_holds_a_known_pixel_and_tells_the_truth(tmp_path):
    image, labels = ellipses(0, side=200)
    known = np.zeros((60, 70), bool)
    known[5:20, 5:20] = True
    source = source_of(tmp_path, image, labels, box=(100, 90, 160, 160), annotated=known)
    expected, rng = normalize_image(image), np.random.default_rng(1)

    for _ in range(50):
        centre = source.centre(0, rng, 0.9)
        crop = source.around(0, centre, 96, rng)

        assert crop.pixels.shape == (1, 96, 96)
        assert (crop.labels >= 0).any()
        assert ((crop.labels >= 0).sum()) <= known.sum()
    whole = source.window(0, (0, 0, 200, 200))
    assert (whole.pixels == expected).all()
    background = whole.labels == 0
    assert not labels[background].any()
    assert not (whole.labels[:100] >= 0).any()


def test_an_image_smaller_than_the_crop_is_mirrored_and_unknown_beyond(tmp_path):
    image, labels = ellipses(1, side=40, n=2)
    source = source_of(tmp_path, image, labels)
    rng = np.random.default_rng(0)

    crop = source.around(0, source.centre(0, rng, 1.0), 96, rng)

    assert crop.pixels.shape == (1, 96, 96)
    assert (crop.labels >= 0).sum() == 40 * 40


def test_a_region_without_known_pixels_is_left_out(tmp_path):
    image, labels = ellipses(2)

    source = source_of(tmp_path, image, labels, annotated=np.zeros(labels.shape, bool))

    assert len(source) == 0


def test_inverting_turns_the_pixels_around(tmp_path):
    image, labels = ellipses(2)
    source = source_of(tmp_path, image, labels)
    before = source.window(0, (0, 0, 50, 50)).pixels
    source.invert = True

    assert np.allclose(source.window(0, (0, 0, 50, 50)).pixels, 1 - before)


def test_memory_does_not_grow_with_the_number_of_images(tmp_path, monkeypatch):
    monkeypatch.setattr("training.datasets.crops.CACHE_BYTES", 200_000)

    def peak(n_images: int) -> int:
        folder = tmp_path / str(n_images)
        regions = small_world(folder, n_train=n_images)
        tracemalloc.start()
        source = CropSource(regions, (0,), folder / "cache")
        rng = np.random.default_rng(0)
        for number in range(len(source)):
            source.around(number, source.centre(number, rng, 0.5), 64, rng)
        highest = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
        return highest

    peak(2)  # imports and caches of the reader

    few, many = peak(3), peak(30)

    assert many < few + 27 * 30_000  # what is remembered of an image: places, not pixels


def test_strata_are_balanced_and_draws_even():
    weights = region_weights([100] * 9 + [100], [5] * 10, [("he",)] * 9 + [("ihc",)])

    assert weights.sum() == pytest.approx(1)
    assert weights[9] == pytest.approx(0.25)
    drawn = np.bincount(draw_order(weights, 100, np.random.default_rng(0)), minlength=10)
    assert drawn[9] in (24, 25, 26)
    assert set(drawn[:9]) <= {8, 9}


def test_a_region_without_annotated_pixels_is_never_drawn():
    weights = region_weights([100, 0], [3, 0], [(), ()])

    assert set(draw_order(weights, 50, np.random.default_rng(0))) == {0}


def test_turning_keeps_pixels_and_labels_together():
    labels = np.arange(36, dtype=np.int32).reshape(6, 6)
    pixels = np.stack([labels, 2 * labels]).astype(np.float32)

    seen = set()
    for seed in range(60):
        new_pixels, new_labels = turn(pixels, labels, np.random.default_rng(seed))
        assert (new_pixels[0] == new_labels).all()
        assert (new_pixels[1] == 2 * new_labels).all()
        seen.add(new_labels.tobytes())
    assert len(seen) == 8


@pytest.mark.parametrize("side", [16, 32, 77])
def test_resizing_moves_objects_and_pixels_alike(side):
    rows, cols = np.mgrid[:40, :40]
    disc = (rows - 19.5) ** 2 + (cols - 19.5) ** 2 <= 12**2
    labels = np.where(disc, 3, -1).astype(np.int32)

    pixels, new_labels = resize(disc[np.newaxis].astype(np.float32), labels, side)

    assert pixels.shape == (1, side, side)
    assert set(np.unique(new_labels)) == {-1, 3}
    assert np.mean((pixels[0] > 0.5) == (new_labels == 3)) > 0.97


def test_scales_are_drawn_on_both_sides_of_one():
    rng = np.random.default_rng(0)
    scales = np.array([draw_scale(0.25, rng) for _ in range(500)])

    assert scales.min() >= 1 / 1.25
    assert scales.max() <= 1.25
    assert abs(np.log(scales).mean()) < 0.02
    assert draw_scale(0.0, rng) == 1


def test_intensities_stay_finite_and_zero_strength_changes_nothing():
    pixels = np.random.default_rng(0).uniform(-0.5, 1.5, (3, 16, 16)).astype(np.float32)

    same = change_intensities(pixels, Strengths(), np.random.default_rng(1))
    changed = change_intensities(pixels, Strengths(0.5, 0.1, 1.0, 0.1), np.random.default_rng(1))

    assert (same == pixels).all()
    assert np.isfinite(changed).all()
    assert changed.dtype == np.float32
    assert not np.allclose(changed, pixels)


def test_stain_jitter_of_no_strength_is_the_identity():
    pixels = np.random.default_rng(0).uniform(0.05, 0.9, (3, 8, 8)).astype(np.float32)

    assert np.allclose(jitter_stains(pixels, 0.0, np.random.default_rng(0)), pixels, atol=1e-4)


def test_crops_carry_the_kind_of_every_label_however_they_are_cut(tmp_path):
    _, labels, kinds = two_kinds(3)
    source = CropSource([region_of_kinds(tmp_path, 3)], (0,), tmp_path / "cache")
    rng = np.random.default_rng(0)
    truth = np.zeros(labels.shape, np.uint8)
    for instance_id, kind in kinds.items():
        truth[labels == instance_id] = kind

    n_checked = 0
    for _ in range(20):
        crop = source.around(0, source.centre(0, rng, 0.9), 48, rng)
        there = resize(crop.pixels, crop.labels, 64)
        pixels, turned = turn(*there, rng)
        for new_id in np.unique(turned[turned > 0]):
            seen = crop.classes[new_id]
            value = pixels[0][turned == new_id].mean()
            assert (seen == 1) == (value > 0.6), "bright ones are round"
            n_checked += 1
    whole = source.window(0, (0, 0, *labels.shape))
    assert (whole.classes[np.maximum(whole.labels, 0)] == truth).all()
    assert n_checked > 40


def test_a_region_that_tells_no_kinds_has_none(tmp_path):
    image, labels = ellipses(0)
    region = write_region(tmp_path, "image", image, labels)
    source = CropSource([region], (0,), tmp_path / "cache")
    assert source.window(0, (0, 0, 64, 64)).classes is None

    with_kinds(region, np.array([], np.uint32), np.array([], np.uint8))
    source = CropSource([region], (0,), tmp_path / "cache")
    assert not source.window(0, (0, 0, 64, 64)).classes.any()
