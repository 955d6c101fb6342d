"""CPnet as a learner: our own loop, since upstream's has no mask, no stop and no resume."""

from __future__ import annotations

import math
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import torch
from numpy.typing import NDArray

from training.datasets.augment import change_intensities, draw_scale
from training.datasets.crops import CropSource
from training.datasets.labels import Box, SparseLabels
from training.engines.cellpose_engine.device import device_of
from training.engines.cellpose_engine.net import Net, read_state, save_state, use_state
from training.engines.cellpose_engine.upstream import dynamics
from training.engines.data import CropSettings, TrainingData
from training.engines.weights import Weights

FLOW_SCALE = 5.0  # as upstream: the network gives five times the unit flow
TRIES = 8
VALIDATION_CROPS = 16
SURELY = 0.99999  # of the bilinear share of known pixels


class FlowSource:
    """Crops with flows; those are computed once per region, from whole objects, onto disk.

    Flows of a cropped object would point to another centre.
    """

    def __init__(self, source: CropSource, folder: Path) -> None:
        self.source = source
        self._paths = []
        folder.mkdir(parents=True, exist_ok=True)
        for number in range(len(source)):
            path = folder / f"flows-{number}.npy"
            np.save(path, flows_of(np.asarray(source.labels_of(number))))
            self._paths.append(path)

    def window(self, number: int, box: Box) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
        """Return pixels (C, h, w) and [cellprob, known, flow y, flow x] of a box of the image."""
        crop = self.source.window(number, box)
        row, col = self.source.regions[number].region.box[:2]
        truth = np.zeros((4, *crop.labels.shape), np.float32)
        truth[0], truth[1] = crop.labels > 0, crop.labels >= 0
        flows = np.load(self._paths[number], mmap_mode="r")
        top, left = max(box[0] - row, 0), max(box[1] - col, 0)
        part = flows[:, top : max(box[2] - row, 0), left : max(box[3] - col, 0)]
        at = (top + row - box[0], left + col - box[1])
        truth[2:, at[0] : at[0] + part.shape[1], at[1] : at[1] + part.shape[2]] = part
        return crop.pixels, truth


def flows_of(labels: SparseLabels) -> NDArray[np.float16]:
    """Return the unit flows towards the objects' centres, shape (2, h, w)."""
    objects = np.maximum(labels, 0)
    if not objects.any():
        return np.zeros((2, *labels.shape), np.float16)
    flows: NDArray[np.float16] = dynamics.masks_to_flows(objects).astype(np.float16)
    return flows


