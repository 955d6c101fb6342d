"""StarDist 3D with kinds of objects, held against upstream's own (TensorFlow in the process).

`suite` is a tests.engines.stardist_3d_checks.Checks, `checkpoint` one that learnt VOLUMES.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from stardist.models import StarDist3D, StarDistData3D
from stardist.rays3d import Rays_GoldenSpiral
from stardist.utils import mask_to_categorical

from tests.engines import stardist_kinds
from tests.engines.kinds import NAMES, VOLUMES
from tests.engines.onnx_ways import way_of
from training.datasets.volumes import NormalizedStack
from training.engines.base import PredictionArrays
from training.engines.checkpoint import read_config
from training.engines.stardist_3d_engine.training import open_with_tensorflow
from training.engines.stardist_engine.class_heads import class_targets
from training.engines.stardist_engine.keras_network import KerasForward
from training.engines.stardist_engine.net import build, load_model, save_network
from training.engines.stardist_engine.onnx_network import open_onnx
from training.metrics.classes import ClassCounts, match_classes

SAME_IOU = 0.9


def kinds_do_not_depend_on_the_way(suite: Any, checkpoint: Path) -> None:
    """Compare ONNX Runtime's and TensorFlow's kinds with those of stock StarDist."""
    config = read_config(checkpoint, "stardist_3d")
    with_keras = open_with_tensorflow(checkpoint, config, device="cpu", n_threads=1)
    predictors = [suite.load(checkpoint), with_keras]
    assert [way_of(each) for each in predictors] == ["Onnx", "Keras"]
    model, total = load_model(checkpoint, config), ClassCounts.none(len(NAMES))
    for seed in (70, 71, 72):
        stack = VOLUMES.draw(seed)[0]
        found, by_keras = (VOLUMES.predict(each, stack) for each in predictors)
        assert (found.label_image == by_keras.label_image).all()
        assert (found.classes == by_keras.classes).all()
        total += compared(found, stock_kinds(model, config, stack))
    assert total.matched[1:, 1:].sum(axis=1).min() >= 5, "both kinds were said"
    fast = VOLUMES.predict(suite.load(checkpoint, fast=True), stack)
    assert fast.classes.shape == fast.scores.shape


def compared(found: PredictionArrays, stock: tuple[np.ndarray, dict[int, int]]) -> ClassCounts:
    """Assert that the objects that stock StarDist has too are of the same kinds; count them.

    Upstream's bounds by hulls now and then keep another volume than ours (decision 26).
    """
    labels, kinds = stock
    ours = dict(enumerate(found.classes.tolist(), 1))
    same = match_classes(
        labels, found.label_image, kinds, ours, n_classes=len(NAMES), threshold=SAME_IOU
    )
    assert same.matched.trace() == same.matched.sum() >= 0.8 * len(kinds)
    return same


def stock_kinds(
    model: Any, config: dict[str, Any], stack: np.ndarray
) -> tuple[np.ndarray, dict[int, int]]:
    """Return stock StarDist's label image and its `class_id` of each object."""
    x = np.moveaxis(NormalizedStack(stack, 1, invert=False)[:, :, :, :], 0, -1)
    thresholds = config["thresholds"]
    labels, details = model.predict_instances(
        x, prob_thresh=thresholds["prob"], nms_thresh=thresholds["nms"]
    )
    # Upstream numbers its labels without gaps, but not its details: no object may be out of sight.
    assert labels.max() == len(details["prob"])
    return labels, dict(enumerate(details["class_id"].tolist(), 1))


def the_export_opens_in_stock_stardist(suite: Any, checkpoint: Path) -> None:
    suite.engine.export(checkpoint, suite.folder / "stock-kinds")
    model = StarDist3D(None, name="stock-kinds", basedir=str(suite.folder))
    assert model.config.n_classes == len(NAMES)
    stack = VOLUMES.draw(70)[0]
    stock = stock_kinds(model, read_config(checkpoint, "stardist_3d"), stack)
    compared(VOLUMES.predict(suite.load(checkpoint), stack), stock)


def uploads_and_children_keep_kinds(suite: Any, checkpoint: Path) -> None:
    folder = suite.folder / "kept-kinds"
    folder.mkdir()
    engine, tiny = suite.engine, read_config(checkpoint, "stardist_3d")["params"]
    stardist_kinds.names_are_made_up_for_an_upload_without(engine, checkpoint, folder, VOLUMES)
    stardist_kinds.a_child_keeps_what_its_parent_knew(engine, checkpoint, folder, VOLUMES, tiny)


def class_targets_equal_those_of_upstream() -> None:
    labels = np.zeros((8, 32, 32), np.int32)
    labels[1:5, 2:12, 2:12], labels[3:8, 16:28, 4:18], labels[0:4, 4:20, 20:30] = 1, 2, 3
    classes, kinds = np.array([0, 2, 0, 1], np.uint8), {1: 2, 2: None, 3: 1}
    ours = class_targets(labels, classes, 2, (1, 1, 1))
    assert (ours == mask_to_categorical(labels, 2, kinds)).all()
    assert (class_targets(labels, classes, 2, (1, 2, 2)) == ours[:, ::2, ::2]).all()
    labels[..., 28:] = -1
    upstream = StarDistData3D(
        [np.zeros(labels.shape, np.float32)], [labels], batch_size=1, length=1,
        rays=Rays_GoldenSpiral(8, None), patch_size=labels.shape, grid=(1, 1, 1), n_classes=2,
        classes=[kinds],
    )  # fmt: skip
    _, (_, _, theirs) = upstream[0]
    assert (class_targets(labels, classes, 2, (1, 1, 1)) == theirs[0]).all()


def networks_of_residual_blocks_say_kinds_too(suite: Any, net: dict[str, Any]) -> None:
    unlike = {key: value for key, value in net.items() if "unet" not in key}
    model = build(
        unlike
        | {"backbone": "resnet", "resnet_n_filter_base": 4, "resnet_n_blocks": 2, "n_classes": 2}
    )
    folder = suite.folder / "resnet-kinds"
    folder.mkdir()
    save_network(model, folder, pytest.fail)
    forward = open_onnx(folder, 1)
    assert forward is not None
    x = np.random.default_rng(0).random((8, 16, 24, 1)).astype(np.float32)
    ways = list(zip(forward(x), KerasForward(model)(x), strict=True))
    assert len(ways) == 3
    for found, expected in ways:
        assert np.allclose(found, expected, rtol=1e-3, atol=1e-4)
