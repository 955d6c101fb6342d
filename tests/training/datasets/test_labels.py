from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from training.datasets.labels import diameters, sparse_classes, sparse_labels

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
    label_image = np.zeros((20, 20), np.uint32)
    label_image[8:12, 8:12] = 1
    whole = {"box": (0, 0, 20, 20), "image_shape": (20, 20)}

    banded = sparse_labels(label_image, label_image > 0, **whole, background_band_px=3)
    marked = label_image > 0
    marked[0] = True
    kept = sparse_labels(label_image, marked, **whole, background_band_px=3)

    assert banded[5, 10] == 0
    assert banded[4, 10] == -1
    assert (banded[8:12, 8:12] == 1).all()
    assert (kept[5] == -1).all()


@given(images, masks, st.booleans(), st.sampled_from([(0, 0, 6, 6), (10, 10, 16, 16)]))
def test_no_pixel_of_an_object_is_taught_as_background(label_image, known, positives_only, box):
    annotated = known & (label_image > 0) if positives_only else known

    labels = sparse_labels(
        label_image, annotated, box=box, image_shape=(30, 30), background_band_px=3
    )

    assert (labels[label_image > 0] != 0).all()


def test_diameters_are_those_of_circles():
    rows, cols = np.mgrid[:64, :64]
    labels = ((rows - 30) ** 2 + (cols - 30) ** 2 <= 10**2).astype(np.int32)

    assert diameters(labels) == pytest.approx([20], rel=0.02)


KINDS = st.dictionaries(st.sampled_from([1, 2, 70_000, 4_000_000_000, 5]), st.integers(1, 255))


@given(images, masks, KINDS)
def test_an_object_keeps_its_kind_under_its_new_id(label_image, annotated, kinds):
    labels = sparse_labels(label_image, annotated, **WHOLE)
    ids, numbers = np.array(list(kinds), np.uint32), np.array(list(kinds.values()), np.uint8)

    classes = sparse_classes(label_image, labels, ids, numbers)

    assert classes.dtype == np.uint8
    assert classes.shape == (max(0, int(labels.max())) + 1,)
    assert classes[0] == 0
    for new_id in range(1, len(classes)):
        (old_id,) = np.unique(label_image[labels == new_id])
        assert classes[new_id] == kinds.get(int(old_id), 0)
