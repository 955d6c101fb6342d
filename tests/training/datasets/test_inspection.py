from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from training.datasets.inspection import SPECK_PX, LabelFacts, inspect_labels

few = hnp.arrays(np.uint32, (12, 14), elements=st.integers(0, 4))


def test_sizes_are_those_of_circles_of_the_same_area():
    label_image = np.zeros((40, 40), np.uint32)
    label_image[:10, :10], label_image[20:40, 20:40] = 3, 900

    facts = inspect_labels(label_image, np.ones((40, 40), bool))

    assert np.allclose(facts.diameters_px, [2 * np.sqrt(100 / np.pi), 2 * np.sqrt(400 / np.pi)])
    assert (facts.n_instances, facts.n_scattered, facts.n_specks) == (2, 0, 0)


def test_parts_and_specks_are_counted():
    label_image = np.zeros((20, 20), np.uint32)
    label_image[0:5, 0:5] = label_image[10:15, 10:15] = 1
    label_image[18, 18] = 2

    facts = inspect_labels(label_image, np.ones((20, 20), bool))

    assert (facts.n_scattered, facts.n_specks) == (1, 1)


def test_what_nobody_vouches_for_does_not_count():
    label_image = np.zeros((20, 20), np.uint32)
    label_image[0:5, 0:5] = label_image[10:15, 10:15] = 1
    annotated = np.ones((20, 20), bool)
    annotated[10:] = False

    facts = inspect_labels(label_image, annotated)

    assert (facts.n_instances, facts.n_scattered) == (1, 0)


@given(few, hnp.arrays(np.bool_, (12, 14)))
def test_counts_never_exceed_the_instances_that_are_seen(label_image, annotated):
    facts = inspect_labels(label_image, annotated)

    seen = set(np.unique(label_image[annotated])) - {0}
    assert facts.n_instances == len(seen)
    assert facts.n_scattered <= facts.n_instances
    areas = np.round(np.pi * (facts.diameters_px.astype(float) / 2) ** 2)
    assert areas.sum() == np.count_nonzero(label_image[annotated])
    assert facts.n_specks == np.count_nonzero(areas < SPECK_PX)


def test_the_cap_of_an_object_of_several_planes_is_no_speck():
    planes = np.zeros((3, 20, 20), np.uint32)
    planes[0, 5, 5] = planes[1, 3:9, 3:9] = 7
    planes[2, 15, 15] = 8

    facts = LabelFacts.of_planes([inspect_labels(one, np.ones((20, 20), bool)) for one in planes])

    assert facts.instance_ids.tolist() == [7, 8]
    assert facts.n_specks == 1
