"""Is what was acknowledged durable? Kill the site's processes at random while one works with it.

Starts the site on a temporary data directory, sends strokes one after the other (each retried
until it is acknowledged) while trainings and predictions are under way, and kills a process of
the site with SIGKILL now and then: web, worker, database, the child that trains, the child that
predicts. At the end it reads the op log and the pixels back, and asks what became of every run
and prediction.
"""

from __future__ import annotations

import argparse
import json
import random
import tempfile
import time
from collections import Counter
from pathlib import Path
from typing import Any

import numpy as np
import psutil
import tifffile

from benchmarks.annotator import Annotator, body_between
from benchmarks.engine_work import EngineWork
from benchmarks.rest_client import Client, Refused
from project.localdb import LocalServer
from tests.running_site import RunningSite

SIDE = 512
SQUARE = 8  # pixels of a stroke's side
ANSWER_LIMIT_S = 90
KINDS = ("web", "worker", "database", "training child", "prediction child")
VICTIM_LIMIT_S = 240  # a run whose worker died waits for its lease to end
MUST_BE_ZERO = (
    "n_lost",
    "n_twice",
    "runs_lost",
    "versions_twice",
    "predictions_lost",
    "drafts_twice",
)


def main() -> int:
    """Run it and return the exit code: 0 when nothing was lost."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--kills", type=int, default=20)
    parser.add_argument("--seed", type=int, default=1)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="cytoloop-kills-") as folder:
        data_dir = Path(folder) / "data"
        with RunningSite(data_dir) as site:
            client = Client(site.url, site.api_token())
            painter = Painter(client, Path(folder))
            work = EngineWork(client, Path(folder))
            result = kill_and_paint(painter, site, options.kills, random.Random(options.seed))
            result |= work.finish()
    print(f"{result['n_kills']} kills ({result['by_kind']}), {result['n_acknowledged']} strokes")
    print(f"acknowledged but lost: {result['n_lost']}, applied twice: {result['n_twice']}")
    print(f"longest time without an answer: {result['longest_wait_s']:.1f} s")
    print(f"runs: {result['runs']}, without an end: {result['runs_lost']}")
    print(f"predictions: {result['predictions']}, lost: {result['predictions_lost']}")
    print(f"twice: {result['versions_twice']} versions, {result['drafts_twice']} drafts")
    print(json.dumps(result))
    return 1 if any(result[name] for name in MUST_BE_ZERO) else 0


class Painter:
    """Fills an image with squares, one op each, and remembers what the site acknowledged."""

    def __init__(self, client: Client, folder: Path) -> None:
        self.client = client
        path = folder / "grey.tif"
        tifffile.imwrite(path, np.arange(SIDE * SIDE, dtype=np.uint16).reshape(SIDE, SIDE))
        project = client.post("/api/v1/projects/", {"name": "kills"})["id"]
        image = client.upload(project, path)
        client.wait_for_image(image)
        self.annotator = Annotator(client, image)
        layer = self.annotator.layer["id"]
        most = (SIDE // SQUARE) ** 2
        self.next_id = client.post(f"/api/v1/layers/{layer}/ids/", {"count": most})["first"]
        self.painted = np.zeros((SIDE, SIDE), np.uint32)
        self.n_acknowledged = 0
        self.longest_wait_s = 0.0

    def stroke(self) -> None:
        """Send one stroke and come back when it is acknowledged."""
        row, column = divmod(self.n_acknowledged * SQUARE, SIDE)
        after = self.painted.copy()
        after[row * SQUARE : row * SQUARE + SQUARE, column : column + SQUARE] = self.next_id
        body = body_between(self.painted, after)
        began = time.monotonic()
        n = self.annotator.n
        while True:
            self.annotator.n = n  # the same number again: a retry must not count twice
            try:
                self.annotator.send([body])
                break
            except (OSError, Refused) as error:
                if isinstance(error, Refused) and error.status < 500:
                    raise
                if time.monotonic() - began > ANSWER_LIMIT_S:
                    raise
                time.sleep(0.1)
        self.longest_wait_s = max(self.longest_wait_s, time.monotonic() - began)
        self.painted = after
        self.next_id += 1
        self.n_acknowledged += 1

    def check(self) -> tuple[int, int]:
        """Return how many acknowledged strokes are missing and how many ops are too many."""
        stored = self.annotator.read(self.annotator.layer)
        n_lost = len(np.unique(self.painted[stored != self.painted]))
        layer = self.client.get(f"/api/v1/layers/{self.annotator.layer['id']}/")
        return n_lost, layer["seq"] - self.n_acknowledged


def kill_and_paint(
    painter: Painter, site: RunningSite, n_kills: int, rng: random.Random
) -> dict[str, Any]:
    """Paint on while processes die, each kind as often as the others; return what was found."""
    killed: Counter[str] = Counter()
    kinds = [KINDS[i % len(KINDS)] for i in range(n_kills)]
    rng.shuffle(kinds)
    for kind in kinds:
        end = time.monotonic() + rng.uniform(1.0, 4.0)
        while time.monotonic() < end:
            painter.stroke()
        while not (victims := processes(kind, site)):
            if time.monotonic() > end + VICTIM_LIMIT_S:
                raise SystemExit(f"There was no {kind} to kill for {VICTIM_LIMIT_S} s.")
            painter.stroke()
        victim = rng.choice(victims)
        print(f"{killed.total() + 1}: kill {kind} {victim.pid}", flush=True)
        victim.kill()
        killed[kind] += 1
    painter.stroke()
    n_lost, n_twice = painter.check()
    return {
        "n_kills": killed.total(),
        "by_kind": dict(killed),
        "n_acknowledged": painter.n_acknowledged,
        "n_lost": n_lost,
        "n_twice": n_twice,
        "longest_wait_s": painter.longest_wait_s,
    }


def processes(kind: str, site: RunningSite) -> list[psutil.Process]:
    """Return the running processes of one kind that belong to this site."""
    if kind == "database":
        pid_file = LocalServer(site.folder).cluster / "postmaster.pid"
        pids = [int(pid_file.read_text().split()[0])] if pid_file.exists() else []
        return [psutil.Process(pid) for pid in pids if psutil.pid_exists(pid)]
    words = {
        "web": ["project.web"],
        "worker": ["project.worker"],
        "training child": ["training.supervision.child_main", "train"],
        "prediction child": ["training.supervision.child_main", "predict"],
    }[kind]
    family = psutil.Process(site.process.pid).children(recursive=True)
    return [process for process in family if has_words(process, words)]


def has_words(process: psutil.Process, words: list[str]) -> bool:
    """Tell whether a process runs with these words on its command line."""
    try:
        return set(words) <= set(process.cmdline())
    except psutil.Error:
        return False


if __name__ == "__main__":
    raise SystemExit(main())
