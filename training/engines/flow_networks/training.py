"""The course of a training that all networks with flows take."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, TypeAlias

import torch

from training.engines.base import EngineSpec, Reporter, StopFlag, TrainJob
from training.engines.data import TrainingData, open_data
from training.engines.fitting import fitting_crops
from training.engines.flow_networks.device import device_in_words, torch_device, uses_bfloat16
from training.engines.flow_networks.drawing import DEFAULT, FlowPredictor, fit_thresholds
from training.engines.flow_networks.freed_memory import keep_freed_memory
from training.engines.flow_networks.learner import FlowLearner
from training.engines.loop import train_learner
from training.engines.recipes import Begun, after_trials, choose_recipe

# A job, its parameters, what it learns from and where: everything ready for the first step.
Begin: TypeAlias = Callable[[TrainJob, Any, TrainingData, torch.device], Begun[FlowLearner]]
# A network, a config and whether it computes in bfloat16.
PredictorOf: TypeAlias = Callable[[Any, dict[str, Any], bool], FlowPredictor]


@dataclass(frozen=True, slots=True, kw_only=True)
class EngineParts:
    """What differs between the engines; `shown` is what thresholds are fitted on."""

    spec: EngineSpec
    begin: Begin
    predictor_of: PredictorOf
    shown: Mapping[str, int]


def train_network(
    parts: EngineParts, job: TrainJob, params: Any, report: Reporter, should_stop: StopFlag
) -> tuple[Any, dict[str, Any]]:
    """Choose a recipe, train, fit the thresholds; return the network and what a version stores.

    Raises Cancelled, TrainingDiverged, DeviceUnavailable and what `open_data` raises.
    """
    torch.set_num_threads(job.n_threads)
    keep_freed_memory()
    device = torch_device(job.device)
    data = open_data(parts.spec, job, params, report)
    report.stage("loading")

    def begin(wanted: Any) -> Begun[FlowLearner]:
        return parts.begin(job, wanted, data, device)

    params, trials = choose_recipe(job, params, data, begin, report, should_stop)
    begun = begin(params)
    net, bfloat16 = begun.learner.net, uses_bfloat16(params.precision, device)
    facts = begun.facts | {"trials": trials}
    job = after_trials(job, trials)
    facts |= train_learner(job, begun.learner, begun.course, report, should_stop)
    report.stage("thresholds")
    crops, fitted_on = fitting_crops(data, **parts.shown)
    facts |= {
        "device": device_in_words(device),
        "precision": "bfloat16" if bfloat16 else "float32",
        "thresholds": dict(DEFAULT),
        "thresholds_from": fitted_on,
    }
    if crops:
        predictor = parts.predictor_of(net, facts, bfloat16)
        facts["thresholds"] = fit_thresholds(predictor, crops, should_stop)
    report.stage("saving")
    return net, facts
