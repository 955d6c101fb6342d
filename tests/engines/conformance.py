"""What every engine must do; run as a program in a child, one framework per process.

    python -m tests.engines.conformance ENGINE FOLDER [CHECK …]

prints one JSON object: check → null, or the traceback of its failure.
"""

from __future__ import annotations

import dataclasses
import json
import re
import shutil
import sys
import traceback
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from annotations.imaging.pixels import open_pixels
from project.errors import Cancelled, CheckpointCorrupt, DataProblem
from tests.engines.kinds import check_kinds
from tests.engines.worlds import Notes, ellipses, make_job, never, small_world, write_region
from training.datasets import large
from training.engines import recipes, registry
from training.engines.base import Engine, TrainJob
from training.engines.checkpoint import digest_of
from training.engines.devices import DeviceUnavailable
from training.metrics.matching import match

# Networks that learn made ellipses within seconds, and the steps that this takes.
TINY: dict[str, dict[str, Any]] = {
    "threshold": {},
    "stardist": {
        "steps": 100, "steps_per_epoch": 25, "patch_px": 64, "batch_size": 4, "n_rays": 16,
        "depth": 2, "filters": 8, "features": 32, "learning_rate": 0.004, "scale_range": 0.1,
    },
    "cellpose": {
        "steps": 60, "steps_per_epoch": 20, "patch_px": 64, "batch_size": 4, "net": "tiny",
        "learning_rate": 0.004, "scale_range": 0.1,
    },
    "cellpose_sam": {
        "steps": 200, "steps_per_epoch": 50, "batch_size": 2, "learning_rate": 0.002,
        "scale_range": 0.1, "invert": "auto",
    },
}  # fmt: skip
TAKES_SIZES_AS_THEY_ARE = {"cellpose_sam"}
OTHER_FRAMEWORK = {
    "stardist": "torch",
    "cellpose": "tensorflow",
    "threshold": "tensorflow",
    "cellpose_sam": "tensorflow",
}
SEAM_PX = 128
FEW = {"steps": 6, "steps_per_epoch": 4}


