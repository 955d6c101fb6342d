from __future__ import annotations

import numpy as np
import pytest

from training.supervision.map_pictures import heat, picture_of, wheel, wider


def lightness(pixels):
    """CIE L* of sRGB colours."""
    linear = pixels[..., :3] / 255
    linear = np.where(linear <= 0.04045, linear / 12.92, ((linear + 0.055) / 1.055) ** 2.4)
    luminance = linear @ [0.2126, 0.7152, 0.0722]
    return 116 * np.cbrt(np.maximum(luminance, 0.008856)) - 16


def test_heat_becomes_lighter_in_even_steps():
    steps = lightness(heat(np.linspace(0, 1, 33, dtype=np.float32)[None], 0, 1))[0]
    assert (np.diff(steps) > 0).all()
    assert np.diff(steps).max() < 3 * np.diff(steps).mean()


def test_the_wheel_tells_opposite_directions_apart_and_hides_what_has_none():
    flows = np.zeros((2, 1, 4), np.float32)
    flows[:, 0] = [[0, 0, 1, 0], [1, -1, 0, 0]]
    right, left, down, nothing = wheel(flows)[0].astype(int)
    assert right[0] == 255
    assert left[0] == 0
    assert np.abs(right[:3] - left[:3]).max() > 200
    assert np.abs(right[:3] - down[:3]).max() > 80
    assert [right[3], left[3], down[3], nothing[3]] == [255, 255, 255, 0]


def test_logits_become_probabilities_and_distances_their_mean():
    pixels, low, high = picture_of("cellprob", np.array([[-20, 0, 20]], np.float32))
    expected = heat(np.array([[0, 0.5, 1]], np.float32), 0, 1)
    assert (pixels == expected).all()
    assert (low, high) == (0, 1)
    rays = np.stack([np.full((2, 2), 4), np.full((2, 2), 8)]).astype(np.float32)
    _, low, high = picture_of("dist", rays)
    assert (low, high) == (0, 6)


@pytest.mark.parametrize("overlap_px", [0, 50, 100_000])
def test_what_is_looked_at_holds_the_box_and_begins_on_the_lattice(overlap_px):
    row0, col0, row1, col1 = wider((100, 700, 300, 900), overlap_px, (1000, 950))
    assert row0 <= 100 < 300 <= row1 <= 1000
    assert col0 <= 700 < 900 <= col1 <= 950
    assert row0 % 64 == col0 % 64 == 0
