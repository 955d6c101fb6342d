from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from training.datasets.labels import diameters, sparse_labels, with_background_band

WHOLE = {"box": (0, 0, 6, 6), "image_shape": (6, 6)}
images = hnp.arrays(np.uint32, (6, 6), elements=st.sampled_from([0, 1, 2, 70_000, 4_000_000_000]))
masks = hnp.arrays(np.bool_, (6, 6))


@given(images, masks)
def test_ids_are_dense_and_a_partly_known_object_is_unknown(label_image, annotated):
    labels = sparse_labels(label_image, annotated, **WHOLE)

    ids = set(np.unique(labels[labels > 0]))
    assert ids == set(range(1, len(ids) + 1))
    assert ((labels == 0) == ((label_image == 0) & annotated)).all()
    for instance_id in np.unique(label_image[label_image > 0]):
        inside = label_image == instance_id
        assert (labels[inside] > 0).all() == annotated[inside].all()
        if not annotated[inside].all():
            assert (labels[inside] == -1).all()


def test_an_object_at_a_border_inside_the_image_is_unknown():
    label_image = np.zeros((6, 6), np.uint32)
    label_image[0:2, 0:2] = 5
    label_image[3:5, 3:5] = 6
    known = np.ones((6, 6), bool)

    inner = sparse_labels(label_image, known, box=(10, 10, 16, 16), image_shape=(30, 30))
    corner = sparse_labels(label_image, known, box=(0, 0, 6, 6), image_shape=(30, 30))

    assert (inner[0:2, 0:2] == -1).all()
    assert (inner[3:5, 3:5] == 1).all()
    assert (corner[0:2, 0:2] == 1).all()


def test_a_band_becomes_background_only_where_none_was_marked():
    labels = np.full((20, 20), -1, np.int32)
    labels[8:12, 8:12] = 1

    banded = with_background_band(labels, 3)

    assert banded[5, 10] == 0
    assert banded[4, 10] == -1
    assert (banded[8:12, 8:12] == 1).all()
    marked = labels.copy()
    marked[0] = 0
    assert with_background_band(marked, 3) is marked


def test_diameters_are_those_of_circles():
    rows, cols = np.mgrid[:64, :64]
    labels = ((rows - 30) ** 2 + (cols - 30) ** 2 <= 10**2).astype(np.int32)

    assert diameters(labels) == pytest.approx([20], rel=0.02)
