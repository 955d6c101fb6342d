"""StarDist: train; importing this imports TensorFlow."""

from __future__ import annotations

import math
from pathlib import Path
from typing import Any

import keras

from training.engines.advice import MOST_CROP_PX, stardist_grid, stardist_scale
from training.engines.base import Reporter, StopFlag, TrainJob
from training.engines.checkpoint import credits_in, read_config
from training.engines.data import (
    TrainingData,
    choose_polarity,
    choose_view,
    crop_settings,
    normalisation_config,
)
from training.engines.loop import Course, Usual
from training.engines.recipes import Begun, Recipe
from training.engines.registry import parse_params
from training.engines.specs import STARDIST, StarDistParams
from training.engines.stardist_engine.course import Stars, train_stars
from training.engines.stardist_engine.instances import POLYGONS
from training.engines.stardist_engine.learner import StarDistLearner
from training.engines.stardist_engine.net import (
    Model,
    build,
    copy_weights,
    expect_objects,
    forget_models,
    freeze_encoder,
    load_model,
    net_config,
    pretrained,
)

USUAL = Usual(steps_scratch=600, steps_tuning=480, rate_scratch=2e-3, rate_tuning=5e-4)
BATCH_AT_128_PX = 4
THRESHOLD_CROPS = {"most": 8, "most_px": 512, "margin_px": 32}


def train(job: TrainJob, report: Reporter, should_stop: StopFlag) -> Path:
    """Train and return the finished checkpoint folder."""
    stars = Stars(
        spec=STARDIST, begin=_begin, shapes_of=lambda model: POLYGONS, fitting=THRESHOLD_CROPS
    )
    params = parse_params(StarDistParams, job.params)
    return train_stars(stars, job, params, report, should_stop)


def _begin(job: TrainJob, params: StarDistParams, data: TrainingData) -> Begun[StarDistLearner]:
    """Make everything ready for the first step."""
    forget_models()
    keras.utils.set_random_seed(job.seed % 2**32)  # before building: that draws the weights
    model, facts = _start(job, params, data)
    invert = facts["normalisation"]["invert"]
    data.set_view(invert=invert, way=facts["channels"]["way"])
    if params.layers == "decoder":
        freeze_encoder(model)
    scale = facts["scale"]
    own_size = (Recipe("Images at their own size", {"scale": 1.0}),)
    batch_size = int(model.config.train_batch_size)
    patch_px = model.config.train_patch_size[0]
    crops = crop_settings(params, patch_px=patch_px, batch_size=batch_size, is_inverted=invert)
    learner = StarDistLearner(model, data, crops, scale=scale)
    course = Course(params, USUAL, batch_size, data.weights)
    return Begun(learner, course, facts, () if scale == 1 else own_size)


def _start(
    job: TrainJob, params: StarDistParams, data: TrainingData
) -> tuple[Model, dict[str, Any]]:
    """Build the network with the weights to start from, and say where they came from."""
    origin, conversion, parent_config, source = "scratch", [], None, None
    if job.parent is not None:
        parent_config = read_config(job.parent, STARDIST.name)
        source = load_model(job.parent, parent_config)
        origin = "parent"
    elif job.pretrained:
        source = pretrained(job.pretrained, offline=job.offline)
        origin = f"pretrained:{job.pretrained}"
        # Its training images were H&E as they are: dark nuclei on white.
        objects = "dark" if job.pretrained == "2D_versatile_he" else "bright"
        parent_config = {"normalisation": {"objects": objects}}
    polarity = choose_polarity(data, params.invert, parent_config=parent_config)
    view = choose_view(data, params.channel_input, polarity, parent_config=parent_config)
    scale = stardist_scale(params.scale, data.diameter_px, parent_config)
    inputs = {"n_channel_in": view.n_shown, "n_classes": len(job.classes) or None}
    diameter_px = data.diameter_px * scale
    net = _net(params, diameter_px) if source is None else net_config(source)
    if source is None:
        model = build(net | _patch(params, diameter_px, net) | inputs)
        expect_objects(model, diameter_px / 2)
    else:
        model = build(net | _patch(params, diameter_px, net) | inputs)
        known = (parent_config or {}).get("classes", [])
        conversion = copy_weights(source, model, known=known, wanted=job.classes)
    batch = params.batch_size or max(
        2, round(BATCH_AT_128_PX * (128 / model.config.train_patch_size[0]) ** 2)
    )
    model.config.train_batch_size = batch
    return model, {
        "origin": origin,
        "credits": credits_in(parent_config or {}),
        "scale": scale,
        "channels": view.config(conversion),
        "normalisation": normalisation_config(polarity, recolour=data.recolour),
        **({"classes": list(job.classes)} if job.classes else {}),
    }


def _net(params: StarDistParams, diameter_px: float) -> dict[str, Any]:
    """Choose the network for these objects: a grid that keeps an object above five cells."""
    grid = params.grid or stardist_grid(diameter_px)
    grid = 1 << max(0, grid.bit_length() - 1)  # powers of two only
    return {
        "n_rays": params.n_rays,
        "grid": [grid, grid],
        "unet_n_depth": params.depth,
        "unet_n_filter_base": params.filters,
        "net_conv_after_unet": params.features,
    }


def _patch(params: StarDistParams, diameter_px: float, net: dict[str, Any]) -> dict[str, Any]:
    """Choose a patch that holds whole objects and that the network can divide."""
    unit = 2 ** int(net.get("unet_n_depth", 3)) * max(int(g) for g in net["grid"])
    wanted = min(max(params.patch_px, 2.5 * diameter_px), MOST_CROP_PX)
    side = max(unit, math.ceil(wanted / unit) * unit)
    return {"train_patch_size": [side, side]}
