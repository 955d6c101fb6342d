"""Cellpose's network computed by ONNX Runtime and by PyTorch: one answer.

    python -m tests.engines.cellpose_networks FOLDER

trains two small networks and prints check → null or traceback.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

import numba
import numpy as np
import pytest
import torch
from scipy import ndimage

from annotations.imaging.pixels import PixelShape, open_pixels, write_pixels
from tests.engines.onnx_ways import (
    has_bfloat16,
    nearly_same,
    share_alike,
    way_of,
    without_package,
)
from tests.engines.two_ways import TwoWays, answers_of, changed, checks_of
from tests.engines.worlds import ellipses
from training.datasets.large import PixelsOfFile, normalized
from training.engines.base import PredictionArrays
from training.engines.cellpose_engine.forward import open_onnx, open_torch
from training.engines.cellpose_engine.net import WIDTHS, build, save_network
from training.engines.cellpose_engine.predictor import (
    FAST_TILING,
    USUAL_TILING,
    MeasuringPredictor,
)
from training.engines.cellpose_engine.upstream import dynamics
from training.engines.flow_networks.tiles import FEW_OVERLAP_PX, PAD_TO_PX
from training.metrics.matching import match

# Where processors have bfloat16, versions use PyTorch unless they say this.
EXACT = {"precision": "float32"}
SIZES = ((128, 128), (97, 230), (300, 260), (33, 200), (61, 18), (5, 40))
BLOCK_PX = 128
MAPS_OFF = 1e-4  # flows are five times a unit vector, cellprob is a logit
# Learnt well enough that objects of another size have flows that it knows to be wrong.
ONE_SIZE = {"steps": 160, "scale_range": 0.0}
STRICT = {"cellprob": 0.0, "flow": 0.2}


class Networks(TwoWays):
    """The one's pixels are those of the network, the other's are not."""

    name = "cellpose"
    networks = {"one": (EXACT, 1), "two": (EXACT | {"diameter_px": 40.0}, 2)}
    side_px, block_px = 700, 2048

    def agree(self, found: Any, expected: Any) -> None:
        nearly_same(found, expected)

    def check_both_ways_give_the_same_instances(self) -> None:
        n_objects = 0
        for name, with_onnx, with_torch in self.both():
            for number, size in enumerate(SIZES):
                image = self.picture(number, size, name)
                expected = with_torch.predict(image, want_maps=True)
                found = with_onnx.predict(image, want_maps=True)
                nearly_same(found, expected)
                for key, plane in expected.maps.items():
                    assert np.allclose(found.maps[key], plane, atol=MAPS_OFF)
                n_objects += len(expected.scores)
        assert n_objects > 80

    def check_blocks_and_references_do_not_depend_on_the_way(self) -> None:
        for name, with_onnx, with_torch in self.both():
            image = self.picture(7, (310, 270), name)
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
                expected = open_torch(net, bfloat16=False)(tiles)
                assert np.allclose(forward(tiles), expected, rtol=1e-4, atol=1e-5)

    def check_versions_in_bfloat16_go_the_fastest_way_there_is(self) -> None:
        half = self.copy_with(
            "one", "half", lambda config: config["params"].update(precision="bfloat16")
        )
        image = self.picture(12, (300, 260), "one")
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
            image = self.picture(13, (500, 300), name)
            usual, fast = self.load(checkpoint), self.load(checkpoint, fast=True)
            expected, found = usual.predict(image), fast.predict(image)
            assert len(expected.scores) > 10
            assert not (found.label_image == expected.label_image).all()
            assert share_alike(expected, found, 0.7) > 0.9, name
            fast.block_px = BLOCK_PX
            assert share_alike(found, fast.predict(image), 0.9) > 0.95, name

    def check_large_tiles_cover_an_image_and_are_few(self) -> None:
        for side in (16, 224, 512, 528, 1040, 2064, 5008):
            layout = FAST_TILING.lay_out(side, FAST_TILING.side_px)
            ends = layout.starts + layout.tile_px
            assert layout.starts[0] == 0
            assert ends[-1] == side
            assert (layout.starts[1:] <= ends[:-1] - FEW_OVERLAP_PX // 2).all()
            assert layout.tile_px % PAD_TO_PX == 0
            assert layout.tile_px <= FAST_TILING.side_px
            usual = USUAL_TILING.lay_out(side, USUAL_TILING.side_px)
            assert len(usual.starts) * usual.tile_px >= len(layout.starts) * layout.tile_px

    def check_without_the_package_a_network_is_stored_without_the_file(self) -> None:
        folder, warned = self.folder / "unwritten", []
        folder.mkdir()
        with without_package("onnx"):
            save_network(build("tiny", 30.0), folder, warned.append)
        assert [path.name for path in folder.iterdir()] == ["weights.safetensors"]
        assert len(warned) == 1

    def check_objects_of_another_size_are_found_at_their_own_diameter(self) -> None:
        checkpoint, shares = self.train("size", EXACT | ONE_SIZE, 1), {}
        image, truth = ellipses(70, side=200, n=60)
        for at in ("annotations", "image"):
            asked = {"params": EXACT | {"diameter_at": at}, "thresholds": STRICT}
            predictor = self.load(changed(checkpoint, lambda config, new=asked: config.update(new)))
            for times in (1, 2):
                larger, its_truth = (
                    each.repeat(times, -1).repeat(times, -2) for each in (image, truth)
                )
                found = predictor.predict(larger, want_maps=True)
                assert found.maps["cellprob"].shape == its_truth.shape
                counts = match(its_truth, found.label_image).counts[0.5]
                shares[at, times] = counts.tp / len(np.unique(truth)[1:])
        assert min(shares["annotations", 1], shares["image", 1], shares["image", 2]) > 0.9, shares
        assert shares["annotations", 2] < 0.4, shares

    def check_a_diameter_that_was_named_is_not_that_of_the_objects(self) -> None:
        image = self.picture(14, (300, 260), "two")
        asked = {"params": EXACT | {"diameter_at": "image"}}
        checkpoint = self.copy_with("two", "two-image", lambda config: config.update(asked))
        for each in (checkpoint, self.engine.adopt(checkpoint, self.folder / "two-adopted")):
            expected = self.load(self.checkpoints["two"]).predict(image)
            assert len(expected.scores) > 10
            assert share_alike(expected, self.load(each).predict(image), 0.5) > 0.9

    def check_a_part_is_segmented_at_the_diameter_of_the_whole_image(self) -> None:
        rows, cols = np.mgrid[:1500, :1500]
        disks = ((rows % 60 - 30) ** 2 + (cols % 60 - 30) ** 2 < 20**2).astype(np.uint16)
        disks[:300, :300] = 0  # a corner that says nothing
        path = self.folder / "disks.tif"
        write_pixels(path, PixelShape(1, 1, 1, 1500, 1500, "uint16"), lambda _, a, b: disks[a:b])
        with open_pixels(path) as file:
            whole = PixelsOfFile(file, t=0, z=0, channels=[0])
            used: list[float] = []
            predictor = MeasuringPredictor(Noting(15.0, used), lambda px: Noting(px, used))
            for image, reference in ((whole, None), (whole[:, :320, :320], whole)):
                predictor.predict(image, reference=reference)
        assert used[0] == used[2] == 15.0
        assert used[1] == used[3] > 30

    def check_what_is_compiled_for_upstream_is_kept(self) -> None:
        from numba.core.caching import NullCache

        for function in (dynamics._extend_centers, dynamics.map_coordinates, dynamics.steps2D):
            assert not isinstance(function._cache, NullCache)
        assert isinstance(numba.njit(lambda x: x)._cache, NullCache)


class Noting:
    """Stands in for a network: sees what is bright, and notes the diameters it is asked at."""

    def __init__(self, diameter_px: float, used: list[float]) -> None:
        self.config, self.overlap_px = {"diameter_px": diameter_px}, 3 * int(diameter_px)
        self.normalized, self.used = normalized_by, used

    def segment(self, pixels: Any, **wanted: Any) -> PredictionArrays:
        self.used.append(self.config["diameter_px"])
        labels, n = ndimage.label(np.asarray(pixels[:, :, :])[0] > 0.5)
        return PredictionArrays(labels.astype(np.uint32), np.ones(n, np.float32))


def normalized_by(image: Any, reference: Any = None) -> Any:
    return normalized(image, reference=reference)


def checks() -> list[str]:
    return checks_of(Networks)


if __name__ == "__main__":
    where = Path(sys.argv[1])
    (where / "answers.json").write_text(json.dumps(answers_of(Networks(where))))
