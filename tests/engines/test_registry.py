from __future__ import annotations

import json
import subprocess
import sys

import pytest

from training.engines import registry
from training.engines.registry import BadEngineParams, UnknownEngine


def test_descriptions_are_read_without_a_framework():
    script = (
        "import sys; from training.engines import registry as r;"
        "[r.params_schema(n) for n in r.names()];"
        "assert not {'tensorflow', 'torch', 'stardist', 'cellpose', 'django'} & set(sys.modules)"
    )

    done = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, check=False
    )

    assert done.returncode == 0, done.stderr


@pytest.mark.parametrize("name", registry.names())
def test_defaults_pass_their_own_checks_and_are_json(name):
    defaults = registry.fill_params(name, {})

    assert registry.fill_params(name, json.loads(json.dumps(defaults))) == defaults
    assert [each["name"] for each in registry.params_schema(name)] == list(defaults)


@pytest.mark.parametrize(
    "given",
    [
        {"steps": -1},
        {"steps": 1.5},
        {"steps": True},
        {"steps": "many"},
        {"learning_rate": float("nan")},
        {"learning_rate": float("inf")},
        {"learning_rate": 10**400},
        {"steps": float("inf")},
        {"steps": float("nan")},
        {"steps": 10**400},
        {"invert": "perhaps"},
        {"colour": 1},
    ],
)
def test_a_wrong_parameter_is_a_sentence(given):
    with pytest.raises(BadEngineParams):
        registry.fill_params("stardist", given)


def test_an_unknown_engine_is_a_sentence_with_the_known_ones():
    with pytest.raises(UnknownEngine, match="stardist, cellpose, threshold"):
        registry.spec("unet")
