"""What goes into the network."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from training.engines.cellpose_sam_engine.net import N_INPUTS


def to_inputs(pixels: NDArray[np.float32]) -> NDArray[np.float32]:
    """Return the three channels that the network takes; those that are missing are empty."""
    missing = N_INPUTS - pixels.shape[0]
    return np.pad(pixels, ((0, missing), (0, 0), (0, 0))).astype(np.float32, copy=False)


def conversion_of(n_channels: int) -> str:
    """Say in words what `to_inputs` does."""
    if n_channels == N_INPUTS:
        return "three channels as they are"
    return {1: "one channel, two empty"}.get(n_channels, f"{n_channels} channels, one empty")
