"""What is collected here depends on which engines' own environments this machine has.

Cellpose-SAM needs PyTorch and Cellpose in other versions than the site, 6 GB of them, which is more
than continuous integration can fetch in its time. Its own tests are collected where
CYTOLOOP_ENGINE_PYTHON_CELLPOSE_SAM names the interpreter of an environment that `manage.py
install_engine cellpose_sam` has made, for example

    CYTOLOOP_ENGINE_PYTHON_CELLPOSE_SAM=~/.local/share/cytoloop/engines/cellpose_sam/bin/python \
        .venv/bin/python -m pytest tests/engines/test_cellpose_sam.py

and left out elsewhere, where they could only be skipped. All that does not need the packages is
tested everywhere: tests/training/jobs/test_install.py, tests/training/test_missing_engine.py,
tests/engines/test_official_weights.py, tests/engines/test_flow_networks.py.
"""

from __future__ import annotations

import os

collect_ignore = (
    [] if os.environ.get("CYTOLOOP_ENGINE_PYTHON_CELLPOSE_SAM") else ["test_cellpose_sam.py"]
)
