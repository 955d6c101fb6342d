"""Work for the engines' children while their processes are killed, and what became of it."""

from __future__ import annotations

import contextlib
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import tifffile
from numpy.typing import NDArray

from benchmarks.annotator import Annotator
from benchmarks.rest_client import Client, Refused
from tests.drawing import draw_blobs

SIDE = 192
ASK_EVERY_S = 2.0
OPEN_STATES = ("queued", "running")
END_LIMIT_S = 420
# Small enough for a run to end between two kills, large enough to be hit.
TRAINING = {
    "engine": "stardist",
    "start": "scratch",
    "params": {"steps": 150, "steps_per_epoch": 10, "filters": 8, "depth": 2, "patch_px": 64},
    "max_minutes": 2,
}


class EngineWork:
    """Keeps one training and one prediction under way at all times, as a patient person would.

    Predictions are by a threshold version, so that their warm child is quick to come back;
    trainings are StarDist's.
    """

    def __init__(self, client: Client, folder: Path) -> None:
        self.client = client
        self.folder = folder
        self.n_images = 0
        self.runs: list[str] = []
        self.images: list[str] = []
        self.project = client.post("/api/v1/projects/", {"name": "engine work"})["id"]
        for purpose in ("training", "blind_validation"):
            image, truth = self._new_image()
            annotator = Annotator(client, image)
            annotator.draw_all(truth)
            annotator.declare(truth.shape, purpose)
        run = self._ended(self._start_run({"engine": "threshold", "start": "scratch"}), 120)
        self.version = run["version"]["id"]
        self.name = f"threshold v{run['version']['number']}"  # of the layers that are its drafts
        self._stop = threading.Event()
        self._threads = [
            threading.Thread(target=self._repeat, args=(one,), daemon=True)
            for one in (self._keep_training, self._keep_predicting)
        ]
        for thread in self._threads:
            thread.start()

    def _new_image(self) -> tuple[str, NDArray[np.uint32]]:
        self.n_images += 1
        truth, pixels = draw_blobs(SIDE, SIDE, n=14, seed=self.n_images)
        path = self.folder / f"blobs_{self.n_images}.tif"
        tifffile.imwrite(path, pixels)
        image = self.client.upload(self.project, path)
        self.client.wait_for_image(image)
        return image, truth

    def _start_run(self, asked: dict[str, Any]) -> str:
        path = f"/api/v1/projects/{self.project}/runs/"
        run_id: str = self.client.post(path, {"seed": len(self.runs), **asked})["id"]
        return run_id

    def _ended(self, run_id: str, limit_s: float) -> dict[str, Any]:
        run: dict[str, Any] = {}
        end = time.monotonic() + limit_s
        while time.monotonic() < end:
            run = self._patiently(lambda: self.client.get(f"/api/v1/runs/{run_id}/"))
            if run["state"] not in OPEN_STATES:
                break
            time.sleep(0.5)
        return run

    def _patiently(self, ask: Callable[[], Any]) -> Any:
        """Ask again while the site is on its way back."""
        end = time.monotonic() + END_LIMIT_S
        while True:
            try:
                return ask()
            except (OSError, Refused) as error:
                is_final = isinstance(error, Refused) and error.status < 500
                if is_final or time.monotonic() > end:
                    raise
                time.sleep(0.3)

    def _repeat(self, one: Callable[[], None]) -> None:
        while not self._stop.wait(ASK_EVERY_S):
            # Something was killed meanwhile: what is not acknowledged is not counted.
            with contextlib.suppress(OSError, Refused, RuntimeError):
                one()

    def _keep_training(self) -> None:
        if self.runs:
            state = self.client.get(f"/api/v1/runs/{self.runs[-1]}/")["state"]
            if state in OPEN_STATES:
                return
        self.runs.append(self._start_run(TRAINING))

    def _keep_predicting(self) -> None:
        image, _ = self._new_image()
        self._predict(image)
        self.images.append(image)

    def _predict(self, image: str) -> None:
        asked = {"version": self.version, "images": [image]}
        self.client.post(f"/api/v1/projects/{self.project}/predictions/", asked)

    def finish(self) -> dict[str, Any]:
        """Let the open work end and say what became of it."""
        self._stop.set()
        for thread in self._threads:
            thread.join(END_LIMIT_S)
        runs = [self._ended(run_id, END_LIMIT_S) for run_id in self.runs]
        drafts = [self._draft(image) for image in self.images]
        path = f"/api/v1/projects/{self.project}/versions/"
        numbers = [row["run"]["id"] for row in self.client.pages(path) if row["run"]]
        return {
            "runs": counted(run["state"] for run in runs),
            # A run must end, with a version if it finished, else with a sentence and without one.
            "runs_lost": sum(not has_an_end(run) for run in runs),
            "versions_twice": len(numbers) - len(set(numbers)),
            "predictions": counted(row["state"] for row in drafts),
            "predictions_lost": sum(row["state"] != "finished" for row in drafts),
            "drafts_twice": sum(row["n_drafts"] > 1 for row in drafts),
        }

    def _draft(self, image: str) -> dict[str, Any]:
        """Wait for an image's prediction, asking once more where it failed with a sentence."""
        end, again = time.monotonic() + END_LIMIT_S, True
        row: dict[str, Any] = {"state": "missing"}
        while time.monotonic() < end:
            rows = list(self.client.pages(f"/api/v1/images/{image}/predictions/"))
            row = next((each for each in rows if each["version"] == self.version), row)
            if row["state"] == "finished":
                break
            if row["state"] not in OPEN_STATES:
                if not (again and row.get("error_message")):
                    break
                self._predict(image)
                again = False
            time.sleep(0.5)
        layers = self.client.get(f"/api/v1/images/{image}/layers/")
        n_drafts = sum(layer["kind"] == "draft" and layer["name"] == self.name for layer in layers)
        return {**row, "n_drafts": n_drafts}


def has_an_end(run: dict[str, Any]) -> bool:
    """Tell whether a run ended as runs may: with a version, or with a sentence."""
    if run["state"] == "finished":
        return bool(run["version"])
    return run["state"] in ("failed", "lost") and bool(run["error_message"]) and not run["version"]


def counted(words: Any) -> dict[str, int]:
    """Count how often each word occurs."""
    found: dict[str, int] = {}
    for word in words:
        found[word] = found.get(word, 0) + 1
    return found