class CellposeLearner:
    """AdamW steps on a masked loss."""

    def __init__(
        self,
        net: Net,
        data: TrainingData,
        crops: CropSettings,
        *,
        rescale: float,
        weight_decay: float,
        bfloat16: bool,
    ) -> None:
        self.net = net
        self._device = device_of(net)
        self._train = FlowSource(data.train, data.folder / "flows" / "train")
        self._judge = FlowSource(data.validation, data.folder / "flows" / "validation")
        self._crops = crops
        self._side = crops.patch_px
        self._rescale = rescale
        self._bfloat16 = bfloat16
        trained = [each for each in net.parameters() if each.requires_grad]
        self._optimizer = torch.optim.AdamW(trained, lr=1.0, weight_decay=weight_decay)
        self._validation = self._validation_batches()

    def step(self, regions: NDArray[np.int64], rng: np.random.Generator, rate: float) -> float:
        """Make one update."""
        self.net.train()
        if not is_trained(self.net.downsample):
            self.net.downsample.eval()  # its statistics of batches stay, too
        made = [self._patch(int(number), rng) for number in regions]
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

    def _loss(self, made: list[tuple[NDArray[np.float32], NDArray[np.float32]]]) -> Any:
        inputs = torch.from_numpy(np.stack([pixels for pixels, _ in made]))
        truth = torch.from_numpy(np.stack([truth for _, truth in made]))
        inputs = inputs.to(self._device, memory_format=torch.channels_last)
        kind = self._device.type
        with torch.autocast(kind, dtype=torch.bfloat16, enabled=self._bfloat16):
            output = self.net(inputs)[0]
        return masked_loss(output.float(), truth.to(self._device))

    def _patch(
        self, number: int, rng: np.random.Generator
    ) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
        """Cut, turn, scale and change one patch that has known pixels."""
        for _ in range(TRIES):
            centre = self._train.source.centre(number, rng, self._crops.foreground)
            scale = self._rescale * draw_scale(self._crops.scale_range, rng)
            offset = rng.uniform(-0.35, 0.35, 2) * self._side / scale
            pixels, truth = self._turned(
                self._train,
                number,
                (centre[0] + offset[0], centre[1] + offset[1]),
                scale,
                theta=rng.uniform(0, 2 * np.pi),
                flip=bool(rng.integers(2)),
            )
            if (truth[1] > SURELY).any():
                break
        return to_inputs(change_intensities(pixels, self._crops.strengths, rng)), truth

    def _turned(
        self,
        flows: FlowSource,
        number: int,
        centre: tuple[float, float],
        scale: float,
        *,
        theta: float = 0.0,
        flip: bool = False,
    ) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
        """Read a window around a place of a region and warp it to a patch."""
        prepared = flows.source.regions[number]
        half = self._side / scale / 2
        reach = math.ceil(half * (abs(math.cos(theta)) + abs(math.sin(theta)))) + 2
        place = []
        for position, start, size in zip(
            centre, prepared.region.box[:2], prepared.image_shape, strict=True
        ):
            inside = min(max(position + start, half), max(size - half, half))
            place.append(round(inside))
        box = (place[0] - reach, place[1] - reach, place[0] + reach, place[1] + reach)
        pixels, truth = flows.window(number, box)
        return warp(pixels, truth, self._side, scale=scale, theta=theta, flip=flip)

    def _validation_batches(
        self,
    ) -> list[list[tuple[NDArray[np.float32], NDArray[np.float32]]]]:
        """Cut the same crops for every epoch; those without known pixels are left out."""
        rng, made = np.random.default_rng(0), []
        n_regions = len(self._judge.source)
        for number in range(VALIDATION_CROPS if n_regions else 0):
            region = number % n_regions
            centre = self._judge.source.centre(region, rng, self._crops.foreground)
            pixels, truth = self._turned(self._judge, region, centre, self._rescale)
            if (truth[1] > SURELY).any():
                made.append((to_inputs(pixels), truth))
        size = self._crops.batch_size
        return [made[i : i + size] for i in range(0, len(made), size)]

    def trained(self) -> set[str]:
        """Return the names of the weights that steps change."""
        return {name for name, each in self.net.named_parameters() if each.requires_grad}

    def get_weights(self) -> Weights:
        """Return copies of all weights by their name in the state dict; counters are left out."""
        state = self.net.state_dict()
        return {
            name: value.detach().cpu().numpy().copy()
            for name, value in state.items()
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
        use_state(self.net, read_state(folder / f"{name}.safetensors"))

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


def is_trained(module: Any) -> bool:
    """Tell whether steps change a part of the network."""
    return any(each.requires_grad for each in module.parameters())


def masked_loss(output: Any, truth: Any) -> Any:
    """Return upstream's loss (cellpose 3.1.1.3, train.py:16) over known pixels only.

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


def warp(
    pixels: NDArray[np.float32],
    truth: NDArray[np.float32],
    side: int,
    *,
    scale: float,
    theta: float,
    flip: bool,
) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """Flip, turn and scale a window around its centre into a square patch; flows turn along.

    `truth` is [cellprob, known, flow y, flow x]. As upstream's `random_rotate_and_resize`
    (transforms.py:890), with a generator of ours and a channel for what is known.
    """
    if flip:
        pixels, truth = pixels[:, :, ::-1], truth[:, :, ::-1].copy()
        np.negative(truth[3], out=truth[3])
    cos, sin = scale * math.cos(theta), scale * math.sin(theta)
    middle = (pixels.shape[1] - 1) / 2
    target = (side - 1) / 2
    matrix = np.array(
        [
            [cos, -sin, target - cos * middle + sin * middle],
            [sin, cos, target - sin * middle - cos * middle],
        ]
    )

    def one(plane: NDArray[np.float32], how: int) -> NDArray[np.float32]:
        source = np.ascontiguousarray(plane, dtype=np.float32)
        return np.asarray(cv2.warpAffine(source, matrix, (side, side), flags=how), np.float32)

    new_pixels = np.stack([one(plane, cv2.INTER_LINEAR) for plane in pixels])
    turned: NDArray[np.float32] = np.empty((4, side, side), np.float32)
    turned[0] = one(truth[0], cv2.INTER_NEAREST)
    turned[1], flow_y, flow_x = (one(plane, cv2.INTER_LINEAR) for plane in truth[1:])
    turned[2] = flow_x * math.sin(theta) + flow_y * math.cos(theta)
    turned[3] = flow_x * math.cos(theta) - flow_y * math.sin(theta)
    return new_pixels, turned


def to_inputs(pixels: NDArray[np.float32]) -> NDArray[np.float32]:
    """Return the two channels that a CPnet takes: one and nothing, two as they are, or grey."""
    if pixels.shape[0] == 2:
        return np.ascontiguousarray(pixels)
    grey: NDArray[np.float32] = np.mean(pixels, axis=0, dtype=np.float32)
    return np.stack([grey, np.zeros_like(grey)])


def conversion_of(n_channels: int) -> str:
    """Say in words what `to_inputs` does."""
    return {1: "one channel, second empty", 2: "two channels as they are"}.get(
        n_channels, f"grey mean of {n_channels} channels, second empty"
    )
