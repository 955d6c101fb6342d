from __future__ import annotations

import numpy as np
import pytest

from tests.engines.worlds import Notes, make_job, small_world, write_region
from training.engines.data import Polarity, choose_polarity, normalisation_config, open_data
from training.engines.registry import parse_params
from training.engines.specs import THRESHOLD, ThresholdParams


@pytest.fixture
def data_of(tmp_path):
    def call(regions):
        job = make_job(regions, tmp_path / "run")
        return open_data(THRESHOLD, job, parse_params(ThresholdParams, {}), Notes())

    return call


@pytest.fixture(params=[False, True], ids=["bright", "dark"])
def is_dark(request):
    return request.param


def without_contrast(folder):
    folder.mkdir(exist_ok=True)
    checks = (np.indices((64, 64)).sum(axis=0) % 5 * 100).astype(np.uint16)[np.newaxis]
    labels = np.zeros((64, 64), np.uint32)
    labels[20:40, 20:40] = 1
    return [write_region(folder, "checks", checks, labels)]


def child_of(polarity):
    return {"normalisation": normalisation_config(polarity)}


def test_from_scratch_objects_are_made_bright(data_of, tmp_path, is_dark):
    data = data_of(small_world(tmp_path / "data", n_train=1, dark=is_dark))

    assert choose_polarity(data, "auto", parent_config=None) == Polarity(is_dark, "bright")


@pytest.mark.parametrize("parents", ["bright", "dark"])
def test_a_parents_weights_see_objects_as_they_know_them(data_of, tmp_path, is_dark, parents):
    data = data_of(small_world(tmp_path / "data", n_train=1, dark=is_dark))

    found = choose_polarity(data, "auto", parent_config=child_of(Polarity(False, parents)))

    assert found == Polarity(is_dark != (parents == "dark"), parents)


@pytest.mark.parametrize("asked", ["yes", "no"])
@pytest.mark.parametrize("parent", [None, child_of(Polarity(False, "bright"))])
def test_the_next_training_shows_what_was_taught_on_request(
    data_of, tmp_path, is_dark, asked, parent
):
    data = data_of(small_world(tmp_path / "data", n_train=1, dark=is_dark))

    first = choose_polarity(data, asked, parent_config=parent)
    second = choose_polarity(data, "auto", parent_config=child_of(first))

    assert first.invert == (asked == "yes")
    assert second == first


@pytest.mark.parametrize("parent", [Polarity(False, "dark"), Polarity(True, "bright")])
def test_where_the_contrast_is_unclear_the_parents_choice_is_kept(data_of, tmp_path, parent):
    data = data_of(without_contrast(tmp_path / "data"))

    assert choose_polarity(data, "auto", parent_config=child_of(parent)) == parent
    assert choose_polarity(data, "auto", parent_config=None) == Polarity(False, "bright")
