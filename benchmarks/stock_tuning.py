"""Fine-tuning as StarDist's and Cellpose's own users do it, with the packages' own calls."""

from __future__ import annotations

import math
import tempfile
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from benchmarks.real_images import Picture
from training.engines import registry
from training.engines.base import PredictionArrays

NORMALISED = (1, 99.8)


@dataclass(frozen=True, slots=True)
class StockPredictor:
    """What `benchmarks.real_images.ap_of` asks, answered by a package's own call."""

    segment: Any  # grey image (h, w) to label image
    inverted: bool

    def predict(self, image: NDArray[Any], **options: Any) -> PredictionArrays:
        """Segment an image (C, H, W)."""
        labels = np.asarray(self.segment(grey(image, inverted=self.inverted)), np.uint32)
        return PredictionArrays(labels, np.ones(int(labels.max()), np.float32))


def stock_arm(
    engine: str,
    base: Path,
    teach: Sequence[Picture],
    judge: Sequence[Picture],
    budget_s: float,
    seed: int,
) -> Any:
    """Fine-tune the export of a checkpoint by its package, for so many CPU seconds."""
    inverted = objects_are_dark(teach)
    sets = [
        ([grey(each.pixels, inverted=inverted) for each in some], [each.labels for each in some])
        for some in (teach, judge)
    ]
    with tempfile.TemporaryDirectory(prefix="stock-") as scratch:
        exported = Path(scratch) / "export"
        registry.load(engine).export(base, exported)
        tune = tune_stardist if engine == "stardist" else tune_cellpose
        return StockPredictor(tune(exported, sets[0], sets[1], budget_s, seed), inverted)


def objects_are_dark(found: Sequence[Picture]) -> bool:
    """Tell how objects look, as anyone who looks at the images can."""
    inside = np.mean([each.pixels.mean(axis=0)[each.labels > 0].mean() for each in found])
    around = np.mean([each.pixels.mean(axis=0)[each.labels == 0].mean() for each in found])
    return bool(inside < around)


def grey(image: NDArray[Any], *, inverted: bool) -> NDArray[np.float32]:
    """Return the mean of the channels, normalised as StarDist's examples do."""
    mean = image.mean(axis=0, dtype=np.float32)
    low, high = np.percentile(mean, NORMALISED)
    normalised = ((mean - low) / max(high - low, 1e-6)).astype(np.float32)
    return 1 - normalised if inverted else normalised


def tune_stardist(exported: Path, teach: Any, judge: Any, budget_s: float, seed: int) -> Any:
    """Call `StarDist2D.train` and `optimize_thresholds` (stardist 0.9.2), defaults but for time."""
    import keras
    from stardist.models import StarDist2D

    began = time.process_time()

    class OutOfTime(keras.callbacks.Callback):  # type: ignore[misc]
        def on_train_batch_end(self, batch: int, logs: Any = None) -> None:
            if time.process_time() - began > budget_s:
                self.model.stop_training = True

    model = StarDist2D(None, name=exported.name, basedir=str(exported.parent))
    model.config.train_learning_rate = 3e-4  # Config2D's default
    model.config.train_batch_size = 4
    model.config.train_reduce_lr = {"factor": 0.5, "patience": 40, "min_delta": 0}
    model.config.train_background_reg = 1e-4
    model.prepare_for_training()
    model.callbacks.append(OutOfTime())
    labels = [[each.astype(np.int32) for each in some[1]] for some in (teach, judge)]
    model.train(
        teach[0],
        labels[0],
        validation_data=(judge[0], labels[1]),
        epochs=100000,
        steps_per_epoch=20,
        seed=seed,
    )
    model.optimize_thresholds(
        judge[0],
        labels[1],
        optimize_kwargs={"tol": 0.05, "maxiter": 8},
        nms_threshs=[0.3, 0.4, 0.5],
    )
    return lambda image: model.predict_instances(image)[0]


def tune_cellpose(exported: Path, teach: Any, judge: Any, budget_s: float, seed: int) -> Any:
    """Call `cellpose.train.train_seg` (3.1.1.3): its defaults, and as many epochs as fit."""
    import torch
    from cellpose import train

    torch.manual_seed(seed)

    def run(net: Any, n_epochs: int, folder: str) -> float:
        began = time.process_time()
        train.train_seg(
            net,
            train_data=list(teach[0]),
            train_labels=[each.astype(np.int32) for each in teach[1]],
            test_data=list(judge[0]),
            test_labels=[each.astype(np.int32) for each in judge[1]],
            channels=[0, 0],
            n_epochs=n_epochs,
            save_path=folder,
        )
        return time.process_time() - began

    with tempfile.TemporaryDirectory(prefix="stock-") as scratch:
        one, three = (run(stock_cellpose(exported).net, n, scratch) for n in (1, 3))
        epoch_s = max((three - one) / 2, 0.01)
        tuned = stock_cellpose(exported)
        run(tuned.net, max(1, math.floor((budget_s - (one - epoch_s)) / epoch_s)), scratch)
    tuned.diam_labels = float(tuned.net.diam_labels.item())
    return lambda image: tuned.eval(image, channels=[0, 0], diameter=None)[0]


def stock_cellpose(exported: Path) -> Any:
    """Open an export by the package's own class, whatever the width of the network."""
    import torch
    from cellpose import models
    from cellpose.resnet_torch import CPnet

    from training.engines.cellpose_engine.net import WIDTHS, width_of

    state = torch.load(exported / "cellpose_model", weights_only=True)
    model = models.CellposeModel(gpu=False, pretrained_model=False, model_type=None)
    model.nbase = [2, *WIDTHS[width_of(state)]]
    model.net = CPnet(model.nbase, 3, sz=3, mkldnn=False)
    model.net.load_state_dict(state)
    model.diam_mean = float(model.net.diam_mean.item())
    model.diam_labels = float(model.net.diam_labels.item())
    model.mkldnn = False
    return model
