"""StarDist in 3D: what every engine must do, and what is its own; run in a child.

    python -m tests.engines.stardist_3d_checks FOLDER [CHECK …]

leaves FOLDER/answers.json: check → null, or the traceback of its failure.
"""

from __future__ import annotations

import dataclasses
import json
import shutil
import sys
from pathlib import Path
from typing import Any

import h5py
import numpy as np
import pytest
import tensorflow as tf
from stardist.geometry import polyhedron_to_label
from stardist.models import StarDist3D, StarDistData3D
from stardist.nms import non_maximum_suppression_3d_sparse
from stardist.rays3d import Rays_GoldenSpiral

from annotations.imaging.pixels import open_pixels
from project.errors import Cancelled, CheckpointCorrupt, DataProblem
from tests.engines.conformance import run
from tests.engines.kinds import VOLUMES, check_kinds
from tests.engines.stardist_3d_params import TINY
from tests.engines.worlds import Notes, ellipsoids, in_blocks_alone, make_job, never, write_volume
from training.datasets.volumes import NormalizedStack, StackOfFile
from training.engines import registry
from training.engines.base import TrainJob
from training.engines.checkpoint import digest_of, read_config
from training.engines.stardist_3d_engine import polyhedra
from training.engines.stardist_3d_engine.learner import targets
from training.engines.stardist_3d_engine.training import open_with_tensorflow, radii_px
from training.engines.stardist_engine.instances import Outlines
from training.engines.stardist_engine.keras_network import reach_px
from training.engines.stardist_engine.net import build, check_rays, freeze_encoder, load_model
from training.metrics.matching import match

FEW = {"steps": 6, "steps_per_epoch": 4, "patch_px": 32, "patch_planes": 8, "batch_size": 1}
NET = {
    "n_rays": 16, "grid": [1, 2, 2], "n_channel_in": 1, "unet_n_depth": 1, "unet_n_filter_base": 4,
    "net_conv_after_unet": 8, "train_patch_size": [8, 32, 32], "anisotropy": [2.0, 1.0, 1.0],
    "rays_json": {"name": "Rays_GoldenSpiral", "kwargs": {"n": 16, "anisotropy": [2.0, 1.0, 1.0]}},
}  # fmt: skip


