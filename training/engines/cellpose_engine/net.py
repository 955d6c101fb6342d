"""CPnet networks: built, stored as safetensors, loaded, fetched; nothing is ever unpickled."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import Any, TypeAlias

import torch

from project.errors import CheckpointCorrupt
from training.engines.cellpose_engine.cpnet import Network
from training.engines.flow_networks.official import Official
from training.engines.flow_networks.states import (
    WEIGHTS,
    Shapes,
    State,
    check_state,
    fits,
    read_foreign_state,
    save_state,
    shapes_of,
)
from training.engines.onnx_session import save_onnx

Net: TypeAlias = Any  # cellpose has no types

# The style vector must keep 256 entries, or upstream could not run the exported model
# (cellpose 3.1.1.3, core.py:239).
WIDTHS = {
    "standard": (32, 64, 128, 256),
    "small": (16, 32, 64, 256),
    "tiny": (8, 16, 32, 256),
}
N_INPUTS = 2
SIZES = {"diam_mean", "diam_labels"}  # parameters that old official files lack
MODELS_URL = "https://www.cellpose.org/models/"
OFFICIAL_FILES = {"nuclei": "nucleitorch_0", "cyto": "cytotorch_0", "cyto2": "cyto2torch_0"}
NUCLEI_DIAMETER_PX, CELL_DIAMETER_PX = 17.0, 30.0
MOST_DOWNLOADED_BYTES = 1 << 30


def build(width: str, diam_mean: float) -> Net:
    """Build a network with fresh weights.

    `mkldnn` stays off: cellpose 3.1.1.3 (core.py:188) converts such a network in place at its
    first prediction, after which it can be neither trained nor saved, and it is no faster.
    """
    if width not in WIDTHS:
        raise CheckpointCorrupt(f"There is no Cellpose network called {width!r}.")
    net = Network([N_INPUTS, *WIDTHS[width]], 3, sz=3, mkldnn=False, diam_mean=diam_mean)
    return net.to(memory_format=torch.channels_last)


@cache
def shapes(width: str) -> Shapes:
    """Return the shapes of a network's weights by their names."""
    with torch.device("meta"):
        return shapes_of(Network([N_INPUTS, *WIDTHS[width]], 3, sz=3, mkldnn=False).state_dict())


def width_of(state: State) -> str:
    """Tell which network a state dict belongs to; raises CheckpointCorrupt."""
    for width in WIDTHS:
        if fits(state, shapes(width), optional=SIZES):
            return width
    raise CheckpointCorrupt(
        "The file does not hold the weights of a Cellpose 3 network with two input channels."
    )


def use_state(net: Net, state: State) -> None:
    """Load weights after checking names, shapes and values; raises CheckpointCorrupt.

    Upstream loads with strict=False and takes a garbage file for a model.
    """
    check_state(state, shapes_of(net.state_dict()), optional=SIZES)
    net.load_state_dict(dict(state), strict=False)


def save_network(net: Net, folder: Path, warn: Callable[[str], None]) -> None:
    """Write the weights, and the same network as ONNX; without the latter it predicts slowly."""
    save_state(net.state_dict(), folder / WEIGHTS)
    save_onnx(folder, lambda: _as_onnx(net), warn, "Predicting with this version is slower")


def _as_onnx(net: Net) -> bytes:
    from training.engines.cellpose_engine.onnx_export import (  # noqa: PLC0415 (needs a package that may be missing)
        onnx_bytes,
    )

    return onnx_bytes(net)


def pretrained_state(name: str, *, offline: bool) -> dict[str, Any]:
    """Return the weights of an official model; raises PretrainedUnavailable, CheckpointCorrupt."""
    official = Official(
        name=name,
        file_name=OFFICIAL_FILES.get(name, name),
        folder_url=MODELS_URL,
        otherwise="start from scratch or another version",
        most_bytes=MOST_DOWNLOADED_BYTES,
        check=read_foreign_state,
    )
    return read_foreign_state(official.fetched(offline=offline))


def diam_mean_of(name: str, state: State) -> float:
    """Return the diameter that a network was trained at."""
    if name == "nuclei":
        return NUCLEI_DIAMETER_PX
    return float(state["diam_mean"][0]) if "diam_mean" in state else CELL_DIAMETER_PX
