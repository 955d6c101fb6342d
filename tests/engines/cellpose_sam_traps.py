"""Cellpose-SAM's own quirks, checked with PyTorch in the process (a part of the conformance)."""

from __future__ import annotations

import ssl
from pathlib import Path

import numpy as np
import pytest
import torch
from cellpose import core, dynamics, train, transforms
from cellpose.models import CellposeModel

from project.errors import CheckpointCorrupt, DataProblem
from tests.engines.flow_traps import (
    pickles_are_not_run,
    unknown_pixels_have_no_gradient,
    weights_that_the_decoder_changes,
)
from tests.engines.worlds import Notes, ellipses, make_job, never, small_world
from training.datasets.large import normalized
from training.engines import registry
from training.engines.cellpose_sam_engine.engine import TILING, facts_of, predictor_of
from training.engines.cellpose_sam_engine.flows import flows_of
from training.engines.cellpose_sam_engine.forward import to_inputs
from training.engines.cellpose_sam_engine.net import (
    SMALL,
    STANDARD,
    build,
    is_encoder,
    kind_of,
    load_net,
    read_upstream,
    shapes,
    with_state,
)
from training.engines.checkpoint import read_config
from training.engines.flow_networks.drawing import DEFAULT
from training.engines.flow_networks.forward import TorchForward
from training.engines.flow_networks.learner import masked_loss
from training.engines.flow_networks.tiles import Maps


def check_all(folder: Path) -> None:
    the_loss_is_that_of_upstream_where_all_is_known()
    unknown_pixels_have_no_gradient()
    flows_are_those_of_upstream_whatever_the_ids()
    maps_are_those_of_upstream_for_the_whole_image_and_for_any_box()
    instances_are_those_of_upstream(folder / "model" / "finished")
    channels_become_three()
    pickles_are_not_run(folder, "W2", read_upstream)
    other_networks_and_garbage_are_refused(folder)
    weights_are_taken_and_not_copied()
    only_the_decoder_learns_where_that_is_asked_for(folder)
    nothing_begins_from_scratch(folder)
    an_uploaded_config_is_believed_within_reason()
    certificates_are_still_checked()


def the_loss_is_that_of_upstream_where_all_is_known() -> None:
    torch.manual_seed(1)
    output, truth = torch.randn(2, 3, 8, 8), torch.rand(2, 4, 8, 8)
    truth[:, 1] = 1
    upstream = train._loss_fn_seg(truth[:, [0, 2, 3]], output, torch.device("cpu"))
    assert torch.allclose(masked_loss(output, truth), upstream)


def flows_are_those_of_upstream_whatever_the_ids() -> None:
    _, labels = ellipses(9)
    labels = labels.astype(np.int32)
    expected = dynamics.labels_to_flows([labels.copy()], device=torch.device("cpu"))[0][-2:]
    assert np.allclose(flows_of(labels * 1000), expected, atol=1e-6)


def maps_are_those_of_upstream_for_the_whole_image_and_for_any_box() -> None:
    torch.manual_seed(2)
    net = build(SMALL).eval()
    forward = TorchForward(net, bfloat16=False)
    for shape, scale in (((300, 470), 1.0), ((90, 61), 1.0), ((250, 256), 1.0), ((210, 170), 1.6)):
        image = np.random.default_rng(shape[0]).random((2, *shape)).astype(np.float32)
        stack = np.moveaxis(to_inputs(image), 0, -1)[np.newaxis]
        expected = core.run_net(net, stack, bsize=256, rsz=None if scale == 1 else scale)[0]
        expected = np.moveaxis(transforms.resize_image(expected, *shape)[0], -1, 0)
        maps = Maps(forward, image, scale, tiling=TILING, to_inputs=to_inputs)
        assert np.allclose(maps.whole(), expected, atol=2e-4), (shape, scale)
        for box in ((0, 0, 40, 60), (17, 5, 88, 61), (33, 20, 34, 21)):
            part = expected[:, box[0] : box[2], box[1] : box[3]]
            assert np.allclose(maps.of(box), part, atol=2e-4), (shape, scale, box)


