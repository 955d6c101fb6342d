"""Cellpose's network computed by ONNX Runtime and by PyTorch: one answer.

    python -m tests.engines.cellpose_networks FOLDER

trains two small networks and prints check → null or traceback.
"""

from __future__ import annotations

import json
import shutil
import sys
from collections.abc import Iterator
from functools import partial
from pathlib import Path
from typing import Any

import numba
import numpy as np
import pytest
import torch

from project.errors import Cancelled, CheckpointCorrupt
from tests.engines.conformance import TINY, run
from tests.engines.onnx_ways import (
    ONNX_WEIGHTS,
    has_bfloat16,
    nearly_same,
    onnx_warnings,
    share_alike,
    third_time,
    uses_onnx,
    way_of,
    without_package,
)
from tests.engines.worlds import Notes, ellipses, make_job, never, small_world
from training.engines import registry
from training.engines.cellpose_engine.forward import TorchForward, open_onnx
from training.engines.cellpose_engine.net import WIDTHS, build, save_network
from training.engines.cellpose_engine.tiles import (
    DIVISOR_PX,
    LARGE_OVERLAP_PX,
    LARGE_TILE_PX,
    large_tiles,
    usual_tiles,
)
from training.engines.cellpose_engine.upstream import dynamics

# Channels, and the diameter: the one's pixels are those of the network, the other's are not.
NETWORKS = {"one": (1, 0.0), "two": (2, 40.0)}
SIZES = ((128, 128), (97, 230), (300, 260), (33, 200), (61, 18), (5, 40))
BLOCK_PX = 128
MAPS_OFF = 1e-4  # flows are five times a unit vector, cellprob is a logit


