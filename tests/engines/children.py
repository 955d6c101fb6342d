"""Start the programs of this folder, one framework per process."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

REPOSITORY = Path(__file__).resolve().parent.parent.parent


def run_program(
    module: str,
    *arguments: str,
    answers: Path,
    timeout_s: float,
    also_from: Path = REPOSITORY,
    python: str = sys.executable,
) -> dict[str, Any]:
    """Run a module and return the JSON it leaves behind; its output is shown on failure.

    Packages, their entry points too, are also looked for in the folder `also_from`.
    """
    environment = os.environ | {
        "OMP_WAIT_POLICY": "PASSIVE",  # idle OpenMP threads otherwise burn the other core
        "OMP_NUM_THREADS": "1",
        "TF_CPP_MIN_LOG_LEVEL": "3",
        "KERAS_HOME": str(answers.parent / "keras"),
        "CELLPOSE_LOCAL_MODELS_PATH": str(answers.parent / "cellpose"),
        "PYTHONPATH": os.pathsep.join([str(REPOSITORY), str(also_from)]),
    }
    done = subprocess.run(
        [python, "-m", module, *arguments],
        capture_output=True,
        text=True,
        env=environment,
        cwd=REPOSITORY,
        timeout=timeout_s,
        check=False,
    )
    assert done.returncode == 0, done.stderr[-4000:]
    return json.loads(answers.read_text(encoding="utf-8"))
