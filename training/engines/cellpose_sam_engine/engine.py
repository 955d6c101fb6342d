"""Cellpose-SAM: train, load, export, adopt."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import torch

from project.errors import CheckpointCorrupt, DataProblem
from training.datasets.channels import n_shown
from training.engines.base import EngineSpec, Predictor, Reporter, StopFlag, TrainJob
from training.engines.cellpose_sam_engine.flows import drawing, flows_of
from training.engines.cellpose_sam_engine.forward import conversion_of, to_inputs
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
from training.engines.checkpoint import credits_in, read_config, write_finished
from training.engines.data import (
    TrainingData,
    choose_polarity,
    choose_view,
    crop_settings,
    normalisation_config,
)
from training.engines.flow_networks.device import device_of, torch_device, uses_bfloat16
from training.engines.flow_networks.drawing import FlowPredictor
from training.engines.flow_networks.exchange import (
    EXPORTED,
    adopted_facts,
    export_network,
    number_of,
    read_upload,
)
from training.engines.flow_networks.forward import TorchForward
from training.engines.flow_networks.learner import FlowLearner, Teaching
from training.engines.flow_networks.states import WEIGHTS, save_state
from training.engines.flow_networks.tiles import Tiling
from training.engines.flow_networks.training import EngineParts, train_network
from training.engines.loop import Course, Usual
from training.engines.recipes import Begun
from training.engines.registry import parse_params
from training.engines.specs import CELLPOSE_SAM, CellposeSamParams

# Upstream's rate and decay (train.py:309); only the small network begins from scratch.
USUAL = Usual(steps_scratch=300, steps_tuning=300, rate_scratch=2e-3, rate_tuning=1e-5)
BATCH_SIZE = 1
VALIDATION_CROPS = 8
TILING = Tiling(TILE_PX, batch_size=4, least_px=TILE_PX)
THRESHOLD_CROPS = {"most": 4, "most_px": 240, "margin_px": 0}  # of one tile each
PACKAGES = ("cellpose", "torch", "torchvision", "segment_anything", "opencv-python-headless")
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
        parts = EngineParts(
            spec=self.spec, begin=self._begin, predictor_of=predictor_of, shown=THRESHOLD_CROPS
        )
        net, facts = train_network(parts, job, params, report, should_stop)
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
            "credits": credits_in(parent_config),
            "channels": view.config([conversion_of(view.n_shown)]),
            "normalisation": normalisation_config(polarity, recolour=data.recolour),
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
        return predictor_of(net, config, bfloat16)

    def export(self, checkpoint: Path, target: Path) -> None:
        """Write the file that `CellposeModel(pretrained_model=…)` opens, with our config."""
        config = read_config(checkpoint, self.spec.name)
        export_network(load_net(checkpoint, config), config, checkpoint, target)

    def adopt(self, upload: Path, target: Path, *, channels: Sequence[int] = ()) -> Path:
        """Turn a zip of ours or a Cellpose-SAM model file into a checkpoint folder."""
        ours, state = read_upload(
            upload, target.parent, read_file=read_upstream, read_folder=uploaded_state
        )
        kind = kind_of(state)
        return self._finish(target, with_state(kind, state), facts_of(ours, kind, channels))


def uploaded_state(source: Path) -> dict[str, Any]:
    """Read the weights of an unpacked upload: ours or upstream's."""
    own = source / WEIGHTS
    return read_upstream(own if own.is_file() else source / EXPORTED)


def predictor_of(net: Net, config: dict[str, Any], bfloat16: bool) -> FlowPredictor:
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


def facts_of(ours: dict[str, Any], kind: str, channels: Sequence[int]) -> dict[str, Any]:
    """Return the config of an adopted model: ours where it came from here, else the usual.

    Raises CheckpointCorrupt.
    """
    facts = adopted_facts(ours, channels, conversion_of)
    said = facts["channels"]
    if n_shown(said["count"], said["way"]) > N_INPUTS:
        raise CheckpointCorrupt(
            f"The model looks at {said['count']} channels, and a Cellpose-SAM network at most at "
            f"{N_INPUTS}."
        )
    return facts | {
        "net": kind,
        "rescale": number_of(ours, "rescale", 1.0, least=0.01, most=100),
        "diameter_px": number_of(ours, "diameter_px", USUAL_DIAMETER_PX, least=1, most=10_000),
    }
