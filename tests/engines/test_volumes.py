"""Crops of stacks, and stacks in blocks; arrays only."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from annotations.imaging.pixels import open_pixels
from tests.engines.worlds import ellipsoids, write_volume
from training.datasets import volumes
from training.datasets.augment import Strengths, change_intensities, resize, turn
from training.datasets.labels import sparse_labels
from training.datasets.normalize import normalize
from training.datasets.volumes import (
    NormalizedStack,
    StackOfFile,
    VolumeSource,
    extents,
    limits_of_stack,
    sample_places,
)
from training.engines.base import PredictionArrays
from training.engines.cuboids import block_sides, predict_in_cuboids

EVERYTHING = (slice(None),) * 4


def source_of(folder, stack, labels, **how):
    region = write_volume(folder, "stack", stack, labels, corners=how.pop("corners", None))
    return VolumeSource([region], range(len(stack)), folder / "cache", **how)


def test_a_window_is_the_normalised_stack_with_its_labels(tmp_path):
    stack, labels = ellipsoids(1, shape=(12, 40, 50), n_channels=2)
    source = source_of(tmp_path, stack, labels)

    crop = source.window(0, (3, 5, 7, 9, 30, 47))

    expected = normalize(stack, limits_of_stack(stack))
    assert np.array_equal(crop.pixels, expected[:, 3:9, 5:30, 7:47])
    assert np.array_equal(crop.labels > 0, labels[3:9, 5:30, 7:47] > 0)


def test_beyond_region_and_image_nothing_is_known_and_pixels_are_mirrored(tmp_path):
    stack, labels = ellipsoids(2, shape=(12, 40, 50))
    source = source_of(tmp_path, stack, labels, corners=(4, 10, 10, 9, 30, 40))

    crop = source.window(0, (-2, 0, 0, 14, 40, 50))

    assert crop.labels.shape == crop.pixels.shape[1:] == (16, 40, 50)
    known = np.zeros(crop.labels.shape, bool)
    known[6:11, 10:30, 10:40] = True
    assert (crop.labels[~known] == -1).all()
    assert np.array_equal(crop.pixels[:, 0], crop.pixels[:, 3])  # mirrored at the first plane
    expected = normalize(stack, limits_of_stack(stack))
    assert np.array_equal(crop.pixels[:, 2:14], expected)


@pytest.mark.parametrize("axis", [0, 1, 2])
@pytest.mark.parametrize("at_end", [False, True])
@pytest.mark.parametrize("goes_on", [False, True])
def test_an_object_that_a_side_cuts_is_unknown_where_the_image_goes_on(axis, at_end, goes_on):
    shape = (5, 6, 7)
    labels = np.zeros(shape, np.uint32)
    place = [slice(1, 3)] * 3
    place[axis] = slice(shape[axis] - 2, None) if at_end else slice(0, 2)
    labels[tuple(place)] = 9
    starts, sides = [0, 0, 0], list(shape)
    if goes_on and not at_end:
        starts[axis] = 2
    if goes_on:
        sides[axis] += 4
    ends = [start + side for start, side in zip(starts, shape, strict=True)]

    found = sparse_labels(
        labels, np.ones(shape, bool), box=(*starts, *ends), image_shape=tuple(sides)
    )

    assert set(found[labels > 0]) == ({-1} if goes_on else {1})
    assert (found[labels == 0] == 0).all()


def test_an_object_of_which_a_voxel_is_unknown_is_unknown_in_all_planes(tmp_path):
    stack, labels = ellipsoids(3, shape=(16, 48, 48), n=5)
    annotated = np.ones(labels.shape, bool)
    plane, row, col = np.argwhere(labels == 1)[0]
    annotated[plane, row, col] = False
    region = write_volume(tmp_path, "stack", stack, labels, annotated=annotated)
    source = VolumeSource([region], (0,), tmp_path / "cache")

    found = source.labels_of(0)

    assert (found[labels == 1] == -1).all()
    assert (found[labels == 2] > 0).all()


def test_the_background_band_is_as_wide_along_z_in_micrometres(tmp_path):
    stack, labels = ellipsoids(4, shape=(15, 31, 31), n=0)
    labels[7, 15, 15] = 1
    region = write_volume(tmp_path, "stack", stack, labels, annotated=labels > 0)
    source = VolumeSource([region], (0,), tmp_path / "cache", background_band_px=6, anisotropy=3.0)

    found = source.labels_of(0)

    is_known = found == 0
    assert np.flatnonzero(is_known[:, 15, 15]).tolist() == [5, 6, 8, 9]
    assert np.flatnonzero(is_known[7, :, 15]).tolist() == [*range(9, 15), *range(16, 22)]


def test_crops_hold_their_centre_and_most_are_drawn_around_objects(tmp_path):
    stack, labels = ellipsoids(5, shape=(20, 60, 60), n=3)
    source = source_of(tmp_path, stack, labels)
    rng = np.random.default_rng(0)

    crops = [source.around(0, source.centre(0, rng, 1.0), (8, 24, 24), rng) for _ in range(20)]

    assert all(crop.labels.shape == (8, 24, 24) for crop in crops)
    assert all((crop.labels > 0).any() for crop in crops)


def test_crops_larger_than_the_stack_are_filled_up(tmp_path):
    stack, labels = ellipsoids(6, shape=(4, 30, 30), n=2)
    source = source_of(tmp_path, stack, labels)
    rng = np.random.default_rng(0)

    crop = source.around(0, source.centre(0, rng, 1.0), (8, 32, 32), rng)

    assert crop.pixels.shape == (1, 8, 32, 32)
    assert (crop.labels == -1).sum() >= 4 * 32 * 32


def test_reading_through_the_cache_changes_nothing_and_bounds_what_is_kept(tmp_path):
    stack, labels = ellipsoids(7, shape=(10, 40, 40))
    regions = [
        dataclasses.replace(write_volume(tmp_path, f"s{i}", stack, labels), image_id=f"s{i}")
        for i in range(3)
    ]
    kept = VolumeSource(regions, (0,), tmp_path / "cache")
    unkept = VolumeSource(regions, (0,), tmp_path / "other")
    unkept.kept_px = 0
    boxes = [(0, 0, 0, 4, 20, 20), (3, 10, 5, 9, 40, 40), (1, 2, 3, 2, 9, 9)]

    for number in range(3):
        for box in boxes:
            one, other = kept.window(number, box), unkept.window(number, box)
            assert np.array_equal(one.pixels, other.pixels)
    assert not unkept._cache
    assert kept._cached_bytes == sum(pixels.nbytes for _, pixels in kept._cache.values())


def test_percentiles_are_those_of_the_whole_stack_not_of_a_plane(tmp_path):
    stack = np.zeros((1, 6, 20, 20), np.uint16)
    stack[:, 3], stack[:, 0, :10] = 1000, 200
    region = write_volume(tmp_path, "stack", stack, np.zeros((6, 20, 20), np.uint32))

    with open_pixels(region.pixels) as file:
        of_file = StackOfFile(file, t=0, channels=[0])
        limits = limits_of_stack(of_file)
        assert np.array_equal(of_file[EVERYTHING], stack)
        assert np.array_equal(np.asarray(of_file), stack)

    assert limits == limits_of_stack(stack)
    found = NormalizedStack(stack, 1, invert=False)[EVERYTHING]
    assert found[0, 3].min() == 1
    assert np.allclose(found[0, 0, :10], 0.2)
    part = NormalizedStack(stack[:, :2], 1, invert=True, reference=stack)[EVERYTHING]
    assert np.allclose(part[0, 0, :10], 0.8)
    assert (part[0, 1] == 1).all()


def test_a_large_stack_is_sampled_in_all_its_depth():
    places = sample_places(300, 4096, 4096)

    assert len(places) == 64
    assert {z for z, _ in places} >= {0, 299}


def test_extents_are_the_sides_of_objects_and_diameters_those_in_planes(tmp_path):
    labels = np.full((8, 20, 20), -1, np.int32)
    labels[1:3, 4:10, 5:14], labels[4:7, 0:4, 0:4] = 5, 7

    assert extents(labels).tolist() == [[2, 6, 9], [3, 4, 4]]
    assert extents(np.zeros((3, 4, 5), np.int32)).shape == (0, 3)
    source = source_of(tmp_path, np.zeros((1, 8, 20, 20), np.uint8), np.maximum(labels, 0))
    assert sorted(source.regions[0].diameters) == [4.0, np.sqrt(54)]


def test_a_large_region_is_looked_at_in_its_middle_only(tmp_path, monkeypatch):
    stack, labels = ellipsoids(8, shape=(20, 60, 60))
    source = source_of(tmp_path, stack, labels, anisotropy=2.0)

    assert source.whole(0, most_px=30).labels.shape == (15, 30, 30)
    monkeypatch.setattr(volumes, "MOST_WHOLE_PX", 5000)
    assert source.whole(0, most_px=512).labels.size <= 5000


@given(st.integers(0, 1000))
@settings(max_examples=25, deadline=None)
def test_turning_moves_labels_with_their_pixels(seed):
    rng = np.random.default_rng(seed)
    labels = rng.integers(-1, 4, (4, 6, 6)).astype(np.int32)

    pixels, turned = turn(labels[np.newaxis].astype(np.float32), labels, rng)

    assert np.array_equal(pixels[0], turned)
    assert sorted(turned.ravel()) == sorted(labels.ravel())


def test_turns_reach_all_sixteen_positions_and_never_tip_a_stack_over():
    labels = np.arange(3 * 4 * 4, dtype=np.int32).reshape(3, 4, 4)
    pixels = labels[np.newaxis].astype(np.float32)
    rng = np.random.default_rng(0)

    seen = {turn(pixels, labels, rng)[1].tobytes() for _ in range(300)}

    assert len(seen) == 16


def test_resizing_and_intensities_take_stacks():
    stack, labels = ellipsoids(9, shape=(10, 30, 30))
    pixels = normalize(stack, limits_of_stack(stack))

    smaller, ids = resize(pixels, labels.astype(np.int32), (5, 15, 20))
    changed = change_intensities(pixels, Strengths(0.3, 0.1, 2.0), np.random.default_rng(0))

    assert smaller.shape == (1, *ids.shape) == (1, 5, 15, 20)
    assert set(np.unique(ids)) <= set(np.unique(labels))
    assert abs(smaller.mean() - pixels.mean()) < 0.05
    assert changed.shape == pixels.shape
    assert changed.dtype == np.float32


sides = st.tuples(*[st.integers(1, 400)] * 3)


@given(sides, st.tuples(*[st.integers(0, 60)] * 3), st.integers(1000, 3_000_000))
def test_blocks_are_as_small_as_asked_or_no_smaller_than_their_overlap(shape, overlaps, most):
    found = block_sides(shape, overlaps, most)

    seen = np.minimum(np.add(found, np.multiply(2, overlaps)), shape)
    is_small = np.prod(seen) <= most
    cannot = all(side <= max(overlap, 1) for side, overlap in zip(found, overlaps, strict=True))
    assert is_small or cannot
    assert all(1 <= side <= whole for side, whole in zip(found, shape, strict=True))


def test_objects_on_seams_are_written_once_and_whole():
    _, labels = ellipsoids(10, shape=(24, 90, 80), n=30)

    def predict(corners):
        place = tuple(map(slice, corners[:3], corners[3:]))
        ids, found = np.unique(labels[place], return_inverse=True)
        found = found.reshape(labels[place].shape) + (ids[0] != 0)
        n = int(found.max())
        kinds = ids[ids > 0].astype(np.uint8)
        maps = {"prob": labels[place].astype(np.float32)}
        return PredictionArrays(
            found.astype(np.uint32), np.full(n, 0.5, np.float32), maps, classes=kinds
        )

    found = predict_in_cuboids(labels.shape, predict, block_px=(9, 40, 30), overlap_px=(12, 20, 20))

    assert np.array_equal(found.label_image > 0, labels > 0)
    pairs = set(zip(found.label_image.ravel().tolist(), labels.ravel().tolist(), strict=True))
    assert len(pairs) == len(np.unique(labels))
    assert len(found.scores) == found.label_image.max() == len(np.unique(labels)) - 1
    assert np.array_equal(found.maps["prob"], labels)
    kinds = dict(pairs)
    assert [kinds[i + 1] for i in range(len(found.classes))] == found.classes.tolist()
