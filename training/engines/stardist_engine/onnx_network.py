"""A network in the ONNX format: computed by ONNX Runtime, so that predicting needs no TensorFlow.

The file is a second form of the weights beside it, made from the same arrays; where it or ONNX
Runtime is missing, TensorFlow computes the network instead.
"""

from __future__ import annotations

import logging
import os
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from training.engines.stardist_engine.instances import Forward

logger = logging.getLogger(__name__)

ONNX_WEIGHTS = "weights.onnx"


class OnnxForward:
    """Sends pixels (H, W, C) through a session whose arrays have the channels first."""

    def __init__(self, session: Any) -> None:
        self._session = session
        self._input = session.get_inputs()[0].name

    def __call__(self, x: NDArray[np.float32]) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
        """Return prob (h, w) and dist (h, w, n_rays)."""
        batch = np.ascontiguousarray(np.moveaxis(x, -1, 0)[np.newaxis], np.float32)
        prob, dist = self._session.run(None, {self._input: batch})
        return prob[0, 0], np.moveaxis(dist[0], 0, -1)


def open_onnx(checkpoint: Path, n_threads: int) -> Forward | None:
    """Open a checkpoint's network with ONNX Runtime; None where that cannot be done.

    A file that does not open is no reason to refuse: the weights it was made of lie beside it, and
    an older ONNX Runtime refuses what a newer one wrote.
    """
    path = checkpoint / ONNX_WEIGHTS
    if not path.is_file():
        return None
    # From 1.29 on it else reports to its maker, and writes an identifier into the home folder.
    os.environ["ORT_DISABLE_TELEMETRY"] = "1"
    try:
        import onnxruntime  # noqa: PLC0415 (may be missing, and is slow to import)

        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = n_threads
        options.inter_op_num_threads = 1
        # Threads that wait must sleep, as in training/supervision/child.py.
        options.add_session_config_entry("session.intra_op.allow_spinning", "0")
        return OnnxForward(
            onnxruntime.InferenceSession(path, options, providers=["CPUExecutionProvider"])
        )
    except Exception as error:  # noqa: BLE001 (its errors have no class in common)
        logger.warning("ONNX Runtime cannot open %s, so TensorFlow is used: %s", path.name, error)
        return None
