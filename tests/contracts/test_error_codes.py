"""Every expected failure has a code of its own, so that scripts can tell them apart."""

from __future__ import annotations

import importlib
import inspect
import re
from collections import defaultdict
from pathlib import Path

import pytest

from project.errors import JobError, PlatformError

ROOT = Path(__file__).resolve().parents[2]
APPS = ("project", "annotations", "training")
# They bring their frameworks, of which no process may have two.
APART = ("stardist_engine", "cellpose_engine", "cellpose_sam_engine", "flow_networks")


def error_classes() -> list[type[PlatformError]]:
    for path in (path for app in APPS for path in (ROOT / app).rglob("*.py")):
        if "PlatformError" in (text := path.read_text()) or "project.errors" in text:
            parts = path.relative_to(ROOT).with_suffix("").parts
            if not set(parts) & {*APART, "migrations"}:
                importlib.import_module(".".join(parts).removesuffix(".__init__"))
    found: list[type[PlatformError]] = []
    waiting: list[type[PlatformError]] = [PlatformError]
    while waiting:
        one = waiting.pop()
        waiting += one.__subclasses__()
        if one.__module__.split(".")[0] in APPS and one not in found:
            found.append(one)
    return sorted(found, key=lambda one: (one.__module__, one.__name__))


def test_every_code_belongs_to_one_class():
    classes = error_classes()
    owners = defaultdict(list)
    for one in classes:
        owners[one.code].append(f"{one.__module__}.{one.__name__}")

    assert len(classes) > 60
    assert {code: names for code, names in owners.items() if len(names) > 1} == {}


def made(one: type[PlatformError]) -> PlatformError:
    """Make an error; a few write their sentence themselves, from numbers and names."""
    if one.__init__ is PlatformError.__init__:
        return one("It is so; do this.", n=3)
    given = list(inspect.signature(one.__init__).parameters.values())[1:]
    samples = {"int": 3, "str": "It is so.", "float": 0.5}
    needed = {each.name: samples[each.annotation] for each in given if each.default is each.empty}
    return one(**needed)


def test_every_error_can_be_raised_with_a_sentence_and_data():
    for one in error_classes():
        with pytest.raises(one) as raised:
            raise made(one)

        error = raised.value
        assert error.message == str(error), one
        assert error.message.endswith("."), one
        assert isinstance(error.data, dict), one
        assert re.fullmatch(r"[a-z][a-z0-9_]+", one.code), one
        assert one.__doc__, one
        if not issubclass(one, JobError) and one is not PlatformError:
            assert 400 <= one.http_status < 600, one


def test_the_engines_own_packages_have_no_errors_that_this_test_does_not_see():
    for name in APART:
        for path in (ROOT / "training" / "engines" / name).rglob("*.py"):
            assert not re.search(r"^class \w+\(.*(Error|Problem|Input)\)", path.read_text(), re.M)
