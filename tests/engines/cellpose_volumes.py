"""Cellpose on stacks: what upstream's `eval(do_3D=True)` finds, by the ways that are ours.

    python -m tests.engines.cellpose_volumes FOLDER

leaves FOLDER/answers.json: check → null, or the traceback of its failure.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from cellpose.models import CellposeModel

from project.errors import Cancelled
from tests.engines.conformance import TINY, run
from tests.engines.worlds import Notes, ellipsoids, in_blocks_alone, make_job, never, write_region
from training.datasets.volumes import NormalizedStack
from training.engines import registry
from training.engines.cellpose_engine.engine import load_net
from training.engines.cellpose_engine.forward import to_inputs
from training.engines.checkpoint import read_config
from training.metrics.matching import match


class Checks:
    """A network that learnt the planes of made stacks, as Cellpose is meant to be trained."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.engine = registry.load("cellpose")
        regions = []
        for number in range(4):
            stack, labels = ellipsoids(number, flat=1.0, shape=(40, 96, 96), n=24)
            split = "validation" if number == 3 else "train"
            image, truth = stack[:, 20], labels[20]
            regions.append(write_region(folder, f"plane-{number}", image, truth, split=split))
        params = TINY["cellpose"] | {"precision": "float32"}
        workdir = folder / "run"
        workdir.mkdir()
        self.model = self.engine.train(make_job(regions, workdir, params=params), Notes(), never)

    def load(self) -> Any:
        return self.engine.load(self.model, device="cpu", n_threads=1)

    def upstream(self, stack: np.ndarray, anisotropy: float | None) -> np.ndarray:
        config = read_config(self.model, "cellpose")
        stock = CellposeModel(gpu=False, pretrained_model=None, model_type=None, nchan=2)
        stock.net, stock.mkldnn = load_net(self.model, config), False
        stock.net.mkldnn, stock.net_ortho = False, None
        pixels = NormalizedStack(stack, stack.shape[0], invert=config["normalisation"]["invert"])[
            :, :, :, :
        ]
        stock.diam_mean = float(config["diam_mean"])
        masks, *_ = stock.eval(
            np.moveaxis(to_inputs(pixels), 0, -1),
            channels=None, channel_axis=3, z_axis=0, do_3D=True, anisotropy=anisotropy,
            diameter=float(config["diameter_px"]), normalize={"normalize": False},
            cellprob_threshold=config["thresholds"]["cellprob"],
        )  # fmt: skip
        return masks

    def check_volumes_are_those_of_upstream(self) -> None:
        for flat, anisotropy, shape in ((1.0, 0.0, (28, 70, 61)), (2.0, 2.0, (16, 60, 64))):
            stack, truth = ellipsoids(50, flat=flat, shape=shape, n=12)
            found = self.load().predict_volume(stack, anisotropy=anisotropy, want_maps=True)
            expected = self.upstream(stack, anisotropy or None)
            assert expected.max() >= 5
            assert match(expected, found.label_image).counts[0.9].ap >= 0.95
            assert match(truth, found.label_image).counts[0.5].f1 > 0.5
            assert found.label_image.dtype == np.uint32
            assert found.scores.shape == (found.label_image.max(),)
            assert found.maps["flows"].shape == (3, *shape)
            assert found.maps["cellprob"].shape == shape

    def check_blocks_hold_nearly_the_same_volumes(self) -> None:
        stack, _ = ellipsoids(51, flat=1.0, shape=(24, 48, 150), n=20)
        predictor = self.load()
        whole = predictor.predict_volume(stack)
        predictor.volume_block_px = 160_000  # two blocks, side by side
        found = predictor.predict_volume(stack)
        n_same = match(whole.label_image, found.label_image).counts[0.7].tp
        assert len(whole.scores) > 8
        assert n_same >= 0.9 * max(len(whole.scores), len(found.scores)), n_same
        alone, n_blocks = in_blocks_alone(predictor, stack)  # as several workers make them
        assert n_blocks > 1
        assert (alone.label_image == found.label_image).all()
        assert np.array_equal(alone.scores, found.scores)

    def check_empty_and_thin_stacks_give_empty_answers(self) -> None:
        for stack in (np.zeros((1, 5, 40, 40), np.uint8), np.full((1, 1, 20, 33), np.nan)):
            found = self.load().predict_volume(stack)
            assert found.label_image.shape == stack.shape[1:]
            assert len(found.scores) == found.label_image.max() <= 1

    def check_a_stop_takes_one_batch(self) -> None:
        stack, _ = ellipsoids(52, flat=1.0, shape=(28, 60, 60))
        calls = iter([False] * 3)
        with pytest.raises(Cancelled):
            self.load().predict_volume(stack, should_stop=lambda: next(calls, True))

    def check_measuring_predictors_know_stacks_too(self) -> None:
        from training.engines.cellpose_engine.predictor import USUAL_TILING, open_predictor

        usual = self.load()
        config = usual.config | {"params": {"diameter_at": "image"}}
        measuring = open_predictor(usual._forward, config, USUAL_TILING)
        stack, truth = ellipsoids(53, flat=1.0, shape=(20, 64, 64), n=8)
        found = measuring.predict_volume(stack)
        assert match(truth, found.label_image).counts[0.5].f1 > 0.5


def checks() -> list[str]:
    return [name for name in vars(Checks) if name.startswith("check_")]


if __name__ == "__main__":
    all_checks = Checks(Path(sys.argv[1]))
    answers = {name: run(getattr(all_checks, name)) for name in checks()}
    (Path(sys.argv[1]) / "answers.json").write_text(json.dumps(answers))
