"""What networks with flows share, without a framework: tiles and crops."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from project.errors import Cancelled
from tests.engines.worlds import ellipses, write_region
from training.datasets.crops import CropSource
from training.engines.flow_networks.crops import FlowSource, warp
from training.engines.flow_networks.drawing import FlowPredictor, dense, scores_of
from training.engines.flow_networks.tiles import (
    Axis,
    Maps,
    Tiling,
    few_tiles,
    padding,
    taper,
    usual_tiles,
)

FIXED = Tiling(64, batch_size=2, least_px=64)
FREE = Tiling(64, batch_size=3)
FEW = Tiling(64, batch_size=3, lay_out=few_tiles)


def three(pixels):
    """Take one channel for three."""
    return np.repeat(pixels[:1], 3, axis=0)


@pytest.mark.parametrize("tiling", [FIXED, FREE, FEW])
@pytest.mark.parametrize("shape", [(40, 130), (64, 64), (9, 8), (150, 61)])
def test_a_network_that_changes_nothing_gives_the_image_back(tiling, shape):
    image = np.random.default_rng(0).random((1, *shape)).astype(np.float32)
    seen = []

    def forward(tiles):
        seen.append(tiles.shape)
        return tiles

    maps = Maps(forward, image, 1.0, tiling=tiling, to_inputs=three)

    assert np.allclose(maps.whole(), three(image), atol=1e-5)
    assert np.allclose(maps.of((3, 2, 8, 7)), three(image)[:, 3:8, 2:7], atol=1e-5)
    assert all(shape[0] <= tiling.batch_size for shape in seen)
    if tiling.least_px:
        assert {shape[2:] for shape in seen} == {(64, 64)}


@given(
    st.integers(1, 700), st.sampled_from([0, 64, 256]), st.sampled_from([usual_tiles, few_tiles])
)
def test_tiles_cover_every_padded_pixel(n_pixels, least, lay_out):
    axis = Axis(n_pixels, 1.0, Tiling(256, 1, least, lay_out))
    before, padded = padding(n_pixels, least)
    covered = np.zeros(padded, bool)
    for start in axis.starts:
        assert start + axis.tile_px <= padded
        covered[start : start + axis.tile_px] = True

    assert covered.all()
    assert before >= 8
    assert padded >= max(least, n_pixels + 16)
    assert (axis.sources(before, before + n_pixels) == np.arange(n_pixels)).all()


def test_weights_of_a_tile_fall_towards_its_edges():
    weights = taper(256)

    assert weights.shape == (256,)
    assert np.allclose(weights, weights[::-1])
    assert (np.diff(weights[:128]) >= 0).all()
    assert weights[128] > 0.99
    assert weights[0] < 0.1


def test_a_stop_takes_one_batch_of_tiles():
    asked = iter([False, True])
    image = np.zeros((1, 200, 200), np.float32)
    maps = Maps(
        lambda tiles: tiles,
        image,
        1.0,
        tiling=FIXED,
        to_inputs=three,
        should_stop=lambda: next(asked),
    )
    with pytest.raises(Cancelled):
        maps.whole()


@pytest.fixture
def flows(tmp_path):
    """Return crops of ellipses whose "flows" are the row and column within each object's box."""
    image, labels = ellipses(0)
    region = write_region(tmp_path, "image", image, labels, annotated=labels < 9)
    source = CropSource([region], (0,), tmp_path / "cache", background_band_px=0)

    def towards_the_middle(objects):
        rows, cols = np.indices(objects.shape)
        found = np.zeros((2, *objects.shape))
        for number in np.unique(objects)[1:]:
            inside = objects == number
            away = np.stack([rows[inside].mean() - rows, cols[inside].mean() - cols])
            found[:, inside] = (away / np.maximum(np.hypot(*away), 1e-6))[:, inside]
        return found

    return FlowSource(source, tmp_path / "flows", towards_the_middle)


def test_windows_hold_what_is_known_and_the_flows_of_whole_objects(flows):
    pixels, truth = flows.window(0, (-10, 20, 70, 150))
    labels = np.asarray(flows.source.labels_of(0))

    assert pixels.shape == (1, 80, 130)
    assert (truth[0, 10:, :108] == (labels[:70, 20:128] > 0)).all()
    assert (truth[1, 10:, :108] == (labels[:70, 20:128] >= 0)).all()
    assert not truth[:, :10].any(), "outside of the region nothing is known"
    assert not truth[:, :, 108:].any()
    lengths = np.hypot(*truth[2:])
    inside = truth[0] > 0
    assert np.allclose(lengths[~inside], 0)
    assert np.median(lengths[inside]) > 0.99


@pytest.mark.parametrize(("theta", "flip"), [(0.0, False), (0.0, True), (1.1, False), (2.5, True)])
def test_flows_turn_with_the_pixels(flows, theta, flip):
    """Wherever a patch is turned to, its flows still lead towards the middle of its objects."""
    _, truth = flows.turned(0, (64, 64), 100, scale=1.0, theta=theta, flip=flip)
    inside = truth[0] > 0
    rows, cols = np.nonzero(inside)
    for _ in range(12):  # follow the flows
        at = np.clip(np.round([rows, cols]).astype(int), 0, 99)
        step = truth[2:, at[0], at[1]]
        rows, cols = rows + 0.5 * step[0], cols + 0.5 * step[1]
    at = np.clip(np.round([rows, cols]).astype(int), 0, 99)
    reached = len(np.unique(at[0] * 100 + at[1]))

    assert inside.sum() > 500
    assert reached < 0.35 * inside.sum(), "pixels gather"
    assert inside[at[0], at[1]].mean() > 0.97, "and never leave their object"


def test_a_patch_without_a_turn_is_the_window(flows):
    pixels, truth = flows.window(0, (20, 30, 84, 94))
    same_pixels, same = warp(pixels, truth, 64, scale=1.0, theta=0.0, flip=False)

    assert np.allclose(same_pixels, pixels, atol=1e-6)
    assert np.allclose(same, truth, atol=1e-6)


def test_ids_become_dense_and_scores_are_means():
    label_image = dense(np.array([[0, 7, 7], [3, 0, 900]], np.int32))
    cellprob = np.zeros((2, 3), np.float32)

    assert label_image.dtype == np.uint32
    assert label_image.tolist() == [[0, 2, 2], [1, 0, 3]]
    assert dense(np.full((2, 2), 5)).tolist() == [[1, 1], [1, 1]]
    assert dense(np.zeros((2, 2), int)).tolist() == [[0, 0], [0, 0]]
    assert np.allclose(scores_of(label_image, cellprob), [0.5] * 3)
    assert scores_of(dense(np.zeros((2, 2), int)), cellprob[:, :2]).shape == (0,)


def test_the_predictor_hands_maps_to_whoever_draws(tmp_path):
    image, _ = ellipses(1)
    config = {
        "normalisation": {"invert": False},
        "channels": {"way": "all"},
        "thresholds": {"cellprob": 0.3},
        "diameter_px": 16,
    }

    def draw(flows, cellprob, thresholds):
        return dense(cellprob > thresholds["cellprob"])

    predictor = FlowPredictor(
        lambda tiles: tiles, config, rescale=1.0, tiling=FIXED, to_inputs=three, draw=draw
    )
    found = predictor.predict(image, want_maps=True)

    assert found.label_image.max() == 1
    assert set(found.maps) == {"flows", "cellprob"}
    assert found.maps["flows"].shape == (2, 128, 128)
    assert ((found.label_image > 0) == (found.maps["cellprob"] > 0.3)).all()
