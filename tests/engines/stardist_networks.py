"""StarDist's network computed by ONNX Runtime, by TensorFlow and by upstream: one answer.

    python -m tests.engines.stardist_networks compare FOLDER
    python -m tests.engines.stardist_networks predict FOLDER

The first trains two small networks and prints check → null or traceback; the second, in a process
of its own, predicts with what the first left behind and prints which frameworks were imported.
"""

from __future__ import annotations

import json
import shutil
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from skimage.draw import polygon
from stardist.geometry import polygons_to_label

from project.errors import CheckpointCorrupt
from tests.engines.onnx_ways import (
    ONNX_WEIGHTS,
    has_bfloat16,
    same,
    share_alike,
    uses_onnx,
    way_of,
    without_package,
)
from tests.engines.two_ways import TwoWays, answers_of, checks_of
from tests.engines.worlds import ellipses
from training.datasets.normalize import normalize_image
from training.engines import registry
from training.engines.checkpoint import read_config
from training.engines.stardist_engine.instances import Outlines, drawn

FRAMEWORKS = ("tensorflow", "keras", "onnx", "torch", "django.db")
SIZES = ((128, 128), (97, 130), (33, 200), (61, 18))
BLOCK_PX = 64


class Networks(TwoWays):
    """Two grids; the number of inputs is that of the network."""

    name = "stardist"
    networks = {"coarse": ({"steps": 60, "grid": 2}, 1), "fine": ({"steps": 60, "grid": 1}, 3)}
    side_px, block_px = 200, BLOCK_PX

    def agree(self, found: Any, expected: Any) -> None:
        same(found, expected.label_image, expected.scores)

    def without_onnx(self) -> dict[str, tuple[Path, bool]]:
        older = self.copy_with("coarse", "older", lambda config: config.pop("network_sees_px"))
        return super().without_onnx() | {"older": (older, False)}

    def check_all_ways_give_the_instances_of_upstream(self) -> None:
        n_objects = 0
        for name, *predictors in self.both():
            for number, size in enumerate(SIZES):
                image = self.picture(number, size, name)
                *expected, coord = upstream(self.checkpoints[name], image)
                for predictor in predictors:
                    found = predictor.predict(image)
                    same(found, *expected)
                    assert np.allclose(found.outlines, np.moveaxis(coord, 1, 2), atol=1e-3)
                n_objects += len(coord)
        assert n_objects > 40

    def check_blocks_are_those_of_upstream(self) -> None:
        for name, *predictors in self.both():
            image = self.picture(7, (200, 150), name)
            *expected, _ = upstream(self.checkpoints[name], image, n_tiles=(4, 3, 1))
            for predictor in predictors:
                predictor.block_px = BLOCK_PX
                same(predictor.predict(image), *expected)

    def check_pieces_maps_and_references_do_not_depend_on_the_way(self) -> None:
        for name, with_onnx, with_keras in self.both():
            image = self.picture(8, (210, 330), name)
            for piece_px in (4096, 128):
                with_onnx.piece_px = with_keras.piece_px = piece_px
                expected = with_keras.predict(image, want_maps=True)
                found = with_onnx.predict(image, want_maps=True)
                same(found, expected.label_image, expected.scores)
                same(with_onnx.predict(image), expected.label_image, expected.scores)
                for key, plane in expected.maps.items():
                    assert np.allclose(found.maps[key], plane, atol=1e-4)
            part = image[:, 40:120, 50:170]
            expected = with_keras.predict(part, reference=image)
            same(with_onnx.predict(part, reference=image), expected.label_image, expected.scores)

    def check_outlines_are_those_of_the_pixels(self) -> None:
        n_alone = 0
        for name, predictor, _ in self.both():
            image = self.picture(13, (210, 330), name)
            for piece_px in (4096, 128):
                predictor.piece_px = piece_px
                found = predictor.predict(image)
                n_rays = predictor._net.n_rays
                assert found.outlines.shape == (len(found.scores), n_rays, 2)
                whole = [inside(outline, image.shape[1:]) for outline in found.outlines]
                n_over = np.sum(whole, axis=0)
                for number, drawn_alone in enumerate(whole):
                    pixels = found.label_image == number + 1
                    if piece_px == 4096:  # where pieces meet, what was there before stays on top
                        assert (pixels <= drawn_alone).all()
                    if n_over[drawn_alone].max() == 1:
                        assert iou(pixels, drawn_alone) > 0.9
                        n_alone += 1
        assert n_alone > 40

    def check_maps_say_what_the_network_said(self) -> None:
        model = keras_model_of(self.checkpoints["coarse"])
        predictor = self.load(self.checkpoints["coarse"])
        image = self.picture(9, (150, 99), "coarse")
        prob, dist = model.predict(np.moveaxis(normalize_image(image), 0, -1))
        maps = predictor.predict(image, want_maps=True).maps
        assert np.allclose(maps["prob"][::2, ::2], prob, atol=1e-5)
        assert np.allclose(maps["dist"][:, ::2, ::2], np.moveaxis(dist, -1, 0), atol=1e-4)

    def check_outlines_are_drawn_as_upstream_draws_them(self) -> None:
        rng = np.random.default_rng(0)
        n_covered = 0
        for case in range(120):
            n, n_rays = int(rng.integers(0, 40)), int(rng.choice([3, 4, 8, 32, 64]))
            shape = int(rng.integers(1, 120)), int(rng.integers(1, 120))
            points = rng.integers(-5, 125, (n, 2))
            dist = rng.uniform(0.001, 25, (n, n_rays))
            if case % 2:
                dist = np.round(dist)  # corners and edges that meet pixels
            prob = rng.choice([0.5, 0.7, 0.9], n)
            dist, prob = dist.astype(np.float32), prob.astype(np.float32)
            expected = polygons_to_label(dist, points, shape, prob=prob)
            found = drawn(Outlines(points, prob, dist), shape)
            assert (found == expected).all()
            n_covered += int((expected > 0).sum())
        assert n_covered > 50_000

    def check_the_fast_way_finds_nearly_the_same_instances(self) -> None:
        for name, checkpoint in self.checkpoints.items():
            usual, fast = self.load(checkpoint), self.load(checkpoint, fast=True)
            assert way_of(fast) == ("Openvino" if has_bfloat16() else "Onnx"), name
            image = self.picture(12, (300, 260), name)
            expected, found = usual.predict(image), fast.predict(image)
            assert len(expected.scores) > 10
            assert share_alike(expected, found, 0.5) > 0.9, name
            with without_package("openvino"):
                fallen_back = self.load(checkpoint, fast=True)
            assert uses_onnx(fallen_back)
            assert share_alike(expected, fallen_back.predict(image), 0.5) > 0.9, name
        bare = self.copy("coarse", "bare", bare=True)
        assert way_of(self.load(bare, fast=True)) == "Keras"

    def check_a_config_that_describes_no_network_is_refused(self) -> None:
        from training.engines.stardist_engine.instances import NetShape

        config = read_config(self.checkpoints["coarse"], "stardist")
        for net in ({}, config["net"] | {"grid": 2}, config["net"] | {"unet_n_depth": "x"}):
            with pytest.raises(CheckpointCorrupt):
                NetShape.of(net, config["network_sees_px"])

    def check_a_network_that_cannot_be_written_is_stored_without_the_file(self) -> None:
        from training.engines.stardist_engine.net import build, save_network

        model = keras_model_of(self.checkpoints["coarse"])
        net = read_config(self.checkpoints["coarse"], "stardist")["net"]
        for number, case in enumerate(("no package", "no such layer")):
            folder, warned = self.folder / f"unwritten-{number}", []
            folder.mkdir()
            if case == "no package":
                with without_package("onnx"):
                    save_network(model, folder, warned.append)
            else:
                unusual = build(net | {"unet_activation": "selu"})
                save_network(unusual, folder, warned.append)
            assert [path.name for path in folder.iterdir()] == ["weights.h5"]
            assert len(warned) == 1

    def check_other_layers_are_written_as_they_compute(self) -> None:
        from training.engines.stardist_engine.keras_network import KerasForward
        from training.engines.stardist_engine.net import build, save_network
        from training.engines.stardist_engine.onnx_network import open_onnx

        net = read_config(self.checkpoints["fine"], "stardist")["net"]
        net |= {
            "grid": [4, 2], "unet_batch_norm": True, "unet_dropout": 0.3, "unet_activation": "elu",
            "unet_last_activation": "tanh", "unet_kernel_size": [5, 3], "unet_pool": [2, 4],
            "net_conv_after_unet": 0,
        }  # fmt: skip
        model = build(net)
        rng = np.random.default_rng(0)
        for layer in model.keras_model.layers:
            layer.set_weights([rng.uniform(0.1, 0.3, each.shape) for each in layer.get_weights()])
        folder = self.folder / "other-layers"
        folder.mkdir()
        save_network(model, folder, pytest.fail)
        forward = open_onnx(folder, 1)
        assert forward is not None
        x = rng.normal(size=(64, 96, 3)).astype(np.float32)
        for found, expected in zip(forward(x), KerasForward(model)(x), strict=True):
            assert found.shape == expected.shape
            assert np.allclose(found, expected, rtol=1e-4, atol=1e-5)

    def check_kinds_of_objects_are_those_of_upstream(self) -> None:
        from tests.engines import stardist_kinds

        folder = self.folder / "kinds"
        folder.mkdir()
        checkpoint = stardist_kinds.train(folder, self.engine)
        bare = shutil.copytree(
            checkpoint, folder / "bare", ignore=shutil.ignore_patterns(ONNX_WEIGHTS)
        )
        predictors = [self.load(checkpoint), self.load(bare)]
        assert [uses_onnx(each) for each in predictors] == [True, False]
        stardist_kinds.kinds_do_not_depend_on_the_way(predictors, checkpoint)
        fast = self.load(checkpoint, fast=True).predict(stardist_kinds.pictures()[0])
        assert fast.classes.shape == fast.scores.shape
        stardist_kinds.the_export_opens_in_stock_stardist(self.engine, checkpoint, folder)
        stardist_kinds.names_are_made_up_for_an_upload_without(self.engine, checkpoint, folder)
        stardist_kinds.odd_names_are_not_taken(self.engine, checkpoint, folder)
        stardist_kinds.a_child_keeps_what_its_parent_knew(self.engine, checkpoint, folder)

    def check_what_kinds_teach_is_what_upstream_teaches(self) -> None:
        from tests.engines import stardist_kinds

        stardist_kinds.class_targets_equal_those_of_upstream()
        stardist_kinds.unknown_kinds_have_no_gradient()
        stardist_kinds.outputs_go_where_their_names_are()
        stardist_kinds.no_network_tells_such_numbers_of_kinds_apart()

    def check_an_upload_that_cannot_run_is_refused(self) -> None:
        upload = self.copy_with(
            "coarse", "misfit", lambda config: config["net"].update(unet_pool=[3, 3])
        )
        with pytest.raises(CheckpointCorrupt):
            self.engine.adopt(upload, self.folder / "never")


