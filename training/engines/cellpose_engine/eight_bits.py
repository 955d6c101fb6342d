"""Weights in a quarter of the bytes: 8-bit numbers with one scale per output of a layer.

For models that travel; a network computes with what `unpacked` gives back.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import torch

from training.engines.flow_networks.states import State, save_state

FILE_NAME = "weights8.safetensors"
SCALE = ".scale8"
FEWEST_VALUES = 4096  # smaller tensors stay as they are
LARGEST = 127


def packed(state: State) -> dict[str, Any]:
    """Return the state with its large tensors as int8 and the scales beside them.

    The error of a weight is at most half a scale: 1/254 of the largest one of its output.
    """
    result: dict[str, Any] = {}
    for name, value in state.items():
        if not value.is_floating_point() or value.numel() < FEWEST_VALUES:
            result[name] = value.contiguous()
            continue
        per_output = value.flatten(1).abs().amax(dim=1).clamp(min=1e-12) / LARGEST
        shape = (-1, *[1] * (value.dim() - 1))
        result[name] = (value / per_output.view(shape)).round().to(torch.int8).contiguous()
        result[name + SCALE] = per_output
    return result


def unpacked(state: State) -> dict[str, Any]:
    """Return the state that `packed` was given, rounded."""
    result = {name: value for name, value in state.items() if not name.endswith(SCALE)}
    for name, value in result.items():
        scale = state.get(name + SCALE)
        if scale is not None and value.dim() > 0:
            result[name] = value.float() * scale.view(-1, *[1] * (value.dim() - 1))
    return result


def save(state: State, path: Path) -> None:
    """Write a state dict in eight bits."""
    save_state(packed(state), path)
