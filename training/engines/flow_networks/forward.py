"""Tiles sent through PyTorch."""

from __future__ import annotations

from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from training.engines.flow_networks.device import device_of


class TorchForward:
    """Sends tiles through a network, where its weights lie.

    Weights of 32 bits compute in bfloat16 where that is asked for; weights of 16 bits always do.
    Layers of convolutions are faster when tiles lie in memory with their channels last.
    """

    def __init__(self, net: Any, *, bfloat16: bool, channels_last: bool = False) -> None:
        self._net = net.eval()
        self._bfloat16 = bfloat16
        self._order = torch.channels_last if channels_last else torch.contiguous_format

    def __call__(self, tiles: NDArray[np.float32]) -> NDArray[np.float32]:
        """Return the network's maps (n, 3, h, w) of tiles (n, C, h, w)."""
        device, weight = device_of(self._net), next(self._net.parameters())
        x = torch.from_numpy(tiles).to(device, dtype=weight.dtype, memory_format=self._order)
        mixed = self._bfloat16 and weight.dtype == torch.float32
        with torch.no_grad(), torch.autocast(device.type, dtype=torch.bfloat16, enabled=mixed):
            output = self._net(x)[0]
        result: NDArray[np.float32] = output.float().cpu().numpy()
        return result
