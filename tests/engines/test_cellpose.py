from __future__ import annotations

import pytest

from tests.engines import cellpose_dynamics, cellpose_networks
from tests.engines.children import run_program
from tests.engines.conformance import checks

pytestmark = pytest.mark.cellpose


@pytest.fixture(scope="module")
def answers(tmp_path_factory):
    folder = tmp_path_factory.mktemp("cellpose")
    return run_program(
        "tests.engines.conformance",
        "cellpose",
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
    return run_program(
        "tests.engines.cellpose_networks",
        str(folder),
        answers=folder / "answers.json",
        timeout_s=600,
    )


@pytest.mark.parametrize("check", cellpose_networks.checks())
def test_ways_through_the_network(networks, check):
    assert networks[check] is None, networks[check]


@pytest.fixture(scope="module")
def followed(tmp_path_factory):
    folder = tmp_path_factory.mktemp("dynamics")
    return run_program(
        "tests.engines.cellpose_dynamics",
        str(folder),
        answers=folder / "answers.json",
        timeout_s=600,
    )


@pytest.mark.parametrize("check", cellpose_dynamics.checks())
def test_dynamics(followed, check):
    assert followed[check] is None, followed[check]
