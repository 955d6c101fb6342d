"""Cellpose: train, load, export, adopt."""

from __future__ import annotations

import logging
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import torch

from training.engines.base import EngineSpec, Predictor, Reporter, StopFlag, TrainJob
from training.engines.cellpose_engine import eight_bits
from training.engines.cellpose_engine.flows import flows_of
from training.engines.cellpose_engine.forward import (
    conversion_of,
    open_torch,
    open_without_torch,
    to_inputs,
)
from training.engines.cellpose_engine.net import (
    Net,
    build,
    diam_mean_of,
    pretrained_state,
    save_network,
    use_state,
    width_of,
)
from training.engines.cellpose_engine.predictor import (
    FAST_TILING,
    USUAL_TILING,
    open_predictor,
    predictor_at,
)
from training.engines.checkpoint import credits_in, read_config, write_finished
from training.engines.data import (
    TrainingData,
    choose_polarity,
    choose_view,
    crop_settings,
    normalisation_config,
)
from training.engines.flow_networks.device import torch_device, uses_bfloat16
from training.engines.flow_networks.drawing import FlowPredictor
from training.engines.flow_networks.exchange import (
    EXPORTED,
    adopted_facts,
    export_network,
    number_of,
    read_upload,
)
from training.engines.flow_networks.learner import FlowLearner, Teaching
from training.engines.flow_networks.states import WEIGHTS, read_foreign_state, read_state
from training.engines.flow_networks.training import EngineParts, train_network
from training.engines.loop import Course, Usual
from training.engines.recipes import Begun
from training.engines.registry import parse_params
from training.engines.specs import CELLPOSE, CellposeParams

logger = logging.getLogger(__name__)

USUAL = Usual(steps_scratch=150, steps_tuning=100, rate_scratch=2e-3, rate_tuning=1e-3)
BATCH_SIZE = 4
VALIDATION_CROPS = 16
# A fresh network is trained at the objects' own size within these, so that nothing is resized.
SMALLEST_DIAM_MEAN, LARGEST_DIAM_MEAN = 15.0, 30.0
THRESHOLD_CROPS = {"most": 6, "most_px": 320, "margin_px": 16}


