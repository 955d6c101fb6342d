"""The program of an engine's child process: one training, or predictions until told to end.

Run as `python -m training.supervision.child_main train|adopt|selftest|predict ENGINE`. It imports
its own engine and no other, and knows neither Django nor the database: jobs come as JSON lines on
stdin, reports leave as JSON lines, arrays travel as files.
"""

from __future__ import annotations

import errno
import gc
import json
import signal
import sys
import threading
import time
import traceback
from dataclasses import asdict
from pathlib import Path
from types import FrameType
from typing import Any

import numpy as np

from project import childside
from project.errors import DiskFull, JobError, OutOfMemory, PlatformError
from training.engines import registry
from training.engines.base import (
    Engine,
    EpochReport,
    Predictor,
    TrainingRegion,
    TrainJob,
)
from training.supervision import volumes
from training.supervision.archive import pack
from training.supervision.map_pictures import MapMaker
from training.supervision.parts import PartMaker, overlap_of
from training.supervision.prompts import PromptAnswerer, PrompterHost
from training.supervision.second_looks import predict_box
from training.supervision.self_test import self_test

# How frameworks say that disk or memory ran out, since none of them raises MemoryError.
DISK_WORDS = ("no space left on device", "disk quota exceeded")
MEMORY_WORDS = (
    "can't allocate memory",
    "failed to allocate memory",
    "out of memory",
    "oom when allocating",
    "bad_alloc",
)


class PipeReporter:
    """Passes what an engine reports on to the parent."""

    def __init__(self, job: TrainJob, message: dict[str, Any]) -> None:
        self._workdir = job.workdir
        self._resume_folder, self._attempt = Path(message["resume_folder"]), message["attempt"]
        self._n_packed = 0

    def stage(self, name: str, **data: Any) -> None:
        """Say what happens now."""
        childside.report(type="stage", name=name, data=data)

    def epoch(self, report: EpochReport) -> None:
        """Hand over the numbers of an epoch."""
        childside.report(type="epoch", **asdict(report))

    def checkpoint(self, path: Path) -> None:
        """Pack a resumable checkpoint aside, where the next one does not overwrite it."""
        self._n_packed += 1
        # The attempt is part of the name: a child whose worker lost the run may still be alive.
        name = f"resume-{self._attempt}-{self._n_packed}.zip"
        pack(path, self._resume_folder / name, below=self._workdir)
        childside.report(type="checkpoint", name=name, reached=reached(path))

    def warn(self, sentence: str) -> None:
        """Tell the person something they should know."""
        childside.report(type="warn", sentence=sentence)


def reached(checkpoint: Path) -> dict[str, int]:
    """Return the step of a resumable checkpoint and of how many; nothing when it has no steps."""
    try:
        state = json.loads((checkpoint / "state.json").read_text(encoding="utf-8"))
        return {"step": int(state["step"]), "n_steps": int(state["plan"]["n_steps"])}
    except (OSError, ValueError, KeyError, TypeError):
        return {}


def main(arguments: list[str]) -> int:
    """Do what the arguments say; the exit status is 0 when every report was sent."""
    mode, name = arguments
    try:
        if mode == "train":
            train(name)
        elif mode == "adopt":
            adopt(name)
        elif mode == "selftest":
            try_out(name)
        else:
            serve_predictions(name)
    except Exception as error:  # noqa: BLE001 (the outermost frame: all must become a report)
        report_failure(error)
        return 0 if isinstance(error, PlatformError) else 1
    return 0


def train(name: str) -> None:
    """Train once; the finished checkpoint lies as a zip where the job says."""
    stop = threading.Event()

    def ask_to_stop(number: int, frame: FrameType | None) -> None:
        stop.set()

    signal.signal(signal.SIGTERM, ask_to_stop)
    message = childside.read_job()
    childside.report(type="stage", name="starting", data={})
    job = parse_job(message["job"])
    reporter = PipeReporter(job, message)
    engine = registry.load(name)
    checkpoint = engine.train(job, reporter, stop.is_set)
    if stop.is_set():
        childside.report(type="stopped")
        return
    hand_over(engine, checkpoint, message)


def adopt(name: str) -> None:
    """Turn an uploaded model into a checkpoint of ours."""
    message = childside.read_job()
    workdir = Path(message["workdir"])
    engine = registry.load(name)
    checkpoint = engine.adopt(
        Path(message["upload"]), workdir / "finished", channels=message["channels"]
    )
    hand_over(engine, checkpoint, message)


def try_out(name: str) -> None:
    """Train and predict a little, and say on what."""
    message = childside.read_job()
    facts = self_test(
        registry.load(name),
        Path(message["workdir"]),
        device=message["device"],
        n_threads=message["n_threads"],
    )
    childside.report(type="done", **facts)


def hand_over(engine: Engine, checkpoint: Path, message: dict[str, Any]) -> None:
    """Leave a checkpoint, and what the upstream tool opens, as zips where the message says."""
    target, export_target = Path(message["target"]), Path(message["export_target"])
    pack(checkpoint, target)
    folder = export_target.with_suffix("")
    engine.export(checkpoint, folder)
    pack(folder, export_target)
    config = (checkpoint / "config.json").read_text(encoding="utf-8")
    childside.report(
        type="done",
        target=str(target),
        export_target=str(export_target),
        config=config,
        peak_mib=childside.peak_mib(),
    )