class Conformance:
    """The checks; the model that learnt the ellipses is trained once and shared."""

    def __init__(self, name: str, folder: Path) -> None:
        self.name = name
        self.folder = folder
        engine = registry.load(name)
        # A network that is too large to learn within seconds has a small one for this.
        self.engine: Engine = getattr(engine, "rehearsal", lambda: engine)()
        fields = {field.name for field in dataclasses.fields(self.engine.spec.params)}
        self.is_network = "steps" in fields
        self.regions = small_world(folder / "data")
        self.notes = Notes()
        self.model = self.engine.train(self.job("model"), self.notes, never)

    def job(self, workdir: str, **changes: Any) -> TrainJob:
        params = TINY.get(self.name, {}) | changes.pop("params", {})
        path = self.folder / workdir
        path.mkdir(parents=True, exist_ok=True)
        regions = changes.pop("regions", self.regions)
        return make_job(regions, path, params=params, **changes)

    def few(self, workdir: str, **changes: Any) -> TrainJob:
        return self.job(workdir, params=FEW if self.is_network else {}, **changes)

    def load(self, checkpoint: Path) -> Any:
        return self.engine.load(checkpoint, device="cpu", n_threads=1)

    def check_it_learns_ellipses(self) -> None:
        image, truth = ellipses(50)
        found = self.load(self.model).predict(image)
        counts = match(truth, found.label_image).counts[0.5]
        assert counts.f1 >= 0.6, counts

    def check_the_fast_way_learnt_as_much(self) -> None:
        image, truth = ellipses(50)
        usual = self.load(self.model).predict(image)
        fast = self.engine.load(self.model, device="cpu", n_threads=1, fast=True).predict(image)
        n = int(fast.label_image.max())
        assert set(np.unique(fast.label_image)) - {0} == set(range(1, n + 1))
        assert fast.scores.shape == (n,)
        f1 = [match(truth, found.label_image).counts[0.5].f1 for found in (usual, fast)]
        assert f1[1] >= f1[0] - 0.1, f1

    def check_ids_are_dense_and_every_object_has_a_score(self) -> None:
        predictor = self.load(self.model)
        noise = np.random.default_rng(0).integers(0, 4000, (1, 90, 75)).astype(np.uint16)
        for image in (ellipses(51)[0], noise):
            found = predictor.predict(image, want_maps=True)
            n = int(found.label_image.max())
            assert found.label_image.dtype == np.uint32
            assert found.label_image.shape == image.shape[1:]
            assert set(np.unique(found.label_image)) - {0} == set(range(1, n + 1))
            assert found.scores.shape == (n,)
            assert ((found.scores >= 0) & (found.scores <= 1)).all()
            assert set(found.maps) == set(self.engine.spec.produces)
            assert all(plane.shape[-2:] == image.shape[1:] for plane in found.maps.values())

    def check_seams_between_blocks_leave_no_trace(self) -> None:
        image, _ = ellipses(53, side=448, n=160)
        predictor = self.load(self.model)
        whole = predictor.predict(image, want_maps=True)
        predictor.block_px = SEAM_PX
        found = predictor.predict(image, want_maps=True)

        n_same = match(whole.label_image, found.label_image).counts[0.9].tp
        n_objects = len(whole.scores)
        assert n_objects > 80
        assert len(found.scores) == found.label_image.max()
        assert n_same >= 0.99 * max(n_objects, len(found.scores)), (n_same, n_objects)
        on_seam = np.unique(whole.label_image[SEAM_PX::SEAM_PX])[1:]
        of_seams = np.where(np.isin(whole.label_image, on_seam), whole.label_image, 0)
        cut = match(of_seams, found.label_image).counts[0.9]
        assert cut.tp >= len(on_seam) - 1, (cut, len(on_seam))
        for name, plane in found.maps.items():
            assert plane.shape == whole.maps[name].shape

    def check_empty_and_odd_images_give_empty_answers(self) -> None:
        predictor = self.load(self.model)
        for image in (
            np.zeros((1, 64, 64), np.uint8),
            np.full((1, 40, 50), 7, np.uint16),
            np.full((1, 33, 17), np.nan, np.float32),
        ):
            found = predictor.predict(image)
            assert found.label_image.shape == image.shape[1:]
            assert len(found.scores) == found.label_image.max() <= 1

    def check_same_seed_twice_and_a_stop_in_between_give_the_same_bytes(self) -> None:
        whole = self.engine.train(self.few("whole"), Notes(), never)
        again = self.engine.train(self.few("again"), Notes(), never)
        assert digest_of(again) == digest_of(whole)
        calls = iter([False] * 3)
        notes = Notes()
        with pytest.raises(Cancelled):
            self.engine.train(self.few("stopped"), notes, lambda: next(calls, True))
        if self.is_network:
            state = json.loads((notes.checkpoints[-1] / "state.json").read_text())
            assert state["step"] == 3
            # Another machine: only the resumable checkpoint travels.
            elsewhere = self.few("elsewhere")
            shutil.copytree(notes.checkpoints[-1], elsewhere.workdir / "checkpoint")
            notes = Notes()
            resumed = self.engine.train(elsewhere, notes, never)
            assert "resumed" in notes.stages
            assert digest_of(resumed) == digest_of(whole)

    def check_a_large_file_is_read_piece_by_piece_and_gives_the_same_objects(self) -> None:
        image, _ = ellipses(53, side=448, n=160)
        predictor = self.load(self.model)
        whole = predictor.predict(image)
        region = write_region(self.folder, "large", image, whole.label_image)
        usual, large.LARGE_PX = large.LARGE_PX, 0
        try:
            # StarDist suppresses objects over a piece; the others have nothing but blocks.
            setattr(predictor, "piece_px" if hasattr(predictor, "piece_px") else "block_px", 192)
            with open_pixels(region.pixels) as file:
                found = predictor.predict(large.PixelsOfFile(file, t=0, z=0, channels=[0]))
        finally:
            large.LARGE_PX = usual

        n_same = match(whole.label_image, found.label_image).counts[0.9].tp
        n_objects = len(whole.scores)
        assert n_objects > 80
        assert n_same >= 0.99 * max(n_objects, len(found.scores)), (n_same, n_objects)

    def check_export_and_adoption_keep_the_predictions(self) -> None:
        image = ellipses(52)[0]
        expected = self.load(self.model).predict(image)
        exported, adopted = self.folder / "exported", self.folder / "adopted"
        self.engine.export(self.model, exported)
        assert (exported / "LICENSE").is_file()
        archive = Path(shutil.make_archive(str(self.folder / "exported"), "zip", exported))
        upload = archive.rename(self.folder / "an-upload-has-no-suffix")
        found = self.load(self.engine.adopt(upload, adopted)).predict(image)
        assert (found.label_image == expected.label_image).all()
        assert np.allclose(found.scores, expected.scores)
        own = Path(shutil.make_archive(str(self.folder / "own"), "zip", self.model))
        self.load(self.engine.adopt(own, adopted))
        if self.name.startswith("cellpose"):
            self.load(self.engine.adopt(exported / "cellpose_model", adopted))

    def check_damaged_checkpoints_are_refused(self) -> None:
        broken = self.folder / "broken"
        shutil.rmtree(broken, ignore_errors=True)
        shutil.copytree(self.model, broken)
        for weights in broken.glob("weights*"):
            weights.write_bytes(weights.read_bytes()[:1000])
        if self.is_network:
            with pytest.raises(CheckpointCorrupt):
                self.load(broken)
        config = json.loads((broken / "config.json").read_text())
        (broken / "config.json").write_text(json.dumps(config | {"engine": "another"}))
        with pytest.raises(CheckpointCorrupt):
            self.load(broken)
        rubbish = self.folder / "rubbish.zip"
        rubbish.write_bytes(b"PK\x03\x04 not really")
        with pytest.raises(CheckpointCorrupt):
            self.engine.adopt(rubbish, self.folder / "never")

    def check_a_child_takes_other_channels_and_dark_objects(self) -> None:
        regions = small_world(self.folder / "three", n_channels=3, n_train=1, dark=True)
        job = self.few("transfer", regions=regions, parent=self.model, channels=(0, 1, 2))
        child = self.engine.train(job, Notes(), never)
        config = json.loads((child / "config.json").read_text())
        assert config["channels"]["count"] == 3
        assert config["channels"]["conversion"] != "as they are"
        assert config["origin"] == "parent"
        assert config["normalisation"]["invert"]
        image = ellipses(53, n_channels=3, dark=True)[0]
        assert self.load(child).predict(image).label_image.shape == (128, 128)

    def check_the_decoder_alone_learns(self) -> None:
        if not self.is_network:
            return
        before = arrays_of(self.model)
        changed = {}
        for layers in ("all", "decoder"):
            job = self.job(layers, params=FEW | {"layers": layers}, parent=self.model)
            after = arrays_of(self.engine.train(job, Notes(), never))
            changed[layers] = unequal(before, after)
        assert set() < changed["decoder"] < changed["all"]

    def check_auto_tries_ways_and_remembers_them(self) -> None:
        if not self.is_network:
            return
        regions = small_world(self.folder / "stained", n_channels=3, n_train=1, dark=True)
        changes = {"regions": regions, "parent": self.model, "channels": (0, 1, 2)}
        params = FEW | {"recipe": "auto"}
        usual, recipes.TRIAL_STEPS = recipes.TRIAL_STEPS, 2
        try:
            calls, notes = iter([False] * 18), Notes()  # seven trials of two steps, four more
            stopped = self.job("auto", params=params, **changes)
            with pytest.raises(Cancelled):
                self.engine.train(stopped, notes, lambda: next(calls, True))
            assert notes.stages.count("trying") == 7
            notes = Notes()
            child = self.engine.train(self.job("auto", params=params, **changes), notes, never)
        finally:
            recipes.TRIAL_STEPS = usual
        assert "trying" not in notes.stages
        assert "resumed" in notes.stages
        config = json.loads((child / "config.json").read_text())
        best = min(config["trials"], key=lambda trial: trial["validation_loss"])
        assert len({trial["name"] for trial in config["trials"]}) == 7
        assert config["params"].items() >= best["changes"].items()
        image = ellipses(53, n_channels=3, dark=True)[0]
        assert self.load(child).predict(image).label_image.shape == (128, 128)

    def check_channels_that_were_chosen_are_those_of_a_prediction(self) -> None:
        if not self.is_network:
            return
        regions = small_world(self.folder / "shown", n_channels=3, n_train=1, dark=True)
        image = ellipses(53, n_channels=3, dark=True)[0]
        for asked, kept in (("mean", "mean"), ("channel", "channel"), ("haematoxylin",) * 2):
            params = FEW | {"channel_input": asked}
            job = self.job(asked, params=params, regions=regions, channels=(0, 1, 2))
            checkpoint = self.engine.train(job, Notes(), never)
            config = json.loads((checkpoint / "config.json").read_text())
            assert config["channels"]["way"].startswith(kept)
            predictor = self.load(checkpoint)
            whole = predictor.predict(image, want_maps=True)
            part = predictor.predict(image[:, 20:, 40:], want_maps=True, reference=image)
            for name in set(whole.maps) & {"prob"}:  # Cellpose's maps depend on the whole tile
                inner = whole.maps[name][100:, 100:]
                assert np.allclose(part.maps[name][80:, 60:], inner, atol=0.2)
            if asked != "mean":
                continue
            child = self.few("of-shown", regions=regions, channels=(0, 1, 2), parent=checkpoint)
            config = json.loads(
                (self.engine.train(child, Notes(), never) / "config.json").read_text()
            )
            assert config["channels"]["way"].startswith(kept)
        few = self.job("grey", params=FEW | {"channel_input": "haematoxylin"})
        with pytest.raises(DataProblem, match="Haematoxylin"):
            self.engine.train(few, Notes(), never)

    def check_objects_of_another_size_are_brought_to_the_one_that_is_known(self) -> None:
        if not self.is_network or self.name in TAKES_SIZES_AS_THEY_ARE:
            return
        regions = []
        for number in range(3):
            image, labels = ellipses(number, side=96, n=8)
            large = np.kron(image, np.ones((1, 3, 3), image.dtype))
            split = "validation" if number == 2 else "train"
            regions.append(
                write_region(
                    self.folder / "data",
                    f"large-{number}",
                    large,
                    np.kron(labels, np.ones((3, 3), labels.dtype)),
                    split=split,
                )
            )
        params = FEW | {"learning_rate": 1e-4}
        job = self.job("larger", params=params, regions=regions, parent=self.model)
        predictor = self.load(self.engine.train(job, Notes(), never))
        image, labels = ellipses(60, side=96, n=8)
        large = np.kron(image, np.ones((1, 3, 3), image.dtype))
        found = predictor.predict(large, want_maps=True)
        truth = np.kron(labels, np.ones((3, 3), labels.dtype))
        counts = match(truth, found.label_image).counts[0.5]
        assert counts.f1 >= 0.6, counts
        assert all(plane.shape[-2:] == truth.shape for plane in found.maps.values())

    def check_the_look_of_stains_is_inherited(self) -> None:
        if not self.is_network:
            return
        regions = small_world(self.folder / "slides", n_channels=3, n_train=1, dark=True)
        params = FEW | {"stain_normalisation": "macenko"}
        changes = {"regions": regions, "channels": (0, 1, 2)}
        checkpoint = self.engine.train(
            self.job("recoloured", params=params, **changes), Notes(), never
        )
        child = self.engine.train(
            self.few("of-recoloured", parent=checkpoint, **changes), Notes(), never
        )
        for path in (checkpoint, child):
            config = json.loads((path / "config.json").read_text())
            assert config["normalisation"]["recolour"]
        image = ellipses(53, n_channels=3, dark=True)[0]
        assert self.load(child).predict(image).label_image.shape == (128, 128)

    def check_replay_teaches_and_decides_nothing(self) -> None:
        if not self.is_network:
            return
        image, labels = ellipses(9, n_channels=2, n=4, dark=True)
        old = write_region(self.folder / "data", "old", image, labels, split="replay")
        old = dataclasses.replace(old, channels=(0, 1), invert=True)
        found = {}
        for share in (0.0, 0.5):
            job = self.job(f"replay-{share}", params=FEW | {"replay_share": share},
                           regions=[*self.regions, old])  # fmt: skip
            checkpoint = self.engine.train(job, Notes(), never)
            found[share] = (
                json.loads((checkpoint / "config.json").read_text()),
                arrays_of(checkpoint),
            )
        without = self.engine.train(self.job("alone", params=FEW), Notes(), never)
        assert not unequal(arrays_of(without), found[0.0][1])
        assert unequal(arrays_of(without), found[0.5][1])
        assert found[0.0][0]["diameter_px"] == found[0.5][0]["diameter_px"]
        assert found[0.0][0]["normalisation"] == found[0.5][0]["normalisation"]

    def check_one_object_is_enough_and_the_time_limit_ends_training(self) -> None:
        image, labels = ellipses(3)
        one = np.where(labels == labels[labels > 0][0], labels, 0)
        region = write_region(self.folder / "data", "one", image, one)
        params = {"steps": 0, "steps_per_epoch": 5} if self.is_network else {}
        job = self.job("one-run", params=params, regions=[region], max_seconds=3.0)
        child = self.engine.train(job, Notes(), never)
        if self.is_network:
            assert json.loads((child / "config.json").read_text())["n_steps"] >= 1

    def check_no_object_is_a_sentence(self) -> None:
        image, labels = ellipses(4)
        region = write_region(self.folder / "data", "none", image, np.zeros_like(labels))
        with pytest.raises(DataProblem, match="annotated object"):
            self.engine.train(self.few("none-run", regions=[region]), Notes(), never)

    def check_labels_where_nothing_is_known_do_not_matter(self) -> None:
        image, labels = ellipses(5)
        known = np.zeros(labels.shape, bool)
        known[:, :80] = True
        rubbish = labels.copy()
        rubbish[:, 90:] = np.random.default_rng(0).integers(100, 140, (128, 38))
        nothing = write_region(
            self.folder / "data", "unknown", image, labels, annotated=np.zeros(labels.shape, bool)
        )
        made = []
        for name, shown in (("right", labels), ("rubbish", rubbish)):
            region = write_region(
                self.folder / "data", f"half-{name}", image, shown, annotated=known
            )
            region = dataclasses.replace(region, image_id="half")
            regions = [region, nothing, dataclasses.replace(nothing, split="validation")]
            notes = Notes()
            child = self.engine.train(self.few(f"half-{name}", regions=regions), notes, never)
            assert all(np.isfinite(report.train_loss) for report in notes.epochs)
            weights = sorted(child.glob("weights*"))
            made.append([path.read_bytes() for path in weights] or digest_of(child))
        assert made[0] == made[1]

    def check_official_models_need_the_network(self) -> None:
        for name in self.engine.spec.pretrained[:1]:
            with pytest.raises(DataProblem, match="not on this machine"):
                self.engine.train(self.few("official", pretrained=name), Notes(), never)

    def check_a_device_that_is_not_here_is_a_sentence(self) -> None:
        if not self.is_network:
            return
        for device, word in (("cuda:7", "CYTOLOOP_DEVICE=cpu"), ("abacus", "names no device")):
            with pytest.raises(DeviceUnavailable, match=word):
                self.engine.load(self.model, device=device, n_threads=1)
            with pytest.raises(DeviceUnavailable, match=word):
                self.engine.train(self.few("elsewhere", device=device), Notes(), never)

    def check_reports_are_complete(self) -> None:
        assert [report.epoch for report in self.notes.epochs] == list(
            range(1, len(self.notes.epochs) + 1)
        )
        assert self.notes.epochs[-1].epoch == self.notes.epochs[-1].n_epochs
        if self.is_network:
            assert self.notes.epochs[-1].validation_loss is not None
            assert self.notes.epochs[-1].train_loss < self.notes.epochs[0].train_loss

    def check_nothing_foreign_was_imported(self) -> None:
        assert OTHER_FRAMEWORK.get(self.name) not in sys.modules
        assert "django.db" not in sys.modules

    def check_kinds_of_objects_are_told_apart(self) -> None:
        if self.engine.spec.classifies:
            check_kinds(self)

    def check_its_own_traps(self) -> None:
        if self.name == "stardist":
            from tests.engines import stardist_traps

            stardist_traps.check_all()
        if self.name == "cellpose":
            from tests.engines import cellpose_traps

            cellpose_traps.check_all(self.folder)
        if self.name == "cellpose_sam":
            from tests.engines import cellpose_sam_traps

            cellpose_sam_traps.check_all(self.folder)


