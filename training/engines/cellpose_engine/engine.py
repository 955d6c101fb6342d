"""Cellpose: train, load, export, adopt."""

from __future__ import annotations

import logging
import shutil
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import torch

from training.datasets.channels import ALL, n_shown
from training.engines.base import EngineSpec, Predictor, Reporter, StopFlag, TrainJob
from training.engines.cellpose_engine import eight_bits
from training.engines.cellpose_engine.device import device_in_words, torch_device, uses_bfloat16
from training.engines.cellpose_engine.forward import TorchForward, open_without_torch
from training.engines.cellpose_engine.learner import CellposeLearner, conversion_of
from training.engines.cellpose_engine.net import (
    WEIGHTS,
    Net,
    build,
    diam_mean_of,
    pretrained_state,
    read_foreign_state,
    read_state,
    save_network,
    use_state,
    width_of,
)
from training.engines.cellpose_engine.predictor import CellposePredictor
from training.engines.cellpose_engine.thresholds import DEFAULT, fit_thresholds
from training.engines.cellpose_engine.tiles import large_tiles, usual_tiles
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
from training.engines.loop import Course, Usual, train_learner
from training.engines.recipes import Begun, choose_recipe
from training.engines.registry import parse_params
from training.engines.specs import CELLPOSE, CellposeParams

logger = logging.getLogger(__name__)

USUAL = Usual(steps_scratch=150, steps_tuning=100, rate_scratch=2e-3, rate_tuning=1e-3)
BATCH_SIZE = 4
# A fresh network is trained at the objects' own size within these, so that nothing is resized.
SMALLEST_DIAM_MEAN, LARGEST_DIAM_MEAN = 15.0, 30.0
THRESHOLD_CROPS = {"most": 6, "most_px": 320, "margin_px": 16}


class CellposeEngine:
    """Cellpose 3.1.1.3, CPnet, 2D."""

    spec: EngineSpec = CELLPOSE

    def train(self, job: TrainJob, report: Reporter, should_stop: StopFlag) -> Path:
        """Train and return the finished checkpoint folder."""
        params: CellposeParams = parse_params(CellposeParams, job.params)
        torch.set_num_threads(job.n_threads)
        device = torch_device(job.device)
        data = open_data(self.spec, job, params, report)
        report.stage("loading")

        def begin(wanted: CellposeParams) -> Begun[CellposeLearner]:
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
            predictor = CellposePredictor(TorchForward(net, bfloat16=bfloat16), facts)
            facts["thresholds"] = fit_thresholds(predictor, shown, should_stop)
        report.stage("saving")
        return self._finish(job.workdir / "finished", net, facts, report.warn)

    def _begin(
        self, job: TrainJob, params: CellposeParams, data: TrainingData, device: torch.device
    ) -> Begun[CellposeLearner]:
        """Make everything ready for the first step."""
        torch.manual_seed(job.seed)  # before building: that draws the weights
        net, facts = self._start(job, params, data)
        net.to(device)
        if params.layers == "decoder":
            net.downsample.requires_grad_(False)
        invert = facts["normalisation"]["invert"]
        data.set_view(invert=invert, way=facts["channels"]["way"])
        crops = crop_settings(
            params,
            patch_px=max(32, params.patch_px // 16 * 16),  # four levels of halving
            batch_size=params.batch_size or BATCH_SIZE,
            is_inverted=invert,
        )
        learner = CellposeLearner(
            net,
            data,
            crops,
            rescale=facts["diam_mean"] / facts["diameter_px"],
            weight_decay=params.weight_decay,
            bfloat16=uses_bfloat16(params.precision, device),
        )
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
            forward = TorchForward(load_net(checkpoint, config).to(on), bfloat16=bfloat16)
        return CellposePredictor(forward, config, large_tiles if fast else usual_tiles)

    def export(self, checkpoint: Path, target: Path) -> None:
        """Write the file that `CellposeModel(pretrained_model=…)` opens, with our config."""
        config = read_config(checkpoint, self.spec.name)
        net = load_net(checkpoint, config)
        with whole_folder(target) as folder:
            state = {key: value.contiguous() for key, value in net.state_dict().items()}
            torch.save(state, folder / "cellpose_model")
            write_json(folder / "cytoloop.json", config)
            shutil.copyfile(checkpoint / "LICENSE", folder / "LICENSE")

    def adopt(self, upload: Path, target: Path, *, channels: Sequence[int] = ()) -> Path:
        """Turn a zip of ours or a Cellpose model file into a checkpoint folder.

        A CPnet always has two inputs, whatever it was trained on, so the channels that a person
        names are believed.
        """
        if upload.is_dir() or holds_config(upload):
            with unpacked(upload, target.parent) as source:
                name = "config.json" if (source / "config.json").is_file() else "cytoloop.json"
                ours = read_json_file(source / name)
                state = uploaded_state(source)
        else:
            ours, state = {}, read_foreign_state(upload)
        net = build(width_of(state), diam_mean_of("", state))
        use_state(net, state)
        facts = _adopted_facts(ours, net, width_of(state), channels)
        return self._finish(target, net, facts, logger.warning)


def uploaded_state(source: Path) -> dict[str, Any]:
    """Read the weights of an unpacked upload: ours, ours in eight bits, or Cellpose's."""
    if (source / WEIGHTS).is_file():
        return read_state(source / WEIGHTS)
    if (source / eight_bits.FILE_NAME).is_file():
        return eight_bits.unpacked(read_state(source / eight_bits.FILE_NAME))
    return read_foreign_state(source / "cellpose_model")


def load_net(checkpoint: Path, config: dict[str, Any]) -> Net:
    """Build a checkpoint's network with its weights; raises CheckpointCorrupt."""
    net = build(config["net"], float(config["diam_mean"]))
    use_state(net, read_state(checkpoint / WEIGHTS))
    return net


def _adopted_facts(
    ours: dict[str, Any], net: Net, width: str, channels: Sequence[int]
) -> dict[str, Any]:
    """Return the config of an adopted model: ours where it came from here, else the usual."""
    thresholds = dict(DEFAULT)
    given = ours.get("thresholds")
    for key in thresholds:
        value = given.get(key) if isinstance(given, dict) else None
        if isinstance(value, int | float) and abs(value) < 10:
            thresholds[key] = float(value)
    diameter = float(net.diam_labels[0])
    facts = facts_of_upload(ours, conversion=conversion_of(1), n_channels=1)
    said = facts["channels"]
    mapping = list(channels) or said["mapping"]
    way = said.get("way", ALL) if len(mapping) == said["count"] else ALL
    return facts | {
        "channels": {
            "count": len(mapping),
            "mapping": mapping,
            "way": way,
            "conversion": conversion_of(n_shown(len(mapping), way)),
        },
        "thresholds": thresholds,
        "origin": "upload",
        "licence": "unknown",
        "thresholds_from": "upload",
        "net": width,
        "diam_mean": float(net.diam_mean[0]),
        "diameter_px": diameter if diameter > 0 else float(net.diam_mean[0]),
        "precision": "float32",
    }
