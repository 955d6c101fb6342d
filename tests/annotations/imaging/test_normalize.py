from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from annotations.imaging.normalize import (
    N_BINS,
    ChannelStatistics,
    narrowest_dtype,
    to_view,
)

ANY_DTYPE = st.sampled_from(["uint8", "uint16", "int16", "uint32", "float32", "float64"])


def counted(*bands, step=1):
    channel = ChannelStatistics(bands[0].dtype, step)
    for band in bands:
        channel.add(band)
    return channel


@given(ANY_DTYPE.flatmap(lambda dtype: hnp.arrays(dtype, (7, 9))))
def test_the_window_lies_inside_the_range_and_has_a_width(plane):
    summary = counted(plane).summary()

    low, high = summary.window
    assert low < high
    assert summary.low <= low or not np.isfinite(plane).any()
    assert len(summary.histogram) == N_BINS


def test_bands_count_like_the_whole():
    plane = np.random.default_rng(0).integers(0, 60_000, (100, 80)).astype(np.uint16)

    assert counted(plane[:33], plane[33:]).summary() == counted(plane).summary()


def test_the_window_leaves_out_hot_pixels():
    plane = np.random.default_rng(0).integers(100, 200, (500, 500)).astype(np.uint16)
    plane[0, :20] = 65_535

    assert counted(plane).summary().window[1] < 201


def test_undefined_pixels_are_counted_and_ignored():
    plane = np.array([[0.0, 1.0, np.nan, np.inf, -np.inf]], np.float32)

    channel = counted(plane)

    assert channel.n_undefined == 3
    assert channel.range() == (0.0, 1.0)


def test_a_sample_runs_on_from_band_to_band():
    plane = np.arange(1000, dtype=np.float32).reshape(100, 10)
    pieces = [plane[row : row + 3] for row in range(0, 100, 3)]

    whole, parts = counted(plane, step=7).summary(), counted(*pieces, step=7).summary()

    assert parts.window == pytest.approx(whole.window)


@pytest.mark.parametrize(
    ("values", "dtype", "expected"),
    [
        ([0, 255], "int16", "uint8"),
        ([0, 256], "int16", "uint16"),
        ([-1, 5], "int16", "int16"),
        ([0, 65_535], "uint32", "uint16"),
        ([0, 65_536], "uint32", "uint32"),
        ([0, 70_000], "int64", "float32"),
        ([0, 2**40], "int64", "int64"),
        ([0.5, 0.25], "float64", "float32"),
        ([0.1, 0.25], "float64", "float64"),
        ([0, 5], "uint16", "uint16"),
        ([0, 5], "uint8", "uint8"),
        ([0, 5], "int8", "uint8"),
    ],
)
def test_numbers_are_narrowed_only_when_nothing_is_lost(values, dtype, expected):
    plane = np.array([values], dtype)

    narrowed = narrowest_dtype(dtype, [counted(plane)])

    assert narrowed == expected
    assert np.array_equal(plane.astype(narrowed).astype(dtype), plane)


@given(ANY_DTYPE.flatmap(lambda dtype: hnp.arrays(dtype, (5, 6))))
def test_the_view_is_always_defined(plane):
    view = to_view(plane, counted(plane).summary().window)

    assert view.dtype == np.uint8
    assert view.shape == plane.shape


def test_the_view_is_black_below_and_white_above_the_window():
    plane = np.array([[0, 100, 140, 200, 60_000]], np.uint16)

    assert to_view(plane, (100.0, 200.0)).tolist() == [[0, 0, 102, 255, 255]]
    assert to_view(plane.astype(np.float32), (100.0, 200.0)).tolist() == [[0, 0, 102, 255, 255]]
