"""Cellpose-SAM: train, load, export, adopt."""

from __future__ import annotations

import shutil
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import torch

from project.errors import CheckpointCorrupt, DataProblem
from training.datasets.channels import ALL, n_shown
from training.engines.base import EngineSpec, Predictor, Reporter, StopFlag, TrainJob
from training.engines.cellpose_sam_engine.flows import drawing, flows_of
from training.engines.cellpose_sam_engine.forward import TorchForward, conversion_of, to_inputs
from training.engines.cellpose_sam_engine.net import (
    N_INPUTS,
    SMALL,
    TILE_PX,
    USUAL_DIAMETER_PX,
    Net,
    build,
    is_encoder,
    kind_of,
    load_net,
    read_upstream,
    with_state,
)
from training.engines.cellpose_sam_engine.official import LICENCE, official_file
from training.engines.checkpoint import (
    facts_of_upload,
    holds_config,
    read_config,
    read_json_file,
    unpacked,
    whole_folder,
    write_finished,
    write_json,
)
from training.engines.data import (
    TrainingData,
    choose_polarity,
    choose_view,
    crop_settings,
    normalisation_config,
    open_data,
)
from training.engines.fitting import fitting_crops
from training.engines.flow_networks.device import (
    device_in_words,
    device_of,
    torch_device,
    uses_bfloat16,
)
from training.engines.flow_networks.drawing import DEFAULT, FlowPredictor, fit_thresholds
from training.engines.flow_networks.learner import FlowLearner, Teaching
from training.engines.flow_networks.states import WEIGHTS, save_state
from training.engines.flow_networks.tiles import Tiling
from training.engines.loop import Course, Usual, train_learner
from training.engines.recipes import Begun, choose_recipe
from training.engines.registry import parse_params
from training.engines.specs import CELLPOSE_SAM, CellposeSamParams

# Upstream's rate and decay (train.py:309); only the small network begins from scratch.
USUAL = Usual(steps_scratch=300, steps_tuning=300, rate_scratch=2e-3, rate_tuning=1e-5)
BATCH_SIZE = 1
VALIDATION_CROPS = 8
TILING = Tiling(TILE_PX, batch_size=4, least_px=TILE_PX)
THRESHOLD_CROPS = {"most": 4, "most_px": 240, "margin_px": 0}  # of one tile each
PACKAGES = ("cellpose", "torch", "torchvision", "segment_anything", "opencv-python-headless")
EXPORTED = "cellpose_model"
NOTICE = (
    f"They derive from official weights under {LICENCE}: name Cellpose-SAM as their source, and "
    "make no commercial use of them."
)


