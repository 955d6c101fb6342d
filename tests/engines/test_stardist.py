from __future__ import annotations

import pytest

from tests.engines import stardist_networks
from tests.engines.children import run_program
from tests.engines.conformance import checks

pytestmark = pytest.mark.stardist


@pytest.fixture(scope="module")
def answers(tmp_path_factory):
    folder = tmp_path_factory.mktemp("stardist")
    return run_program(
        "tests.engines.conformance",
        "stardist",
        str(folder),
        answers=folder / "answers.json",
        timeout_s=1200,
    )


@pytest.mark.parametrize("check", checks())
def test_conformance(answers, check):
    assert answers[check] is None, answers[check]


@pytest.fixture(scope="module")
def networks(tmp_path_factory):
    folder = tmp_path_factory.mktemp("networks")
    return {
        what: run_program(
            "tests.engines.stardist_networks",
            what,
            str(folder),
            answers=folder / f"{what}.json",
            timeout_s=600,
        )
        for what in ("compare", "predict")
    }


@pytest.mark.parametrize("check", stardist_networks.checks())
def test_ways_through_the_network(networks, check):
    assert networks["compare"][check] is None, networks["compare"][check]


def test_predicting_imports_no_framework(networks):
    assert networks["predict"]["n_objects"] > 5
    assert networks["predict"]["frameworks"] == []
