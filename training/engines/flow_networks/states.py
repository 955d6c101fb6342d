"""Weights as files: stored as safetensors, taken from foreign files without running anything."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from pathlib import Path
from typing import Any, TypeAlias

import safetensors
import safetensors.torch
import torch

from project.errors import CheckpointCorrupt

State: TypeAlias = Mapping[str, Any]
Shapes: TypeAlias = Mapping[str, tuple[int, ...]]

WEIGHTS = "weights.safetensors"


def shapes_of(state: State) -> dict[str, tuple[int, ...]]:
    """Return the shapes of tensors by their names."""
    return {name: tuple(getattr(value, "shape", ())) for name, value in state.items()}


def fits(state: State, wanted: Shapes, *, optional: Collection[str] = ()) -> bool:
    """Tell whether a state dict has the names and shapes of a network's, but for optional ones."""
    found = shapes_of(state)
    return set(wanted) - set(optional) <= set(found) and all(
        wanted.get(name) == shape for name, shape in found.items()
    )


def check_state(state: State, wanted: Shapes, *, optional: Collection[str] = ()) -> None:
    """Check names, shapes and values before weights are used; raises CheckpointCorrupt."""
    if not fits(state, wanted, optional=optional):
        raise CheckpointCorrupt("The weights belong to another network.")
    for value in state.values():
        if value.is_floating_point() and not torch.isfinite(value).all():
            raise CheckpointCorrupt("The weights hold values that are no numbers.")


def save_state(state: State, path: Path) -> None:
    """Write tensors; equal tensors give equal bytes."""
    kept = {key: value.cpu().contiguous() for key, value in state.items()}
    safetensors.torch.save_file(kept, path)


def read_state(path: Path) -> dict[str, Any]:
    """Read tensors written by `save_state`; raises CheckpointCorrupt."""
    try:
        return dict(safetensors.torch.load_file(path))
    except (OSError, ValueError, KeyError, safetensors.SafetensorError) as error:
        raise CheckpointCorrupt("The weights file is damaged.") from error


def read_foreign_state(path: Path) -> dict[str, Any]:
    """Read the weights that another program wrote, without running what a pickle may hold.

    Raises CheckpointCorrupt.
    """
    if not path.is_file():
        raise CheckpointCorrupt(f"The upload has no weights file ({WEIGHTS} or {path.name}).")
    with path.open("rb") as file:
        start = file.read(9)
    if start[8:] == b"{":  # a stored upload has no suffix; so begins a safetensors file
        return read_state(path)
    try:
        found = torch.load(path, map_location="cpu", weights_only=True)
    except Exception as error:  # torch raises a dozen kinds for what is no state dict
        raise CheckpointCorrupt(
            "The file is not a Cellpose model, or holds more than weights and was not opened."
        ) from error
    if not isinstance(found, dict) or not all(
        isinstance(key, str) and isinstance(value, torch.Tensor) for key, value in found.items()
    ):
        raise CheckpointCorrupt("The file holds something else than the weights of a network.")
    return dict(found)
