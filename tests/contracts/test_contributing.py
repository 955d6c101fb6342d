"""The recipes of CONTRIBUTING.md work: each is short, names real files, and is followed here."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests.engines.children import run_program

ROOT = Path(__file__).resolve().parents[2]
TEXT = (ROOT / "CONTRIBUTING.md").read_text(encoding="utf-8")
# Something that was made by each recipe, in the place of its capitals.
EXAMPLES = {
    "Add an endpoint": {"NOUN": "images"},
    "Add an export format": {"FORMAT": "label_tiff"},
}


def steps(title):
    """Return the numbered steps under a heading."""
    section = TEXT.split(f"## {title}\n")[1].split("\n## ")[0]
    return re.findall(r"^\d+\. (.*)$", section, re.M)


def files_of(step):
    return re.findall(r"`([\w./]+\.(?:py|toml))`", step.split(":")[0])


@pytest.mark.parametrize("title", ["Add an engine", "Add an endpoint", "Add an export format"])
def test_a_recipe_has_at_most_four_files(title):
    assert 1 < len(steps(title)) <= 4
    assert all(files_of(step) for step in steps(title))


@pytest.mark.parametrize("title", EXAMPLES)
def test_the_files_that_a_recipe_names_are_where_it_says(title):
    for step in steps(title):
        for name in files_of(step):
            for word, example in EXAMPLES[title].items():
                name = name.replace(word, example)  # noqa: PLW2901
            assert (ROOT / name).is_file(), f"{title}: {name}"


def test_an_endpoint_of_training_has_the_same_places():
    assert (ROOT / "training/api/urls.py").is_file()
    assert all((ROOT / "training" / one).is_dir() for one in ("actions", "queries", "api"))


# --- an engine of another package --------------------------------------------------------------

DOCUMENTED = (ROOT / "docs/add-an-engine.md").read_text(encoding="utf-8")


def documented_files():
    """Return the modules of the documented engine by name."""
    return dict(
        re.findall(r"^## `(pixels/\w+\.py)`\n\n```python\n(.*?)```", DOCUMENTED, re.M | re.S)
    )


@pytest.fixture
def package(tmp_path):
    """The documented package, installed: two modules and an entry point."""
    assert set(documented_files()) == {"pixels/spec.py", "pixels/engine.py"}
    (tmp_path / "pixels").mkdir()
    (tmp_path / "pixels" / "__init__.py").touch()
    for name, text in documented_files().items():
        (tmp_path / name).write_text(text)
    installed = tmp_path / "pixels-1.0.dist-info"
    installed.mkdir()
    (installed / "METADATA").write_text("Metadata-Version: 2.1\nName: pixels\nVersion: 1.0\n")
    entry = re.search(r'entry-points."([\w.]+)"\]\n(\w+) = "(.*)"', DOCUMENTED)
    (installed / "entry_points.txt").write_text(f"[{entry[1]}]\n{entry[2]} = {entry[3]}\n")
    return tmp_path


def test_the_documented_engine_is_about_a_hundred_lines():
    lines = documented_files()["pixels/engine.py"].splitlines()
    assert sum(bool(line.strip()) for line in lines) <= 120


def test_an_engine_of_another_package_conforms(package):
    assert "`NAME/engine.py`" in steps("Add an engine")[0]
    assert "cytoloop.engines" in steps("Add an engine")[2]
    folder = package / "work"
    folder.mkdir()

    answers = run_program(
        "tests.engines.conformance",
        "pixels",
        str(folder),
        answers=folder / "answers.json",
        timeout_s=600,
        also_from=package,
    )

    failed = {check: answer for check, answer in answers.items() if answer is not None}
    assert answers
    assert not failed, json.dumps(failed, indent=1)


def test_the_site_offers_and_serves_an_engine_of_another_package(package, data_dir):
    script = (
        "import django; django.setup()\n"
        "from project.broker import all_queues\n"
        "from training.engines import registry\n"
        "assert registry.names()[-1] == 'pixels', registry.names()\n"
        "assert registry.params_schema('pixels')\n"
        "assert {'train.pixels', 'predict.pixels'} <= set(all_queues()), all_queues()\n"
    )
    environment = {
        **os.environ,
        "PYTHONPATH": os.pathsep.join([str(ROOT), str(package)]),
        "DJANGO_SETTINGS_MODULE": "project.settings",
        "CYTOLOOP_DATA_DIR": str(data_dir),
    }

    done = subprocess.run(
        [sys.executable, "-c", script],
        env=environment,
        cwd=package,
        capture_output=True,
        text=True,
        check=False,
    )

    assert done.returncode == 0, done.stderr[-2000:]


# --- a format ----------------------------------------------------------------------------------

FORMAT = '''
"""Label images as NumPy arrays."""

from __future__ import annotations

from collections.abc import Iterator
from typing import BinaryIO

import numpy as np

from annotations.exchange.label_tiff import check_size
from annotations.labels.label_image import LabelImage, check
from annotations.labels.label_runs import Band, bands_of

SUFFIXES = (".npy",)


def read_bands(file: BinaryIO, *, size: tuple[int, int]) -> Iterator[Band]:
    array = np.load(file, allow_pickle=False)
    check_size(array.shape, size)
    return bands_of(check(array))


def write(file: BinaryIO, label_image: LabelImage) -> None:
    np.save(file, label_image, allow_pickle=False)
'''


def test_a_format_added_by_the_recipe_makes_the_round_trip(tmp_path):
    assert "FORMATS" in steps("Add an export format")[1]
    left_out = shutil.ignore_patterns("__pycache__", "static", "management", "e2e", "*.png")
    for folder in ("annotations", "project", "training", "tests"):
        shutil.copytree(ROOT / folder, tmp_path / folder, ignore=left_out)
    shutil.copy(ROOT / "pyproject.toml", tmp_path)
    (tmp_path / "annotations/exchange/label_npy.py").write_text(FORMAT)
    door = tmp_path / "annotations/exchange/label_files.py"
    text = door.read_text().replace("import label_png,", "import label_npy, label_png,")
    line = '    (b"\\x93NUMPY",): label_npy,\n'
    door.write_text(re.sub(r"(FORMATS.*= {\n)", lambda found: found[1] + line, text))

    done = subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "-k", "every_format", "-p", "no:cacheprovider",
         "tests/annotations/exchange/test_label_files.py"],
        env={**os.environ, "PYTHONPATH": str(tmp_path)},
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=False,
    )  # fmt: skip

    assert done.returncode == 0, done.stdout[-3000:]
    assert "2 passed" in done.stdout, "TIFF and the new one"
