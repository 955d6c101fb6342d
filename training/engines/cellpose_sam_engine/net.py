"""Cellpose-SAM networks: built without weights, filled from files whose shapes were checked."""

from __future__ import annotations

from functools import cache
from pathlib import Path
from typing import Any, TypeAlias

import torch
from cellpose.vit import CPSAM, BaseModel
from segment_anything.modeling import ImageEncoderViT

from project.errors import CheckpointCorrupt
from training.engines.flow_networks.states import (
    WEIGHTS,
    Shapes,
    State,
    check_state,
    fits,
    read_foreign_state,
    read_state,
    shapes_of,
)

Net: TypeAlias = Any  # cellpose has no types

TILE_PX = 256  # the network's positions are those of 32 x 32 tokens of 8 pixels
TOKEN_PX = 8
N_INPUTS, N_OUTPUTS = 3, 3
STANDARD, SMALL = "standard", "small"
SIZES = {"diam_mean", "diam_labels"}  # not used by the network; files may lack them
USUAL_DIAMETER_PX = 30.0
PARALLEL = "module."  # before each name in what was trained on several GPUs


class SmallSam(CPSAM):  # type: ignore[misc]  # cellpose has no types
    """A network of the same build that fits any machine; upstream has no weights for it."""

    def __init__(self, width: int = 64, depth: int = 2, n_heads: int = 4) -> None:
        BaseModel.__init__(self)
        self.encoder = ImageEncoderViT(
            img_size=TILE_PX,
            patch_size=TOKEN_PX,
            embed_dim=width,
            depth=depth,
            num_heads=n_heads,
            out_chans=width,
            use_rel_pos=True,
        )
        n_values = N_OUTPUTS * TOKEN_PX**2
        self.out = torch.nn.Conv2d(width, n_values, kernel_size=1)
        to_pixels = torch.eye(n_values).reshape(n_values, N_OUTPUTS, TOKEN_PX, TOKEN_PX)
        self.W2 = torch.nn.Parameter(to_pixels, requires_grad=False)
        self.backbone, self.rdrop, self.nout, self.ps = "sam_vitl", 0.0, N_OUTPUTS, TOKEN_PX


KINDS = {STANDARD: CPSAM, SMALL: SmallSam}


def build(kind: str) -> Net:
    """Build a network with random weights; raises CheckpointCorrupt."""
    if kind not in KINDS:
        raise CheckpointCorrupt(f"There is no Cellpose-SAM network called {kind!r}.")
    return KINDS[kind]()


def with_state(kind: str, state: State) -> Net:
    """Build a network around weights, of which it makes no copy; raises CheckpointCorrupt."""
    if kind not in KINDS:
        raise CheckpointCorrupt(f"There is no Cellpose-SAM network called {kind!r}.")
    check_state(state, shapes(kind), optional=SIZES)
    usual = {name: torch.tensor([USUAL_DIAMETER_PX]) for name in SIZES}
    with torch.device("meta"):  # else 1.2 GB would be drawn at random and thrown away
        net = KINDS[kind]()
    net.load_state_dict(usual | {name: value.float() for name, value in state.items()}, assign=True)
    return net


@cache
def shapes(kind: str) -> Shapes:
    """Return the shapes of a network's weights by their names."""
    with torch.device("meta"):
        return shapes_of(KINDS[kind]().state_dict())


def kind_of(state: State) -> str:
    """Tell which network a state dict belongs to; raises CheckpointCorrupt."""
    for kind in KINDS:
        if fits(state, shapes(kind), optional=SIZES):
            return kind
    raise CheckpointCorrupt(
        "The file does not hold the weights of a Cellpose-SAM network with three outputs. Models "
        "of Cellpose 3 belong to the engine cellpose; those on DINO, or with classes, are not "
        "supported."
    )


def load_net(checkpoint: Path, config: dict[str, Any]) -> Net:
    """Build a checkpoint's network with its weights; raises CheckpointCorrupt."""
    return with_state(str(config.get("net")), read_state(checkpoint / WEIGHTS))


def read_upstream(path: Path) -> dict[str, Any]:
    """Read a model file of upstream's, or of ours; raises CheckpointCorrupt."""
    state = read_foreign_state(path)
    return {name.removeprefix(PARALLEL): value for name, value in state.items()}


def is_encoder(name: str) -> bool:
    """Tell whether a weight belongs to what sees, and not to what makes flows of it."""
    return name.startswith("encoder.") and not name.startswith("encoder.neck.")
