"""docs/engines.md explains every parameter that a form shows, and no other."""

from __future__ import annotations

import dataclasses
import re
from pathlib import Path

from training.engines.registry import BUILT_IN

TEXT = (Path(__file__).resolve().parents[2] / "docs/engines.md").read_text(encoding="utf-8")


def test_every_parameter_is_explained_and_every_explained_one_is_there():
    taken = {
        field.name
        for registration in BUILT_IN
        for field in dataclasses.fields(registration.spec.params)
    }
    explained = {
        name
        for row in re.findall(r"^\| (`.*?) \|", TEXT, re.M)
        for name in re.findall(r"`(\w+)`", row)
    }

    assert explained | {"max_regions"} == taken
    assert "`max_regions`" in TEXT


def test_every_engine_says_how_to_cite_it():
    for registration in BUILT_IN:
        doi = registration.spec.citation.partition("doi:")[2]
        assert f"https://doi.org/{doi}" in TEXT
        assert registration.spec.version in TEXT or registration.spec.version == "1"
