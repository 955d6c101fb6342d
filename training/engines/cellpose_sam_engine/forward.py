"""What goes into the network and what comes out of it."""

from __future__ import annotations

from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from training.engines.cellpose_sam_engine.net import N_INPUTS
from training.engines.flow_networks.device import device_of


class TorchForward:
    """Sends tiles through PyTorch, where the weights lie.

    Weights of 32 bits compute in bfloat16 where that is asked for; weights of 16 bits always do.
    """

    def __init__(self, net: Any, *, bfloat16: bool) -> None:
        self._net = net.eval()
        self._bfloat16 = bfloat16

    def __call__(self, tiles: NDArray[np.float32]) -> NDArray[np.float32]:
        """Return the network's maps (n, 3, 256, 256) of tiles (n, 3, 256, 256)."""
        device, weight = device_of(self._net), next(self._net.parameters())
        x = torch.from_numpy(tiles).to(device, dtype=weight.dtype)
        mixed = self._bfloat16 and weight.dtype == torch.float32
        with torch.no_grad(), torch.autocast(device.type, dtype=torch.bfloat16, enabled=mixed):
            output = self._net(x)[0]
        result: NDArray[np.float32] = output.float().cpu().numpy()
        return result


def to_inputs(pixels: NDArray[np.float32]) -> NDArray[np.float32]:
    """Return the three channels that the network takes; those that are missing are empty."""
    missing = N_INPUTS - pixels.shape[0]
    return np.pad(pixels, ((0, missing), (0, 0), (0, 0))).astype(np.float32, copy=False)


def conversion_of(n_channels: int) -> str:
    """Say in words what `to_inputs` does."""
    if n_channels == N_INPUTS:
        return "three channels as they are"
    return {1: "one channel, two empty"}.get(n_channels, f"{n_channels} channels, one empty")
