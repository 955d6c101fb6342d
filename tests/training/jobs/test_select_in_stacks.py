"""Suggestions of stacks and time series: any plane that nobody has annotated."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from annotations.models import Image
from tests.drawing import draw_blobs
from tests.training.jobs.test_select_regions import choose
from tests.training.worlds import stored_image
from training.actions.runs import queue_run
from training.actions.suggestions import dismiss_suggestion, take_suggestion
from training.jobs.pool import MOST_PLACES, MOST_PLANES, draw_places
from training.models import ModelVersion, PredictionRun, Strategy
from training.queries.candidates import OpenImage, Spot, Spots


def open_image(n_t, n_z, side=280, taken=()):
    image = Image(height=side, width=side, n_t=n_t, n_z=n_z)
    return OpenImage(image, may_teach=True, may_measure=True, taken=Spots(taken))


@given(
    sizes=st.lists(
        st.tuples(st.integers(1, 40), st.integers(1, 40), st.sampled_from([280, 1100])),
        min_size=1,
        max_size=6,
    ),
    seed=st.integers(0, 99),
)
def test_any_plane_may_be_drawn_within_bounds_and_no_place_twice(sizes, seed):
    images = [open_image(*size) for size in sizes]

    places = draw_places(images, None, np.random.default_rng(seed))

    assert 0 < len(places) <= MOST_PLACES
    assert {id(place.where) for place in places} == {id(one) for one in images}
    assert len({(id(one.where), one.plane, one.box) for one in places}) == len(places)
    for image in images:
        planes = {one.plane for one in places if one.where is image}
        assert len(planes) <= MOST_PLANES
        assert all(t < image.image.n_t and z < image.image.n_z for t, z in planes)


def test_what_is_taken_is_taken_in_its_planes_only():
    whole = (0, 0, 280, 280)
    image = open_image(2, 4, taken=[Spot(0, 1, 2, whole), Spot(1, 3, 1, whole)])

    places = draw_places([image], None, np.random.default_rng(0))

    assert {one.plane for one in places} == {(0, 0), (0, 3), (1, 0), (1, 1), (1, 2)}


@pytest.fixture
def film(project):
    """A time series of stacks, objects in every plane but those at the ends of each stack."""
    pixels = np.random.default_rng(0).integers(0, 8, (2, 1, 5, 280, 280), np.uint8)
    for t, z in np.ndindex(2, 3):
        truth, drawn = draw_blobs(280, 280, n=6 + 3 * z + t, radius=(7, 12), seed=10 * t + z)
        pixels[t, 0, z + 1] = np.where(truth > 0, drawn, pixels[t, 0, z + 1])
    return stored_image(project, pixels, name="film")


@pytest.mark.django_db(transaction=True)
def test_regions_of_planes_with_objects_are_suggested_and_opened_there(
    annotator, project, film, work_off
):
    _, suggestions = choose(annotator, project, work_off, n=6)

    planes = {(one.t, one.z) for one in suggestions}
    assert len(planes) == len(suggestions) > 3
    assert planes <= {(t, z) for t in range(2) for z in (1, 2, 3)}, "empty planes are left out"
    chosen = next(one for one in suggestions if (one.t, one.z) != (0, 0))
    region = take_suggestion(user=annotator, suggestion_id=chosen.pk).region
    assert (region.t, region.z, region.depth) == (chosen.t, chosen.z, 1)

    dismissed = next(one for one in suggestions if one.pk != chosen.pk)
    dismiss_suggestion(user=annotator, suggestion_id=dismissed.pk)
    _, others = choose(annotator, project, work_off, n=6)
    gone = {(chosen.t, chosen.z), (dismissed.t, dismissed.z)}
    assert others
    assert gone.isdisjoint({(one.t, one.z) for one in others})


@pytest.mark.django_db(transaction=True)
def test_drafts_of_other_planes_are_looked_at_again_and_doubted_there(
    annotator, owner, project, world, film, work_off
):
    queue_run(user=owner, project=project, engine="threshold")
    work_off()
    assert ModelVersion.objects.count() == 1

    _, suggestions = choose(annotator, project, work_off, n=8)

    doubtful = [one for one in suggestions if one.strategy == Strategy.DOUBTFUL]
    on_film = [one for one in doubtful if one.image_id == film.pk]
    assert on_film
    layer = PredictionRun.objects.get(image=film).layer
    for one in on_film:
        here = layer.instances.filter(t=one.t, z__lte=one.z)
        seen = [row for row in here if row.z + row.depth > one.z]
        assert len(seen) == one.facts["n_instances"] > 0
        assert all(row.doubt is not None for row in seen)
