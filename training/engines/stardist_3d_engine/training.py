"""StarDist in 3D: train; importing this imports TensorFlow."""

from __future__ import annotations

import math
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import keras
import numpy as np
from numpy.typing import NDArray
from stardist.models import StarDist3D

from training.datasets.volumes import VolumeSource
from training.engines.advice import MOST_CROP_PX_3D, stardist_grid
from training.engines.base import Reporter, StopFlag, TrainJob
from training.engines.data import TrainingData
from training.engines.loop import Course, Usual
from training.engines.recipes import Begun
from training.engines.registry import parse_params
from training.engines.specs import STARDIST_3D, StarDist3DParams
from training.engines.stardist_3d_engine.learner import StarDist3DLearner
from training.engines.stardist_3d_engine.polyhedra import Rays, rays_of, shapes_of
from training.engines.stardist_3d_engine.predictor import StarDist3DPredictor, extents_px
from training.engines.stardist_engine.beginning import crops_for, start_of
from training.engines.stardist_engine.course import Stars, train_stars
from training.engines.stardist_engine.instances import NetShape
from training.engines.stardist_engine.keras_network import KerasForward, shape_of
from training.engines.stardist_engine.net import (
    RAYS,
    Model,
    build,
    forget_models,
    load_model,
    net_config,
    use_device,
    use_threads,
)

USUAL = Usual(steps_scratch=400, steps_tuning=240, rate_scratch=2e-3, rate_tuning=5e-4)
BATCH_PX = 600_000  # voxels of all crops of an update
MOST_BATCH = 4
LEAST_PLANES = 8
CROP_EXTENTS = 2.0  # a crop is at least so many objects wide
THRESHOLD_CROPS = {"most": 4, "most_px": 128, "margin_px": 16}


def train(job: TrainJob, report: Reporter, should_stop: StopFlag) -> Path:
    """Train and return the finished checkpoint folder."""
    stars = Stars(
        spec=STARDIST_3D,
        begin=_begin,
        shapes_of=lambda model: shapes_of(rays_of(net_config(model))),
        fitting=THRESHOLD_CROPS,
    )
    params = parse_params(StarDist3DParams, job.params)
    return train_stars(stars, job, params, report, should_stop)


def open_with_tensorflow(
    checkpoint: Path, config: dict[str, Any], *, device: str, n_threads: int
) -> StarDist3DPredictor:
    """Load a checkpoint folder; raises CheckpointCorrupt, DeviceUnavailable."""
    use_device(device)
    use_threads(n_threads)
    forget_models()
    model = load_model(checkpoint, config)
    return StarDist3DPredictor(KerasForward(model), shape_of(model), config)


def _begin(job: TrainJob, params: StarDist3DParams, data: TrainingData) -> Begun[StarDist3DLearner]:
    """Make everything ready for the first step."""
    forget_models()
    keras.utils.set_random_seed(job.seed % 2**32)  # before building: that draws the weights
    model, facts = _start(job, params, data)
    crops = crops_for(model, facts, params, data)
    learner = StarDist3DLearner(model, data, crops, rays_of(net_config(model)))
    return Begun(learner, Course(params, USUAL, crops.batch_size, data.weights), facts)


def _start(
    job: TrainJob, params: StarDist3DParams, data: TrainingData
) -> tuple[Model, dict[str, Any]]:
    """Build the network with the weights to start from, and say where they came from."""
    start = start_of(STARDIST_3D, job, params, data, StarDist3D)
    if start.source is None:
        net = net_for(params, anisotropy_of(params, job, data), data.diameter_px)
    else:
        net = net_config(start.source)
    net |= start.inputs()
    extents = extents_px(net.get("anisotropy"), data.diameter_px)
    patch = patch_for(params, extents, NetShape.of(net, (0, 0, 0)).divisor)
    model = build(net | {"train_patch_size": patch})
    conversion = start.give_weights(model, radii_px(rays_of(net), extents))
    facts = start.facts(data, conversion)
    by_size = min(MOST_BATCH, max(1, BATCH_PX // math.prod(patch)))
    model.config.train_batch_size = params.batch_size or by_size
    return model, {
        **facts,
        "anisotropy": job.anisotropy,
        "normalisation": facts["normalisation"] | {"over": "whole stack, per channel"},
    }


def anisotropy_of(
    params: StarDist3DParams, job: TrainJob, data: TrainingData
) -> tuple[float, float, float]:
    """Return how many times farther than along each axis objects reach at most.

    As asked or as the images say; else measured on the objects, as upstream's examples do.
    """
    asked = params.anisotropy or job.anisotropy
    if asked:
        largest = max(asked, 1.0)
        return largest if asked >= 1 else 1.0, largest / max(asked, 1.0), 1.0
    assert isinstance(data.train, VolumeSource)
    extents = np.median(data.train.extents(), axis=0)
    z, y, x = (float(each) for each in extents.max() / extents)
    return z, y, x


def net_for(
    params: StarDist3DParams, anisotropy: Sequence[float], diameter_px: float
) -> dict[str, Any]:
    """Choose the network for these objects: a grid that keeps an object above five cells."""
    depth, *_ = extents_px(anisotropy, diameter_px)
    grid_z = params.grid_z or stardist_grid(depth)
    grid = params.grid or stardist_grid(diameter_px)
    cells = [1 << (each.bit_length() - 1) for each in (grid_z, grid, grid)]  # powers of two only
    flatness = list(anisotropy)
    return {
        "n_rays": params.n_rays,
        "rays_json": {"name": RAYS, "kwargs": {"n": params.n_rays, "anisotropy": flatness}},
        "anisotropy": flatness,
        "backbone": "unet",
        "grid": cells,
        "unet_pool": [2, 2, 2],
        "unet_n_depth": params.depth,
        "unet_n_filter_base": params.filters,
        "net_conv_after_unet": params.features,
    }


def radii_px(rays: Rays, extents: Sequence[float]) -> NDArray[np.float32]:
    """Return how far an ellipsoid of these extents reaches along each ray."""
    along = np.linalg.norm(2 * rays.vertices / np.asarray(extents), axis=1)
    return np.asarray(1 / along, np.float32)


def patch_for(
    params: StarDist3DParams, extents: Sequence[float], divisor: Sequence[int]
) -> list[int]:
    """Choose a patch that holds whole objects and that the network can divide."""
    side_px = min(max(params.patch_px, CROP_EXTENTS * extents[-1]), MOST_CROP_PX_3D)
    planes = params.patch_planes or max(LEAST_PLANES, CROP_EXTENTS * extents[0])
    wanted = (planes, side_px, side_px)
    return [
        max(1, math.ceil(side / unit)) * unit for side, unit in zip(wanted, divisor, strict=True)
    ]
