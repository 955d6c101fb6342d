"""What holds for every engine whose network ONNX Runtime computes beside its own framework."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable, Iterator, Mapping
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from project.errors import Cancelled, CheckpointCorrupt
from tests.engines.conformance import TINY, run
from tests.engines.onnx_ways import (
    ONNX_WEIGHTS,
    onnx_warnings,
    third_time,
    uses_onnx,
    without_package,
)
from tests.engines.worlds import Notes, ellipses, make_job, never, small_world
from training.engines import registry


class TwoWays:
    """Trained checkpoints, each opened in both ways.

    `networks` are the parameters and the number of channels of each; the first is copied and
    damaged.
    """

    name: str
    networks: Mapping[str, tuple[dict[str, Any], int]]
    side_px: int  # so large an image is computed in three batches and more,
    block_px: int  # when it is predicted in blocks of this

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.engine = registry.load(self.name)
        self.first = next(iter(self.networks))
        self.checkpoints = {name: self.train(name, *self.networks[name]) for name in self.networks}

    def train(self, name: str, params: dict[str, Any], n_channels: int) -> Path:
        regions = small_world(self.folder / f"{name}-data", n_channels=n_channels)
        notes, params = Notes(), TINY[self.name] | params
        channels = tuple(range(n_channels))
        job = make_job(regions, self.folder / name, params=params, channels=channels)
        checkpoint = self.engine.train(job, notes, never)
        assert not notes.warnings
        return checkpoint

    def load(self, checkpoint: Path, *, fast: bool = False) -> Any:
        return self.engine.load(checkpoint, device="cpu", n_threads=1, fast=fast)

    def both(self) -> Iterator[tuple[str, Any, Any]]:
        """Yield each network's name with its two predictors."""
        for name, checkpoint in self.checkpoints.items():
            with_onnx = self.load(checkpoint)
            without = self.load(self.copy(name, f"{name}-bare", bare=True))
            assert uses_onnx(with_onnx)
            assert not uses_onnx(without)
            yield name, with_onnx, without

    def copy(self, name: str, target_name: str, *, bare: bool = False) -> Path:
        target = self.folder / target_name
        shutil.rmtree(target, ignore_errors=True)
        without = shutil.ignore_patterns(ONNX_WEIGHTS) if bare else None
        return Path(shutil.copytree(self.checkpoints[name], target, ignore=without))

    def copy_with(self, name: str, target_name: str, change: Callable[[Any], Any]) -> Path:
        """Copy a checkpoint and change its config."""
        return changed(self.copy(name, target_name), change)

    def picture(self, seed: int, size: tuple[int, int], name: str) -> np.ndarray:
        """Return ellipses, with as many channels as the network was trained on, cut to a size."""
        side = max(size)
        image, _ = ellipses(
            60 + seed, side=side, n=side * side // 1000, n_channels=self.networks[name][1]
        )
        return image[:, : size[0], : size[1]]

    def without_onnx(self) -> dict[str, tuple[Path, bool]]:
        """Return checkpoints that the framework opens, and whether a warning is due."""
        bare, damaged = self.copy(self.first, "bare", bare=True), self.copy(self.first, "damaged")
        content = (damaged / ONNX_WEIGHTS).read_bytes()
        (damaged / ONNX_WEIGHTS).write_bytes(content[: len(content) // 2])
        return {"bare": (bare, False), "damaged": (damaged, True)}

    def agree(self, found: Any, expected: Any) -> None:
        """Compare what the two ways predict."""
        raise NotImplementedError

    def check_a_stop_takes_one_batch(self) -> None:
        for name, *predictors in self.both():
            for predictor in predictors:
                predictor.block_px = self.block_px
                asked: list[int] = []
                with pytest.raises(Cancelled):
                    predictor.predict(
                        self.picture(10, (self.side_px, self.side_px), name),
                        should_stop=lambda asked=asked: third_time(asked),
                    )
                assert len(asked) == 3

    def check_without_the_file_or_the_runtime_the_framework_does_it(self) -> None:
        image = self.picture(11, (90, 110), self.first)
        expected = self.load(self.checkpoints[self.first]).predict(image)
        for name, (checkpoint, warns) in self.without_onnx().items():
            with onnx_warnings() as warned:
                predictor = self.load(checkpoint)
            assert not uses_onnx(predictor)
            assert bool(warned) == warns, name
            self.agree(predictor.predict(image), expected)
        with without_package("onnxruntime"):
            assert not uses_onnx(self.load(self.checkpoints[self.first]))

    def check_damaged_weights_beside_a_damaged_file_are_refused(self) -> None:
        broken = self.copy(self.first, "broken")
        for path in broken.glob("weights*"):
            path.write_bytes(path.read_bytes()[:1000])
        with pytest.raises(CheckpointCorrupt):
            self.load(broken)

    def check_an_uploaded_file_is_never_used(self) -> None:
        upload = self.copy(self.first, "upload")
        (upload / ONNX_WEIGHTS).write_bytes(b"not what was trained here")
        archive = Path(shutil.make_archive(str(upload), "zip", upload))
        ours = (self.checkpoints[self.first] / ONNX_WEIGHTS).read_bytes()
        for source in (upload, archive):
            adopted = self.engine.adopt(source, self.folder / "adopted")
            assert (adopted / ONNX_WEIGHTS).read_bytes() == ours
            assert uses_onnx(self.load(adopted))


def changed(checkpoint: Path, change: Callable[[Any], Any]) -> Path:
    """Change a checkpoint's config."""
    path = checkpoint / "config.json"
    config = json.loads(path.read_text())
    change(config)
    path.write_text(json.dumps(config))
    return checkpoint


def checks_of(kind: type) -> list[str]:
    return [name for name in dir(kind) if name.startswith("check_")]


def answers_of(made: Any) -> dict[str, str | None]:
    """Run all checks: name → null or traceback."""
    return {name: run(partial(getattr(made, name))) for name in checks_of(type(made))}
