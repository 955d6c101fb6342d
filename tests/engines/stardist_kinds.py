"""StarDist with kinds of objects, held against upstream's own (TensorFlow in the process)."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from stardist.models import StarDist2D, StarDistData2D
from stardist.utils import mask_to_categorical

from project.errors import CheckpointCorrupt
from tests.engines.conformance import TINY
from tests.engines.kinds import NAMES, PLANES, World, kinds_world, two_kinds
from tests.engines.worlds import Notes, make_job, never
from training.datasets.normalize import normalize_image
from training.engines.checkpoint import read_config
from training.engines.stardist_engine.class_heads import class_targets
from training.engines.stardist_engine.net import build, checked_net, copy_weights

STEPS = 60  # so that some objects are taken for the other kind, or for background
NET = {
    "n_rays": 8, "grid": [2, 2], "n_channel_in": 1, "unet_n_depth": 1, "unet_n_filter_base": 4,
    "net_conv_after_unet": 8, "train_patch_size": [32, 32],
}  # fmt: skip


def train(folder: Path, engine: Any) -> Path:
    """Train a network for which no kind is certain."""
    params = TINY["stardist"] | {"steps": STEPS}
    job = make_job(kinds_world(folder / "data"), folder / "run", params=params, classes=NAMES)
    return engine.train(job, Notes(), never)


def pictures() -> list[np.ndarray]:
    return [two_kinds(70 + number, n=24)[0] for number in range(3)]


def kinds_do_not_depend_on_the_way(predictors: list[Any], checkpoint: Path) -> None:
    """Compare ONNX Runtime's and TensorFlow's kinds with those of stock StarDist."""
    n_objects, said = 0, set()
    for image in pictures():
        labels, kinds = stock_kinds(stock(checkpoint), image, checkpoint)
        for predictor in predictors:
            for piece_px in (4096, 96):
                predictor.piece_px = piece_px
                found = predictor.predict(image)
                if piece_px == 4096:
                    assert (found.label_image == labels).all()
                    assert (found.classes == kinds).all()
                assert found.classes.shape == found.scores.shape
        n_objects += len(kinds)
        said |= set(kinds.tolist())
    assert n_objects > 20
    assert len(said) > 1


def stock(checkpoint: Path) -> Any:
    from training.engines.stardist_engine.net import load_model

    return load_model(checkpoint, read_config(checkpoint, "stardist"))


def stock_kinds(model: Any, image: np.ndarray, checkpoint: Path) -> tuple[np.ndarray, np.ndarray]:
    """Return stock StarDist's label image, ids made dense, and its `class_id` of each object."""
    from training.engines.stardist_engine.predictor import dense_ids

    thresholds = read_config(checkpoint, "stardist")["thresholds"]
    labels, details = model.predict_instances(
        np.moveaxis(normalize_image(image), 0, -1),
        prob_thresh=thresholds["prob"],
        nms_thresh=thresholds["nms"],
        show_tile_progress=False,
    )
    label_image, is_seen = dense_ids(labels, len(details["prob"]))
    return label_image, details["class_id"][is_seen]


def the_export_opens_in_stock_stardist(engine: Any, checkpoint: Path, folder: Path) -> None:
    engine.export(checkpoint, folder / "stock")
    model = StarDist2D(None, name="stock", basedir=str(folder))
    assert model.config.n_classes == len(NAMES)
    image = pictures()[0]
    labels, kinds = stock_kinds(model, image, checkpoint)
    found = engine.load(checkpoint, device="cpu", n_threads=1).predict(image)
    assert (found.label_image == labels).all()
    assert (found.classes == kinds).all()


def names_are_made_up_for_an_upload_without(
    engine: Any, checkpoint: Path, folder: Path, of: World = PLANES
) -> None:
    foreign = folder / "foreign"
    engine.export(checkpoint, foreign)
    (foreign / "cytoloop.json").unlink()
    adopted = engine.adopt(foreign, folder / "adopted-foreign")
    assert read_config(adopted, engine.spec.name)["classes"] == ["class 1", "class 2"]
    expected, found = (
        of.predict(engine.load(each, device="cpu", n_threads=1), of.draw(71)[0])
        for each in (checkpoint, adopted)
    )
    assert (found.classes == expected.classes).all()


def odd_names_are_not_taken(engine: Any, checkpoint: Path, folder: Path) -> None:
    for wrong in (["round"], ["round", "round"], ["round", 2], ["round", ""], "round"):
        shutil.copytree(checkpoint, folder / "odd", dirs_exist_ok=True)
        config = json.loads((checkpoint / "config.json").read_text()) | {"classes": wrong}
        (folder / "odd" / "config.json").write_text(json.dumps(config))
        adopted = engine.adopt(folder / "odd", folder / "adopted-odd")
        assert read_config(adopted, "stardist")["classes"] == ["class 1", "class 2"]


