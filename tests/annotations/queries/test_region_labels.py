from __future__ import annotations

import numpy as np
import pytest

from annotations.actions.regions import open_region, submit_region
from annotations.models import Coverage
from annotations.queries.labels import region_labels
from project.errors import Conflict
from tests.annotations.painting import paint_box


def submitted(user, image, box, **kwargs):
    region = open_region(user=user, image_id=image.pk, box=box, **kwargs)
    return submit_region(user=user, region_id=region.pk)


def test_a_complete_region_vouches_for_background_too(annotator, image, layer):
    paint_box(annotator, layer, (40, 40, 60, 60))

    label_image, annotated = region_labels(submitted(annotator, image, (20, 20, 100, 100)))

    assert label_image.shape == annotated.shape == (80, 80)
    assert (label_image[20:40, 20:40] == 1).all()
    assert annotated.all()


def test_positives_only_vouches_for_labelled_pixels_only(annotator, image, layer):
    paint_box(annotator, layer, (40, 40, 60, 60))

    label_image, annotated = region_labels(
        submitted(annotator, image, (20, 20, 100, 100), coverage=Coverage.POSITIVES_ONLY)
    )

    assert np.array_equal(annotated, label_image > 0)


def test_an_ignored_region_vouches_for_nothing(annotator, image, layer):
    paint_box(annotator, layer, (40, 40, 60, 60))

    _, annotated = region_labels(
        submitted(annotator, image, (20, 20, 100, 100), coverage=Coverage.IGNORE)
    )

    assert not annotated.any()


def test_an_object_cut_by_the_border_is_not_vouched_for(annotator, image, layer):
    paint_box(annotator, layer, (10, 40, 30, 60))
    paint_box(annotator, layer, (50, 50, 60, 60))

    label_image, annotated = region_labels(submitted(annotator, image, (20, 20, 100, 100)))

    assert np.array_equal(annotated, label_image != 1)


def test_an_object_at_the_images_end_is_whole(annotator, image, layer):
    paint_box(annotator, layer, (0, 0, 20, 20))
    paint_box(annotator, layer, (680, 880, 700, 900))

    _, annotated = region_labels(submitted(annotator, image, (0, 0, 700, 900)))

    assert annotated.all()


def test_a_left_out_box_and_what_it_cuts_are_not_vouched_for(annotator, image, layer):
    paint_box(annotator, layer, (40, 40, 60, 60))
    paint_box(annotator, layer, (80, 80, 90, 90))
    region = open_region(user=annotator, image_id=image.pk, box=(0, 0, 100, 100))
    open_region(user=annotator, image_id=image.pk, box=(55, 0, 65, 100), coverage=Coverage.IGNORE)

    label_image, annotated = region_labels(submit_region(user=annotator, region_id=region.pk))

    expected = np.ones((100, 100), bool)
    expected[55:65] = False
    expected[40:60, 40:60] = False
    assert np.array_equal(annotated, expected)
    assert (label_image[80:90, 80:90] == 2).all()


def test_an_open_region_has_no_labels_yet(annotator, image):
    region = open_region(user=annotator, image_id=image.pk, box=(0, 0, 9, 9))

    with pytest.raises(Conflict):
        region_labels(region)
