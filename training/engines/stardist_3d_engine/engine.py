"""StarDist in 3D: train, load, export, adopt; only what needs TensorFlow imports it."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from training.engines.base import EngineSpec, Reporter, StopFlag, TrainJob
from training.engines.checkpoint import read_config
from training.engines.specs import STARDIST_3D
from training.engines.stardist_3d_engine.predictor import StarDist3DPredictor
from training.engines.stardist_engine.instances import NetShape
from training.engines.stardist_engine.onnx_network import open_without_tensorflow


class StarDist3DEngine:
    """StarDist 0.9.2, 3D: objects are star-shaped volumes."""

    spec: EngineSpec = STARDIST_3D

    def train(self, job: TrainJob, report: Reporter, should_stop: StopFlag) -> Path:
        """Train and return the finished checkpoint folder."""
        from training.engines.stardist_3d_engine.training import (  # noqa: PLC0415 (TensorFlow)
            train,
        )

        return train(job, report, should_stop)

    def load(
        self, checkpoint: Path, *, device: str, n_threads: int, fast: bool = False
    ) -> StarDist3DPredictor:
        """Load a checkpoint folder: without TensorFlow on processors, else for TensorFlow.

        Raises CheckpointCorrupt, DeviceUnavailable.
        """
        config = read_config(checkpoint, self.spec.name)
        if device == "cpu":
            forward = open_without_tensorflow(checkpoint, n_threads, fast=fast)
            if forward is not None:
                net = NetShape.of(config["net"], config["network_sees_px"])
                return StarDist3DPredictor(forward, net, config, fast=fast)
        from training.engines.stardist_3d_engine.training import (  # noqa: PLC0415 (TensorFlow)
            open_with_tensorflow,
        )

        return open_with_tensorflow(checkpoint, config, device=device, n_threads=n_threads)

    def export(self, checkpoint: Path, target: Path) -> None:
        """Write the folder that `StarDist3D(None, name, basedir)` opens."""
        from training.engines.stardist_engine.exchange import export  # noqa: PLC0415 (TensorFlow)

        export(checkpoint, target, read_config(checkpoint, self.spec.name))

    def adopt(self, upload: Path, target: Path, *, channels: Sequence[int] = ()) -> Path:
        """Turn a zip (ours or a StarDist folder) or such a folder into a checkpoint folder."""
        from training.engines.stardist_engine.exchange import adopt  # noqa: PLC0415 (TensorFlow)

        return adopt(upload, target, self.spec)
