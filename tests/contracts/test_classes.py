"""What the editor offers for classes is what the server takes."""

from __future__ import annotations

import re
from pathlib import Path

from annotations.actions.classes import KEYS, PALETTE

WORDS = Path(__file__).resolve().parents[2] / "frontend/src/ui/editor/class_words.ts"


def test_keys_and_colours_are_the_same_on_both_sides():
    text = WORDS.read_text(encoding="utf-8")

    assert re.search(r'CLASS_KEYS = "(\w+)"', text)[1] == KEYS
    offered = re.search(r"PALETTE = \[(.*?)\]", text, re.S)[1]
    assert tuple(re.findall(r"#[0-9a-f]{6}", offered)) == PALETTE
