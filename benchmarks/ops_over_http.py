"""How long a stroke takes over HTTP: a whole site, and each writer a process of its own.

    python -m benchmarks.ops_over_http [--writers 5] [--strokes 60] [--rate 2] [--json]

Starts `manage.py up` (one web process, as it always is) with an embedded database and no workers
but that for images, uploads an image of 4096² pixels, and lets writers send the strokes of
`benchmarks.ops` to its layer. What is measured is the time from a request to its answer, as an
editor waits for it: with the way there, rights and JSON, and without what the writer itself does.
"""

from __future__ import annotations

import http.client
import multiprocessing
import os
import statistics
import sys
import tempfile
import time
import urllib.parse
import uuid
from pathlib import Path

import numpy as np
import tifffile

from benchmarks.ops import SIDE_PX, parsed_options, prepare
from benchmarks.rest_client import Client
from benchmarks.telling import tell
from tests.running_site import RunningSite


def write(site_of, k, given, begin, answers):
    """Send strokes one after the other; tell the seconds that each answer took."""
    from annotations.labels.envelope import SentOp, write

    url, token, layer = site_of

    first = Client(url, token).post(f"/api/v1/layers/{layer}/ids/", {"count": 1})["first"]
    strokes = prepare(first, given.strokes, np.random.default_rng(k))
    session, seconds = uuid.uuid4(), []
    headers = {
        "Authorization": f"Token {token}",
        "Content-Type": "application/vnd.cytoloop.ops",
    }
    site = http.client.HTTPConnection(urllib.parse.urlsplit(url).netloc)  # kept, as a browser does
    begin.wait()
    start = time.perf_counter() + (k / (given.writers * given.rate) if given.rate else 0)
    for n, (body, _) in enumerate(strokes):
        sent = write(session, [SentOp(n, "brush", body)])
        if given.rate:
            time.sleep(max(0.0, start + n / given.rate - time.perf_counter()))
        began = time.perf_counter()
        site.request("POST", f"/api/v1/layers/{layer}/ops/", sent, headers)
        answer = site.getresponse()
        text = answer.read()
        seconds.append(time.perf_counter() - began)
        if answer.status != 200:
            raise SystemExit(f"{answer.status}: {text[:200]!r}")
    answers.put(seconds)


def run(given, folder):
    with RunningSite(folder / "data", CYTOLOOP_WORKERS="images default") as site:
        token = site.api_token()
        client = Client(site.url, token)
        path = folder / "grey.tif"
        grey = np.arange(SIDE_PX, dtype=np.uint8)[None].repeat(SIDE_PX, 0)
        tifffile.imwrite(path, grey, compression="zlib", tile=(512, 512))
        image = client.upload(client.post("/api/v1/projects/", {"name": "strokes"})["id"], path)
        client.wait_for_image(image)
        layer = client.get(f"/api/v1/images/{image}/layers/")[0]["id"]
        web = next(one for one in site.members if "project.web" in one.cmdline())
        processes = multiprocessing.get_context("spawn")
        begin, answers = processes.Barrier(given.writers + 1), processes.Queue()
        writers = [
            processes.Process(
                target=write, args=((site.url, token, layer), k, given, begin, answers)
            )
            for k in range(given.writers)
        ]
        for writer in writers:
            writer.start()
        begin.wait()
        cpu_s = sum(web.cpu_times()[:2])
        seconds = [one for _ in writers for one in answers.get()]
        cpu_s = sum(web.cpu_times()[:2]) - cpu_s
        for writer in writers:
            writer.join()
        n_stored = client.get(f"/api/v1/layers/{layer}/")["seq"]
    if n_stored != given.writers * given.strokes:
        raise SystemExit(f"{n_stored} ops are stored, {given.writers * given.strokes} were sent")
    ms = sorted(1000 * one for one in seconds)
    return {
        "writers": given.writers,
        "strokes": len(ms),
        "p50_ms": round(statistics.median(ms), 1),
        "p95_ms": round(ms[int(len(ms) * 0.95)], 1),
        "max_ms": round(ms[-1], 1),
        "web_cpu_ms_per_op": round(1000 * cpu_s / len(ms), 1),
        "load_average": round(os.getloadavg()[0], 1),
    }


def main():
    given = parsed_options(__doc__)
    with tempfile.TemporaryDirectory(prefix="cytoloop-bench-") as folder:
        result = run(given, Path(folder))
    tell(result, as_json=given.json)


if __name__ == "__main__":
    sys.exit(main())
