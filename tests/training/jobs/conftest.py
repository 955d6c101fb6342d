"""The site with Cellpose-SAM is tested where that is installed; see tests/engines/conftest.py."""

from __future__ import annotations

import os

collect_ignore = (
    []
    if os.environ.get("CYTOLOOP_ENGINE_PYTHON_CELLPOSE_SAM")
    else ["test_cellpose_sam_on_site.py"]
)