class CellposeSamEngine:
    """Cellpose 4.2.1.1, CPSAM, 2D.

    `fresh` is the network that a training from scratch builds; empty: there is none.
    """

    spec: EngineSpec = CELLPOSE_SAM

    def __init__(self, fresh: str = "") -> None:
        self.fresh = fresh

    def rehearsal(self) -> CellposeSamEngine:
        """Return the same engine with a network that any machine trains, for trying it out."""
        return CellposeSamEngine(SMALL)

    def train(self, job: TrainJob, report: Reporter, should_stop: StopFlag) -> Path:
        """Train and return the finished checkpoint folder."""
        params: CellposeSamParams = parse_params(CellposeSamParams, job.params)
        torch.set_num_threads(job.n_threads)
        device = torch_device(job.device)
        data = open_data(self.spec, job, params, report)
        report.stage("loading")

        def begin(wanted: CellposeSamParams) -> Begun[FlowLearner]:
            return self._begin(job, wanted, data, device)

        params, trials = choose_recipe(job, params, data, begin, report, should_stop)
        begun = begin(params)
        net, bfloat16 = begun.learner.net, uses_bfloat16(params.precision, device)
        facts = begun.facts | {"trials": trials}
        facts |= train_learner(job, begun.learner, begun.course, report, should_stop)
        report.stage("thresholds")
        shown, fitted_on = fitting_crops(data, **THRESHOLD_CROPS)
        facts |= {
            "device": device_in_words(device),
            "precision": "bfloat16" if bfloat16 else "float32",
            "thresholds": dict(DEFAULT),
            "thresholds_from": fitted_on,
        }
        if shown:
            predictor = predictor_of(net, facts, bfloat16=bfloat16)
            facts["thresholds"] = fit_thresholds(predictor, shown, should_stop)
        report.stage("saving")
        return self._finish(job.workdir / "finished", net, facts)

    def _begin(
        self, job: TrainJob, params: CellposeSamParams, data: TrainingData, device: torch.device
    ) -> Begun[FlowLearner]:
        """Make everything ready for the first step."""
        torch.manual_seed(job.seed)
        net, facts = self._start(job, params, data)
        net.to(device)
        invert = facts["normalisation"]["invert"]
        data.set_view(invert=invert, way=facts["channels"]["way"])
        crops = crop_settings(
            params,
            patch_px=TILE_PX,
            batch_size=params.batch_size or BATCH_SIZE,
            is_inverted=invert,
        )
        teaching = Teaching(
            flows_of=flows_of,
            to_inputs=to_inputs,
            rescale=facts["rescale"],
            weight_decay=params.weight_decay,
            bfloat16=uses_bfloat16(params.precision, device),
            validation_crops=VALIDATION_CROPS,
            is_frozen=is_encoder if params.layers == "decoder" else lambda name: False,
        )
        learner = FlowLearner(net, data, crops, teaching)
        return Begun(learner, Course(params, USUAL, crops.batch_size, data.weights), facts)

    def _start(
        self, job: TrainJob, params: CellposeSamParams, data: TrainingData
    ) -> tuple[Net, dict[str, Any]]:
        """Build the network with the weights to start from, and say where they came from."""
        # Official models saw bright and dark objects alike, fluorescence above all.
        parent_config: dict[str, Any] = {"normalisation": {"objects": "bright"}}
        licence = ""
        if job.parent is not None:
            parent_config = read_config(job.parent, self.spec.name)
            net, origin, kind = load_net(job.parent, parent_config), "parent", parent_config["net"]
            licence = str(parent_config.get("licence", ""))
        elif job.pretrained:
            state = read_upstream(official_file(job.pretrained, offline=job.offline))
            kind, origin, licence = kind_of(state), f"pretrained:{job.pretrained}", LICENCE
            net = with_state(kind, state)
        else:
            net, kind, origin = self._from_scratch(), self.fresh, "scratch"
        rescale = USUAL_DIAMETER_PX / params.diameter_px if params.diameter_px else 1.0
        with torch.no_grad():
            net.diam_labels.fill_(data.diameter_px)
        polarity = choose_polarity(data, params.invert, parent_config=parent_config)
        view = choose_view(data, params.channel_input, polarity, parent_config=parent_config)
        return net, {
            "origin": origin,
            "net": kind,
            "rescale": rescale,
            "diameter_px": data.diameter_px,
            "channels": view.config([conversion_of(view.n_shown)]),
            "normalisation": normalisation_config(polarity),
        } | ({"licence": licence} if licence else {})

    def _from_scratch(self) -> Net:
        if not self.fresh:
            raise DataProblem(
                "Cellpose-SAM cannot be trained from scratch: it would need millions of objects. "
                "Start from an official model, an uploaded one or an earlier version."
            )
        return build(self.fresh)

    def _finish(self, target: Path, net: Net, facts: dict[str, Any]) -> Path:
        """Write a finished checkpoint."""
        return write_finished(
            target,
            self.spec,
            facts,
            packages=PACKAGES,
            save=lambda folder: save_state(net.state_dict(), folder / WEIGHTS),
            notice=NOTICE if facts.get("licence") == LICENCE else "",
        )

    def load(
        self, checkpoint: Path, *, device: str, n_threads: int, fast: bool = False
    ) -> Predictor:
        """Load a checkpoint folder; raises CheckpointCorrupt, DeviceUnavailable."""
        torch.set_num_threads(n_threads)
        on = torch_device(device)
        config = read_config(checkpoint, self.spec.name)
        net = load_net(checkpoint, config)
        precision = config.get("params", {}).get("precision", "auto")
        bfloat16 = uses_bfloat16(precision, on)
        # As upstream: half the memory, and nothing is converted tile by tile.
        net.to(on, dtype=torch.bfloat16 if bfloat16 else torch.float32)
        return predictor_of(net, config, bfloat16=bfloat16)

    def export(self, checkpoint: Path, target: Path) -> None:
        """Write the file that `CellposeModel(pretrained_model=…)` opens, with our config."""
        config = read_config(checkpoint, self.spec.name)
        net = load_net(checkpoint, config)
        with whole_folder(target) as folder:
            torch.save(dict(net.state_dict()), folder / EXPORTED)
            write_json(folder / "cytoloop.json", config)
            shutil.copyfile(checkpoint / "LICENSE", folder / "LICENSE")

    def adopt(self, upload: Path, target: Path, *, channels: Sequence[int] = ()) -> Path:
        """Turn a zip of ours or a Cellpose-SAM model file into a checkpoint folder.

        The network always has three inputs, whatever it was trained on, so the channels that a
        person names are believed.
        """
        if upload.is_dir() or holds_config(upload):
            with unpacked(upload, target.parent) as source:
                name = "config.json" if (source / "config.json").is_file() else "cytoloop.json"
                ours = read_json_file(source / name)
                own = source / WEIGHTS
                state = read_upstream(own if own.is_file() else source / EXPORTED)
        else:
            ours, state = {}, read_upstream(upload)
        kind = kind_of(state)
        return self._finish(target, with_state(kind, state), adopted_facts(ours, kind, channels))


