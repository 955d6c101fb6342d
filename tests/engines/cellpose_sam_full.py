"""Cellpose-SAM at its full size, with random weights: does every way work, what does it cost?

    ENGINE_PYTHON -m tests.engines.cellpose_sam_full FOLDER [PRECISION]

in the engine's own environment; takes minutes and 8 GB on a processor, so it is run by hand. Each
step is a process of its own; prints its seconds and peak memory, and fails where ours and
upstream's numbers differ. FOLDER must be empty.
"""

from __future__ import annotations

import contextlib
import json
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import numpy as np

from project.childside import peak_mib
from project.errors import Cancelled
from tests.engines.worlds import Notes, ellipses, make_job, never, small_world

STEPS = ("imports", "weights", "adopt", "predict", "train", "resume", "export", "upstream")
MAPS_OFF = 1e-3  # flows are five times a unit vector, cellprob is a logit


def engine() -> Any:
    from training.engines import registry

    return registry.load("cellpose_sam")


def imports(folder: Path, precision: str) -> None:
    engine()


def weights(folder: Path, precision: str) -> None:
    """Write a file as upstream does."""
    import torch
    from cellpose.vit import CPSAM

    torch.manual_seed(0)
    CPSAM().save_model(folder / "upstream")


def adopt(folder: Path, precision: str) -> None:
    engine().adopt(folder / "upstream", folder / "adopted")
    with_precision(folder / "adopted", precision)


def with_precision(checkpoint: Path, precision: str) -> None:
    path = checkpoint / "config.json"
    config = json.loads(path.read_text())
    path.write_text(json.dumps(config | {"params": {"precision": precision}}))


def predict(folder: Path, precision: str) -> None:
    predictor = engine().load(folder / "adopted", device="cpu", n_threads=1)
    began, used = time.monotonic(), time.process_time()
    found = predictor.predict(ellipses(50)[0], want_maps=True)
    seconds = {"s": time.monotonic() - began, "CPU s": time.process_time() - used}
    sys.stdout.write(json.dumps({"one tile": seconds, "objects": len(found.scores)}) + "\n")
    np.savez(folder / "ours.npz", label_image=found.label_image, **found.maps)


def train(folder: Path, precision: str) -> None:
    """Two steps, stopped after the first."""
    notes, calls = Notes(), iter([False])
    tell_steps()
    with contextlib.suppress(Cancelled):
        engine().train(job(folder, precision), notes, lambda: next(calls, True))
    assert notes.checkpoints


def resume(folder: Path, precision: str) -> None:
    notes = Notes()
    tell_steps()
    engine().train(job(folder, precision), notes, never)
    assert "resumed" in notes.stages


def tell_steps() -> None:
    """Print the seconds of each update."""
    from training.engines.flow_networks.learner import FlowLearner

    step = FlowLearner.step

    def timed(*arguments: Any) -> float:
        began, used = time.monotonic(), time.process_time()
        loss = step(*arguments)
        seconds = {"s": time.monotonic() - began, "CPU s": time.process_time() - used}
        sys.stdout.write(json.dumps({"step": seconds, "loss": loss}) + "\n")
        return loss

    FlowLearner.step = timed


def job(folder: Path, precision: str) -> Any:
    regions = small_world(folder / "data", n_train=1)
    params = {"steps": 2, "steps_per_epoch": 2, "precision": precision, "warmup_steps": 0}
    return make_job(regions, folder / "run", params=params, parent=folder / "adopted")


def export(folder: Path, precision: str) -> None:
    engine().export(folder / "run" / "finished", folder / "exported")
    engine().export(folder / "adopted", folder / "exported-adopted")


def upstream(folder: Path, precision: str) -> None:
    """Let upstream open what we exported and compute the maps of the same pixels."""
    from cellpose.models import CellposeModel

    from training.datasets.large import normalized

    for name in ("exported", "exported-adopted"):
        path = str(folder / name / "cellpose_model")
        model = CellposeModel(gpu=False, pretrained_model=path, use_bfloat16=precision != "float32")
    pixels = np.asarray(normalized(ellipses(50)[0]))
    stack = np.concatenate([pixels, np.zeros((2, *pixels.shape[1:]), np.float32)])
    masks, flows, _ = model.eval(np.moveaxis(stack, 0, -1), normalize=False, channel_axis=-1)
    ours = np.load(folder / "ours.npz")
    off = [
        float(np.abs(flows[1] - ours["flows"]).max()),
        float(abs(flows[2] - ours["cellprob"]).max()),
    ]
    same = bool(((masks > 0) == (ours["label_image"] > 0)).all())
    spread = [float(ours["flows"].std()), float(ours["cellprob"].std())]
    said = {
        "largest difference": off,
        "spread": spread,
        "same objects": same,
        "n": int(masks.max()),
    }
    sys.stdout.write(json.dumps(said) + "\n")
    assert precision != "float32" or (max(off) < MAPS_OFF and same)


def main(folder: Path, precision: str) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    for step in STEPS:
        command = [sys.executable, "-m", __spec__.name, str(folder), precision, step]
        began = time.monotonic()
        done = subprocess.run(command, stdout=subprocess.PIPE, text=True, check=True)
        seconds = time.monotonic() - began
        sys.stdout.write(f"{step}: {seconds:.1f} s; {' '.join(done.stdout.split())}\n")
        sys.stdout.flush()


if __name__ == "__main__":
    where, how, *step = [*sys.argv[1:], *(["float32"] if len(sys.argv) == 2 else [])]
    if step:
        globals()[step[0]](Path(where), how)
        sys.stdout.write(f"CPU {time.process_time():.1f} s, peak {peak_mib()} MiB\n")
    else:
        main(Path(where), how)
