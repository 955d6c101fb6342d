"""StarDist: train; importing this imports TensorFlow."""

from __future__ import annotations

import math
from pathlib import Path
from typing import Any

import keras
from stardist.models import StarDist2D

from training.engines.advice import MOST_CROP_PX, stardist_grid, stardist_scale
from training.engines.base import Reporter, StopFlag, TrainJob
from training.engines.data import TrainingData
from training.engines.loop import Course, Usual
from training.engines.recipes import Begun, Recipe
from training.engines.registry import parse_params
from training.engines.specs import STARDIST, StarDistParams
from training.engines.stardist_engine.beginning import crops_for, start_of
from training.engines.stardist_engine.course import Stars, train_stars
from training.engines.stardist_engine.instances import POLYGONS
from training.engines.stardist_engine.learner import StarDistLearner
from training.engines.stardist_engine.net import (
    Model,
    build,
    forget_models,
    net_config,
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
    scale = facts["scale"]
    own_size = (Recipe("Images at their own size", {"scale": 1.0}),)
    crops = crops_for(model, facts, params, data)
    learner = StarDistLearner(model, data, crops, scale=scale)
    course = Course(params, USUAL, crops.batch_size, data.weights)
    return Begun(learner, course, facts, () if scale == 1 else own_size)


def _start(
    job: TrainJob, params: StarDistParams, data: TrainingData
) -> tuple[Model, dict[str, Any]]:
    """Build the network with the weights to start from, and say where they came from."""
    start = start_of(STARDIST, job, params, data, StarDist2D)
    scale = stardist_scale(params.scale, data.diameter_px, start.parent_config)
    diameter_px = data.diameter_px * scale
    net = _net(params, diameter_px) if start.source is None else net_config(start.source)
    model = build(net | _patch(params, diameter_px, net) | start.inputs())
    conversion = start.give_weights(model, diameter_px / 2)
    batch = params.batch_size or max(
        2, round(BATCH_AT_128_PX * (128 / model.config.train_patch_size[0]) ** 2)
    )
    model.config.train_batch_size = batch
    return model, {**start.facts(data, conversion), "scale": scale}


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
