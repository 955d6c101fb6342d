"""Which channels a network is shown."""

from __future__ import annotations

import numpy as np
import pytest

from training.datasets.augment import STAINS
from training.datasets.channels import (
    ALL,
    DENSEST,
    HAEMATOXYLIN,
    MEAN,
    in_words,
    is_way,
    n_shown,
    shown,
    ways_of,
)

PIXELS = np.random.default_rng(0).random((3, 5, 7)).astype(np.float32)


@pytest.mark.parametrize("way", [ALL, MEAN, HAEMATOXYLIN, "channel:0", "channel:2"])
@pytest.mark.parametrize("n_channels", [1, 3, 4])
def test_what_is_shown_has_the_number_that_was_promised(way, n_channels):
    pixels = np.random.default_rng(1).random((n_channels, 6, 4)).astype(np.float32)
    if not is_way(way, n_channels):
        return

    found = shown(pixels, way)

    assert found.shape == (n_shown(n_channels, way), 6, 4)
    assert found.dtype == np.float32


def test_one_channel_and_the_mean_are_what_they_say():
    assert (shown(PIXELS, "channel:1")[0] == PIXELS[1]).all()
    assert np.allclose(shown(PIXELS, MEAN)[0], PIXELS.mean(axis=0))
    assert shown(PIXELS, ALL) is PIXELS


def stained(haematoxylin: float, eosin: float) -> np.ndarray:
    """A picture of one pixel, inverted, by its optical densities."""
    density = haematoxylin * STAINS[0] + eosin * STAINS[1]
    return (1 - np.exp(-density)).reshape(3, 1, 1).astype(np.float32)


def test_haematoxylin_is_found_whatever_there_is_of_eosin():
    found = np.array(
        [
            [shown(stained(h, e), HAEMATOXYLIN)[0, 0, 0] for e in (0.0, 0.3, 0.6)]
            for h in (0.2, 0.6, 1.0)
        ]
    )

    assert found[:, 0] == pytest.approx(np.array([0.2, 0.6, 1.0]) / DENSEST, rel=0.25)
    assert np.ptp(found, axis=1).max() < 0.3 * np.diff(found, axis=0).min()


def test_only_dark_objects_on_white_have_stains():
    assert HAEMATOXYLIN in ways_of(3, inverted=True, clearest=0)
    assert HAEMATOXYLIN not in ways_of(3, inverted=False, clearest=0)
    assert ways_of(1, inverted=True, clearest=0) == [ALL]
    assert all(is_way(way, 4) for way in ways_of(4, inverted=True, clearest=3))
    assert not is_way("channel:4", 4)
    assert not is_way("every", 4)
    assert not is_way(["all"], 4)


def test_words():
    assert in_words("channel:1", 3) == "channel 2 of 3"
    assert in_words(MEAN, 5) == "mean of 5 channels"
    assert in_words(ALL, 2) == "as they are"
