"""What was interrupted and went on is what was never interrupted: real engines, real signals.

Each attempt is the program of the platform's child, in a process of its own, which gets its stop
in the middle of a step. `python -m tests.engines.test_resume ENGINE STOP_AT SPOIL_AT` is that
program with a loop that sends the signal, or spoils the weights, at a step of this attempt.
"""

from __future__ import annotations

import dataclasses
import hashlib
import json
import os
import signal
import sys
import zipfile
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from project.processes import run_child
from tests.engines.conformance import TINY
from tests.engines.worlds import small_world
from training.engines import loop
from training.supervision import child_main
from training.supervision.archive import unpack
from training.supervision.child import child_environment

ENGINES = ("stardist", "cellpose")
EPOCH = 4
N_STEPS = 12
USUAL = {"recipe": "usual", "steps": N_STEPS, "steps_per_epoch": EPOCH}
TUNED = {"keep": "last", "averaging": 0.0, "pull_to_start": 5.0, "layers": "decoder"}
NEVER = 0


@dataclasses.dataclass
class Attempts:
    """One training over all its attempts, as the platform keeps it."""

    engine: str
    folder: Path
    regions: list[dict[str, Any]]
    params: dict[str, Any]
    parent: Path | None = None
    reports: list[dict[str, Any]] = dataclasses.field(default_factory=list)
    n: int = 0

    def go(self, *, stop_at: int = NEVER, spoil_at: int = NEVER) -> dict[str, Any]:
        """Make an attempt that begins with the newest checkpoint; return its last report."""
        self.n += 1
        workdir = self.folder / f"attempt-{self.n}"
        workdir.mkdir(parents=True)
        newest = self.of("checkpoint")[-1:]
        if newest:
            unpack(self.folder / newest[0]["name"], workdir)
        reports: list[dict[str, Any]] = []
        steps = (str(stop_at), str(spoil_at))
        end = run_child(
            [sys.executable, "-m", "tests.engines.test_resume", self.engine, *steps],
            job=self._message(workdir),
            on_report=reports.append,
            env=child_environment(n_threads=1) | {"TF_CPP_MIN_LOG_LEVEL": "3"},
            log_path=self.folder / "log.txt",
        )
        self.reports += reports
        assert end.exit_code == 0, end.log_tail
        assert reports[-1]["type"] != "crash", reports[-1]
        return reports[-1]

    def of(self, kind: str) -> list[dict[str, Any]]:
        return [report for report in self.reports if report["type"] == kind]

    def state(self) -> dict[str, Any]:
        """Return the state in the newest checkpoint."""
        with zipfile.ZipFile(self.folder / self.of("checkpoint")[-1]["name"]) as archive:
            return json.loads(archive.read("checkpoint/state.json"))

    def curve(self) -> list[tuple[Any, ...]]:
        names = ("epoch", "n_epochs", "train_loss", "validation_loss", "learning_rate")
        return [tuple(epoch[name] for name in names) for epoch in self.of("epoch")]

    def digest(self) -> str:
        """Return the sha256 of the version, weights and config."""
        return hashlib.sha256((self.folder / "finished.zip").read_bytes()).hexdigest()

    def _message(self, workdir: Path) -> dict[str, Any]:
        return {
            "attempt": self.n,
            "resume_folder": str(self.folder),
            "target": str(self.folder / "finished.zip"),
            "export_target": str(self.folder / "export.zip"),
            "job": {
                "regions": self.regions,
                "params": TINY[self.engine] | USUAL | self.params,
                "channels": [0],
                "seed": 7,
                "workdir": str(workdir),
                "parent": str(self.parent) if self.parent else None,
                "pretrained": "",
                "max_seconds": None,
                "device": "cpu",
                "n_threads": 1,
                "offline": True,
            },
        }


@pytest.fixture(
    scope="module",
    params=[pytest.param(name, marks=getattr(pytest.mark, name)) for name in ENGINES],
)
def engine(request):
    return request.param


