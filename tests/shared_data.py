"""Where the shared image data lie, for tests that want real images."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

import pytest

REPOSITORY = Path(__file__).resolve().parent.parent


def shared_data() -> Path | None:
    """Return the folder of shared images, or None on a machine without it."""
    named = os.environ.get("CYTOLOOP_SHARED_DATA")
    folder = Path(named) if named else REPOSITORY.parent / "shared" / "data"
    return folder if (folder / "manifest.json").is_file() else None


def manifest() -> dict[str, Any]:
    """Return the shared folder's list of files, empty on a machine without it."""
    folder = shared_data()
    if folder is None:
        return {"items": [], "formats": [], "bad": []}
    return json.loads((folder / "manifest.json").read_text(encoding="utf-8"))


needs_shared_data = pytest.mark.skipif(
    shared_data() is None,
    reason="The shared image data are not here; CYTOLOOP_SHARED_DATA names their folder.",
)
