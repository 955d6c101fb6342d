"""What a network is shown of a plane of a stack: normalised as the stack, everywhere alike."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pytest
from scipy import ndimage

from annotations.imaging.pixels import PixelShape, open_pixels, write_pixels
from tests.training.worlds import draw_stack
from training.datasets.crops import CropSource
from training.datasets.large import PixelsOfFile, normalized
from training.datasets.limits import limits_in_file
from training.datasets.normalize import normalize
from training.datasets.volumes import limits_of_stack
from training.engines.base import PredictionArrays
from training.engines.stardist_engine.predictor import as_channels
from training.supervision.parts import PartMaker
from training.supervision.second_looks import predict_box


@dataclass(frozen=True)
class Region:
    pixels: Path
    labels: Path
    t: int = 0
    z: int = 0
    image_id: str = "stack"
    box: tuple[int, int, int, int] = (0, 0, 96, 96)
    split: str = "train"
    tags: tuple[str, ...] = ()
    channels: tuple[int, ...] = ()
    invert: bool | None = None
    depth: int = 1


class Bright:
    """An engine of one line; it keeps what it was shown."""

    def __init__(self):
        self.shown = []

    def predict(self, image, *, want_maps=False, should_stop=lambda: False, reference=None):
        self.shown.append(np.asarray(normalized(image, reference=reference)))
        labels, n = ndimage.label(self.shown[-1][0] > 0.5)
        return PredictionArrays(labels.astype(np.uint32), np.ones(n, np.float32))


@pytest.fixture
def truth():
    """Objects of a stack whose first and last two planes are empty."""
    truth = np.zeros((9, 96, 96), np.uint32)
    truth[2:7] = draw_stack(5)[0]
    return truth


@pytest.fixture
def stack(truth):
    """Its pixels at two times, the second one four times as bright; shape (T, Z, H, W)."""
    noise = np.random.default_rng(0).integers(0, 30, truth.shape)
    dark = np.where(truth > 0, 200, 0) + noise
    return np.stack([dark, 4 * dark]).astype(np.uint16)


@pytest.fixture
def path(stack, tmp_path):
    n_t, n_z, height, width = stack.shape
    planes = stack.reshape(-1, height, width)
    path = tmp_path / "stack.tif"
    shape = PixelShape(n_t, 1, n_z, height, width, "uint16")
    write_pixels(path, shape, lambda page, row0, row1: planes[page, row0:row1])
    return path


def request_of(path, t, z, **wanted):
    return {"pixels": str(path), "t": t, "z": z, "channels": [0], **wanted}


def test_empty_planes_at_the_ends_of_a_stack_show_nothing(path, truth):
    for t in range(2):
        for z, plane in enumerate(truth):
            found = predict_box(Bright(), request_of(path, t, z))["label_image"]
            assert np.array_equal(found > 0, plane > 0)


def test_a_plane_is_shown_alike_whole_in_boxes_in_parts_and_turned(path, stack):
    box, target = [10, 20, 80, 90], path.with_suffix(".npz")
    for t, z in ((0, 0), (0, 4), (1, 4)):
        expected = normalize(stack[t, z][np.newaxis], limits_of_stack(stack[t][np.newaxis]))
        engine = Bright()
        predict_box(engine, request_of(path, t, z))
        predict_box(engine, request_of(path, t, z, box=box, n_views=1))
        maker = PartMaker()
        maker.make(engine, request_of(path, t, z, box=box, target=str(target)))
        maker.close()
        whole, boxed, _turned, part = engine.shown
        assert np.array_equal(whole, expected)
        assert np.array_equal(boxed, expected[:, 10:80, 20:90])
        assert np.array_equal(part, boxed)


def test_training_and_prediction_show_a_plane_alike(path, stack, truth, tmp_path):
    for t, z in ((0, 0), (1, 3)):
        labels = tmp_path / f"{t}-{z}.npz"
        annotated = np.ones(truth.shape[1:], bool)
        np.savez(labels, label_image=truth[z], annotated=annotated)
        source = CropSource([Region(path, labels, t, z)], [0], tmp_path / f"crops-{t}-{z}")
        engine = Bright()
        predict_box(engine, request_of(path, t, z))

        assert np.array_equal(source.window(0, (0, 0, 96, 96)).pixels, engine.shown[0])


def test_limits_are_measured_anew_when_a_file_is_another(path, stack):
    first = limits_in_file(path, t=0, channels=[0])
    path.unlink()
    planes = (stack // 2).reshape(-1, *stack.shape[-2:])
    shape = PixelShape(2, 1, 9, 96, 96, "uint16")
    write_pixels(path, shape, lambda page, row0, row1: planes[page, row0:row1])

    assert limits_in_file(path, t=0, channels=[0]) != first


def test_a_repeated_channel_is_normalised_as_the_stack_too(path, stack):
    limits = limits_in_file(path, t=0, channels=[0])
    with open_pixels(path) as file:
        plane = PixelsOfFile(file, t=0, z=0, channels=[0])
        found = np.asarray(normalized(np.repeat(plane, 3, 0), reference=as_channels(plane, 3)))

    assert np.array_equal(found, np.repeat(normalize(stack[0, :1], limits), 3, 0))