class Networks:
    """Two trained checkpoints, each opened in both ways."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.engine = registry.load("cellpose")
        self.checkpoints = {name: self._trained(name, *NETWORKS[name]) for name in NETWORKS}

    def _trained(self, name: str, n_channels: int, diameter_px: float) -> Path:
        regions = small_world(self.folder / f"{name}-data", n_channels=n_channels)
        notes = Notes()
        # Where processors have bfloat16, versions use PyTorch unless they say this.
        params = TINY["cellpose"] | {"precision": "float32", "diameter_px": diameter_px}
        channels = tuple(range(n_channels))
        job = make_job(regions, self.folder / name, params=params, channels=channels)
        checkpoint = self.engine.train(job, notes, never)
        assert not notes.warnings
        return checkpoint

    def load(self, checkpoint: Path, *, fast: bool = False) -> Any:
        return self.engine.load(checkpoint, device="cpu", n_threads=1, fast=fast)

    def both(self) -> Iterator[tuple[int, Any, Any]]:
        """Yield the number of channels and the two predictors of each checkpoint."""
        for name, checkpoint in self.checkpoints.items():
            with_onnx = self.load(checkpoint)
            with_torch = self.load(self.copy(name, f"{name}-bare", bare=True))
            assert uses_onnx(with_onnx)
            assert not uses_onnx(with_torch)
            yield NETWORKS[name][0], with_onnx, with_torch

    def copy(self, name: str, target_name: str, *, bare: bool = False) -> Path:
        target = self.folder / target_name
        shutil.rmtree(target, ignore_errors=True)
        without = shutil.ignore_patterns(ONNX_WEIGHTS) if bare else None
        return Path(shutil.copytree(self.checkpoints[name], target, ignore=without))

    def check_both_ways_give_the_same_instances(self) -> None:
        n_objects = 0
        for n_channels, with_onnx, with_torch in self.both():
            for number, size in enumerate(SIZES):
                image = picture(number, size, n_channels)
                expected = with_torch.predict(image, want_maps=True)
                found = with_onnx.predict(image, want_maps=True)
                nearly_same(found, expected)
                for name, plane in expected.maps.items():
                    assert np.allclose(found.maps[name], plane, atol=MAPS_OFF)
                n_objects += len(expected.scores)
        assert n_objects > 80

    def check_blocks_and_references_do_not_depend_on_the_way(self) -> None:
        for n_channels, with_onnx, with_torch in self.both():
            image = picture(7, (310, 270), n_channels)
            with_onnx.block_px = with_torch.block_px = BLOCK_PX
            expected = with_torch.predict(image)
            nearly_same(with_onnx.predict(image), expected)
            assert len(expected.scores) > 10
            part = image[:, 40:120, 50:170]
            expected = with_torch.predict(part, reference=image)
            nearly_same(with_onnx.predict(part, reference=image), expected)

    def check_every_width_is_written_as_it_computes(self) -> None:
        rng = np.random.default_rng(0)
        for width in WIDTHS:
            torch.manual_seed(1)
            net = build(width, 30.0)
            for layer in net.modules():
                if isinstance(layer, torch.nn.BatchNorm2d):
                    layer.running_mean.uniform_(-0.3, 0.3)
                    layer.running_var.uniform_(0.5, 2.0)
            folder = self.folder / width
            folder.mkdir()
            save_network(net, folder, pytest.fail)
            forward = open_onnx(folder, 1)
            assert forward is not None
            for shape in ((1, 2, 16, 48), (3, 2, 112, 64)):
                tiles = rng.normal(size=shape).astype(np.float32)
                expected = TorchForward(net, bfloat16=False)(tiles)
                assert np.allclose(forward(tiles), expected, rtol=1e-4, atol=1e-5)

    def check_a_stop_takes_one_batch_of_tiles(self) -> None:
        for n_channels, *predictors in self.both():
            for predictor in predictors:
                image = picture(10, (500, 900), n_channels)
                asked: list[int] = []
                with pytest.raises(Cancelled):
                    predictor.predict(image, should_stop=lambda asked=asked: third_time(asked))
                assert len(asked) == 3

    def check_without_the_file_or_the_runtime_pytorch_does_it(self) -> None:
        image = picture(11, (90, 110), 1)
        expected = self.load(self.checkpoints["one"]).predict(image)
        bare, damaged = self.copy("one", "bare", bare=True), self.copy("one", "damaged")
        content = (damaged / ONNX_WEIGHTS).read_bytes()
        (damaged / ONNX_WEIGHTS).write_bytes(content[: len(content) // 2])
        for checkpoint, warns in ((bare, False), (damaged, True)):
            with onnx_warnings() as warned:
                predictor = self.load(checkpoint)
            assert not uses_onnx(predictor)
            assert bool(warned) == warns
            nearly_same(predictor.predict(image), expected)
        with without_package("onnxruntime"):
            assert not uses_onnx(self.load(self.checkpoints["one"]))

    def check_damaged_weights_beside_a_damaged_file_are_refused(self) -> None:
        broken = self.copy("one", "broken")
        for path in broken.glob("weights*"):
            path.write_bytes(path.read_bytes()[:1000])
        with pytest.raises(CheckpointCorrupt):
            self.load(broken)

    def check_versions_in_bfloat16_go_the_fastest_way_there_is(self) -> None:
        half = self.copy("one", "half")
        config = json.loads((half / "config.json").read_text())
        config["params"]["precision"] = "bfloat16"
        (half / "config.json").write_text(json.dumps(config))
        image = picture(12, (300, 260), 1)
        expected = self.load(self.checkpoints["one"]).predict(image)
        assert len(expected.scores) > 10
        found = self.load(half)
        assert way_of(found) == ("Openvino" if has_bfloat16() else "Torch")
        assert share_alike(expected, found.predict(image), 0.8) > 0.9
        with without_package("openvino"):
            found = self.load(half)
        assert way_of(found) == "Torch"
        assert share_alike(expected, found.predict(image), 0.8) > 0.9

    def check_the_fast_way_finds_nearly_the_same_instances(self) -> None:
        for name, checkpoint in self.checkpoints.items():
            image = picture(13, (500, 300), NETWORKS[name][0])
            usual, fast = self.load(checkpoint), self.load(checkpoint, fast=True)
            expected, found = usual.predict(image), fast.predict(image)
            assert len(expected.scores) > 10
            assert not (found.label_image == expected.label_image).all()
            assert share_alike(expected, found, 0.7) > 0.9, name
            fast.block_px = BLOCK_PX
            assert share_alike(found, fast.predict(image), 0.9) > 0.95, name

    def check_large_tiles_cover_an_image_and_are_few(self) -> None:
        for side in (16, 224, 512, 528, 1040, 2064, 5008):
            layout = large_tiles(side)
            ends = layout.starts + layout.tile_px
            assert layout.starts[0] == 0
            assert ends[-1] == side
            assert (layout.starts[1:] <= ends[:-1] - LARGE_OVERLAP_PX // 2).all()
            assert layout.tile_px % DIVISOR_PX == 0
            assert layout.tile_px <= LARGE_TILE_PX
            usual = usual_tiles(side)
            assert len(usual.starts) * usual.tile_px >= len(layout.starts) * layout.tile_px

    def check_without_the_package_a_network_is_stored_without_the_file(self) -> None:
        folder, warned = self.folder / "unwritten", []
        folder.mkdir()
        with without_package("onnx"):
            save_network(build("tiny", 30.0), folder, warned.append)
        assert [path.name for path in folder.iterdir()] == ["weights.safetensors"]
        assert len(warned) == 1

    def check_an_uploaded_file_is_never_used(self) -> None:
        upload = self.copy("one", "upload")
        (upload / ONNX_WEIGHTS).write_bytes(b"not what was trained here")
        archive = Path(shutil.make_archive(str(upload), "zip", upload))
        ours = (self.checkpoints["one"] / ONNX_WEIGHTS).read_bytes()
        for source in (upload, archive):
            adopted = self.engine.adopt(source, self.folder / "adopted")
            assert (adopted / ONNX_WEIGHTS).read_bytes() == ours
            assert uses_onnx(self.load(adopted))

    def check_what_is_compiled_for_upstream_is_kept(self) -> None:
        from numba.core.caching import NullCache

        for function in (dynamics._extend_centers, dynamics.map_coordinates, dynamics.steps2D):
            assert not isinstance(function._cache, NullCache)
        assert isinstance(numba.njit(lambda x: x)._cache, NullCache)


def picture(seed: int, size: tuple[int, int], n_channels: int) -> np.ndarray:
    """Return ellipses, cut to a size."""
    side = max(size)
    image, _ = ellipses(60 + seed, side=side, n=side * side // 1000, n_channels=n_channels)
    return image[:, : size[0], : size[1]]


def checks() -> list[str]:
    return [name for name in vars(Networks) if name.startswith("check_")]


if __name__ == "__main__":
    where = Path(sys.argv[1])
    networks = Networks(where)
    answers = {name: run(partial(getattr(networks, name))) for name in checks()}
    (where / "answers.json").write_text(json.dumps(answers))
