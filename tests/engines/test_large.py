"""Large images are predicted piece by piece, with the numbers and without the memory."""

from __future__ import annotations

import tracemalloc

import numpy as np
import pytest
from scipy import ndimage

from annotations.imaging.pixels import PixelShape, open_pixels, write_pixels
from tests.engines.worlds import ellipses
from training.datasets import large
from training.datasets.large import NormalizedPixels, PixelsOfFile, normalized
from training.datasets.normalize import normalize_image
from training.engines.base import PredictionArrays
from training.engines.threshold_engine import Recipe, ThresholdPredictor
from training.supervision.second_looks import predict_box

RECIPE = Recipe("global", 0.1, 1.0, 0.2)


@pytest.fixture
def stored(tmp_path):
    """Return a function that writes a large image: one of ellipses again and again."""

    def write(height, width, n_channels=3):
        tile, _ = ellipses(1, side=500, n=120, n_channels=n_channels)
        path = tmp_path / "large.tif"
        shape = PixelShape(1, n_channels, 1, height, width, "uint16")

        def rows(page, row0, row1):
            band = tile[page, np.arange(row0, row1) % 500]
            return band[:, np.arange(width) % 500] + np.uint16(row0 // 512)

        write_pixels(path, shape, rows)
        return path

    return write


def request_of(path, channels=(0, 1, 2)):
    return {"pixels": str(path), "t": 0, "z": 0, "channels": list(channels)}


def test_a_large_file_is_normalised_to_the_same_numbers_where_it_is_sliced(stored):
    path = stored(2100, 2200)
    with open_pixels(path) as file:
        pixels = PixelsOfFile(file, t=0, z=0, channels=[2, 0])
        found = normalized(pixels, invert=True)
        expected = normalize_image(np.asarray(pixels), invert=True)

        assert isinstance(found, NormalizedPixels)
        assert found.shape == expected.shape == (2, 2100, 2200)
        for rows, cols in ((slice(0, 50), slice(7, 9)), (slice(1000, 2100), slice(2000, None))):
            assert (found[:, rows, cols] == expected[:, rows, cols]).all()


def test_a_small_image_is_normalised_at_once():
    pixels = ellipses(2)[0]

    assert (normalized(pixels) == normalize_image(pixels)).all()


def test_a_large_file_gives_the_objects_of_the_array(stored, monkeypatch):
    path = stored(2100, 2200)
    predictor = ThresholdPredictor(RECIPE, 16.0, invert=False)
    predictor.block_px = 1024
    found = predict_box(predictor, request_of(path))

    monkeypatch.setattr(large, "LARGE_PX", 1 << 40)
    with open_pixels(path) as file:
        array = np.asarray(PixelsOfFile(file, t=0, z=0, channels=[0, 1, 2]))
    expected = predictor.predict(array)

    assert len(expected.scores) > 1000
    assert (found["label_image"] == expected.label_image).all()
    assert (found["scores"] == expected.scores).all()


def test_the_memory_of_a_prediction_is_that_of_a_block_and_the_label_image(stored, monkeypatch):
    path = stored(6000, 6000)
    predictor = ThresholdPredictor(RECIPE, 16.0, invert=False)
    # What is measured here is the way of the pixels, not the seconds of watersheds.
    monkeypatch.setattr("training.engines.threshold_engine.segment", bright)
    predictor.block_px = 1024
    label_bytes, whole_bytes = 36e6 * 4, 36e6 * 3 * (2 + 4)

    tracemalloc.start()
    found = predict_box(predictor, request_of(path))
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()

    assert found["label_image"].shape == (6000, 6000)
    assert len(found["scores"]) > 1000
    assert peak < label_bytes + 200e6 < whole_bytes


def bright(pixels, recipe, diameter_px, *, want_maps=False):
    labels, n = ndimage.label(pixels.mean(axis=0) > 0.5)
    return PredictionArrays(labels.astype(np.uint32), np.ones(n, np.float32))
