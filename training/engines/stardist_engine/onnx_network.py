"""A network computed by ONNX Runtime or OpenVINO, so that predicting needs no TensorFlow."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from training.engines.onnx_session import open_session
from training.engines.openvino_session import Computed, open_bfloat16
from training.engines.stardist_engine.instances import Forward


class OnnxForward:
    """Sends pixels (H, W, C) through ONNX Runtime."""

    def __init__(self, session: Any) -> None:
        self._session = session
        self._input = session.get_inputs()[0].name

    def __call__(self, x: NDArray[np.float32]) -> tuple[NDArray[np.float32], ...]:
        """Return prob (h, w), dist (h, w, n_rays), and class_prob if the network has it."""
        return channels_last(*self._session.run(None, {self._input: channels_first(x)}))


class OpenvinoForward:
    """Sends pixels (H, W, C) through OpenVINO, in bfloat16."""

    def __init__(self, compute: Computed) -> None:
        self._compute = compute

    def __call__(self, x: NDArray[np.float32]) -> tuple[NDArray[np.float32], ...]:
        """Return prob (h, w), dist (h, w, n_rays), and class_prob if the network has it."""
        return channels_last(*self._compute(channels_first(x)))


def channels_first(x: NDArray[np.float32]) -> NDArray[np.float32]:
    """Turn pixels (H, W, C) to a batch of one, (1, C, H, W)."""
    return np.ascontiguousarray(np.moveaxis(x, -1, 0)[np.newaxis], np.float32)


def channels_last(
    prob: NDArray[np.float32], *others: NDArray[np.float32]
) -> tuple[NDArray[np.float32], ...]:
    """Turn a batch of one, (1, 1, h, w) and (1, n, h, w) …, to (h, w) and (h, w, n) …."""
    return prob[0, 0], *(np.moveaxis(each[0], 0, -1) for each in others)


def open_without_tensorflow(checkpoint: Path, n_threads: int, *, fast: bool) -> Forward | None:
    """Open a checkpoint's network for a processor; None leaves it to TensorFlow.

    Fast is OpenVINO in bfloat16, which moves outlines a little, where the processor has that.
    """
    compute = open_bfloat16(checkpoint, n_threads) if fast else None
    return open_onnx(checkpoint, n_threads) if compute is None else OpenvinoForward(compute)


def open_onnx(checkpoint: Path, n_threads: int) -> Forward | None:
    """Open a checkpoint's network with ONNX Runtime; None where that cannot be done."""
    session = open_session(checkpoint, n_threads)
    return None if session is None else OnnxForward(session)
