"""A network with flows as a learner: a masked loss, which upstream's training has not."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeAlias

import numpy as np
import torch
from numpy.typing import NDArray

from training.datasets.augment import change_intensities, draw_scale
from training.engines.data import CropSettings, TrainingData
from training.engines.flow_networks.crops import FlowsOf, FlowSource
from training.engines.flow_networks.device import device_of
from training.engines.flow_networks.states import check_state, read_state, save_state, shapes_of
from training.engines.flow_networks.tiles import ToInputs
from training.engines.weights import Weights

# Pixels as the network takes them, and [cellprob, known, flow y, flow x], each (k, side, side).
Patch: TypeAlias = tuple[NDArray[np.float32], NDArray[np.float32]]

FLOW_SCALE = 5.0  # as upstream: the network gives five times the unit flow
TRIES = 8
SURELY = 0.99999  # of the bilinear share of known pixels


@dataclass(frozen=True, slots=True, kw_only=True)
class Teaching:
    """How a network with flows is taught.

    `rescale` is how many of the network's pixels one of the image becomes; weights whose names
    `is_frozen` stay as they were.
    """

    flows_of: FlowsOf
    to_inputs: ToInputs
    rescale: float
    weight_decay: float
    bfloat16: bool
    validation_crops: int
    is_frozen: Callable[[str], bool] = lambda name: False


class FlowLearner:
    """AdamW steps on a masked loss."""

    def __init__(
        self, net: Any, data: TrainingData, crops: CropSettings, teaching: Teaching
    ) -> None:
        self.net = net
        self._device = device_of(net)
        self._crops = crops
        self._teaching = teaching
        folder, flows_of = data.folder / "flows", teaching.flows_of
        self._train = FlowSource(data.train, folder / "train", flows_of)
        self._judge = FlowSource(data.validation, folder / "validation", flows_of)
        for name, each in net.named_parameters():
            if teaching.is_frozen(name):
                each.requires_grad_(False)
        # Their statistics of batches stay, too.
        self._still = [
            each for each in net.modules() if has_statistics(each) and not is_trained(each)
        ]
        learning = [each for each in net.parameters() if each.requires_grad]
        self._optimizer = torch.optim.AdamW(learning, lr=1.0, weight_decay=teaching.weight_decay)
        self._validation = self._validation_batches()

    def step(self, regions: NDArray[np.int64], rng: np.random.Generator, rate: float) -> float:
        """Make one update."""
        self.net.train()
        for each in self._still:
            each.eval()
        made = [self._patch(int(number), rng) for number in regions]
        torch.manual_seed(int(rng.integers(1 << 62)))  # of what the network drops by chance
        for group in self._optimizer.param_groups:
            group["lr"] = rate
        self._optimizer.zero_grad(set_to_none=True)
        loss = self._loss(made)
        loss.backward()
        self._optimizer.step()
        return float(loss.detach())

    def validate(self) -> float | None:
        """Return the mean loss over fixed crops of the validation regions."""
        self.net.eval()
        with torch.no_grad():
            losses = [float(self._loss(batch)) for batch in self._validation]
        return float(np.mean(losses)) if losses else None

    def _loss(self, made: list[Patch]) -> Any:
        inputs = torch.from_numpy(np.stack([pixels for pixels, _ in made]))
        truth = torch.from_numpy(np.stack([truth for _, truth in made]))
        inputs = inputs.to(self._device, memory_format=torch.channels_last)
        kind, is_half = self._device.type, self._teaching.bfloat16
        with torch.autocast(kind, dtype=torch.bfloat16, enabled=is_half):
            output = self.net(inputs)[0]
        return masked_loss(output.float(), truth.to(self._device))

    def _patch(self, number: int, rng: np.random.Generator) -> Patch:
        """Cut, turn, scale and change one patch that has known pixels."""
        side = self._crops.patch_px
        for _ in range(TRIES):
            centre = self._train.source.centre(number, rng, self._crops.foreground)
            scale = self._teaching.rescale * draw_scale(self._crops.scale_range, rng)
            offset = rng.uniform(-0.35, 0.35, 2) * side / scale
            pixels, truth = self._train.turned(
                number,
                (centre[0] + offset[0], centre[1] + offset[1]),
                side,
                scale=scale,
                theta=rng.uniform(0, 2 * np.pi),
                flip=bool(rng.integers(2)),
            )
            if (truth[1] > SURELY).any():
                break
        changed = change_intensities(pixels, self._crops.strengths, rng)
        return self._teaching.to_inputs(changed), truth

    def _validation_batches(self) -> list[list[Patch]]:
        """Cut the same crops for every epoch; those without known pixels are left out."""
        rng, made = np.random.default_rng(0), []
        n_regions = len(self._judge.source)
        for number in range(self._teaching.validation_crops if n_regions else 0):
            region = number % n_regions
            centre = self._judge.source.centre(region, rng, self._crops.foreground)
            scale = self._teaching.rescale
            pixels, truth = self._judge.turned(region, centre, self._crops.patch_px, scale=scale)
            if (truth[1] > SURELY).any():
                made.append((self._teaching.to_inputs(pixels), truth))
        size = self._crops.batch_size
        return [made[i : i + size] for i in range(0, len(made), size)]

    def trained(self) -> set[str]:
        """Return the names of the weights that steps change."""
        return {name for name, each in self.net.named_parameters() if each.requires_grad}

    def get_weights(self) -> Weights:
        """Return copies of all weights by their name in the state dict; counters are left out."""
        return {
            name: value.detach().cpu().numpy().copy()
            for name, value in self.net.state_dict().items()
            if value.is_floating_point()
        }

    def set_weights(self, weights: Weights) -> None:
        """Put weights in the place of those with the same names."""
        state = {name: torch.from_numpy(value) for name, value in weights.items()}
        self.net.load_state_dict(state, strict=False)

    def save_weights(self, folder: Path, name: str) -> None:
        """Write the weights as safetensors."""
        save_state(self.net.state_dict(), folder / f"{name}.safetensors")

    def load_weights(self, folder: Path, name: str) -> None:
        """Read the weights."""
        state = read_state(folder / f"{name}.safetensors")
        check_state(state, shapes_of(self.net.state_dict()))
        self.net.load_state_dict(state)

    def save_optimizer(self, folder: Path) -> None:
        """Write AdamW's moments and step counts."""
        state = self._optimizer.state_dict()["state"]
        flat = {f"{i}.{key}": value for i, one in state.items() for key, value in one.items()}
        save_state(flat, folder / "optimizer.safetensors")

    def load_optimizer(self, folder: Path) -> None:
        """Read AdamW's state."""
        state: dict[int, dict[str, Any]] = {}
        for name, value in read_state(folder / "optimizer.safetensors").items():
            number, _, key = name.partition(".")
            state.setdefault(int(number), {})[key] = value
        groups = self._optimizer.state_dict()["param_groups"]
        self._optimizer.load_state_dict({"state": state, "param_groups": groups})


