from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.drawing import draw_blobs
from training.acquisition.embedding import describe, has_foreground, unit_vectors


def picture(seed, **wanted):
    return (draw_blobs(256, 256, seed=seed, **wanted)[1] / 255).astype(np.float32)[None]


@pytest.mark.parametrize("n_channels", [1, 2, 3, 5])
@pytest.mark.parametrize("shape", [(256, 256), (300, 512), (40, 17)])
def test_the_length_does_not_depend_on_channels_or_size(n_channels, shape):
    pixels = np.random.default_rng(0).random((n_channels, *shape), np.float32)

    features = describe(pixels)

    assert features.shape == (28,)
    assert np.isfinite(features).all()


def test_a_constant_region_is_described_without_a_warning():
    assert np.isfinite(describe(np.zeros((1, 64, 64), np.float32))).all()


def test_regions_of_one_kind_lie_closer_together_than_those_of_two():
    few_large = [picture(seed, n=5, radius=(24, 32)) for seed in range(6)]
    many_small = [picture(seed, n=60, radius=(5, 7)) for seed in range(6)]

    vectors = unit_vectors(np.stack([describe(one) for one in few_large + many_small]))

    within = np.linalg.norm(vectors[:6, None] - vectors[None, :6], axis=-1).max()
    between = np.linalg.norm(vectors[:6, None] - vectors[None, 6:], axis=-1).min()
    assert between > within


@settings(deadline=None)
@given(st.integers(1, 12), st.integers(0, 1000))
def test_vectors_have_length_one_or_none(n, seed):
    features = np.random.default_rng(seed).normal(size=(n, 28))

    norms = np.linalg.norm(unit_vectors(features), axis=1)

    assert np.isclose(norms, 1).all() or n == 1


@settings(max_examples=15, deadline=None)
@given(st.integers(0, 10_000), st.floats(0.01, 0.2), st.floats(0, 0.5))
def test_noise_on_uneven_light_is_no_foreground(seed, noise, slope):
    ramp = np.linspace(0, 1, 300)
    ground = slope * (ramp[:, None] + ramp**2)
    pixels = np.random.default_rng(seed).normal(ground, noise).astype(np.float32)

    assert not has_foreground(pixels[None])


@pytest.mark.parametrize(("n", "radius"), [(1, (8, 9)), (10, (8, 12)), (60, (8, 14))])
@pytest.mark.parametrize("sign", [1, -1])
def test_bright_or_dark_objects_are_foreground_rare_or_crowded(n, radius, sign):
    assert has_foreground(sign * picture(3, n=n, radius=radius))


def test_one_channel_that_shows_objects_is_enough():
    empty = np.random.default_rng(0).normal(0.3, 0.02, (1, 256, 256)).astype(np.float32)

    assert has_foreground(np.concatenate([empty, picture(1, n=9)]))
    assert not has_foreground(np.zeros((2, 64, 64), np.float32))
