"""Installing an engine into an environment of its own, with a small engine from a local folder."""

from __future__ import annotations

import io
import json
import os
import sysconfig
import zipfile
from dataclasses import replace

import pytest
from django.core.management import CommandError, call_command

from project.errors import StorageFull
from project.filelock import FileLock, LockHeld
from training.engines import registry
from training.engines.registry import OwnEnvironment, Registration
from training.engines.specs import THRESHOLD
from training.jobs import install as job
from training.jobs.install import (
    AlreadyInstalled,
    NoOwnEnvironment,
    NotInstallable,
    PackageSource,
    failure,
    install,
)
from training.supervision.interpreters import (
    EngineNotInstalled,
    environment_of,
    interpreter_of,
    why_missing,
)

SPEC = """
from dataclasses import replace
from training.engines.registry import Registration
from training.engines.specs import THRESHOLD

SPEC = replace(THRESHOLD, name="toy", title="Toy")
REGISTRATION = Registration(SPEC, "toy.engine:ToyEngine")
"""
ENGINE = """
from toy.spec import SPEC
from training.engines.threshold_engine import ThresholdEngine

class ToyEngine(ThresholdEngine):
    spec = SPEC
"""


@pytest.fixture(autouse=True)
def pip_knows_nothing_of_this_machine(monkeypatch):
    for name in list(os.environ):
        if name.startswith("PIP_"):
            monkeypatch.delenv(name)
    monkeypatch.setenv("PIP_CONFIG_FILE", os.devnull)


@pytest.fixture
def wheels(tmp_path):
    """Return a function that writes the toy engine's wheel, in a folder that it returns."""
    folder = tmp_path / "wheels"
    folder.mkdir()

    def write(engine: str = ENGINE, version: str = "1.0") -> PackageSource:
        info = f"toy-{version}.dist-info"
        files = {
            "toy/__init__.py": "",
            "toy/spec.py": SPEC,
            "toy/engine.py": engine,
            # What it shares with the site, numpy above all, comes from the site's environment.
            "toy-site.pth": sysconfig.get_path("purelib") + "\n",
            f"{info}/METADATA": f"Metadata-Version: 2.1\nName: toy\nVersion: {version}\n",
            f"{info}/WHEEL": "Wheel-Version: 1.0\nRoot-Is-Purelib: true\nTag: py3-none-any\n",
            f"{info}/entry_points.txt": "[cytoloop.engines]\ntoy = toy.spec:REGISTRATION\n",
        }
        record = "".join(f"{name},,\n" for name in (*files, f"{info}/RECORD"))
        with zipfile.ZipFile(folder / f"toy-{version}-py3-none-any.whl", "w") as wheel:
            for name, text in (files | {f"{info}/RECORD": record}).items():
                wheel.writestr(name, text)
        return PackageSource(find_links=(str(folder),), no_index=True)

    return write


@pytest.fixture
def toy(monkeypatch, tmp_path):
    """Register the toy engine with an environment of its own; return its constraints file."""
    constraints = tmp_path / "constraints-toy.txt"
    constraints.write_text("toy==1.0\n")
    spec = replace(THRESHOLD, name="toy", title="Toy")
    own = Registration(spec, "toy.engine:ToyEngine", OwnEnvironment(("toy",), str(constraints)))
    monkeypatch.setattr(registry, "BUILT_IN", (*registry.BUILT_IN, own))
    registry.registrations.cache_clear()
    yield constraints
    registry.registrations.cache_clear()


def left_in(folder):
    return sorted(path.name for path in folder.iterdir() if path.suffix != ".lock")


def test_once_installed_the_engine_runs_there_without_a_setting(toy, wheels, data_dir):
    assert why_missing("toy") == "Toy is not installed: run manage.py install_engine toy."
    told = []

    tried = install("toy", wheels(), tell=told.append)

    assert (tried.is_working, tried.device) == (True, "cpu")
    assert why_missing("toy") == ""
    assert interpreter_of("toy").startswith(str(data_dir / "engines" / "toy"))
    assert left_in(data_dir / "engines") == ["toy"]
    assert any("toy-1.0" in line for line in told)
    out = io.StringIO()
    call_command("engines", "toy", "--json", stdout=out)
    (row,) = json.loads(out.getvalue())["engines"]
    assert row["is_working"]
    assert row["python"] == interpreter_of("toy")


def test_an_interpreter_that_is_named_wins(toy, settings, data_dir):
    settings.CYTOLOOP_ENGINE_PYTHON = {
        **settings.CYTOLOOP_ENGINE_PYTHON,
        "toy": "/elsewhere/python",
    }

    assert interpreter_of("toy") == "/elsewhere/python"
    assert why_missing("toy") == ""


def test_versions_are_those_of_the_constraints(toy, wheels, data_dir):
    wheels(version="2.0")
    install("toy", wheels(version="1.0"))

    packages = (environment_of("toy") / "lib").rglob("toy-*.dist-info")
    assert [path.name for path in packages] == ["toy-1.0.dist-info"]


