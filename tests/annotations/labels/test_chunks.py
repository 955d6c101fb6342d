from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from annotations.labels import chunks
from project.errors import InvalidInput
from tests.drawing import draw_blobs


@settings(max_examples=20, deadline=None)
@given(st.integers(1, 1200), st.integers(1, 1200), st.integers(0, 99))
def test_split_then_join_gives_the_image_back(height, width, seed):
    label_image, _ = draw_blobs(height, width, n=5, seed=seed)

    whole = chunks.join(dict(chunks.split(label_image)), (0, 0, height, width))

    assert np.array_equal(whole, label_image)


@settings(max_examples=30, deadline=None)
@given(st.tuples(*[st.integers(0, 1100)] * 4))
def test_a_box_shows_what_a_slice_shows(corners):
    label_image = np.random.default_rng(0).integers(0, 9, (1100, 1050)).astype(np.uint32)
    row0, row1 = sorted(corners[:2])
    col0, col1 = (min(col, 1050) for col in sorted(corners[2:]))

    part = chunks.join(dict(chunks.split(label_image)), (row0, col0, row1, col1))

    assert np.array_equal(part, label_image[row0:row1, col0:col1])


def test_chunks_of_background_are_left_out():
    label_image = np.zeros((1024, 1024), np.uint32)
    label_image[600, 700] = 1

    assert [place for place, _ in chunks.split(label_image)] == [(1, 1)]


def test_a_stored_chunk_comes_back_bit_by_bit():
    chunk = np.random.default_rng(1).integers(0, 1 << 32, (512, 512), dtype=np.uint32)

    assert np.array_equal(chunks.decode(chunks.encode(chunk)), chunk)


def test_the_stored_bytes_are_little_endian_in_c_order():
    import zstandard

    chunk = np.arange(512 * 512, dtype=np.uint32).reshape(512, 512)

    raw = zstandard.ZstdDecompressor().decompress(chunks.encode(chunk))

    assert raw[4 * 513 : 4 * 514] == (513).to_bytes(4, "little")


@given(st.binary(max_size=100))
def test_other_bytes_are_refused(data):
    with pytest.raises(InvalidInput):
        chunks.decode(data)