def inside(outline: np.ndarray, shape: tuple[int, int]) -> np.ndarray:
    filled = np.zeros(shape, bool)
    filled[polygon(outline[:, 0], outline[:, 1], shape)] = True
    return filled


def iou(some: np.ndarray, others: np.ndarray) -> float:
    return float((some & others).sum() / (some | others).sum())


def keras_model_of(checkpoint: Path) -> Any:
    from training.engines.stardist_engine.net import load_model

    return load_model(checkpoint, read_config(checkpoint, "stardist"))


def upstream(
    checkpoint: Path, image: np.ndarray, n_tiles: tuple[int, int, int] | None = None
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return what StarDist's own `predict_instances` finds, ids made dense: with scores, coord."""
    from training.engines.stardist_engine.predictor import dense_ids

    thresholds = read_config(checkpoint, "stardist")["thresholds"]
    labels, details = keras_model_of(checkpoint).predict_instances(
        np.moveaxis(normalize_image(image), 0, -1),
        prob_thresh=thresholds["prob"],
        nms_thresh=thresholds["nms"],
        n_tiles=n_tiles,
        show_tile_progress=False,
    )
    label_image, is_seen = dense_ids(labels, len(details["prob"]))
    return label_image, details["prob"][is_seen], details["coord"][is_seen]


def checks() -> list[str]:
    return checks_of(Networks)


def predict(folder: Path) -> dict[str, Any]:
    predictor = registry.load("stardist").load(
        folder / "coarse" / "finished", device="cpu", n_threads=1
    )
    found = predictor.predict(ellipses(60)[0], want_maps=True)
    return {
        "n_objects": len(found.scores),
        "frameworks": [name for name in FRAMEWORKS if name in sys.modules],
    }


if __name__ == "__main__":
    what, where = sys.argv[1], Path(sys.argv[2])
    answers = answers_of(Networks(where)) if what == "compare" else predict(where)
    (where / f"{what}.json").write_text(json.dumps(answers))
