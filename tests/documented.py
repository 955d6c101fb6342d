"""What docs/scripting.md promises, read from it."""

from __future__ import annotations

import re
from pathlib import Path

TEXT = (Path(__file__).parent.parent / "docs" / "scripting.md").read_text(encoding="utf-8")


def keys_of(command: str) -> set[str]:
    """Return the keys that a command's JSON has."""
    row = re.search(rf"^\| {command} \| (.*) \|$", TEXT, re.M)
    assert row, f"docs/scripting.md says nothing about the JSON of {command}"
    return set(re.findall(r"`(\w+)`", row[1]))


def parts_of(command: str, key: str) -> set[str]:
    """Return the keys that each entry of a list in that JSON has."""
    found = re.search(rf"^\| {command} \|.*`{key}` \(each with ([^)]*)\)", TEXT, re.M)
    assert found, f"docs/scripting.md does not say what {key} of {command} has"
    return set(found[1].split(", "))


def synopsis(command: str) -> str:
    """Return the line that shows how a command is called."""
    return re.search(rf"^python manage\.py ({command} .*)$", TEXT, re.M)[1]
