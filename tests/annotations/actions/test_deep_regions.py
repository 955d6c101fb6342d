"""Regions of several planes: what is promised, what may overlap, what is vouched for."""

from __future__ import annotations

import numpy as np
import pytest

from annotations.actions.drafts import accept_draft, store_prediction
from annotations.actions.regions import (
    RegionNotBlind,
    RegionOutOfImage,
    RegionsOverlap,
    change_region,
    open_region,
    submit_region,
)
from annotations.models import Coverage, Purpose
from annotations.queries.labels import region_labels, region_volume
from tests.annotations.painting import new_id, op_between, send, sent
from tests.factories import ImageFactory, LayerFactory

BOX = (10, 10, 90, 90)


@pytest.fixture
def image(project):
    return ImageFactory(project=project, n_z=6, height=100, width=100)


@pytest.fixture
def layer(image):
    return LayerFactory(image=image)


def opened(user, image, z, depth, box=BOX, **kwargs):
    return open_region(user=user, image_id=image.pk, box=box, plane=(0, z), depth=depth, **kwargs)


def column(user, layer, planes, box):
    """Paint a box in some planes as one instance; return its id."""
    instance_id = new_id(user, layer)
    empty = np.zeros((100, 100), np.uint32)
    full = empty.copy()
    full[box[0] : box[2], box[1] : box[3]] = instance_id
    send(user, layer, *(sent(op_between(empty, full), z=z) for z in planes))
    return instance_id


@pytest.mark.parametrize(("z", "depth"), [(0, 7), (5, 2), (6, 1), (0, 0)])
def test_planes_that_are_not_there_are_refused_with_their_number(annotator, image, z, depth):
    with pytest.raises(RegionOutOfImage, match="6 planes"):
        opened(annotator, image, z, depth)


def test_a_changed_depth_is_checked_like_a_new_one(annotator, image):
    region = opened(annotator, image, 2, 2)
    opened(annotator, image, 4, 2)

    with pytest.raises(RegionOutOfImage):
        change_region(user=annotator, region_id=region.pk, corners={"depth": 5})
    with pytest.raises(RegionsOverlap):
        change_region(user=annotator, region_id=region.pk, corners={"depth": 3})
    changed = change_region(user=annotator, region_id=region.pk, corners={"z": 0, "depth": 4})
    assert (changed.z, changed.depth) == (0, 4)


@pytest.mark.parametrize(("z", "depth"), [(1, 1), (0, 2), (2, 4), (0, 6)])
def test_two_promises_about_one_plane_are_refused(annotator, image, z, depth):
    opened(annotator, image, 1, 3)

    with pytest.raises(RegionsOverlap):
        opened(annotator, image, z, depth)


@pytest.mark.parametrize(("z", "depth"), [(0, 1), (4, 2)])
def test_regions_over_each_other_may_touch(annotator, image, z, depth):
    opened(annotator, image, 1, 3)

    assert opened(annotator, image, z, depth)


def test_a_region_is_not_blind_when_any_plane_has_a_drafted_object(annotator, image, layer):
    stack = np.zeros((6, 100, 100), np.uint32)
    stack[3:5, 20:30, 20:30] = 1
    draft = store_prediction(
        image=image, name="v1", label_image=stack, scores=np.ones(1, np.float32)
    )
    accept_draft(user=annotator, layer_id=layer.pk, draft_id=draft.pk)

    with pytest.raises(RegionNotBlind):
        opened(annotator, image, 0, 4, purpose=Purpose.BLIND_VALIDATION)
    with pytest.raises(RegionNotBlind):
        opened(annotator, image, 4, 1, purpose=Purpose.BLIND_VALIDATION)
    assert opened(annotator, image, 0, 3, purpose=Purpose.BLIND_VALIDATION)
    assert opened(annotator, image, 5, 1, purpose=Purpose.BLIND_VALIDATION)


def test_what_ignore_cuts_from_some_planes_is_left_out_of_those(annotator, image, layer):
    region = opened(annotator, image, 1, 4)
    opened(annotator, image, 0, 3, (0, 0, 40, 100), coverage=Coverage.IGNORE)
    opened(annotator, image, 0, 6, (80, 0, 100, 100), coverage=Coverage.IGNORE)

    region = submit_region(user=annotator, region_id=region.pk)

    assert region.left_out == [[10, 10, 40, 90, 1, 3], [80, 10, 90, 90]]
    for z, first in ((1, 30), (2, 30), (3, 0), (4, 0)):
        annotated = region_labels(region, z)[1]
        assert not annotated[70:].any()
        assert not annotated[:first].any()
        assert annotated[first:70].all()


def test_a_volume_leaves_out_what_any_plane_cuts(annotator, image, layer):
    whole = column(annotator, layer, (2, 3), (30, 30, 40, 40))
    below = column(annotator, layer, (0, 1, 2), (50, 30, 60, 40))
    above = column(annotator, layer, (4, 5), (50, 50, 60, 60))
    sideways = column(annotator, layer, (2,), (5, 70, 20, 80))
    region = submit_region(user=annotator, region_id=opened(annotator, image, 1, 4).pk)

    label_image, annotated = region_volume(region)

    assert label_image.shape == annotated.shape == (4, 80, 80)
    assert set(np.unique(label_image).tolist()) == {0, whole, below, above, sideways}
    vouched = set(np.unique(label_image[annotated]).tolist())
    assert vouched == {0, whole}
    assert annotated[label_image == 0].all()
    # A plane alone shows sections, and those of the first and the last plane are whole.
    assert below in region_labels(region, 1)[0][region_labels(region, 1)[1]]
    assert sideways not in region_labels(region, 2)[0][region_labels(region, 2)[1]]


def test_the_ends_of_the_stack_cut_nothing(annotator, image, layer):
    lowest = column(annotator, layer, (0, 1), (30, 30, 40, 40))
    highest = column(annotator, layer, (4, 5), (50, 50, 60, 60))
    region = submit_region(user=annotator, region_id=opened(annotator, image, 0, 6).pk)

    label_image, annotated = region_volume(region)

    assert set(np.unique(label_image[annotated]).tolist()) == {0, lowest, highest}


@pytest.mark.parametrize(
    ("coverage", "share"), [(Coverage.POSITIVES_ONLY, "labelled"), (Coverage.IGNORE, "none")]
)
def test_coverage_says_the_same_in_all_planes(annotator, image, layer, coverage, share):
    column(annotator, layer, (2, 3), (30, 30, 40, 40))
    region = opened(annotator, image, 1, 4, coverage=coverage)
    region = submit_region(user=annotator, region_id=region.pk)

    label_image, annotated = region_volume(region)

    assert np.array_equal(
        annotated, (label_image > 0) if share == "labelled" else annotated & False
    )


def test_one_plane_of_a_region_is_that_of_a_flat_region(annotator, image, layer):
    column(annotator, layer, (1, 2), (30, 30, 40, 40))
    region = submit_region(user=annotator, region_id=opened(annotator, image, 1, 2).pk)

    for z in (1, 2):
        assert np.array_equal(region_labels(region, z)[0], region_volume(region)[0][z - 1])
    assert np.array_equal(region_labels(region)[0], region_labels(region, 1)[0])
