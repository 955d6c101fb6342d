"""An engine that trains by sleeping and misbehaves on demand, behind the real protocol.

What it does is told by the environment variable ODD_ENGINE (JSON), which a child inherits:
epochs, epoch_s, predict_s, and `fail` (kill, memory, grow, sentence, defect, hang, nan, or empty)
at `fail_epoch`; only once when `fail_once` names a file that does not exist yet, and only with
batches larger than `fits`. With `volumes` it segments stacks as volumes, too, and with `blocks`
(their sides, and what they see beyond these) in such. What it predicts of planes and of blocks is
noted in the file `seen`, a digest per line.
"""

from __future__ import annotations

import hashlib
import json
import os
import signal
import time
from pathlib import Path

import numpy as np

from project.errors import CheckpointCorrupt, DataProblem
from training.engines.base import EpochReport, PredictionArrays
from training.engines.cuboids import predict_in_cuboids
from training.engines.specs import THRESHOLD


def behaviour():
    usual = {"epochs": 3, "epoch_s": 0.05, "fail": "", "fail_epoch": 2, "fail_once": ""}
    usual |= {"predict_s": 0, "fits": 0, "seen": "", "volumes": False, "blocks": None}
    return {**usual, **json.loads(os.environ.get("ODD_ENGINE", "{}"))}


def is_over(fail_once):
    if not fail_once:
        return False
    was_there = Path(fail_once).exists()
    Path(fail_once).touch()
    return was_there


def misbehave(wanted, epoch, batch_size=1):
    is_due = wanted["fail"] and epoch == wanted["fail_epoch"] and batch_size > wanted["fits"]
    if not is_due or is_over(wanted["fail_once"]):
        return
    if wanted["fail"] == "kill":
        os.kill(os.getpid(), signal.SIGKILL)
    if wanted["fail"] == "memory":
        raise RuntimeError("DefaultCPUAllocator: can't allocate memory: you tried 1 TB")
    if wanted["fail"] == "grow":
        waste = bytearray(400 << 20)
        waste[::4096] = b"x" * len(waste[::4096])
        time.sleep(30)
    if wanted["fail"] == "sentence":
        raise DataProblem("All objects are larger than the image.")
    if wanted["fail"] == "defect":
        raise KeyError("n_rays")
    if wanted["fail"] == "hang":
        signal.signal(signal.SIGTERM, signal.SIG_IGN)
        time.sleep(600)


def shape_of(labels):
    with np.load(labels) as arrays:
        assert arrays["label_image"].shape == arrays["annotated"].shape
        return arrays["label_image"].shape


class OddEngine:
    spec = THRESHOLD

    def train(self, job, report, should_stop):
        wanted = behaviour()
        state = job.workdir / "checkpoint" / "state.json"
        begin = json.loads(state.read_text())["epoch"] + 1 if state.exists() else 1
        batch_size = job.params.get("batch_size", 0) or 8
        report.stage("training", began_at=begin, batch_size=batch_size)
        print(f"beginning at epoch {begin}", flush=True)
        for epoch in range(begin, wanted["epochs"] + 1):
            if should_stop():
                break
            misbehave(wanted, epoch, batch_size)
            time.sleep(wanted["epoch_s"])
            loss = float("nan") if wanted["fail"] == "nan" else 1 / epoch
            report.epoch(
                EpochReport(epoch, wanted["epochs"], loss, None, 0.1, wanted["epoch_s"], {"x": 1.0})
            )
            state.parent.mkdir(exist_ok=True)
            plan = {"n_steps": wanted["epochs"]}
            state.write_text(json.dumps({"epoch": epoch, "step": epoch, "plan": plan}))
            report.checkpoint(state.parent)
        report.warn("This engine only sleeps.")
        finished = job.workdir / "finished"
        finished.mkdir()
        parent = json.loads((job.parent / "config.json").read_text()) if job.parent else {}
        config = {
            "format": 1,
            "engine": "threshold",
            "level": 90,
            "generation": parent.get("generation", 0) + 1,
            "seed": job.seed,
            "licence": "MIT",
            "packages": {"numpy": np.__version__},
            "channels": {"count": len(job.channels), "mapping": list(job.channels)},
            "regions": [
                [r.split, list(r.box), Path(r.pixels).stat().st_size > 0] for r in job.regions
            ],
            "planes": [[r.z, r.depth, list(shape_of(r.labels))] for r in job.regions],
            "anisotropy": job.anisotropy,
        }
        (finished / "config.json").write_text(json.dumps(config))
        return finished

    def load(self, checkpoint, *, device, n_threads, fast=False):
        try:
            level = json.loads((checkpoint / "config.json").read_text())["level"]
            kind = OddVolumePredictor if behaviour()["volumes"] else OddPredictor
            return kind(level, fast=fast)
        except (OSError, ValueError) as error:
            raise CheckpointCorrupt("This checkpoint cannot be read.") from error

    def export(self, checkpoint, target):
        target.mkdir()
        (target / "upstream.json").write_bytes((checkpoint / "config.json").read_bytes())

    def adopt(self, upload, target, *, channels=()):
        misbehave(behaviour(), 2)
        try:
            config = json.loads(upload.read_text())
        except ValueError as error:
            raise CheckpointCorrupt("The upload has no weights file.") from error
        target.mkdir(parents=True)
        (target / "config.json").write_text(json.dumps(config))
        return target


def note(pixels):
    """Misbehave if it is time to, and write down what is looked at."""
    wanted = behaviour()
    if wanted["fail"]:
        misbehave(wanted, wanted["fail_epoch"])
    if wanted["seen"]:
        with Path(wanted["seen"]).open("a") as file:
            file.write(hashlib.sha256(np.ascontiguousarray(pixels)).hexdigest() + "\n")
    time.sleep(wanted["predict_s"])


class OddPredictor:
    def __init__(self, level, *, fast):
        self.level, self.fast = level, fast

    def predict(self, image, *, want_maps=False, should_stop=lambda: False, reference=None):
        from scipy import ndimage

        note(image)
        labels, n = ndimage.label(image[0] > self.level)
        if self.fast and n:  # it is in such a hurry that it forgets the largest object
            largest = np.bincount(labels.ravel())[1:].argmax() + 1
            labels[labels == largest] = 0
            labels[labels == n], n = largest, n - 1
        return PredictionArrays(labels.astype(np.uint32), np.full(n, 0.5, np.float32))


class OddVolumePredictor(OddPredictor):
    """Objects hang together over planes; their score tells the anisotropy, in tenths."""

    def predict_volume(
        self,
        stack,
        *,
        anisotropy=0.0,
        want_maps=False,
        should_stop=lambda: False,
        reference=None,
    ):
        blocks = behaviour()["blocks"]
        if blocks is None or reference is not None:
            return self._volumes(np.asarray(stack), anisotropy)
        pixels = np.asarray(stack)

        def one(corners):
            place = (slice(None), *map(slice, corners[:3], corners[3:]))
            return self._volumes(pixels[place], anisotropy)

        sides, overlaps = blocks
        return predict_in_cuboids(pixels.shape[1:], one, block_px=sides, overlap_px=overlaps)

    def volume_blocks(self, shape, anisotropy):
        return behaviour()["blocks"]

    def _volumes(self, stack, anisotropy):
        from scipy import ndimage

        note(stack)
        labels, n = ndimage.label(stack[0] > self.level)
        return PredictionArrays(labels.astype(np.uint32), np.full(n, anisotropy / 10, np.float32))