class CellposeEngine:
    """Cellpose 3.1.1.3, CPnet, 2D."""

    spec: EngineSpec = CELLPOSE

    def train(self, job: TrainJob, report: Reporter, should_stop: StopFlag) -> Path:
        """Train and return the finished checkpoint folder."""
        params: CellposeParams = parse_params(CellposeParams, job.params)
        parts = EngineParts(
            spec=self.spec, begin=self._begin, predictor_of=fitting_predictor, shown=THRESHOLD_CROPS
        )
        net, facts = train_network(parts, job, params, report, should_stop)
        return self._finish(job.workdir / "finished", net, facts, report.warn)

    def _begin(
        self, job: TrainJob, params: CellposeParams, data: TrainingData, device: torch.device
    ) -> Begun[FlowLearner]:
        """Make everything ready for the first step."""
        torch.manual_seed(job.seed)  # before building: that draws the weights
        net, facts = self._start(job, params, data)
        net.to(device)
        invert = facts["normalisation"]["invert"]
        data.set_view(invert=invert, way=facts["channels"]["way"])
        crops = crop_settings(
            params,
            patch_px=max(32, params.patch_px // 16 * 16),  # four levels of halving
            batch_size=params.batch_size or BATCH_SIZE,
            is_inverted=invert,
        )
        teaching = Teaching(
            flows_of=flows_of,
            to_inputs=to_inputs,
            rescale=facts["diam_mean"] / facts["diameter_px"],
            weight_decay=params.weight_decay,
            bfloat16=uses_bfloat16(params.precision, device),
            validation_crops=VALIDATION_CROPS,
            is_frozen=is_encoder if params.layers == "decoder" else lambda name: False,
        )
        learner = FlowLearner(net, data, crops, teaching)
        return Begun(learner, Course(params, USUAL, crops.batch_size, data.weights), facts)

    def _start(
        self, job: TrainJob, params: CellposeParams, data: TrainingData
    ) -> tuple[Net, dict[str, Any]]:
        """Build the network with the weights to start from, and say where they came from."""
        diameter = params.diameter_px or data.diameter_px
        origin, parent_config, state, width = "scratch", None, None, params.net
        diam_mean = min(max(diameter, SMALLEST_DIAM_MEAN), LARGEST_DIAM_MEAN)
        if job.parent is not None:
            parent_config = read_config(job.parent, self.spec.name)
            state = read_state(job.parent / WEIGHTS)
            origin, diam_mean = "parent", float(parent_config["diam_mean"])
        elif job.pretrained:
            state = pretrained_state(job.pretrained, offline=job.offline)
            origin, diam_mean = f"pretrained:{job.pretrained}", diam_mean_of(job.pretrained, state)
            # Cellpose's own models saw fluorescence above all.
            parent_config = {"normalisation": {"objects": "bright"}}
        if state is not None:
            width = width_of(state)
        net = build(width, diam_mean)
        if state is not None:
            use_state(net, state)
        with torch.no_grad():
            net.diam_mean.fill_(diam_mean)
            net.diam_labels.fill_(diameter)
        polarity = choose_polarity(data, params.invert, parent_config=parent_config)
        view = choose_view(data, params.channel_input, polarity, parent_config=parent_config)
        return net, {
            "origin": origin,
            "net": width,
            "diam_mean": diam_mean,
            "diameter_px": diameter,
            "annotated_px": data.diameter_px,
            "credits": credits_in(parent_config or {}),
            "channels": view.config([conversion_of(view.n_shown)]),
            "normalisation": normalisation_config(polarity, recolour=data.recolour),
        }

    def _finish(
        self, target: Path, net: Net, facts: dict[str, Any], warn: Callable[[str], None]
    ) -> Path:
        """Write a finished checkpoint."""
        return write_finished(
            target,
            self.spec,
            facts,
            packages=("cellpose", "torch", "opencv-python-headless", "onnx"),
            save=lambda folder: save_network(net, folder, warn),
        )

    def load(
        self, checkpoint: Path, *, device: str, n_threads: int, fast: bool = False
    ) -> Predictor:
        """Load a checkpoint folder, for the fastest way that the device has.

        Raises CheckpointCorrupt, DeviceUnavailable.
        """
        torch.set_num_threads(n_threads)
        on = torch_device(device)
        config = read_config(checkpoint, self.spec.name)
        precision = config.get("params", {}).get("precision", "auto")
        bfloat16 = uses_bfloat16(precision, on)
        forward = None
        if device == "cpu":
            forward = open_without_torch(checkpoint, n_threads, bfloat16=bfloat16)
        if forward is None:
            forward = open_torch(load_net(checkpoint, config).to(on), bfloat16=bfloat16)
        return open_predictor(forward, config, FAST_TILING if fast else USUAL_TILING)

    def export(self, checkpoint: Path, target: Path) -> None:
        """Write the file that `CellposeModel(pretrained_model=…)` opens, with our config."""
        config = read_config(checkpoint, self.spec.name)
        export_network(load_net(checkpoint, config), config, checkpoint, target)

    def adopt(self, upload: Path, target: Path, *, channels: Sequence[int] = ()) -> Path:
        """Turn a zip of ours or a Cellpose model file into a checkpoint folder."""
        ours, state = read_upload(
            upload, target.parent, read_file=read_foreign_state, read_folder=uploaded_state
        )
        width = width_of(state)
        net = build(width, diam_mean_of("", state))
        use_state(net, state)
        known = float(net.diam_labels[0])
        diameter = known if known > 0 else float(net.diam_mean[0])
        facts = adopted_facts(ours, channels, conversion_of) | {
            "net": width,
            "diam_mean": float(net.diam_mean[0]),
            "diameter_px": diameter,
            "annotated_px": number_of(ours, "annotated_px", diameter, least=1, most=10_000),
        }
        return self._finish(target, net, facts, logger.warning)


def uploaded_state(source: Path) -> dict[str, Any]:
    """Read the weights of an unpacked upload: ours, ours in eight bits, or Cellpose's."""
    if (source / WEIGHTS).is_file():
        return read_state(source / WEIGHTS)
    if (source / eight_bits.FILE_NAME).is_file():
        return eight_bits.unpacked(read_state(source / eight_bits.FILE_NAME))
    return read_foreign_state(source / EXPORTED)


def load_net(checkpoint: Path, config: dict[str, Any]) -> Net:
    """Build a checkpoint's network with its weights; raises CheckpointCorrupt."""
    net = build(config["net"], float(config["diam_mean"]))
    use_state(net, read_state(checkpoint / WEIGHTS))
    return net


def fitting_predictor(net: Net, config: dict[str, Any], bfloat16: bool) -> FlowPredictor:
    """Return what thresholds are fitted with: a predictor at the diameter that was trained."""
    forward = open_torch(net, bfloat16=bfloat16)
    return predictor_at(forward, config, USUAL_TILING, float(config["diameter_px"]))


def is_encoder(name: str) -> bool:
    """Tell whether a weight belongs to what sees, and not to what makes flows of it."""
    return name.startswith("downsample.")
