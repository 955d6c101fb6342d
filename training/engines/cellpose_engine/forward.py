"""Ways through the network: PyTorch on any device; on processors OpenVINO and ONNX Runtime."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeAlias

import numpy as np
import torch
from numpy.typing import NDArray

from training.engines.cellpose_engine.device import device_of
from training.engines.cellpose_engine.net import Net
from training.engines.onnx_session import open_session
from training.engines.openvino_session import Computed, open_bfloat16

# Tiles (n, 2, h, w) to [flow y, flow x, cellprob] of each, shape (n, 3, h, w); all float32.
Forward: TypeAlias = Callable[[NDArray[np.float32]], NDArray[np.float32]]


class TorchForward:
    """Sends tiles through PyTorch, where the weights lie."""

    def __init__(self, net: Net, *, bfloat16: bool) -> None:
        self._net = net.eval()
        self._bfloat16 = bfloat16

    def __call__(self, tiles: NDArray[np.float32]) -> NDArray[np.float32]:
        """Return the network's maps (n, 3, h, w) of tiles (n, 2, h, w)."""
        device = device_of(self._net)
        x = torch.from_numpy(tiles).to(device, memory_format=torch.channels_last)
        half = torch.autocast(device.type, dtype=torch.bfloat16, enabled=self._bfloat16)
        with torch.no_grad(), half:
            output = self._net(x)[0]
        result: NDArray[np.float32] = output.float().cpu().numpy()
        return result


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
