"""StarDist's own quirks, checked with TensorFlow in the process (a part of the conformance)."""

from __future__ import annotations

import numpy as np
import tensorflow as tf
from stardist.models import StarDistData2D

from training.datasets.scale import rescaled
from training.engines.advice import stardist_reach_px
from training.engines.stardist_engine.instances import NetShape, Outlines
from training.engines.stardist_engine.keras_network import KerasForward
from training.engines.stardist_engine.learner import targets
from training.engines.stardist_engine.net import build, copy_weights, use_precision
from training.engines.stardist_engine.predictor import Maps, dense_ids

NET = {
    "n_rays": 8, "grid": [2, 2], "n_channel_in": 1, "unet_n_depth": 1, "unet_n_filter_base": 4,
    "net_conv_after_unet": 8, "train_patch_size": [32, 32],
}  # fmt: skip


def check_all() -> None:
    targets_equal_those_of_upstream()
    ignored_pixels_have_no_gradient()
    ids_beyond_16_bits_keep_their_distances()
    inflating_keeps_the_answer_to_a_repeated_image()
    the_fast_way_gives_the_same_numbers()
    covered_objects_vanish_from_the_ids()
    the_network_sees_as_far_as_people_are_told()
    maps_and_outlines_of_a_resized_image_lie_on_the_image()
    a_network_that_is_sure_has_a_loss_in_bfloat16()


def squares() -> np.ndarray:
    labels = np.zeros((32, 32), np.int32)
    labels[2:12, 2:12], labels[16:28, 4:18], labels[4:20, 20:30] = 1, 2, 3
    return labels


def targets_equal_those_of_upstream() -> None:
    labels = squares()
    labels[:, 28:] = -1
    image = np.zeros(labels.shape, np.float32)
    upstream = StarDistData2D(
        [image], [labels], batch_size=1, n_rays=8, length=1, patch_size=(32, 32), grid=(2, 2)
    )
    _, (prob, dist) = upstream[0]
    ours = targets(labels, 8, (2, 2))
    assert np.allclose(ours[0], prob[0])
    assert np.allclose(ours[1], dist[0])


def ignored_pixels_have_no_gradient() -> None:
    model = build(NET)
    model.prepare_for_training()
    labels = squares()
    labels[:, 16:] = -1
    prob, dist = (tf.constant(each[np.newaxis]) for each in targets(labels, 8, (2, 2)))
    said_prob = tf.Variable(tf.random.uniform(prob.shape, 0.1, 0.9, seed=1))
    said_dist = tf.Variable(tf.random.uniform((1, 16, 16, 8), 1, 9, seed=1))
    with tf.GradientTape() as tape:
        losses = model.keras_model.loss
        loss = losses[0](prob, said_prob) + tf.reduce_mean(losses[1](dist, said_dist))
    for gradient in tape.gradient(loss, [said_prob, said_dist]):
        assert not np.asarray(gradient)[:, :, 8:].any()
        assert np.asarray(gradient)[:, :, :8].any()


def a_network_that_is_sure_has_a_loss_in_bfloat16() -> None:
    model = build(NET)
    layer = model.keras_model.get_layer("prob")
    kernel, bias = layer.get_weights()
    layer.set_weights([kernel, np.full_like(bias, 9)])  # a probability of .9999
    model.prepare_for_training()
    labels = squares()
    image = np.random.default_rng(0).random((1, 32, 32, 1)).astype(np.float32)
    wanted = tuple(each[np.newaxis] for each in targets(labels, 8, (2, 2)))
    use_precision("bfloat16", "cpu")
    try:
        loss = model.keras_model.train_on_batch(image, wanted, return_dict=True)["loss"]
    finally:
        use_precision("float32", "cpu")
    assert np.isfinite(loss)
    assert all(np.isfinite(each).all() for each in model.keras_model.get_weights())


def ids_beyond_16_bits_keep_their_distances() -> None:
    labels = squares() * 65536
    assert np.allclose(targets(labels, 8, (2, 2))[1], targets(squares(), 8, (2, 2))[1])


def inflating_keeps_the_answer_to_a_repeated_image() -> None:
    one, three = build(NET), build(NET | {"n_channel_in": 3})
    assert copy_weights(one, three) == ["inflated from 1 to 3 channels"]
    image = np.random.default_rng(0).random((1, 32, 32, 1)).astype(np.float32)
    expected = one.keras_model(image)[0].numpy()
    found = three.keras_model(np.repeat(image, 3, axis=-1))[0].numpy()
    assert np.allclose(found, expected, atol=1e-5)


def the_fast_way_gives_the_same_numbers() -> None:
    model = build(NET)
    forward = KerasForward(model)
    for side in (32, 48):
        image = np.random.default_rng(side).random((side, side, 1)).astype(np.float32)
        prob, dist = model.keras_model.predict(image[np.newaxis], verbose=0)
        found = forward(image)
        assert np.allclose(found[0], prob[0, ..., 0], atol=1e-6)
        assert np.allclose(found[1], dist[0], atol=1e-6)


def covered_objects_vanish_from_the_ids() -> None:
    labels = np.array([[0, 1, 1], [3, 3, 0]], np.int32)
    label_image, is_seen = dense_ids(labels, 4)
    assert label_image.tolist() == [[0, 1, 1], [2, 2, 0]]
    assert is_seen.tolist() == [True, False, True, False]


def the_network_sees_as_far_as_people_are_told() -> None:
    for depth, grid in ((1, 2), (2, 1), (2, 2), (3, 1), (3, 2)):
        model = build(NET | {"unet_n_depth": depth, "grid": [grid, grid]})
        measured = max(max(sides) for sides in model._compute_receptive_field())
        assert abs(measured - stardist_reach_px(depth, grid)) <= 2, (depth, grid, measured)


def maps_and_outlines_of_a_resized_image_lie_on_the_image() -> None:
    net = NetShape(1, 8, (2, 2), (8, 8), (20, 20))
    for side in range(20, 90):
        for scale in (0.3, 0.49, 0.8, 1.7):
            image = np.zeros((1, side, side + 3), np.float32)
            x = np.moveaxis(rescaled(image, scale), 0, -1)
            maps = Maps(x.shape, net).over_pixels(image.shape[1:])
            assert maps["prob"].shape == image.shape[1:]
            assert maps["dist"].shape == (8, *image.shape[1:])
            last = np.array([[side_px - 1 for side_px in x.shape[:2]]])
            ones = Outlines(last, np.ones(1, np.float32), np.ones((1, 8), np.float32))
            moved = ones.brought_from(x.shape, image.shape[1:])
            rest = np.array(image.shape[1:]) - 0.5 - moved.points[0]
            assert np.allclose(rest, np.divide(image.shape[1:], x.shape[:2]) / 2)
