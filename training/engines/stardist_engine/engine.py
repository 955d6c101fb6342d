"""StarDist: train, load, export, adopt; only what needs TensorFlow imports it."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from training.engines.base import EngineSpec, Predictor, Reporter, StopFlag, TrainJob
from training.engines.checkpoint import read_config
from training.engines.specs import STARDIST
from training.engines.stardist_engine.instances import NetShape
from training.engines.stardist_engine.onnx_network import open_without_tensorflow
from training.engines.stardist_engine.predictor import StarDistPredictor


class StarDistEngine:
    """StarDist 0.9.2, 2D.

    TensorFlow takes seconds to import and some 0.6 GB, which a process that predicts need not pay;
    the methods that do need it import their modules themselves.
    """

    spec: EngineSpec = STARDIST

    def train(self, job: TrainJob, report: Reporter, should_stop: StopFlag) -> Path:
        """Train and return the finished checkpoint folder."""
        from training.engines.stardist_engine.training import (  # noqa: PLC0415 (TensorFlow)
            train,
        )

        return train(job, report, should_stop)

    def load(
        self, checkpoint: Path, *, device: str, n_threads: int, fast: bool = False
    ) -> Predictor:
        """Load a checkpoint folder: without TensorFlow on processors, else for TensorFlow.

        Raises CheckpointCorrupt, DeviceUnavailable.
        """
        config = read_config(checkpoint, self.spec.name)
        # Older checkpoints have neither the number nor the file.
        if device == "cpu" and "network_sees_px" in config:
            forward = open_without_tensorflow(checkpoint, n_threads, fast=fast)
            if forward is not None:
                net = NetShape.of(config["net"], config["network_sees_px"])
                return StarDistPredictor(forward, net, config, fast=fast)
        from training.engines.stardist_engine.keras_network import (  # noqa: PLC0415 (TensorFlow)
            open_with_tensorflow,
        )

        return open_with_tensorflow(checkpoint, config, device=device, n_threads=n_threads)

    def export(self, checkpoint: Path, target: Path) -> None:
        """Write the folder that `StarDist2D(None, name, basedir)` opens."""
        from training.engines.stardist_engine.exchange import export  # noqa: PLC0415 (TensorFlow)

        export(checkpoint, target, read_config(checkpoint, self.spec.name))

    def adopt(self, upload: Path, target: Path, *, channels: Sequence[int] = ()) -> Path:
        """Turn a zip (ours or a StarDist folder) or such a folder into a checkpoint folder."""
        from training.engines.stardist_engine.exchange import adopt  # noqa: PLC0415 (TensorFlow)

        return adopt(upload, target)
