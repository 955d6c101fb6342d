"""Quirks that all engines with flows are checked for, with PyTorch in the process."""

from __future__ import annotations

import pickle
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch

from project.errors import CheckpointCorrupt
from tests.engines.worlds import Notes, make_job, never, small_world
from training.engines.flow_networks.learner import masked_loss
from training.engines.flow_networks.states import WEIGHTS, read_state

RAN = Path("/tmp/cytoloop-evil-ran")


class Evil:
    def __reduce__(self) -> Any:
        return (Path.touch, (RAN,))


def unknown_pixels_have_no_gradient() -> None:
    torch.manual_seed(0)
    output = torch.randn(2, 3, 8, 8, requires_grad=True)
    truth = torch.rand(2, 4, 8, 8)
    truth[:, 1] = 1
    truth[:, 1, :, 4:] = 0.5  # the bilinear edge of what is known counts as unknown
    masked_loss(output, truth).backward()
    assert not output.grad[..., 4:].any()
    assert output.grad[..., :4].all()


def pickles_are_not_run(folder: Path, weight: str, read: Callable[[Path], Any]) -> None:
    """Hide code where a network of upstream's would have this weight."""
    path = folder / "evil.pth"
    torch.save({weight: Evil()}, path)
    with pytest.raises(CheckpointCorrupt):
        read(path)
    path.write_bytes(pickle.dumps(Evil()))
    with pytest.raises(CheckpointCorrupt):
        read(path)
    assert not RAN.exists()


def weights_that_the_decoder_changes(
    engine: Any, folder: Path, params: dict[str, Any], is_encoder: Callable[[str], bool]
) -> set[str]:
    """Train the decoder alone and return which weights are others then, none of the encoder's."""
    regions = small_world(folder / "decoder-data", n_train=1)
    params = params | {"steps": 2, "steps_per_epoch": 2, "layers": "decoder", "keep": "last"}
    first = engine.train(make_job(regions, folder / "first", params=params), Notes(), never)
    job = make_job(regions, folder / "second", params=params, parent=first)
    second = engine.train(job, Notes(), never)
    before, after = (read_state(each / WEIGHTS) for each in (first, second))
    changed = {name for name, value in before.items() if not torch.equal(value, after[name])}
    assert not any(is_encoder(name) for name in changed), changed
    return changed
