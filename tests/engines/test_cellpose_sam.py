"""Cellpose-SAM in its own environment; see conftest.py for where this is collected."""

from __future__ import annotations

import importlib
import os
from pathlib import Path

import pytest

from tests.engines.children import run_program
from tests.engines.conformance import checks

PYTHON = os.environ["CYTOLOOP_ENGINE_PYTHON_CELLPOSE_SAM"]
# The checks are written with pytest, which the engine's environment has no use for.
PYTEST = ("pytest", "_pytest", "py", "pluggy", "iniconfig", "packaging", "pygments")


@pytest.fixture(scope="module")
def answers(tmp_path_factory):
    folder, packages = tmp_path_factory.mktemp("sam"), tmp_path_factory.mktemp("packages")
    for name in PYTEST:
        file = Path(importlib.import_module(name).__file__)
        source = file.parent if file.name == "__init__.py" else file
        (packages / source.name).symlink_to(source)
    return run_program(
        "tests.engines.conformance",
        "cellpose_sam",
        str(folder),
        answers=folder / "answers.json",
        timeout_s=1200,
        also_from=packages,
        python=PYTHON,
    )


@pytest.mark.parametrize("check", checks())
def test_conformance(answers, check):
    assert answers[check] is None, answers[check]
