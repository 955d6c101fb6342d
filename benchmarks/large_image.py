"""Time a large image on a whole site: wall, CPU seconds and memory, with one worker and with two.

    python -m benchmarks.large_image [--side 8192] [--workers 1 2] [--stock] [--out FILE.json]

The image is the nuclei picture that comes inside the stardist package, again and again. The site
has the fluorescence starter of StarDist and one thread per worker. Wall seconds are from asking for
the draft until it is stored. Memory is the most that one process of the kind was seen to hold, CPU
seconds are those of all processes of the kind together. `--stock` adds `predict_instances` of the
upstream package with `n_tiles`, on the same normalised picture with the same weights.
"""

from __future__ import annotations

import argparse
import json
import os
import resource
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import psutil
import tifffile

from benchmarks.engines import in_child, nuclei
from benchmarks.rest_client import Client
from tests.running_site import RunningSite, command_of

STARTER = "nuclei-fluorescence-stardist"
TILE_PX = 512
LIMIT_S = 4 * 3600
LOOK_EVERY_S = 0.2
OPEN_STATES = ("queued", "running")


def main() -> None:
    """Run it and print a line of JSON for each way."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--side", type=int, default=8192)
    parser.add_argument("--workers", type=int, nargs="*", default=[1, 2])
    parser.add_argument("--stock", action="store_true")
    parser.add_argument("--out", type=Path)
    parser.add_argument("--child", type=Path, help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.child:
        sys.stdout.write(json.dumps(stock(options.side, options.child)) + "\n")
        return
    rows = []
    for n_workers in options.workers:
        with tempfile.TemporaryDirectory(prefix="cytoloop-large-") as folder:
            rows.append(on_a_site(options.side, n_workers, Path(folder)))
        tell(rows[-1])
    if options.stock:
        with tempfile.TemporaryDirectory() as folder:
            what = ("--side", str(options.side), "--child", folder)
            rows.append(json.loads(in_child("benchmarks.large_image", *what).splitlines()[-1]))
        tell(rows[-1])
    if options.out:
        options.out.write_text(json.dumps(rows, indent=1) + "\n", encoding="utf-8")


def tell(row: dict[str, Any]) -> None:
    """Print a row with the load of the machine."""
    row["load"] = [round(one, 1) for one in os.getloadavg()]
    sys.stdout.write(json.dumps(row) + "\n")
    sys.stdout.flush()


def on_a_site(side: int, n_workers: int, folder: Path) -> dict[str, Any]:
    """Have a new site predict the image, and watch its processes."""
    workers = " | ".join(["images default", *["predict.*"] * n_workers])
    path = folder / "large.tif"
    write_image(path, side)
    with RunningSite(folder / "data", CYTOLOOP_WORKERS=workers, CYTOLOOP_CPUS="1") as site:
        client = Client(site.url, site.api_token())
        project = client.post("/api/v1/projects/", {"name": "large"})["id"]
        upload = client.post(f"/api/v1/projects/{project}/starters/", {"name": STARTER})["id"]
        adopted = until_ended(client, f"/api/v1/version-uploads/{upload}/")
        image = client.upload(project, path)
        row = until_ended(client, f"/api/v1/images/{image}/", open_states=("ingesting",))
        asked = {"version": adopted["version"], "images": [image]}
        client.post(f"/api/v1/projects/{project}/predictions/", asked)
        watch = Watch(psutil.Process(site.process.pid))
        began = time.monotonic()
        row = {"state": "queued"}
        while row["state"] in OPEN_STATES and time.monotonic() < began + LIMIT_S:
            watch.look()
            time.sleep(LOOK_EVERY_S)
            row = client.get(f"/api/v1/images/{image}/predictions/")["results"][0]
        wall_s = time.monotonic() - began
    return {
        "variant": f"cytoloop, {n_workers} worker{'s' * (n_workers > 1)}",
        "side_px": side,
        "state": row["state"],
        "wall_s": round(wall_s, 1),
        "n_instances": row.get("n_instances"),
        **watch.figures(),
    }


def until_ended(
    client: Client, path: str, open_states: tuple[str, ...] = OPEN_STATES
) -> dict[str, Any]:
    """Wait for a row to end well and return it."""
    end = time.monotonic() + LIMIT_S
    while (row := client.get(path))["state"] in (*open_states, *OPEN_STATES):
        if time.monotonic() > end:
            break
        time.sleep(0.5)
    if row["state"] not in ("finished", "ready"):
        raise SystemExit(f"{path}: {row['state']} {row.get('error_message')}")
    return dict(row)


class Watch:
    """What the processes of a site took since they were looked at first."""

    KINDS = (("child", "child_main"), ("worker", "project.worker predict"))

    def __init__(self, site: psutil.Process) -> None:
        self._site = site
        self._first: dict[tuple[str, int], float] = {}
        self._last: dict[tuple[str, int], float] = {}
        self._peak: dict[str, int] = {}

    def look(self) -> None:
        """Note memory and seconds of each process."""
        for process in self._site.children(recursive=True):
            command = command_of(process)
            kind = next((name for name, word in self.KINDS if word in command), None)
            if kind is None:
                continue
            try:
                seconds = sum(process.cpu_times()[:2])
                rss = process.memory_info().rss
            except psutil.Error:
                continue
            self._first.setdefault((kind, process.pid), seconds)
            self._last[kind, process.pid] = seconds
            self._peak[kind] = max(self._peak.get(kind, 0), rss)

    def figures(self) -> dict[str, Any]:
        """Return peaks in MiB and seconds by kind."""
        found: dict[str, Any] = {}
        for kind, _ in self.KINDS:
            keys = [key for key in self._last if key[0] == kind]
            used = sum(self._last[key] - self._first[key] for key in keys)
            found[f"{kind}_cpu_s"] = round(used, 1)
            found[f"{kind}_peak_mib"] = round(self._peak.get(kind, 0) / 2**20)
        return found


def write_image(path: Path, side: int) -> None:
    """Write the picture of nuclei again and again, a row of tiles in memory at a time."""
    tile = nuclei()[0][0]
    n_tiles = -(-side // TILE_PX)

    def tiles() -> Iterator[np.ndarray]:
        for _ in range(n_tiles * n_tiles):
            yield tile

    tifffile.imwrite(
        path,
        tiles(),
        shape=(side, side),
        dtype=tile.dtype,
        tile=(TILE_PX, TILE_PX),
        compression="zlib",
        bigtiff=True,
    )


def stock(side: int, folder: Path) -> dict[str, Any]:
    """Segment the picture with the upstream package, whole, its network in tiles."""
    from stardist.models import StarDist2D

    from training.datasets.normalize import normalize_image
    from training.engines import registry

    starters = Path(__file__).resolve().parent.parent / "training" / "starters"
    engine = registry.load("stardist")
    starter = engine.adopt(starters / f"{STARTER}.zip", folder / "starter")
    engine.export(starter, folder / "upstream")
    model = StarDist2D(None, name="upstream", basedir=str(folder))
    n_tiles = -(-side // TILE_PX)
    pixels = np.tile(nuclei()[0][0], (n_tiles, n_tiles))[:side, :side]
    pixels = normalize_image(pixels[np.newaxis])[0]
    wall, cpu = time.perf_counter(), time.process_time()
    labels, _ = model.predict_instances(pixels, n_tiles=2 * (-(-side // 1024),))
    return {
        "variant": "stock predict_instances, n_tiles",
        "side_px": side,
        "wall_s": round(time.perf_counter() - wall, 1),
        "cpu_s": round(time.process_time() - cpu, 1),
        "peak_mib": round(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024),
        "n_instances": int(labels.max()),
    }


if __name__ == "__main__":
    main()