def has_statistics(module: Any) -> bool:
    """Tell whether a layer remembers means over batches, and not only weights."""
    return isinstance(module, torch.nn.modules.batchnorm._BatchNorm)


def is_trained(module: Any) -> bool:
    """Tell whether steps change a part of the network."""
    return any(each.requires_grad for each in module.parameters())


def masked_loss(output: Any, truth: Any) -> Any:
    """Return upstream's loss over known pixels only (cellpose 3.1.1.3, train.py:16; 4.2.1.1, :33).

    Both parts are divided by the number of known pixels, so that a sparsely labelled patch pulls
    as hard as a full one; unknown pixels get a gradient of exactly 0.
    """
    known = (truth[:, 1] > SURELY).to(output.dtype)
    n_known = known.sum().clamp(min=1.0)
    off = (output[:, :2] - FLOW_SCALE * truth[:, 2:]).square().mean(dim=1)
    unsure = torch.nn.functional.binary_cross_entropy_with_logits(
        output[:, 2], (truth[:, 0] > 0.5).to(output.dtype), reduction="none"
    )
    # where() and not a product: an overflow in an unknown pixel would make 0 * inf = NaN.
    nothing = torch.zeros_like(off)
    return torch.where(known > 0, off / 2 + unsure, nothing).sum() / n_known
