"""A network as ONNX, a second form of the weights beside it: written into checkpoints, and opened.

Made from the same arrays, so that predicting on a processor needs no framework; where the file or
ONNX Runtime is missing, the framework computes the network instead.
"""

from __future__ import annotations

import logging
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

logger = logging.getLogger(__name__)

ONNX_WEIGHTS = "weights.onnx"


def save_onnx(
    folder: Path, written: Callable[[], bytes], warn: Callable[[str], None], otherwise: str
) -> None:
    """Write a checkpoint's network as ONNX; where that cannot be done, warn what it is otherwise.

    `written` gives the file's content, and imports a package that may be missing.
    """
    try:
        content = written()
    except Exception as error:  # noqa: BLE001 (the weights are what counts, and they are written)
        warn(f"{otherwise}: its network could not be written for ONNX Runtime ({error}).")
        return
    (folder / ONNX_WEIGHTS).write_bytes(content)


def open_session(checkpoint: Path, n_threads: int) -> Any | None:
    """Open a checkpoint's network with ONNX Runtime; None where that cannot be done.

    A file that does not open is no reason to refuse: the weights it was made of lie beside it, and
    an older ONNX Runtime refuses what a newer one wrote.
    """
    path = checkpoint / ONNX_WEIGHTS
    if not path.is_file():
        return None
    try:
        return session_of(path, n_threads)
    except Exception as error:  # noqa: BLE001 (its errors have no class in common)
        logger.warning(
            "ONNX Runtime cannot open %s, so the framework computes it: %s", path.name, error
        )
        return None


def session_of(path: Path, n_threads: int) -> Any:
    """Open a file with ONNX Runtime; raises what that raises, ImportError where it is missing."""
    # From 1.29 on it else reports to its maker, and writes an identifier into the home folder.
    os.environ["ORT_DISABLE_TELEMETRY"] = "1"
    import onnxruntime  # noqa: PLC0415 (may be missing, and is slow to import)

    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = n_threads
    options.inter_op_num_threads = 1
    # Threads that wait must sleep, as in training/supervision/child.py.
    options.add_session_config_entry("session.intra_op.allow_spinning", "0")
    return onnxruntime.InferenceSession(path, options, providers=["CPUExecutionProvider"])
