from __future__ import annotations

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import ndimage

from tests.drawing import draw_blobs
from training.engines.base import PredictionArrays
from training.engines.blocks import predict_in_blocks


def in_blocks(pixels: np.ndarray, predict, *, block_px: int) -> PredictionArrays:
    def one(box):
        return predict(pixels[:, box[0] : box[2], box[1] : box[3]])

    return predict_in_blocks(pixels.shape[1:], one, block_px=block_px, overlap_px=24)


def components(pixels: np.ndarray) -> PredictionArrays:
    """Segment by connected components: as local as a method can be; the score is the area."""
    labels, n = ndimage.label(pixels[0] > 0)
    areas = np.bincount(labels.ravel(), minlength=n + 1)[1:]
    middles = np.array(ndimage.center_of_mass(labels, labels, range(1, n + 1))).reshape(n, 1, 2)
    return PredictionArrays(
        labels.astype(np.uint32),
        areas.astype(np.float32),
        {"foreground": pixels[0]},
        middles.astype(np.float32),
        (areas % 7).astype(np.uint8),
    )


def shaky(pixels: np.ndarray) -> PredictionArrays:
    """Grow each object by a pixel at a side that depends on the block, as networks do."""
    found = components(pixels)
    to = int(pixels[0, 0].sum()) % 4  # the side is another one in each block
    grown = np.zeros_like(found.label_image)
    if to < 2:
        rows = (slice(1, None), slice(None, -1))
        grown[rows[to]] = found.label_image[rows[1 - to]]
    else:
        cols = (slice(1, None), slice(None, -1))
        grown[:, cols[to - 2]] = found.label_image[:, cols[3 - to]]
    labels = np.where(found.label_image > 0, found.label_image, grown)
    return PredictionArrays(labels, found.scores)


@settings(max_examples=25, deadline=None)
@given(
    height=st.integers(40, 200),
    width=st.integers(40, 200),
    block_px=st.integers(32, 130),
    seed=st.integers(0, 999),
)
def test_blocks_give_the_objects_and_scores_of_one_piece(height, width, block_px, seed):
    truth, _ = draw_blobs(height, width, n=24, radius=(3, 8), seed=seed)
    pixels = (truth > 0).astype(np.float32)[np.newaxis]
    whole = components(pixels)

    found = in_blocks(pixels, components, block_px=block_px)

    pairs = np.unique(np.stack([whole.label_image, found.label_image]).reshape(2, -1), axis=1).T
    assert len(pairs) == len(np.unique(whole.label_image)) == len(np.unique(found.label_image))
    assert found.label_image.max() == len(found.scores)
    assert all(whole.scores[a - 1] == found.scores[b - 1] for a, b in pairs if a)
    assert (found.maps["foreground"] == whole.maps["foreground"]).all()
    same = {int(b): int(a) for a, b in pairs if a}
    order = [same[number + 1] - 1 for number in range(len(found.scores))]
    assert np.allclose(found.outlines, whole.outlines[order], atol=1e-3)
    assert (found.classes == whole.classes[order]).all()


@settings(max_examples=25, deadline=None)
@given(seed=st.integers(0, 999), block_px=st.integers(40, 90))
def test_objects_that_look_different_from_each_block_are_kept_once(seed, block_px):
    truth, image = draw_blobs(160, 160, n=40, radius=(4, 8), seed=seed, gap=4)
    pixels = np.where(truth > 0, image, 0).astype(np.float32)[np.newaxis]

    found = in_blocks(pixels, shaky, block_px=block_px)

    assert len(found.scores) == truth.max()
    assert set(np.unique(found.label_image)) == set(range(int(truth.max()) + 1))
    for instance_id in range(1, int(truth.max()) + 1):
        inside = found.label_image[truth == instance_id]
        assert inside.all(), "no object is lost or cut"
        assert len(np.unique(inside)) == 1, "no object is there twice"


def test_a_small_image_is_predicted_in_one_piece():
    calls = []

    def predict(pixels):
        calls.append(pixels.shape)
        return components(pixels)

    in_blocks(np.zeros((1, 64, 60), np.float32), predict, block_px=64)

    assert calls == [(1, 64, 60)]