def no_network_tells_such_numbers_of_kinds_apart() -> None:
    for wrong in (0, -1, 256, 2.5, "2", True, [2]):
        with pytest.raises(CheckpointCorrupt):
            checked_net(NET | {"n_classes": wrong})
    assert checked_net(NET | {"n_classes": 255})["n_classes"] == 255


def a_child_keeps_what_its_parent_knew(
    engine: Any, checkpoint: Path, folder: Path, of: World = PLANES, tiny: Any = TINY["stardist"]
) -> None:
    """Train for no step worth the name from a parent with other kinds; in 2D the same and none."""
    names = {"more": ("split", "long", "round")}
    if of is PLANES:
        names |= {"same": NAMES, "none": ()}
    said = {}
    for name, classes in names.items():
        params = tiny | {"steps": 1, "learning_rate": 1e-7, "averaging": 0.0}
        regions = kinds_world(folder / f"{name}-data", of=of)
        job = make_job(regions, folder / name, params=params, classes=classes, parent=checkpoint)
        config = read_config(engine.train(job, Notes(), never), engine.spec.name)
        said[name] = config["channels"]["conversion"]
        assert config.get("classes", []) == list(classes)
        assert config["net"]["n_classes"] == (len(classes) or None)
    expected = {
        "same": "as they are",
        "more": "new outputs for the classes split",
        "none": "the classes round, long are not told apart any more",
    }
    assert said == {name: expected[name] for name in names}


def class_targets_equal_those_of_upstream() -> None:
    labels = np.zeros((32, 32), np.int32)
    labels[2:12, 2:12], labels[16:28, 4:18], labels[4:20, 20:30] = 1, 2, 3
    classes = np.array([0, 2, 0, 1], np.uint8)
    kinds = {1: 2, 2: None, 3: 1}
    ours = class_targets(labels, classes, 2, (1, 1))
    assert (ours == mask_to_categorical(labels, 2, kinds)).all()
    coarse = class_targets(labels, classes, 2, (2, 2))
    assert (coarse == ours[::2, ::2]).all()
    labels[:, 28:] = -1
    image = np.zeros(labels.shape, np.float32)
    upstream = StarDistData2D(
        [image], [labels], batch_size=1, n_rays=8, length=1, patch_size=(32, 32), grid=(1, 1),
        n_classes=2, classes=[kinds],
    )  # fmt: skip
    _, (_, _, theirs) = upstream[0]
    assert (class_targets(labels, classes, 2, (1, 1)) == theirs[0]).all()
    nameless = class_targets(labels, None, 2, (1, 1))
    assert (nameless[labels > 0] <= 0).all()
    assert (nameless[labels == 0] == [1, 0, 0]).all()


def unknown_kinds_have_no_gradient(net: dict[str, Any] = NET) -> None:
    import tensorflow as tf

    model, grid = build(net | {"n_classes": 2}), tuple(net["grid"])
    model.prepare_for_training()
    labels = np.zeros((8, 32, 32)[-len(grid) :], np.int32)
    labels[..., 4:14], labels[..., 18:28], labels[..., 28:] = 1, 2, -1
    wanted = class_targets(labels, np.array([0, 1, 0], np.uint8), 2, grid)[np.newaxis]
    said = tf.random.uniform(wanted.shape, 0.1, 0.9, seed=1)
    with tf.GradientTape() as tape:
        tape.watch(said)
        loss = tf.reduce_mean(model.keras_model.loss[2](tf.constant(wanted), said))
    gradient = np.asarray(tape.gradient(loss, said))[0]
    sparse = labels[tuple(slice(None, None, cell) for cell in grid)]
    assert gradient.shape == (*sparse.shape, 3)
    assert not gradient[(sparse == 2) | (sparse == -1)].any()
    assert gradient[sparse == 1].any(axis=-1).all()
    assert gradient[sparse == 0].any(axis=-1).all()


def outputs_go_where_their_names_are(net: dict[str, Any] = NET) -> None:
    old, new, plain = build(net | {"n_classes": 2}), build(net | {"n_classes": 3}), build(net)
    before = new.keras_model.get_layer("prob_class").get_weights()
    changes = copy_weights(old, new, known=["a", "b"], wanted=["b", "c", "a"])
    assert changes == ["new outputs for the classes c"]
    after, source = (each.keras_model.get_layer("prob_class").get_weights() for each in (new, old))
    for found, brought, fresh in zip(after, source, before, strict=True):
        assert (found[..., [0, 1, 3]] == brought[..., [0, 2, 1]]).all()
        assert (found[..., 2] == fresh[..., 2]).all()
    assert copy_weights(plain, new, wanted=["b", "c", "a"]) == [
        "new outputs for the classes b, c, a"
    ]
    for ours, theirs in (("features_class", "features"), ("prob", "prob")):
        kernel = new.keras_model.get_layer(ours).get_weights()[0]
        assert (kernel == plain.keras_model.get_layer(theirs).get_weights()[0]).all()
    assert copy_weights(new, plain, known=["b", "c", "a"]) == [
        "the classes b, c, a are not told apart any more"
    ]