def parse_job(fields: dict[str, Any]) -> TrainJob:
    """Make the job from its JSON form."""
    regions = [
        TrainingRegion(
            image_id=region["image_id"],
            pixels=Path(region["pixels"]),
            labels=Path(region["labels"]),
            box=tuple(region["box"]),
            split=region["split"],
            tags=tuple(region["tags"]),
            t=region["t"],
            z=region["z"],
            depth=region.get("depth", 1),
            channels=tuple(region.get("channels", ())),
            invert=region.get("invert"),
        )
        for region in fields["regions"]
    ]
    return TrainJob(
        regions=regions,
        params=fields["params"],
        channels=tuple(fields["channels"]),
        seed=fields["seed"],
        workdir=Path(fields["workdir"]),
        parent=Path(fields["parent"]) if fields["parent"] else None,
        pretrained=fields["pretrained"],
        max_seconds=fields["max_seconds"],
        device=fields["device"],
        n_threads=fields["n_threads"],
        offline=fields["offline"],
        classes=tuple(fields.get("classes", ())),
        anisotropy=fields.get("anisotropy", 0.0),
    )


class WarmPredictor:
    """The engine with the checkpoint that was asked for last, kept in memory."""

    def __init__(self, name: str) -> None:
        self._engine: Engine = registry.load(name)
        self._loaded: tuple[str, bool] | None = None
        self._predictor: Predictor | None = None
        self._parts = PartMaker()
        self._prompts = PromptAnswerer()
        self._maps = MapMaker()
        self._prompters = PrompterHost()

    def ready(self, request: dict[str, Any]) -> Predictor:
        """Return the predictor of a checkpoint, loading it when it is another one."""
        wanted = (request["checkpoint"], bool(request.get("fast")))
        if self._predictor is None or self._loaded != wanted:
            self._predictor = None  # two models in memory at once may be one too many
            gc.collect()
            self._predictor = self._engine.load(
                Path(request["checkpoint"]),
                device=request["device"],
                n_threads=request["n_threads"],
                fast=wanted[1],
            )
            self._loaded = wanted
        return self._predictor

    def answer(self, request: dict[str, Any]) -> dict[str, Any]:
        """Do what a request asks: load, predict an image or a part of one, or export."""
        if request["type"] == "export":
            self._engine.export(Path(request["checkpoint"]), Path(request["target"]))
            return {}
        if request["type"] == "prompter":
            return self._prompters.answer(request)
        predictor = self.ready(request)
        if request["type"] == "load":
            return {"overlap_px": overlap_of(predictor)}
        if request["type"] == "volume_blocks":
            return {"blocks": volumes.blocks_of(predictor, request)}
        if request["type"] == "part":
            return {"n_instances": self._parts.make(predictor, request)}
        if request["type"] == "volume_part":
            return {"n_instances": volumes.make_part(predictor, request)}
        if request["type"] == "prompt":
            return self._prompts.answer(predictor, request)
        if request["type"] == "map":
            return self._maps.make(predictor, request)
        look = volumes.predict_stack if request.get("volume") else predict_box
        arrays = look(predictor, request)
        with Path(request["target"]).open("wb") as file:
            np.savez(file, **arrays)
        return {"n_instances": len(arrays["scores"])}


def serve_predictions(name: str) -> None:
    """Answer requests one by one until the parent closes the pipe."""
    predictor = WarmPredictor(name)
    childside.report(type="ready")
    for request in childside.requests():
        began = time.monotonic()
        try:
            fields = predictor.answer(request)
        except Exception as error:  # noqa: BLE001 (one bad image must not end the warm child)
            report_failure(error, id=request["id"])
            continue
        seconds = time.monotonic() - began
        childside.report(type="answer", id=request["id"], duration_s=seconds, **fields)


def report_failure(error: Exception, **fields: Any) -> None:
    """Report an expected failure with its sentence, any other with its traceback."""
    known = as_job_error(error)
    if known is None:
        text = "".join(traceback.format_exception(error))
        print(text, file=sys.stderr)
        childside.report(type="crash", traceback=text[-8000:], **fields)
        return
    childside.report(
        type="error",
        code=known.code,
        message=known.message,
        retryable=known.retryable,
        **fields,
    )


def as_job_error(error: Exception) -> PlatformError | None:
    """Return the failure a person can understand, or None for a defect of ours."""
    if isinstance(error, JobError | PlatformError):
        return error
    words = str(error).lower()
    if isinstance(error, MemoryError) or any(word in words for word in MEMORY_WORDS):
        return OutOfMemory(
            "There was not enough memory. Choose a smaller batch or crop size, or use a machine "
            "with more memory."
        )
    is_full = isinstance(error, OSError) and error.errno in (errno.ENOSPC, errno.EDQUOT)
    if is_full or any(word in words for word in DISK_WORDS):
        return DiskFull("The disk is full; free some space and try again.")
    return None


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
