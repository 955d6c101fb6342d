"""Parts that are put together give what the same blocks give in one process, bit by bit."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from annotations.actions.canvas import Canvas
from annotations.labels import chunks
from annotations.labels.label_image import measure, measures_of_stack
from annotations.models import Image
from annotations.queries.chunks import pixels_of
from project.storage import blob_path, put_file, scratch_dir
from tests.drawing import draw_blobs
from tests.engines.test_blocks import shaky
from training.datasets.stacks import LEAST_IOU, PlaneLinker
from training.engines.base import PredictionArrays
from training.engines.blocks import blocks, even_side, predict_in_blocks
from training.jobs.part_drafts import merge
from training.models import PredictionPart
from training.supervision.details import outlines_in
from training.supervision.parts import write_part

OVERLAP_PX = 24


def look(pixels):
    """Find the objects, a bit differently from each block, with outlines and classes."""
    found = shaky(pixels)
    n = len(found.scores)
    scores = np.random.default_rng(n).random(n).astype(np.float32)
    outlines = np.random.default_rng(n).random((n, 5, 2)).astype(np.float32)
    return PredictionArrays(
        found.label_image, scores, {}, outlines, np.arange(n, dtype=np.uint8) % 3
    )


def stored_parts(pixels, side):
    """Predict each block alone and store it, as workers do."""
    height, width = pixels.shape[1:]
    parts = []
    for number, block in enumerate(blocks(height, width, side, OVERLAP_PX), 1):
        row0, col0, row1, col1 = block.outer
        path = scratch_dir() / f"part-{number}.npz"
        write_part(path, look(pixels[:, row0:row1, col0:col1]))
        names = dict(zip(("row0", "col0", "row1", "col1"), block.core, strict=True))
        parts.append(
            PredictionPart(
                number=number, **names, overlap_px=OVERLAP_PX, result_digest=put_file(path)
            )
        )
    return parts


@settings(
    max_examples=15, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(
    height=st.integers(300, 1100),
    width=st.integers(300, 1100),
    side=st.integers(250, 700),
    seed=st.integers(0, 99),
)
def test_merged_parts_are_the_blocks_of_one_process(data_dir, height, width, side, seed):
    tile, image = draw_blobs(160, 160, n=40, radius=(4, 8), seed=seed, gap=4)
    pixels = np.where(tile > 0, image, 0).astype(np.float32)
    pixels = np.tile(pixels, (7, 7))[np.newaxis, :height, :width]
    expected = predict_in_blocks(
        (height, width),
        lambda box: look(pixels[:, box[0] : box[2], box[1] : box[3]]),
        block_px=side if side < max(height, width) else max(height, width) - 1,
        overlap_px=OVERLAP_PX,
    )
    parts = stored_parts(pixels, side if side < max(height, width) else max(height, width) - 1)

    merged = merge(parts, Image(height=height, width=width))

    stored = {place: pixels_of(digest) for (*_, place), digest in merged.planes.digests().items()}
    assert (chunks.join(stored, (0, 0, height, width)) == expected.label_image).all()
    assert all(chunk.any() for chunk in stored.values()), "background is not stored"
    assert (merged.scores == expected.scores).all()
    assert (merged.classes == expected.classes).all()
    measures, truth = merged.planes.measures()[0], measure(expected.label_image)
    for name in ("instance_id", "area_px", "boxes", "z", "depth"):
        assert (getattr(measures, name) == getattr(truth, name)).all(), name
    with blob_path(merged.details_digest).open("rb") as file:
        outlines = list(outlines_in(file))
    assert np.array_equal(np.array(outlines), expected.outlines)


@pytest.mark.parametrize("linked", [True, False])
@pytest.mark.parametrize("side", [300, 512])
def test_planes_in_parts_are_linked_as_whole_ones(data_dir, linked, side):
    n_t, n_z, height, width = 2, 3, 560, 700
    drawn = np.stack([draw_blobs(160, 160, n=30, radius=(4, 8), seed=t)[0] > 0 for t in range(2)])
    pixels = np.zeros((n_t, n_z, height, width), np.float32)
    for t, z in np.ndindex(n_t, n_z):
        moved = np.roll(np.tile(drawn[t] * 200.0, (5, 5)), 2 * z, axis=1)
        pixels[t, z] = moved[:height, :width]
    linker = PlaneLinker(LEAST_IOU if linked else None)
    expected = np.zeros(pixels.shape, np.uint32)
    parts = []
    n_pieces = 0
    for t in range(n_t):
        linker.begin()
        for z in range(n_z):
            plane = pixels[t, z][np.newaxis]
            found = predict_in_blocks(
                (height, width),
                lambda box, plane=plane: look(plane[:, box[0] : box[2], box[1] : box[3]]),
                block_px=side,
                overlap_px=OVERLAP_PX,
            )
            expected[t, z] = linker.add(found.label_image, found.scores, found.classes)
            n_pieces += len(found.scores)
            for part in stored_parts(plane, side):
                part.t, part.z, part.number = t, z, len(parts) + 1
                parts.append(part)

    told = []
    image = Image(height=height, width=width, n_t=n_t, n_z=n_z)
    merged = merge(parts, image, told.append, linked=linked)

    assert told == list(range(len(parts)))
    digests = merged.planes.digests()
    for t, z in np.ndindex(n_t, n_z):
        stored = {key[2]: pixels_of(one) for key, one in digests.items() if key[:2] == (t, z)}
        assert (chunks.join(stored, (0, 0, height, width)) == expected[t, z]).all()
    assert np.array_equal(merged.scores, linker.scores())
    assert np.array_equal(merged.classes, linker.classes())
    # Each object is drawn in all planes of its time.
    assert np.isclose(merged.scores.size, n_pieces / n_z if linked else n_pieces, rtol=0.1)
    for t, measures in merged.planes.measures().items():
        truth = measures_of_stack({z: measure(plane) for z, plane in enumerate(expected[t])})
        for name in ("instance_id", "area_px", "boxes", "z", "depth"):
            assert np.array_equal(getattr(measures, name), getattr(truth, name)), name


def test_nothing_found_is_an_empty_draft(data_dir):
    parts = stored_parts(np.zeros((1, 600, 300), np.float32), 512)

    merged = merge(parts, Image(height=600, width=300))

    assert merged.planes.chunks == []
    assert len(merged.scores) == merged.planes.measures()[0].instance_id.size == 0


def test_a_wish_to_stop_is_heard_between_parts(data_dir):
    parts = stored_parts(np.zeros((1, 600, 300), np.float32), 256)
    heard = []

    def stop_at_two(number):
        heard.append(number)
        if number == 2:
            raise InterruptedError

    with pytest.raises(InterruptedError):
        merge(parts, Image(height=600, width=300), stop_at_two)
    assert heard == [0, 1, 2]


def test_what_is_done_with_is_let_go(data_dir):
    rng = np.random.default_rng(0)
    truth = rng.integers(0, 9, (1200, 2100), np.uint32)
    canvas = Canvas()
    canvas.write((100, 200, 1200, 900), truth[100:1200, 200:900])
    assert (canvas.read((0, 0, 1200, 1000))[100:1200, 200:900] == truth[100:1200, 200:900]).all()
    held = canvas.n_held_bytes

    canvas.put_away({(0, 0), (1, 0), (2, 0), (5, 5)})

    assert 0 < canvas.n_held_bytes < held
    canvas.write((0, 850, 1200, 2100), truth[:, 850:2100])
    canvas.put_away(set(chunks.places((0, 0, 1200, 2100))))
    assert canvas.n_held_bytes == 0
    shown = {one.place: pixels_of(one.digest) for one in canvas.stored}
    assert len(shown) == len(canvas.stored), "each is stored once"
    found = chunks.join(shown, (0, 0, 1200, 2100))
    expected = truth.copy()
    expected[:100, :850] = expected[:, :200] = 0
    assert (found == expected).all()


@pytest.mark.parametrize("most_px", [300, 512, 3328, 4000])
@pytest.mark.parametrize(("height", "width"), [(513, 512), (4097, 300), (8192, 8192), (600, 20000)])
def test_sides_are_even_whole_chunks_and_not_too_large(height, width, most_px):
    side = even_side(height, width, most_px, 512)

    assert side % 512 == 0
    assert side <= max(most_px, 512)
    longest = max(height, width)
    fewest = -(-longest // (max(most_px // 512, 1) * 512))
    assert -(-longest // side) == fewest, "no part more than must be"