@pytest.fixture(scope="module")
def training(engine, tmp_path_factory):
    """Return a function that begins a training on the same regions."""
    root = tmp_path_factory.mktemp(f"resume-{engine}")
    regions = []
    for region in small_world(root / "data"):
        fields = dataclasses.asdict(region)
        regions.append(fields | {"pixels": str(region.pixels), "labels": str(region.labels)})

    def begin(name, params=None, parent=None):
        return Attempts(engine, root / name, regions, params or {}, parent)

    return begin


@pytest.fixture(scope="module")
def whole(training):
    made = training("whole")
    assert made.go()["type"] == "done"
    return made


@pytest.fixture(scope="module")
def parent(whole):
    folder = whole.folder / "unpacked"
    folder.mkdir()
    unpack(whole.folder / "finished.zip", folder)
    return folder


def test_a_stop_in_the_middle_of_an_epoch_changes_neither_curve_nor_version(training, whole):
    made = training("middle")

    ended = made.go(stop_at=EPOCH + 2)
    assert (ended["type"], ended["code"]) == ("error", "cancelled")
    assert made.state()["step"] == EPOCH + 2, "it ends with the step in which it was asked"
    assert made.go()["type"] == "done"

    assert len(whole.curve()) == N_STEPS // EPOCH
    assert made.curve() == whole.curve(), "every number of every epoch, to the last bit"
    assert made.digest() == whole.digest()


def test_nor_does_a_stop_between_two_epochs_of_a_tuning_with_a_pull(training, parent):
    never, stopped = training("tuned", TUNED, parent), training("tuned-stopped", TUNED, parent)
    never.go()

    stopped.go(stop_at=EPOCH)
    assert stopped.state()["step"] == EPOCH
    stopped.go()

    assert stopped.curve() == never.curve()
    assert stopped.digest() == never.digest()


def test_weights_that_are_no_numbers_end_it_with_a_reason_and_are_never_kept(training, whole):
    """The update that spoils them is the last of an epoch, after which all is written."""
    made = training("spoilt")

    ended = made.go(spoil_at=2 * EPOCH)

    assert (ended["type"], ended["code"]) == ("error", "training_diverged")
    assert "lower learning rate" in ended["message"]
    assert made.state()["step"] == EPOCH, "the checkpoint before it stays"
    made.reports = [
        report for report in made.reports if report["type"] != "epoch" or report["epoch"] == 1
    ]
    assert made.go()["type"] == "done"
    assert made.curve() == whole.curve()
    assert made.digest() == whole.digest()


def test_a_checkpoint_of_another_training_is_not_gone_on_from_and_the_person_is_told(training):
    made = training("other")
    made.go(stop_at=2)
    assert not made.of("warn")

    made.params = {"warmup_steps": 3}
    made.go(stop_at=1)

    assert made.state()["step"] == 1
    assert "began again" in made.of("warn")[0]["sentence"]


def test_the_time_before_a_stop_counts_and_that_of_the_pause_does_not(training):
    made = training("timed")
    made.go(stop_at=2)
    before = made.state()["spent_s"]
    assert 0 < before < 60

    made.go(stop_at=1)

    steps_s = made.state()["spent_s"] - before
    assert 0 < steps_s < 60, "the start of a process between them is not training"


class Interfered(loop.Loop):
    """The loop, which in one step of this process is asked to stop, or diverges."""

    stop_at = spoil_at = NEVER

    def __init__(self, *arguments: Any) -> None:
        super().__init__(*arguments)
        self._step, self._made = self.learner.step, 0
        self.learner.step = self.step  # type: ignore[method-assign]

    def step(self, *arguments: Any) -> float:
        self._made += 1
        if self._made == self.stop_at:
            os.kill(os.getpid(), signal.SIGTERM)
        loss = self._step(*arguments)
        if self._made == self.spoil_at:
            weights = self.learner.get_weights()
            self.learner.set_weights({name: array * np.nan for name, array in weights.items()})
        return loss


def main(engine: str, stop_at: int, spoil_at: int) -> int:
    Interfered.stop_at, Interfered.spoil_at = stop_at, spoil_at
    loop.Loop = Interfered  # type: ignore[misc]
    loop.CHECKPOINT_EVERY_S = 0.0  # after every epoch: a step here takes no time
    return child_main.main(["train", engine])


if __name__ == "__main__":
    sys.exit(main(sys.argv[1], *map(int, sys.argv[2:])))
