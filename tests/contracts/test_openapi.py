"""The description of the REST interface in docs/ is the one that the code gives."""

from __future__ import annotations

from pathlib import Path

import yaml
from drf_spectacular.generators import SchemaGenerator

DESCRIPTION = Path(__file__).resolve().parents[2] / "docs" / "api" / "openapi.yaml"


def test_the_described_interface_is_the_real_one():
    described = yaml.safe_load(DESCRIPTION.read_text(encoding="utf-8"))
    real = SchemaGenerator().get_schema(request=None, public=True)

    assert described["paths"].keys() == real["paths"].keys(), "run `make docs` and commit it"
    assert described == yaml.safe_load(yaml.safe_dump(plain(real))), "run `make docs` and commit it"


def plain(value):
    """Return a description made of plain dicts, lists and texts, as YAML keeps it."""
    if isinstance(value, dict):
        return {str(key): plain(part) for key, part in value.items()}
    if isinstance(value, (list, tuple)):
        return [plain(part) for part in value]
    return value if isinstance(value, (int, float, bool, type(None))) else str(value)
