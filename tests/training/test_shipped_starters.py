"""The starter models that come along: complete, small, free to give away, and in the wheel."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from training.engines import registry
from training.queries.starters import starters

ROOT = Path(__file__).resolve().parents[2]
FOLDER = ROOT / "training" / "starters"
NAMES = sorted(path.stem for path in FOLDER.glob("*.json"))
FREE = {"CC0-1.0", "CC-BY-4.0", "MIT"}
MOST_BYTES = 6_000_000  # of one model: all are in every wheel and container image
LIST_DATA = (
    "from setuptools import setup\n"
    "command = setup(script_args=['--version']).get_command_obj('build_py')\n"
    "command.ensure_finalized()\n"
    "print(*[f'{package}/{name}' for package, _, _, names in command.data_files for name in names])"
)


def test_the_wheel_has_the_files_of_starter_models(tmp_path):
    shutil.copy(ROOT / "pyproject.toml", tmp_path)
    (tmp_path / "README.md").touch()
    for package in ("project", "annotations", "training", "training/starters"):
        (tmp_path / package).mkdir()
        if package != "training/starters":
            (tmp_path / package / "__init__.py").write_text("__version__ = '0'\n")
    files = [f"starters/nuclei.{suffix}" for suffix in ("json", "npz", "zip")]
    for name in files:
        (tmp_path / "training" / name).touch()

    listed = subprocess.run(
        [sys.executable, "-c", LIST_DATA], cwd=tmp_path, check=True, capture_output=True, text=True
    )

    assert {f"training/{name}" for name in files} <= set(listed.stdout.split())


def test_no_starter_model_that_comes_along_has_a_broken_card():
    assert sorted(starter.name for starter in starters()) == NAMES
    assert {path.suffix for path in FOLDER.glob("*.*")} <= {".json", ".npz", ".zip", ".md"}


@pytest.mark.parametrize("name", NAMES)
def test_a_starter_model_that_comes_along_is_what_its_card_says(name):
    starter = next(one for one in starters() if one.name == name)

    assert starter.card["name"] == name
    assert starter.engine in registry.names()
    assert starter.size_bytes <= MOST_BYTES
    assert starter.tiles.stat().st_size <= MOST_BYTES // 3
    assert 0.4 < starter.ap50 < 1
    assert starter.trained_on
    assert {one["licence"] for one in starter.trained_on} <= FREE
    assert all(one["source"] for one in starter.trained_on), "licences ask for credit"
    assert "seed" in json.loads((FOLDER / f"{name}.json").read_text())


@pytest.mark.parametrize("name", NAMES)
def test_the_tiles_of_a_starter_model_have_objects_and_its_channels(name):
    starter = next(one for one in starters() if one.name == name)

    with np.load(starter.tiles, allow_pickle=False) as tiles:
        numbers = [key.split("_")[1] for key in tiles.files if key.startswith("pixels_")]
        assert 1 <= len(numbers) <= 16
        n_objects = 0
        for number in numbers:
            pixels, labels = tiles[f"pixels_{number}"], tiles[f"labels_{number}"]
            assert pixels.shape[0] >= starter.n_channels
            assert pixels.shape[1:] == labels.shape
            n_objects += len(np.unique(labels)) - 1
    assert n_objects > len(numbers), "there is something to remember"