def predictor_of(net: Net, config: dict[str, Any], *, bfloat16: bool) -> FlowPredictor:
    """Return the predictor of a network, where its weights lie."""
    rescale = float(config["rescale"])
    return FlowPredictor(
        TorchForward(net, bfloat16=bfloat16),
        config,
        rescale=rescale,
        tiling=TILING,
        to_inputs=to_inputs,
        draw=drawing(rescale, device_of(net)),
    )


def adopted_facts(ours: dict[str, Any], kind: str, channels: Sequence[int]) -> dict[str, Any]:
    """Return the config of an adopted model: ours where it came from here, else the usual.

    Raises CheckpointCorrupt.
    """
    given = ours.get("thresholds")
    thresholds = {
        key: number_of(given if isinstance(given, dict) else {}, key, default, most=10)
        for key, default in DEFAULT.items()
    }
    facts = facts_of_upload(ours, conversion=conversion_of(1), n_channels=1)
    said = facts["channels"]
    mapping = list(channels) or said["mapping"]
    way = said.get("way", ALL) if len(mapping) == said["count"] else ALL
    if n_shown(len(mapping), way) > N_INPUTS:
        raise CheckpointCorrupt(
            f"The model looks at {len(mapping)} channels, and a Cellpose-SAM network at most at "
            f"{N_INPUTS}."
        )
    return facts | {
        "channels": {
            "count": len(mapping),
            "mapping": mapping,
            "way": way,
            "conversion": conversion_of(n_shown(len(mapping), way)),
        },
        "thresholds": thresholds,
        "thresholds_from": "upload",
        "origin": "upload",
        "licence": "unknown",
        "net": kind,
        "rescale": number_of(ours, "rescale", 1.0, least=0.01, most=100),
        "diameter_px": number_of(ours, "diameter_px", USUAL_DIAMETER_PX, least=1, most=10_000),
        "precision": "float32",
    }


def number_of(
    found: dict[str, Any], key: str, default: float, *, most: float, least: float | None = None
) -> float:
    """Return a number of an uploaded config, or the default where that says something else."""
    value = found.get(key)
    low = -most if least is None else least
    if isinstance(value, int | float) and not isinstance(value, bool) and low <= value <= most:
        return float(value)
    return default
