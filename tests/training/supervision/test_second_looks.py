from __future__ import annotations

import numpy as np
import pytest
from scipy import ndimage

from annotations.imaging.pixels import PixelShape, write_pixels
from project.errors import DataProblem
from tests.drawing import draw_blobs
from training.datasets.normalize import normalize_image
from training.engines.base import PredictionArrays
from training.supervision import details, second_looks
from training.supervision.second_looks import predict_box


class BrightParts:
    """An engine of one line: what is brighter than half of the range."""

    def __init__(self):
        self.shapes = []

    def predict(self, image, *, want_maps=False, should_stop=lambda: False, reference=None):
        self.shapes.append(image.shape)
        bright = normalize_image(image, reference=reference)[0] > 0.5
        labels, n = ndimage.label(bright)
        return PredictionArrays(labels.astype(np.uint32), np.ones(n, np.float32))


class LeftHalf(BrightParts):
    """An engine that sees nothing on the right side of what it is shown."""

    def predict(self, image, **wanted):
        image = image.copy()
        image[..., image.shape[-1] // 2 :] = 0
        return super().predict(image, **wanted)


@pytest.fixture
def request_for(tmp_path):
    def make(pixels, **wanted):
        height, width = pixels.shape
        path = tmp_path / "pixels.tif"
        shape = PixelShape(1, 1, 1, height, width, str(pixels.dtype))
        write_pixels(path, shape, lambda page, row0, row1: pixels[row0:row1])
        return {"pixels": str(path), "t": 0, "z": 0, "channels": [0], **wanted}

    return make


def test_without_views_there_is_no_doubt(request_for):
    arrays = predict_box(BrightParts(), request_for(draw_blobs(120, 90, n=5)[1]))

    assert set(arrays) == {"label_image", "scores"}


def test_views_of_an_engine_without_a_favourite_side_agree(request_for):
    _, pixels = draw_blobs(120, 90, n=5)

    arrays = predict_box(BrightParts(), request_for(pixels, n_views=7))

    assert arrays["doubt"].tolist() == [0.0] * len(arrays["scores"])
    assert len(arrays["missed_weight"]) == 0


def test_what_turned_views_show_beside_it_is_missed(request_for):
    pixels = np.zeros((100, 100), np.uint8)
    pixels[10:30, 10:30] = pixels[10:30, 70:90] = 200

    arrays = predict_box(LeftHalf(), request_for(pixels, n_views=2))

    # Turned by a quarter, the upper half lies to the left; mirrored, the right one does.
    assert arrays["doubt"].tolist() == [0.5]
    assert arrays["missed_boxes"].tolist() == [[10, 70, 30, 90]]
    assert arrays["missed_weight"].tolist() == [1.0]


def test_a_part_is_segmented_as_it_would_be_within_the_whole(request_for):
    _, pixels = draw_blobs(400, 500, n=60, seed=4)
    pixels[:200] //= 4  # a dim half: by its own percentiles it would look bright
    whole = predict_box(BrightParts(), request_for(pixels))["label_image"]
    box = [0, 0, 200, 250]

    part = predict_box(BrightParts(), request_for(pixels, box=box))["label_image"]

    assert part.shape == (200, 250)
    assert ((part > 0) == (whole[:200, :250] > 0)).mean() > 0.999


def test_only_the_box_of_a_large_image_is_shown_to_the_engine(request_for):
    engine = BrightParts()
    pixels = np.zeros((3000, 2600), np.uint8)
    pixels[::50] = 90

    predict_box(engine, request_for(pixels, box=[100, 200, 400, 700], n_views=3))

    assert sorted(set(engine.shapes)) == [(1, 300, 500), (1, 500, 300)]


class WithDetails(BrightParts):
    """The same with polygons, and a map when it is asked for."""

    def predict(self, image, *, want_maps=False, **wanted):
        found = super().predict(image, **wanted)
        outlines = np.zeros((len(found.scores), 4, 2), np.float32)
        maps = {"bright": image[0].astype(np.float32)} if want_maps else {}
        return PredictionArrays(found.label_image, found.scores, maps, outlines)


def test_outlines_and_wanted_maps_are_left_in_a_file_of_their_own(request_for, tmp_path):
    pixels = draw_blobs(120, 90, n=5)[1]
    target = tmp_path / "details.npz"
    plain = predict_box(WithDetails(), request_for(pixels))
    assert not target.exists()
    for want_maps in (False, True):
        request = request_for(pixels, details=str(target), want_maps=want_maps)
        found = predict_box(WithDetails(), request)
        assert found.keys() == plain.keys()
        with np.load(target) as arrays:
            assert set(arrays) == ({"outlines", "bright"} if want_maps else {"outlines"})
            assert arrays["outlines"].shape == (len(found["scores"]), 4, 2)
            if want_maps:
                assert (arrays["bright"] == pixels).all()


def test_an_engine_without_any_leaves_no_file(request_for, tmp_path):
    target = tmp_path / "details.npz"

    predict_box(BrightParts(), request_for(draw_blobs(60, 60, n=3)[1], details=str(target)))

    assert not target.exists()


def test_maps_of_a_large_image_are_refused_before_it_is_read(request_for, monkeypatch):
    monkeypatch.setattr(second_looks, "LARGE_PX", 100)
    engine = WithDetails()

    with pytest.raises(DataProblem, match="megapixels"):
        predict_box(engine, request_for(draw_blobs(120, 90, n=5)[1], want_maps=True))

    assert not engine.shapes


def test_outlines_are_read_one_by_one_as_they_were_written(tmp_path, monkeypatch):
    monkeypatch.setattr(details, "PIECE", 7)
    for n in (0, 1, 7, 20):
        outlines = np.random.default_rng(n).normal(size=(n, 5, 2)).astype(np.float32)
        found = PredictionArrays(np.zeros((3, 3), np.uint32), np.ones(n, np.float32), {}, outlines)
        assert details.write_details(tmp_path / "one.npz", found)
        with (tmp_path / "one.npz").open("rb") as file:
            assert details.names_in(file) == {"outlines"}
            read = list(details.outlines_in(file))
        assert len(read) == n
        assert all(np.array_equal(*pair) for pair in zip(read, outlines, strict=True))
