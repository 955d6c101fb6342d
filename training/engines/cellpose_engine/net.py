"""CPnet networks: built, stored as safetensors, loaded, fetched; nothing is ever unpickled."""

from __future__ import annotations

import os
import urllib.error
import urllib.request
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, TypeAlias

import safetensors
import safetensors.torch
import torch
from cellpose.resnet_torch import CPnet

from project.errors import CheckpointCorrupt
from training.engines.data import PretrainedUnavailable
from training.engines.onnx_session import save_onnx

Net: TypeAlias = Any  # cellpose has no types
State: TypeAlias = Mapping[str, Any]

WEIGHTS = "weights.safetensors"
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
    net = CPnet([N_INPUTS, *WIDTHS[width]], 3, sz=3, mkldnn=False, diam_mean=diam_mean)
    return net.to(memory_format=torch.channels_last)


def width_of(state: State) -> str:
    """Tell which network a state dict belongs to; raises CheckpointCorrupt."""
    for width in WIDTHS:
        net = CPnet([N_INPUTS, *WIDTHS[width]], 3, sz=3, mkldnn=False)
        wanted = {name: tuple(value.shape) for name, value in net.state_dict().items()}
        found = {name: tuple(getattr(value, "shape", ())) for name, value in state.items()}
        if found == {name: shape for name, shape in wanted.items() if name in found} and (
            set(wanted) - set(found) <= SIZES
        ):
            return width
    raise CheckpointCorrupt(
        "The file does not hold the weights of a Cellpose 3 network with two input channels."
    )


def use_state(net: Net, state: State) -> None:
    """Load weights after checking names, shapes and values.

    Upstream loads with strict=False and takes a garbage file for a model.
    """
    wanted = net.state_dict()
    missing = set(wanted) - set(state) - SIZES
    if missing or set(state) - set(wanted):
        raise CheckpointCorrupt("The weights belong to another network.")
    for name, value in state.items():
        if value.shape != wanted[name].shape:
            raise CheckpointCorrupt("The weights have other shapes than the network.")
        if value.is_floating_point() and not torch.isfinite(value).all():
            raise CheckpointCorrupt("The weights hold values that are no numbers.")
    net.load_state_dict(dict(state), strict=False)


def save_state(state: State, path: Path) -> None:
    """Write tensors; equal tensors give equal bytes."""
    kept = {key: value.cpu().contiguous() for key, value in state.items()}
    safetensors.torch.save_file(kept, path)


def save_network(net: Net, folder: Path, warn: Callable[[str], None]) -> None:
    """Write the weights, and the same network as ONNX; without the latter it predicts slowly."""
    save_state(net.state_dict(), folder / WEIGHTS)
    save_onnx(folder, lambda: _as_onnx(net), warn, "Predicting with this version is slower")


def _as_onnx(net: Net) -> bytes:
    from training.engines.cellpose_engine.onnx_export import (  # noqa: PLC0415 (needs a package that may be missing)
        onnx_bytes,
    )

    return onnx_bytes(net)


def read_state(path: Path) -> dict[str, Any]:
    """Read tensors written by `save_state`; raises CheckpointCorrupt."""
    try:
        return dict(safetensors.torch.load_file(path))
    except (OSError, ValueError, KeyError, safetensors.SafetensorError) as error:
        raise CheckpointCorrupt("The weights file is damaged.") from error


def read_foreign_state(path: Path) -> dict[str, Any]:
    """Read the weights that Cellpose wrote, without running what a pickle may hold."""
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


def pretrained_state(name: str, *, offline: bool) -> dict[str, Any]:
    """Return the weights of an official model; raises PretrainedUnavailable.

    Fetched by ourselves: Cellpose's own download switches the checking of TLS certificates off
    for the whole process (cellpose 3.1.1.3, utils.py:73).
    """
    path = cached_file(name)
    if not path.is_file():
        if offline:
            raise PretrainedUnavailable(
                f"The official model {name} is not on this machine, and this installation makes "
                "no network requests. Allow them (CYTOLOOP_OFFLINE=0), or put the file "
                f"{path.name} into {path.parent}, or start from scratch or another version.",
                name=name,
            )
        _download(name, path)
    return read_foreign_state(path)


def cached_file(name: str) -> Path:
    """Return where Cellpose itself would keep the model."""
    folder = os.environ.get("CELLPOSE_LOCAL_MODELS_PATH")
    home = Path(folder) if folder else Path.home() / ".cellpose" / "models"
    return home / OFFICIAL_FILES.get(name, name)


def _download(name: str, path: Path) -> None:
    """Fetch a model file whole or not at all."""
    path.parent.mkdir(parents=True, exist_ok=True)
    part = path.with_name(path.name + ".part")
    url = MODELS_URL + path.name
    try:
        with urllib.request.urlopen(url, timeout=60) as answer, part.open("wb") as file:  # noqa: S310
            left = MOST_DOWNLOADED_BYTES
            while (block := answer.read(1 << 20)) and left > 0:
                left -= len(block)
                file.write(block)
    except (urllib.error.URLError, OSError) as error:
        part.unlink(missing_ok=True)
        raise PretrainedUnavailable(
            f"The official model {name} could not be downloaded: the network or the server that "
            "holds it does not answer. Try again later, or start from scratch or another version.",
            name=name,
        ) from error
    part.replace(path)


def diam_mean_of(name: str, state: State) -> float:
    """Return the diameter that a network was trained at."""
    if name == "nuclei":
        return NUCLEI_DIAMETER_PX
    return float(state["diam_mean"][0]) if "diam_mean" in state else CELL_DIAMETER_PX
