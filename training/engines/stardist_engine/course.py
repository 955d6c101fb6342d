"""The course of a StarDist training, of polygons or volumes; importing this imports TensorFlow."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeAlias

from training.engines.base import EngineSpec, Reporter, StopFlag, TrainJob
from training.engines.checkpoint import write_finished
from training.engines.data import TrainingData, open_data
from training.engines.fitting import fitting_crops
from training.engines.loop import train_learner
from training.engines.recipes import Begun, after_trials, choose_recipe
from training.engines.stardist_engine.instances import Shapes
from training.engines.stardist_engine.keras_network import KerasForward, shape_of
from training.engines.stardist_engine.net import (
    Model,
    net_config,
    save_network,
    use_device,
    use_precision,
    use_threads,
)
from training.engines.stardist_engine.thresholds import DEFAULT, fit_thresholds

StarsBegun: TypeAlias = Begun[Any]  # whose learner has the `model`


@dataclass(frozen=True, slots=True, kw_only=True)
class Stars:
    """What differs between polygons and volumes.

    `begin` makes everything ready for the first step; `fitting` are the arguments of
    `training.engines.fitting.fitting_crops`.
    """

    spec: EngineSpec
    begin: Callable[[TrainJob, Any, TrainingData], StarsBegun]
    shapes_of: Callable[[Model], Shapes]
    fitting: dict[str, int]


def train_stars(
    stars: Stars, job: TrainJob, params: Any, report: Reporter, should_stop: StopFlag
) -> Path:
    """Train and return the finished checkpoint folder."""
    device = use_device(job.device)
    use_threads(job.n_threads)
    data = open_data(stars.spec, job, params, report)
    report.stage("loading")

    def begin(wanted: Any) -> StarsBegun:
        return stars.begin(job, wanted, data)

    # Of volumes nobody chooses: in bfloat16 oneDNN's gradients are now and then no numbers.
    precision = use_precision(getattr(params, "precision", "float32"), job.device)
    params, trials = choose_recipe(job, params, data, begin, report, should_stop)
    begun = begin(params)
    model = begun.learner.model
    facts = begun.facts | {"trials": trials}
    job = after_trials(job, trials)
    facts |= train_learner(job, begun.learner, begun.course, report, should_stop)
    report.stage("thresholds")
    use_precision("float32", job.device)  # as predictions are computed
    net = shape_of(model)
    shown, fitted_on = fitting_crops(data, **stars.fitting)
    thresholds = dict(DEFAULT)
    if shown:
        scale, shapes = facts.get("scale", 1.0), stars.shapes_of(model)
        forward = KerasForward(model)
        thresholds = fit_thresholds(forward, net, shown, should_stop, scale=scale, shapes=shapes)
    facts |= {
        "thresholds": thresholds,
        "thresholds_from": fitted_on,
        "device": device,
        "precision": precision,
        "diameter_px": data.diameter_px,
        "net": net_config(model),
        "network_sees_px": list(net.sees_px),
    }
    report.stage("saving")
    return write_finished(
        job.workdir / "finished",
        stars.spec,
        facts,
        packages=("stardist", "tensorflow-cpu", "tensorflow", "keras", "onnx"),
        save=lambda folder: save_network(model, folder, report.warn),
    )
