"""The whole loop without a browser: two rounds on each engine, through the REST API only.

Starts the site on a temporary data directory, uploads real images, plays an annotator, trains,
corrects the drafts, trains again, and exits non-zero when the second version is not better.
"""

from __future__ import annotations

import argparse
import json
import sys
import tempfile
import time
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from benchmarks.annotator import Annotator, Effort
from benchmarks.rest_client import Client
from benchmarks.samples import USES, Sample, load_samples
from tests.running_site import RunningSite
from training.metrics import matching

RUN_LIMIT_S = 600
DRAFT_LIMIT_S = 240


@dataclass(frozen=True, slots=True)
class Row:
    """One line of the table."""

    engine: str
    round: int
    version: str
    n_accepted: int
    n_drawn: int
    n_rejected: int
    person_s: float  # simulated
    believed_s: float  # of those, by the site
    ap50_blind: float
    ap50_heldout: float
    train_s: float
    draft_s: float


def main() -> int:
    """Run the demo and return the exit code."""
    options = parsed_options()
    with tempfile.TemporaryDirectory(prefix="cytoloop-demo-") as folder:
        samples = load_samples(Path(folder))
        used = ", ".join(f"{use} {sum(s.use == use for s in samples)}" for use in USES)
        print(f"{len(samples)} images ({used})", flush=True)
        with RunningSite(Path(folder) / "data") as site:
            client = Client(site.url, site.api_token())
            rows = [
                row
                for name in options.engines
                for row in Loop(client, name, samples, options).play()
            ]
    print(table(rows))
    if options.json:
        options.json.write_text(json.dumps([asdict(row) for row in rows], indent=1))
    return verdict(rows)


