"""A network computed by ONNX Runtime, so that predicting needs no TensorFlow."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from training.engines.onnx_session import open_session
from training.engines.stardist_engine.instances import Forward


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
    """Open a checkpoint's network with ONNX Runtime; None where that cannot be done."""
    session = open_session(checkpoint, n_threads)
    return None if session is None else OnnxForward(session)