@pytest.mark.parametrize(
    ("engine", "sentence"),
    [
        ("import no_such_framework", "No module named 'no_such_framework'"),
        ("from project.errors import DataProblem\nraise DataProblem('No GPU is here.')", "No GPU"),
    ],
)
def test_what_does_not_work_is_removed_again(toy, wheels, data_dir, engine, sentence):
    with pytest.raises(NotInstallable, match=sentence):
        install("toy", wheels(engine))

    assert left_in(data_dir / "engines") == []
    with pytest.raises(EngineNotInstalled):
        interpreter_of("toy")


def test_an_index_that_lacks_something_is_a_sentence(toy, data_dir, tmp_path):
    with pytest.raises(NotInstallable, match=r"lacks something: .*toy.* --find-links"):
        install("toy", PackageSource(find_links=(str(tmp_path),), no_index=True))

    assert left_in(data_dir / "engines") == []


def test_an_index_that_does_not_answer_is_a_sentence(toy, data_dir):
    with pytest.raises(NotInstallable, match=r"cannot be reached.* --index-url"):
        install("toy", PackageSource(index_url="http://127.0.0.1:9/simple"))

    assert left_in(data_dir / "engines") == []


def test_what_is_installed_stays_until_its_successor_works(toy, wheels, data_dir):
    install("toy", wheels())
    note = environment_of("toy") / "note"
    note.touch()

    with pytest.raises(AlreadyInstalled, match="--again"):
        install("toy", wheels())
    with pytest.raises(NotInstallable):
        install("toy", wheels("import no_such_framework"), again=True)
    assert note.exists()

    install("toy", wheels(), again=True)
    assert not note.exists()
    assert left_in(data_dir / "engines") == ["toy"]


def test_whoever_interrupts_leaves_nothing(toy, wheels, data_dir):
    def interrupt(line):
        if "Processing" in line:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        install("toy", wheels(), tell=interrupt)

    assert left_in(data_dir / "engines") == []


def test_two_at_once_do_not_disturb_each_other(toy, wheels, data_dir):
    with FileLock(data_dir / "engines" / ".toy.lock"), pytest.raises(LockHeld):
        install("toy", wheels())


def test_leftovers_of_a_crash_are_cleared(toy, wheels, data_dir):
    (data_dir / "engines" / "toy.new" / "bin").mkdir(parents=True)

    install("toy", wheels())

    assert left_in(data_dir / "engines") == ["toy"]


def test_the_command_says_it_in_sentences(toy, wheels, data_dir):
    (folder,) = wheels().find_links
    out = io.StringIO()
    call_command("install_engine", "toy", "--no-index", "--find-links", folder, stdout=out)
    assert out.getvalue().endswith("Toy is installed and works on cpu.\n")

    with pytest.raises(CommandError, match="--again makes it anew"):
        call_command("install_engine", "toy", stdout=out)
    with pytest.raises(CommandError, match="There is no engine called 'abacus'"):
        call_command("install_engine", "abacus", stdout=out)
    with pytest.raises(CommandError, match="stardist runs in the site's own environment"):
        call_command("install_engine", "stardist", stdout=out)


def test_an_engine_of_the_site_has_no_environment():
    with pytest.raises(NoOwnEnvironment):
        install("threshold", PackageSource())


@pytest.mark.parametrize(
    ("said", "kind", "words"),
    [
        (["ERROR: Could not install: [Errno 28] No space left on device"], StorageFull, "full"),
        (["WARNING: Retrying", "ERROR: Exception", "socket.timeout: Read timed out."],
         NotInstallable, "cannot be reached"),
        (["ERROR: Cannot install a and b: conflict"], NotInstallable, "Cannot install a and b"),
        (["/x/python: No module named pip"], NotInstallable, "No module named pip"),
        ([], NotInstallable, "pip could not install"),
    ],
)  # fmt: skip
def test_what_pip_says_becomes_a_sentence(said, kind, words):
    error = failure(said)

    assert isinstance(error, kind)
    assert words in error.message
    assert error.message.endswith(".")


def test_pip_is_told_where_to_look():
    source = PackageSource("https://a", ("https://b", "https://c"), ("/d",), no_index=True)

    assert source.options() == [
        *("--index-url", "https://a", "--extra-index-url", "https://b"),
        *("--extra-index-url", "https://c", "--find-links", "/d", "--no-index"),
    ]
    assert PackageSource().options() == []


def test_the_packages_are_those_of_the_extra_and_all_are_pinned():
    import tomllib

    root = job.settings.BASE_DIR
    extra = tomllib.loads((root / "pyproject.toml").read_text())["project"]["optional-dependencies"]
    environment = registry.registration("cellpose_sam").environment
    lines = (root / environment.constraints).read_text().splitlines()
    pins = dict(line.lower().split("==") for line in lines if not line.startswith("#"))

    assert sorted(environment.packages) == sorted(extra["cellpose-sam"])
    for package in environment.packages:
        name, _, version = package.partition("==")
        assert pins[name] == version or not version