def parsed_options() -> argparse.Namespace:
    """Read the command line."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--engines", nargs="+", default=["stardist", "cellpose"])
    parser.add_argument(
        "--minutes",
        type=float,
        help="training time per version, as many steps as fit; else the engine's own number",
    )
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--json", type=Path, help="write the rows here")
    return parser.parse_args()


# --- the loop ---------------------------------------------------------------------------------


class Loop:
    """Two rounds of one engine in a project of its own."""

    def __init__(self, client: Client, engine: str, samples: list[Sample], options: Any) -> None:
        self.client = client
        self.engine = engine
        self.samples = samples
        self.options = options
        self.project = client.post("/api/v1/projects/", {"name": f"demo {engine}"})["id"]
        self.images = {s.name: client.upload(self.project, s.path, "demo") for s in samples}
        for image in self.images.values():
            client.wait_for_image(image)

    def play(self) -> list[Row]:
        """Draw, train, correct the drafts, train again; return a row per round."""
        self.draw("validation", "blind_validation")
        effort = self.draw("round1", "training")
        first = self.round(1, "scratch", effort)
        version = self.version
        effort = Effort()
        for sample, annotator in self.annotators("round2"):
            draft = self.draft_of(self.images[sample.name], annotator)
            effort += annotator.correct(sample.truth, draft)
            annotator.declare(sample.truth.shape, "training")
        return [first, self.round(2, f"version:{version['id']}", effort)]

    def draw(self, use: str, purpose: str) -> Effort:
        """Draw all instances of the images of one use and submit them."""
        effort = Effort()
        for sample, annotator in self.annotators(use):
            effort += annotator.draw_all(sample.truth)
            annotator.declare(sample.truth.shape, purpose)
        return effort

    def annotators(self, use: str) -> Iterator[tuple[Sample, Annotator]]:
        """Yield the samples of one use, each with an annotator for its image."""
        for sample in self.samples:
            if sample.use == use:
                yield sample, Annotator(self.client, self.images[sample.name])

    def round(self, number: int, start: str, effort: Effort) -> Row:
        """Train a version, wait for its drafts and measure it on the held-out images."""
        began = time.monotonic()
        run = self.train(start)
        trained = time.monotonic()
        self.version = self.client.get(f"/api/v1/versions/{run['version']['id']}/")
        drafts_s: list[float] = []
        total = matching.Counts(0, 0, 0)
        for sample, annotator in self.annotators("heldout"):
            draft = self.draft_of(self.images[sample.name], annotator)
            drafts_s.append(time.monotonic() - trained)
            total += matching.match(sample.truth, annotator.read(draft)).counts[0.5]
        print(f"{self.engine} round {number}: AP50 held out {total.ap:.3f}", flush=True)
        version = self.client.get(f"/api/v1/versions/{self.version['id']}/")
        return Row(
            self.engine,
            number,
            f"v{version['number']}",
            *(effort.n_accepted, effort.n_drawn, effort.n_rejected),
            *(effort.simulated_s, effort.believed_s),
            blind_ap50(version),
            total.ap,
            trained - began,
            drafts_s[0],
        )

    def train(self, start: str) -> dict[str, Any]:
        """Queue a run and wait until it finished."""
        asked = {
            "engine": self.engine,
            "start": start,
            "params": {},
            "seed": self.options.seed,
            "max_minutes": self.options.minutes,
        }
        run: dict[str, Any] = self.client.post(f"/api/v1/projects/{self.project}/runs/", asked)
        end = time.monotonic() + RUN_LIMIT_S
        while run["state"] in ("queued", "running"):
            if time.monotonic() > end:
                raise SystemExit(f"{self.engine}: no end after {RUN_LIMIT_S} s: {run['progress']}")
            time.sleep(1)
            run = self.client.get(f"/api/v1/runs/{run['id']}/")
        if run["state"] != "finished":
            raise SystemExit(f"{self.engine}: {run['state']}: {run['error_message']}\n{run['log']}")
        return run

    def draft_of(self, image: str, annotator: Annotator) -> dict[str, Any]:
        """Wait for the newest version's draft of an image and return its layer."""
        end = time.monotonic() + DRAFT_LIMIT_S
        while time.monotonic() < end:
            for row in self.client.pages(f"/api/v1/images/{image}/predictions/"):
                if row["version"] != self.version["id"]:
                    continue
                if row["state"] in ("failed", "errored", "lost", "cancelled"):
                    raise SystemExit(f"The prediction {row['state']}: {row['error_message']}")
                if row["layer"]:
                    return next(each for each in annotator.layers() if each["id"] == row["layer"])
            time.sleep(0.5)
        raise SystemExit(f"No draft of image {image} after {DRAFT_LIMIT_S} s.")


# --- the result -------------------------------------------------------------------------------


def blind_ap50(version: dict[str, Any]) -> float:
    """Return the pooled AP at IoU 0.5 on blind validation, as the site reports it."""
    for evaluation in version["evaluations"]:
        if evaluation["split"] == "validation":
            return float(evaluation["metrics"]["pooled"]["ap"]["0.5"])
    return float("nan")


def table(rows: list[Row]) -> str:
    """Return the rows as text."""
    head = (
        "engine    round version accepted drawn rejected person s  AP50 blind  AP50 held out"
        "  train s  draft s"
    )
    lines = [
        f"{row.engine:<9} {row.round:>5} {row.version:>7} {row.n_accepted:>8} {row.n_drawn:>5}"
        f" {row.n_rejected:>8} {row.person_s:>8.0f} {row.ap50_blind:>11.3f}"
        f" {row.ap50_heldout:>14.3f} {row.train_s:>8.0f} {row.draft_s:>8.1f}"
        for row in rows
    ]
    return "\n".join([head, *lines])


def verdict(rows: list[Row]) -> int:
    """Return 0 when every engine's second version beats its first on the held-out images."""
    failed = 0
    for engine in dict.fromkeys(row.engine for row in rows):
        first, second = (row for row in rows if row.engine == engine)
        gain = second.ap50_heldout - first.ap50_heldout
        print(f"{engine}: AP50 {first.ap50_heldout:.3f} → {second.ap50_heldout:.3f} ({gain:+.3f})")
        failed += gain <= 0
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