class Checks:
    """The checks; the model that learnt the ellipsoids is trained once and shared."""

    is_network = True

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.engine = registry.load("stardist_3d")
        self.regions = [
            write_volume(
                folder / "data",
                f"stack-{number}",
                *ellipsoids(number),
                split="validation" if number == 2 else "train",
            )
            for number in range(3)
        ]
        self.notes = Notes()
        self.model = self.engine.train(self.job("model", anisotropy=2.0), self.notes, never)

    def job(self, workdir: str, **changes: Any) -> TrainJob:
        path = self.folder / workdir
        path.mkdir(parents=True, exist_ok=True)
        params = TINY | changes.pop("params", {})
        regions = changes.pop("regions", self.regions)
        return make_job(regions, path, params=params, **changes)

    def few(self, workdir: str, **changes: Any) -> TrainJob:
        return self.job(workdir, params=FEW | changes.pop("params", {}), **changes)

    def load(self, checkpoint: Path, **how: Any) -> Any:
        return self.engine.load(checkpoint, device="cpu", n_threads=1, **how)

    def check_it_learns_ellipsoids(self) -> None:
        stack, truth = ellipsoids(50)
        counts = match(truth, self.load(self.model).predict_volume(stack).label_image).counts[0.5]
        assert counts.f1 >= 0.8, counts
        assert self.notes.epochs[-1].train_loss < self.notes.epochs[0].train_loss
        assert self.notes.epochs[-1].validation_loss is not None
        config = read_config(self.model, "stardist_3d")
        assert config["net"]["anisotropy"] == [2.0, 1.0, 1.0]
        assert config["net"]["grid"] == [1, 2, 2]
        assert config["thresholds_from"] != "defaults"

    def check_the_fast_way_learnt_as_much(self) -> None:
        stack, truth = ellipsoids(50)
        f1 = [
            match(truth, self.load(self.model, fast=fast).predict_volume(stack).label_image)
            .counts[0.5]
            .f1
            for fast in (False, True)
        ]
        assert f1[1] >= f1[0] - 0.1, f1

    def check_ids_scores_and_maps_of_any_stack(self) -> None:
        predictor = self.load(self.model)
        noise = np.random.default_rng(0).integers(0, 4000, (1, 3, 33, 50)).astype(np.uint16)
        whole = ellipsoids(51)[0]
        for stack in (whole, whole[:, 10:13], noise, np.full((1, 2, 9, 9), np.nan, np.float32)):
            found = predictor.predict_volume(stack, want_maps=True)
            n = int(found.label_image.max())
            assert found.label_image.dtype == np.uint32
            assert found.label_image.shape == stack.shape[1:]
            assert set(np.unique(found.label_image)) - {0} == set(range(1, n + 1))
            assert found.scores.shape == (n,)
            assert ((found.scores >= 0) & (found.scores <= 1)).all()
            assert found.outlines is None
            assert found.maps["prob"].shape == stack.shape[1:]
            assert found.maps["dist"].shape == (32, *stack.shape[1:])

    def check_a_plane_is_a_stack_of_one(self) -> None:
        stack, _ = ellipsoids(52)
        predictor = self.load(self.model)
        image = stack[:, 12]
        found = predictor.predict(image, want_maps=True, reference=image)
        expected = predictor.predict_volume(stack[:, 12:13])
        assert (found.label_image == expected.label_image[0]).all()
        assert found.label_image.max() >= 1
        assert found.maps["prob"].shape == image.shape[1:]

    def check_a_large_region_of_a_plane_is_looked_at_in_pieces(self) -> None:
        stack, _ = ellipsoids(54, shape=(24, 128, 128), n=60)
        predictor = self.load(self.model)
        image, sides = stack[:, 12], []
        look = predictor._piece

        def piece(pixels: Any, *others: Any) -> Any:
            sides.append(max(pixels.shape))
            return look(pixels, *others)

        predictor._piece, predictor.piece_px = piece, 9_000
        predictor.predict(image[:, :120, :120], reference=image)
        assert len(sides) > 1
        assert max(sides) < 120

    def check_blocks_of_the_network_leave_no_trace(self) -> None:
        stack, _ = ellipsoids(53, shape=(24, 96, 80), n=30)
        predictor = self.load(self.model)
        whole = predictor.predict_volume(stack, want_maps=True)
        predictor.block_px = 100_000
        found = predictor.predict_volume(stack, want_maps=True)
        assert (found.label_image == whole.label_image).all()
        for name, values in whole.maps.items():
            assert np.allclose(found.maps[name], values, atol=1e-3)

    def check_pieces_hold_nearly_the_same_objects(self) -> None:
        stack, _ = ellipsoids(54, shape=(24, 128, 128), n=60)
        predictor = self.load(self.model)
        whole = predictor.predict_volume(stack, want_maps=True)
        predictor.piece_px = 200_000
        found = predictor.predict_volume(stack, want_maps=True)
        n_same = match(whole.label_image, found.label_image).counts[0.9].tp
        assert len(whole.scores) > 30
        assert len(found.scores) == found.label_image.max()
        assert n_same >= 0.97 * max(len(whole.scores), len(found.scores)), n_same
        assert np.allclose(found.maps["prob"], whole.maps["prob"], atol=1e-3)
        alone, n_blocks = in_blocks_alone(predictor, stack)  # as several workers make them
        assert n_blocks > 1
        assert (alone.label_image == found.label_image).all()
        assert np.array_equal(alone.scores, found.scores)

    def check_a_file_is_read_where_it_is_looked_at(self) -> None:
        stack, labels = ellipsoids(55)
        region = write_volume(self.folder / "data", "file", stack, labels)
        predictor = self.load(self.model)
        expected = predictor.predict_volume(stack)
        with open_pixels(region.pixels) as file:
            found = predictor.predict_volume(StackOfFile(file, t=0, channels=[0]))
        assert (found.label_image == expected.label_image).all()

    def check_all_ways_give_the_instances_of_upstream(self) -> None:
        stack, _ = ellipsoids(56, shape=(21, 70, 61))
        config = read_config(self.model, "stardist_3d")
        with_onnx = self.load(self.model)
        with_keras = open_with_tensorflow(self.model, config, device="cpu", n_threads=1)
        assert type(with_onnx._forward).__name__ == "OnnxForward"
        assert type(with_keras._forward).__name__ == "KerasForward"
        expected = self.upstream(load_model(self.model, config), config, stack)
        for predictor in (with_onnx, with_keras):
            assert (predictor.predict_volume(stack).label_image == expected).all()

    def upstream(self, model: Any, config: dict[str, Any], stack: np.ndarray) -> np.ndarray:
        x = np.moveaxis(NormalizedStack(stack, 1, invert=False)[:, :, :, :], 0, -1)
        thresholds = config["thresholds"]
        labels, _ = model.predict_instances(
            x, prob_thresh=thresholds["prob"], nms_thresh=thresholds["nms"]
        )
        assert labels.max() > 3
        return labels

    def check_volumes_are_kept_and_drawn_as_upstream_does(self) -> None:
        rng = np.random.default_rng(0)
        n_kept = n_unlike = n_voxels = n_other = 0
        for case in range(8):
            n_rays, flat = int(rng.choice([16, 32, 96])), float(rng.choice([1, 1.7, 3]))
            rays = Rays_GoldenSpiral(n_rays, (flat, 1.0, 1.0))
            found, shape = crowd(rays, flat, rng), (40, 44, 42)
            for nms in (0.3, 0.5):
                *_, expected = non_maximum_suppression_3d_sparse(
                    found.dist, found.prob, found.points, rays, nms_thresh=nms
                )
                kept = polyhedra.survivors(rays, found, nms)
                n_kept += len(expected)
                n_unlike += len(set(kept) ^ set(expected))
                assert (np.diff(found.prob[kept]) <= 0).all()
            some = found.of(kept)
            drawn = polyhedra.drawn(rays, some, shape)
            expected = polyhedron_to_label(
                some.dist, some.points, rays, shape, prob=some.prob, verbose=False
            )
            n_voxels += int((expected > 0).sum())
            n_other += int((drawn != expected).sum())
            assert drawn.dtype == np.int32, case
        assert n_unlike <= 0.04 * n_kept, (n_unlike, n_kept)
        assert n_other <= 1e-4 * n_voxels, (n_other, n_voxels)
        assert n_voxels > 50_000

    def check_huge_volumes_go_upstreams_way(self) -> None:
        rays = Rays_GoldenSpiral(32, None)
        found = crowd(rays, 1.0, np.random.default_rng(1))
        kept, drawn = (
            polyhedra.survivors(rays, found, 0.4), polyhedra.drawn(rays, found, (40, 44, 42))
        )  # fmt: skip
        usual, polyhedra.MOST_OFFSETS = polyhedra.MOST_OFFSETS, 10
        try:
            assert polyhedra.solids_of(rays, found) is None
            assert polyhedra.survivors(rays, found, 0.4).tolist() == kept.tolist()
            assert (polyhedra.drawn(rays, found, (40, 44, 42)) != drawn).mean() < 1e-4
        finally:
            polyhedra.MOST_OFFSETS = usual

    def check_a_stop_takes_one_block(self) -> None:
        predictor, calls = self.load(self.model), iter([False] * 2)
        predictor.block_px = 100_000
        with pytest.raises(Cancelled):
            predictor.predict_volume(
                ellipsoids(53, shape=(24, 96, 80))[0], should_stop=lambda: next(calls, True)
            )

    def check_same_seed_twice_and_a_stop_in_between_give_the_same_bytes(self) -> None:
        whole = self.engine.train(self.few("whole"), Notes(), never)
        again = self.engine.train(self.few("again"), Notes(), never)
        assert digest_of(again) == digest_of(whole)
        calls, notes = iter([False] * 3), Notes()
        with pytest.raises(Cancelled):
            self.engine.train(self.few("stopped"), notes, lambda: next(calls, True))
        assert json.loads((notes.checkpoints[-1] / "state.json").read_text())["step"] == 3
        elsewhere = self.few("elsewhere")
        shutil.copytree(notes.checkpoints[-1], elsewhere.workdir / "checkpoint")
        notes = Notes()
        assert digest_of(self.engine.train(elsewhere, notes, never)) == digest_of(whole)
        assert "resumed" in notes.stages

    def check_labels_where_nothing_is_known_do_not_matter(self) -> None:
        stack, labels = ellipsoids(5)
        known = np.zeros(labels.shape, bool)
        known[:, :40] = True
        rubbish = labels.copy()
        rubbish[:, 48:] = np.random.default_rng(0).integers(100, 140, (24, 16, 64))
        nothing = write_volume(
            self.folder / "data", "unknown", stack, labels, annotated=np.zeros(labels.shape, bool)
        )
        made = []
        for name, shown in (("right", labels), ("rubbish", rubbish)):
            region = write_volume(
                self.folder / "data", f"half-{name}", stack, shown, annotated=known
            )
            region = dataclasses.replace(region, image_id="half")
            regions = [region, nothing, dataclasses.replace(nothing, split="validation")]
            notes = Notes()
            child = self.engine.train(self.few(f"half-{name}", regions=regions), notes, never)
            assert all(np.isfinite(report.train_loss) for report in notes.epochs)
            made.append((child / "weights.h5").read_bytes())
        assert made[0] == made[1]

    def check_ignored_voxels_have_no_gradient(self) -> None:
        model = build(NET)
        model.prepare_for_training()
        labels = boxes()
        labels[:, :, 16:] = -1
        rays = Rays_GoldenSpiral(16, (2.0, 1.0, 1.0))
        made = targets(labels, rays, (1, 2, 2), (2.0, 1.0, 1.0))
        prob, dist = (tf.constant(each[np.newaxis]) for each in made)
        said_prob = tf.Variable(tf.random.uniform(prob.shape, 0.1, 0.9, seed=1))
        said_dist = tf.Variable(tf.random.uniform((*prob.shape[:4], 16), 1, 9, seed=1))
        with tf.GradientTape() as tape:
            losses = model.keras_model.loss
            loss = losses[0](prob, said_prob) + tf.reduce_mean(losses[1](dist, said_dist))
        for gradient in tape.gradient(loss, [said_prob, said_dist]):
            assert not np.asarray(gradient)[:, :, :, 8:].any()
            assert np.asarray(gradient)[:, :, :, :8].any()

    def check_targets_equal_those_of_upstream(self) -> None:
        labels = boxes()
        labels[:, :, 28:] = -1
        rays = Rays_GoldenSpiral(16, (2.0, 1.0, 1.0))
        upstream = StarDistData3D(
            [np.zeros(labels.shape, np.float32)], [labels], batch_size=1, rays=rays, length=1,
            patch_size=labels.shape, grid=(1, 2, 2), anisotropy=(2.0, 1.0, 1.0),
        )  # fmt: skip
        _, (prob, dist) = upstream[0]
        ours = targets(labels, rays, (1, 2, 2), (2.0, 1.0, 1.0))
        assert np.allclose(ours[0], prob[0])
        assert np.allclose(ours[1], dist[0])
        large = targets(labels * 65536, rays, (1, 2, 2), (2.0, 1.0, 1.0))
        assert np.allclose(large[1], ours[1])

    def check_the_network_looks_no_farther_than_computed(self) -> None:
        for depth, grid in ((1, (1, 2, 2)), (2, (1, 1, 1))):
            model = build(NET | {"unet_n_depth": depth, "grid": list(grid)})
            measured = [max(sides) for sides in model._compute_receptive_field()]
            computed = reach_px(model.keras_model)
            pairs = zip(measured, computed, strict=True)
            assert all(seen <= most <= seen + 8 for seen, most in pairs), (measured, computed)

    def check_a_fresh_network_expects_ellipsoids(self) -> None:
        rays = Rays_GoldenSpiral(64, (2.0, 1.0, 1.0))
        points = radii_px(rays, (10, 20, 20))[:, np.newaxis] * rays.vertices
        assert np.allclose(((points / (5, 10, 10)) ** 2).sum(axis=1), 1, atol=1e-5)

    def check_only_the_decoder_learns_when_asked(self) -> None:
        model = build(NET)
        n_all = len(model.keras_model.trainable_variables)
        freeze_encoder(model)
        assert 0 < len(model.keras_model.trainable_variables) < n_all

    def check_export_opens_upstream_and_adoption_keeps_the_predictions(self) -> None:
        stack, _ = ellipsoids(57)
        expected = self.load(self.model).predict_volume(stack)
        exported, adopted = self.folder / "exported", self.folder / "adopted"
        self.engine.export(self.model, exported)
        assert (exported / "LICENSE").is_file()
        model = StarDist3D(None, name="exported", basedir=str(self.folder))
        config = read_config(self.model, "stardist_3d")
        assert model.thresholds.prob == config["thresholds"]["prob"]
        assert (self.upstream(model, config, stack) == expected.label_image).all()
        archive = Path(shutil.make_archive(str(self.folder / "exported"), "zip", exported))
        upload = archive.rename(self.folder / "an-upload-has-no-suffix")
        for source in (upload, self.model):
            found = self.load(self.engine.adopt(source, adopted)).predict_volume(stack)
            assert (found.label_image == expected.label_image).all()
            assert np.allclose(found.scores, expected.scores)

    def check_bad_files_are_refused(self) -> None:
        exported, target = self.folder / "to-spoil", self.folder / "never"
        self.engine.export(self.model, exported)
        config = json.loads((exported / "config.json").read_text())
        (exported / "cytoloop.json").unlink()
        evil = {"name": "__import__('os').abort or Rays_GoldenSpiral", "kwargs": {"n": 32}}
        for change in (
            {"rays_json": evil}, {"rays_json": {"name": "Rays_GoldenSpiral", "kwargs": {"n": 1e9}}},
            {"rays_json": {"name": "Rays_GoldenSpiral", "kwargs": {"n": 96}}}, {"rays_json": 7},
            {"grid": [2, 2], "n_dim": 2}, {"grid": 3}, {"unet_n_filter_base": 10_000},
            {"unet_activation": {"class_name": "x"}}, {"backbone": "mystery"},
        ):  # fmt: skip
            (exported / "config.json").write_text(json.dumps(config | change))
            with pytest.raises(CheckpointCorrupt):
                self.engine.adopt(exported, target)
        (exported / "config.json").write_text(json.dumps(config))
        self.engine.adopt(exported, target)
        (exported / "weights_best.h5").write_bytes(b"no weights")
        with pytest.raises(CheckpointCorrupt):
            self.engine.adopt(exported, target)
        with h5py.File(exported / "weights_best.h5", "w") as file:
            file["secret"] = h5py.ExternalLink("/etc/passwd", "/")
        with pytest.raises(CheckpointCorrupt):
            self.engine.adopt(exported, target)
        with pytest.raises(CheckpointCorrupt):
            registry.load("stardist").adopt(self.model, target)
        rubbish = self.folder / "rubbish.zip"
        rubbish.write_bytes(b"PK\x03\x04 not really")
        with pytest.raises(CheckpointCorrupt):
            self.engine.adopt(rubbish, target)
        with pytest.raises(CheckpointCorrupt):
            check_rays({"rays_json": evil})

    def check_damaged_checkpoints_are_refused(self) -> None:
        broken = Path(shutil.copytree(self.model, self.folder / "broken"))
        for weights in broken.glob("weights*"):
            weights.write_bytes(weights.read_bytes()[:1000])
        with pytest.raises(CheckpointCorrupt):
            self.load(broken)

    def check_a_network_of_residual_blocks_opens_too(self) -> None:
        from training.engines.stardist_engine.instances import NetShape
        from training.engines.stardist_engine.keras_network import KerasForward, shape_of
        from training.engines.stardist_engine.net import net_config, save_network
        from training.engines.stardist_engine.onnx_network import open_onnx

        unlike = {key: value for key, value in NET.items() if "unet" not in key}
        model = build(
            unlike | {"backbone": "resnet", "resnet_n_filter_base": 4, "resnet_n_blocks": 2}
        )
        folder = self.folder / "resnet"
        folder.mkdir()
        save_network(model, folder, pytest.fail)
        net = NetShape.of(net_config(model), shape_of(model).sees_px)
        assert net.divisor == (1, 2, 2)
        forward = open_onnx(folder, 1)
        assert forward is not None
        x = np.random.default_rng(0).random((10, 22, 26, 1)).astype(np.float32)
        for found, expected in zip(forward(x), KerasForward(model)(x), strict=True):
            assert np.allclose(found, expected, rtol=1e-3, atol=1e-4)

    def check_a_child_takes_other_channels_and_dark_objects(self) -> None:
        stack, labels = ellipsoids(8, n_channels=2, dark=True)
        regions = [write_volume(self.folder / "data", "dark", stack, labels)]
        job = self.few("child", regions=regions, parent=self.model, channels=(0, 1))
        child = self.engine.train(job, Notes(), never)
        config = read_config(child, "stardist_3d")
        assert config["channels"]["count"] == 2
        assert config["channels"]["conversion"] == "inflated from 1 to 2 channels"
        assert (config["origin"], config["normalisation"]["invert"]) == ("parent", True)
        assert config["net"]["n_rays"] == 32
        found = self.load(child).predict_volume(stack)
        assert match(labels, found.label_image).counts[0.5].f1 > 0.4

    def check_flatness_is_measured_where_nobody_says_it(self) -> None:
        child = self.engine.train(self.few("measured"), Notes(), never)
        z, y, x = read_config(child, "stardist_3d")["net"]["anisotropy"]
        assert 1.6 < z < 2.4
        assert 1 <= min(y, x) < 1.2

    def check_kinds_of_objects_are_told_apart(self) -> None:
        from tests.engines import stardist_3d_kinds

        checkpoint = check_kinds(self, VOLUMES)
        stardist_3d_kinds.kinds_do_not_depend_on_the_way(self, checkpoint)
        stardist_3d_kinds.the_export_opens_in_stock_stardist(self, checkpoint)
        stardist_3d_kinds.uploads_and_children_keep_kinds(self, checkpoint)

    def check_what_kinds_teach_is_what_upstream_teaches(self) -> None:
        from tests.engines import stardist_3d_kinds, stardist_kinds

        stardist_3d_kinds.class_targets_equal_those_of_upstream()
        stardist_kinds.unknown_kinds_have_no_gradient(NET)
        stardist_kinds.outputs_go_where_their_names_are(NET)
        stardist_3d_kinds.networks_of_residual_blocks_say_kinds_too(self, NET)

    def check_official_models_and_empty_sets_are_sentences(self) -> None:
        with pytest.raises(DataProblem, match=r"3D_demo is not on this machine.*StarDist3D"):
            self.engine.train(self.few("official", pretrained="3D_demo"), Notes(), never)
        stack, labels = ellipsoids(4)
        region = write_volume(self.folder / "data", "none", stack, np.zeros_like(labels))
        with pytest.raises(DataProblem, match="annotated object"):
            self.engine.train(self.few("none", regions=[region]), Notes(), never)


