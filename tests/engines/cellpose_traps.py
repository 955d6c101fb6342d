"""Cellpose's own quirks, checked with PyTorch in the process (a part of the conformance)."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch
from cellpose import core, transforms
from cellpose.resnet_torch import CPnet

from project.errors import CheckpointCorrupt
from tests.engines.flow_traps import (
    pickles_are_not_run,
    unknown_pixels_have_no_gradient,
    weights_that_the_decoder_changes,
)
from tests.engines.worlds import ellipses
from training.engines import registry
from training.engines.cellpose_engine.engine import is_encoder
from training.engines.cellpose_engine.flows import flows_of
from training.engines.cellpose_engine.forward import open_torch, to_inputs
from training.engines.cellpose_engine.net import build, use_state, width_of
from training.engines.cellpose_engine.predictor import (
    FAST_TILING,
    USUAL_TILING,
    median_diameter,
    middle,
)
from training.engines.flow_networks.crops import warp
from training.engines.flow_networks.learner import masked_loss
from training.engines.flow_networks.states import read_foreign_state
from training.engines.flow_networks.tiles import Maps, padding, taper


def check_all(folder: Path) -> None:
    unknown_pixels_have_no_gradient()
    the_network_is_upstreams_with_its_gradients()
    the_loss_is_that_of_upstream_where_all_is_known()
    flows_turn_with_the_image()
    maps_are_those_of_upstream_for_the_whole_image_and_for_any_box()
    tiles_are_padded_and_weighted_as_by_upstream()
    the_middle_of_a_large_image_is_measured()
    channels_become_two()
    pickles_are_not_run(folder, "output.2.weight", read_foreign_state)
    garbage_weights_are_refused(folder)
    only_the_decoder_learns_where_that_is_asked_for(folder)


def the_network_is_upstreams_with_its_gradients() -> None:
    """What is doubled in size is computed in another order, which no output may show."""
    torch.manual_seed(0)
    ours = build("tiny", 17.0).double()
    theirs = CPnet(list(ours.nbase), 3, sz=3, mkldnn=False).double()
    theirs.load_state_dict(ours.state_dict())
    for is_training in (False, True):
        outputs = []
        for net in (ours, theirs):
            net.train(is_training)
            pixels = torch.rand(2, 2, 64, 48, dtype=torch.float64, generator=seeded(1))
            output, style, seen = net(pixels)
            (output**2).sum().backward()
            outputs.append((output, style, *seen))
        for found, expected in zip(*outputs, strict=True):
            assert torch.allclose(found, expected, rtol=1e-8, atol=1e-9)
    for (name, found), expected in zip(ours.named_parameters(), theirs.parameters(), strict=True):
        if expected.grad is not None:
            assert torch.allclose(found.grad, expected.grad, rtol=1e-6, atol=1e-6), name
    for name, found in ours.named_buffers():  # a sample's variance depends on how many there are
        assert torch.allclose(found, theirs.get_buffer(name), rtol=5e-2), name


def seeded(seed: int) -> torch.Generator:
    return torch.Generator().manual_seed(seed)


def the_loss_is_that_of_upstream_where_all_is_known() -> None:
    from cellpose.train import _loss_fn_seg

    torch.manual_seed(1)
    output, truth = torch.randn(2, 3, 8, 8), torch.rand(2, 4, 8, 8)
    truth[:, 1] = 1
    upstream = _loss_fn_seg(truth[:, [0, 2, 3]].numpy(), output, torch.device("cpu"))
    assert torch.allclose(masked_loss(output, truth), upstream)


def flows_turn_with_the_image() -> None:
    """Flows of a turned label image equal the turned flows, flip and angle alike."""
    _, labels = ellipses(9)
    truth = np.zeros((4, *labels.shape), np.float32)
    truth[0], truth[1] = labels > 0, 1
    truth[2:] = flows_of(labels.astype(np.int32))
    for flip, theta in ((False, 0.0), (True, 0.0), (False, 0.6), (True, 2.0)):
        numbers = labels[np.newaxis].astype(np.float32)
        _, turned = warp(numbers, truth, 90, scale=1.0, theta=theta, flip=flip)
        # Turn the ids by nearest neighbour: cellprob of one object after the other.
        ids = np.zeros((90, 90), np.int32)
        for number in range(1, int(labels.max()) + 1):
            single = truth.copy()
            single[0] = labels == number
            ids[warp(numbers, single, 90, scale=1.0, theta=theta, flip=flip)[1][0] > 0] = number
        inner = np.zeros_like(ids, bool)
        inner[12:-12, 12:-12] = True
        whole = ~np.isin(ids, ids[~inner]) & (ids > 0)
        expected = flows_of(ids)[:, whole].astype(np.float64)
        found = turned[2:, whole]
        length = np.sqrt((found**2).sum(axis=0))
        cosine = (expected * found).sum(axis=0)[length > 0.5] / length[length > 0.5]
        assert np.median(cosine) > 0.95, (flip, theta, np.median(cosine))


def maps_are_those_of_upstream_for_the_whole_image_and_for_any_box() -> None:
    torch.manual_seed(2)
    net = build("tiny", 17.0).eval()
    forward = open_torch(net, bfloat16=False)
    for shape, scale in (((300, 470), 1.0), ((90, 61), 1.0), ((210, 170), 1.6), ((500, 380), 0.7)):
        image = np.random.default_rng(shape[0]).random((1, *shape)).astype(np.float32)
        stack = np.moveaxis(to_inputs(image), 0, -1)[np.newaxis]
        expected = core.run_net(net, stack, rsz=None if scale == 1 else scale)[0]
        expected = np.moveaxis(transforms.resize_image(expected, *shape)[0], -1, 0)
        maps = Maps(forward, image, scale, tiling=USUAL_TILING, to_inputs=to_inputs)
        assert np.allclose(maps.of((0, 0, *shape)), expected, atol=2e-4), (shape, scale)
        for box in ((0, 0, 40, 60), (17, 5, 88, 61), (33, 20, 34, 21)):
            part = expected[:, box[0] : box[2], box[1] : box[3]]
            assert np.allclose(maps.of(box), part, atol=2e-4), (shape, scale, box)


def tiles_are_padded_and_weighted_as_by_upstream() -> None:
    for side in (1, 15, 16, 17, 224, 1000):
        before, after, *_ = transforms.get_pad_yx(side, side)
        assert padding(side) == (before, side + before + after)
    for rows, cols in ((224, 224), (48, 224), (FAST_TILING.side_px, 304), (33, 256)):
        longer = max(rows, cols)
        found = np.outer(taper(rows, longer), taper(cols, longer))
        assert (found == transforms._taper_mask(rows, cols)).all()


def the_middle_of_a_large_image_is_measured() -> None:
    image = np.arange(2 * 50 * 9, dtype=np.float32).reshape(2, 50, 9)
    assert (middle(image, 20) == image[:, 15:35]).all()
    assert (middle(image, 60) == image).all()
    labels = np.zeros((100, 100), np.uint32)
    for number in range(8):
        labels[10 * number : 10 * number + 8, 20:29] = number + 1  # the first one is cut
    exact = 2 * np.sqrt(72 / np.pi)
    assert np.isclose(median_diameter(labels, 10.0), exact)
    assert np.isclose(median_diameter(labels, 2.0), 6.0)
    assert np.isclose(median_diameter(labels, 90.0), 30.0)
    assert np.isclose(median_diameter(labels * (labels < 7), 50.0), 50.0 / 3)
    assert median_diameter(labels * (labels < 6), 50.0) == 50.0
    labels[:] = 1
    assert median_diameter(labels, 50.0) == 50.0


def channels_become_two() -> None:
    image = np.random.default_rng(0).random((3, 4, 4)).astype(np.float32)
    assert np.allclose(to_inputs(image)[0], image.mean(axis=0))
    assert not to_inputs(image)[1].any()
    assert (to_inputs(image[:2]) == image[:2]).all()
    assert to_inputs(image[:1]).shape == (2, 4, 4)


def garbage_weights_are_refused(folder: Path) -> None:
    net = build("tiny", 17.0)
    path = folder / "garbage.pth"
    torch.save({"output.2.weight": torch.zeros(3, 8, 1, 1)}, path)
    with pytest.raises(CheckpointCorrupt):
        width_of(read_foreign_state(path))
    state = dict(net.state_dict())
    state["output.2.bias"] = torch.full((3,), torch.nan)
    with pytest.raises(CheckpointCorrupt, match="no numbers"):
        use_state(net, state)


def only_the_decoder_learns_where_that_is_asked_for(folder: Path) -> None:
    """Its encoder keeps the means and variances over batches, too."""
    params = {"net": "tiny", "patch_px": 64}
    changed = weights_that_the_decoder_changes(
        registry.load("cellpose"), folder, params, is_encoder
    )
    assert "output.2.weight" in changed
    assert any(name.endswith("running_mean") for name in changed)