def instances_are_those_of_upstream(checkpoint: Path) -> None:
    """Draw what the network that learnt the ellipses sees, by upstream's own `eval`."""
    config = read_config(checkpoint, "cellpose_sam") | {"thresholds": DEFAULT}
    net = load_net(checkpoint, config)
    upstream = CellposeModel.__new__(CellposeModel)  # else it would only take the large network
    upstream.net, upstream.device, upstream.backbone = net, torch.device("cpu"), "sam_vitl"
    n_objects = 0
    for seed, side in ((60, 128), (61, 300)):
        image, _ = ellipses(seed, side=side, n=side * side // 1000)
        pixels = to_inputs(np.asarray(normalized(image)))
        expected = upstream.eval(np.moveaxis(pixels, 0, -1), normalize=False, channel_axis=-1)[0]
        found = predictor_of(net, config, False).predict(image)
        assert (found.label_image == expected).all()
        n_objects += len(found.scores)
    assert n_objects > 40


def channels_become_three() -> None:
    image = np.random.default_rng(0).random((3, 4, 4)).astype(np.float32)
    assert (to_inputs(image) == image).all()
    assert (to_inputs(image[:2])[:2] == image[:2]).all()
    assert not to_inputs(image[:2])[2].any()
    assert to_inputs(image[:1]).shape == (3, 4, 4)


def other_networks_and_garbage_are_refused(folder: Path) -> None:
    path = folder / "garbage.pth"
    torch.save({"W2": torch.zeros(192, 3, 8, 8)}, path)  # all that upstream looks for
    with pytest.raises(CheckpointCorrupt, match="three outputs"):
        kind_of(read_upstream(path))
    state = dict(build(SMALL).state_dict())
    parallel = {f"module.{name}": value for name, value in state.items()}
    torch.save(parallel, path)
    assert kind_of(read_upstream(path)) == SMALL
    del state["diam_mean"]
    assert kind_of(state) == SMALL
    with pytest.raises(CheckpointCorrupt, match="another network"):
        with_state(STANDARD, state)
    state["out.bias"] = torch.full_like(state["out.bias"], torch.nan)
    with pytest.raises(CheckpointCorrupt, match="no numbers"):
        with_state(SMALL, state)
    n_weights = sum(int(np.prod(shape)) for shape in shapes(STANDARD).values())
    assert n_weights == 304_628_930


def weights_are_taken_and_not_copied() -> None:
    state = dict(build(SMALL).state_dict())
    net = with_state(SMALL, state)
    assert net.out.weight.data_ptr() == state["out.weight"].data_ptr()
    assert net.out.weight.requires_grad
    assert not net.W2.requires_grad
    assert not any(each.is_meta for each in [*net.parameters(), *net.buffers()])


def only_the_decoder_learns_where_that_is_asked_for(folder: Path) -> None:
    engine = registry.load("cellpose_sam").rehearsal()
    changed = weights_that_the_decoder_changes(engine, folder, {}, is_encoder)
    assert {"out.weight", "encoder.neck.0.weight"} <= changed


def nothing_begins_from_scratch(folder: Path) -> None:
    regions = small_world(folder / "scratch-data", n_train=1)
    with pytest.raises(DataProblem, match="cannot be trained from scratch"):
        registry.load("cellpose_sam").train(make_job(regions, folder / "scratch"), Notes(), never)


def an_uploaded_config_is_believed_within_reason() -> None:
    odd = {"rescale": "inf", "diameter_px": -3, "thresholds": {"flow": 1e9, "cellprob": 1}}
    facts = facts_of(odd, SMALL, (2, 0))
    assert (facts["rescale"], facts["diameter_px"]) == (1.0, 30.0)
    assert facts["thresholds"] == {"flow": 0.4, "cellprob": 1.0}
    assert facts["channels"]["mapping"] == [2, 0]
    many = {"channels": {"count": 4, "mapping": [0, 1, 2, 3], "way": "all"}}
    with pytest.raises(CheckpointCorrupt, match="4 channels"):
        facts_of(many, SMALL, ())
    many["channels"]["way"] = "mean"
    assert facts_of(many, SMALL, ())["channels"]["count"] == 4


def certificates_are_still_checked() -> None:
    assert ssl._create_default_https_context is not ssl._create_unverified_context