def crowd(rays: Any, flat: float, rng: np.random.Generator) -> Outlines:
    """Return sixty rough volumes around eight places."""
    places = rng.integers(0, 40, (8, 3))[rng.integers(0, 8, 60)]
    points = np.clip(places + rng.integers(-3, 4, (60, 3)), 0, 45)
    dist = radii_px(rays, (16 / flat, 16, 16)) * rng.uniform(0.6, 1.3, (60, 1))
    dist = dist * rng.uniform(0.8, 1.2, (60, len(rays)))
    prob = rng.choice(np.linspace(0.3, 0.9, 25), 60)
    return Outlines(points, prob.astype(np.float32), dist.astype(np.float32))


def boxes() -> np.ndarray:
    labels = np.zeros((8, 32, 32), np.int32)
    labels[1:5, 2:12, 2:12], labels[3:8, 16:28, 4:18], labels[0:4, 4:20, 20:30] = 1, 2, 3
    return labels


def checks() -> list[str]:
    return [name for name in vars(Checks) if name.startswith("check_")]


if __name__ == "__main__":
    where, *wanted = sys.argv[1:]
    all_checks = Checks(Path(where))
    answers = {name: run(getattr(all_checks, name)) for name in wanted or checks()}
    (Path(where) / "answers.json").write_text(json.dumps(answers))