def arrays_of(checkpoint: Path) -> list[np.ndarray]:
    """Read the weights of a finished checkpoint in the order of their names, whoever wrote them."""
    safe = checkpoint / "weights.safetensors"
    found: dict[str, np.ndarray] = {}
    if safe.is_file():
        from safetensors.numpy import load_file

        found = load_file(safe)
    else:
        import h5py

        with h5py.File(checkpoint / "weights.h5") as file:
            file.visititems(lambda name, item: found.update(of_item(name, item)))
    return [found[name] for name in sorted(found, key=natural)]


def unequal(some: list[np.ndarray], others: list[np.ndarray]) -> set[int]:
    pairs = enumerate(zip(some, others, strict=True))
    return {number for number, (one, other) in pairs if not np.array_equal(one, other)}


def of_item(name: str, item: Any) -> dict[str, np.ndarray]:
    return {name: item[()]} if hasattr(item, "dtype") else {}


def natural(name: str) -> list[tuple[bool, int, str]]:
    """Sort conv2d_9 before conv2d_10: Keras counts the layers of all models."""
    parts = re.split(r"(\d+)", name)
    return [(part.isdigit(), int(part) if part.isdigit() else 0, part) for part in parts]


def checks() -> list[str]:
    return [name for name in vars(Conformance) if name.startswith("check_")]


def run(check: Callable[[], None]) -> str | None:
    try:
        check()
    except BaseException:  # noqa: BLE001 - every failure is an answer
        return traceback.format_exc()
    return None


if __name__ == "__main__":
    engine_name, where, *wanted = sys.argv[1:]
    conformance = Conformance(engine_name, Path(where))
    answers = {name: run(getattr(conformance, name)) for name in wanted or checks()}
    (Path(where) / "answers.json").write_text(json.dumps(answers))
