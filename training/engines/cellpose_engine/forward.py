"""Ways through the network: PyTorch on any device; on processors OpenVINO and ONNX Runtime."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from training.engines.cellpose_engine.net import Net
from training.engines.flow_networks.forward import TorchForward
from training.engines.flow_networks.tiles import Forward
from training.engines.onnx_session import open_session
from training.engines.openvino_session import Computed, open_bfloat16


class OnnxForward:
    """Sends tiles through ONNX Runtime."""

    def __init__(self, session: Any) -> None:
        self._session = session

    def __call__(self, tiles: NDArray[np.float32]) -> NDArray[np.float32]:
        """Return the network's maps (n, 3, h, w) of tiles (n, 2, h, w)."""
        result: NDArray[np.float32] = self._session.run(None, {"input": tiles})[0]
        return result


class OpenvinoForward:
    """Sends tiles through OpenVINO, in bfloat16."""

    def __init__(self, compute: Computed) -> None:
        self._compute = compute

    def __call__(self, tiles: NDArray[np.float32]) -> NDArray[np.float32]:
        """Return the network's maps (n, 3, h, w) of tiles (n, 2, h, w)."""
        return self._compute(tiles)[0]


def open_torch(net: Net, *, bfloat16: bool) -> Forward:
    """Let PyTorch compute a network where its weights lie."""
    return TorchForward(net, bfloat16=bfloat16, channels_last=True)


def open_without_torch(checkpoint: Path, n_threads: int, *, bfloat16: bool) -> Forward | None:
    """Open a checkpoint's network for a processor, the fastest way; None leaves it to PyTorch.

    In bfloat16 that is OpenVINO, and PyTorch where it is missing; else ONNX Runtime.
    """
    if bfloat16:
        compute = open_bfloat16(checkpoint, n_threads)
        return None if compute is None else OpenvinoForward(compute)
    return open_onnx(checkpoint, n_threads)


def open_onnx(checkpoint: Path, n_threads: int) -> Forward | None:
    """Open a checkpoint's network with ONNX Runtime; None where that cannot be done."""
    session = open_session(checkpoint, n_threads)
    return None if session is None else OnnxForward(session)


def to_inputs(pixels: NDArray[np.float32]) -> NDArray[np.float32]:
    """Return the two channels that a CPnet takes: one and nothing, two as they are, or grey."""
    if pixels.shape[0] == 2:
        return np.ascontiguousarray(pixels)
    grey: NDArray[np.float32] = np.mean(pixels, axis=0, dtype=np.float32)
    return np.stack([grey, np.zeros_like(grey)])


def conversion_of(n_channels: int) -> str:
    """Say in words what `to_inputs` does."""
    return {1: "one channel, second empty", 2: "two channels as they are"}.get(
        n_channels, f"grey mean of {n_channels} channels, second empty"
    )
