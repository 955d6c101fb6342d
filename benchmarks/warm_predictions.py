"""How long a worker waits for a draft: the first one, and the next ones by the same warm child.

    python -m benchmarks.warm_predictions ENGINE CHECKPOINT [--fast] [--threads 1] [--ahead]

Asks a prediction child for 512² through training.supervision.warm, as the job does. Prints
JSON: seconds from asking to having the arrays, the child's memory afterwards. With --ahead (Linux,
as root) it goes before everything else on a machine that is busy: all but the first draft then
takes about as long as on an idle one.
"""

from __future__ import annotations

import argparse
import json
import os
import statistics
import sys
import time
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks.surroundings import data_folder

N_NEXT = 5
FIRST = -19  # the least nice there is, but for one
TIMEOUT_S = 600.0


def asked(
    engine: str, checkpoint: Path, folder: Path, *, fast: bool, n_threads: int, ahead: bool
) -> dict[str, Any]:
    """Ask for the same image again and again."""
    if ahead:
        os.nice(FIRST)  # the child has it, too
        go_ahead("self")
    import psutil

    from annotations.imaging.pixels import PixelShape, write_pixels
    from benchmarks.engines import nuclei
    from training.supervision.warm import WarmChild

    image = nuclei()[0][0]
    pixels, target = folder / "pixels.tif", folder / "answer.npz"
    write_pixels(
        pixels, PixelShape(1, 1, 1, *image.shape, str(image.dtype)), lambda _, a, b: image[a:b]
    )
    request = {
        "checkpoint": str(checkpoint), "pixels": str(pixels), "channels": [0], "t": 0, "z": 0,
        "box": None, "n_views": 0, "fast": fast, "target": str(target), "device": "cpu",
        "n_threads": n_threads,
    }  # fmt: skip
    child = WarmChild(engine)
    waited = []
    for _ in range(1 + N_NEXT):
        began = time.perf_counter()
        child.ask("predict", timeout_s=TIMEOUT_S, **request)
        with np.load(target) as arrays:
            n_instances = len(dict(arrays)["scores"])
        waited.append(time.perf_counter() - began)
        if ahead:
            go_ahead(str(child.pid))
    memory = psutil.Process(child.pid).memory_info().rss / 2**20
    child.close()
    return {
        "first_s": round(waited[0], 3),
        "second_s": round(waited[1], 3),
        "next_s": round(statistics.median(waited[1:]), 3),
        "rss_mib": round(memory),
        "n_instances": n_instances,
    }


def go_ahead(process: str) -> None:
    """Let a process's session go before others: Linux shares processors out among sessions."""
    Path(f"/proc/{process}/autogroup").write_text(str(FIRST), encoding="ascii")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("engine")
    parser.add_argument("checkpoint", type=Path)
    parser.add_argument("--fast", action="store_true")
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--ahead", action="store_true")
    options = parser.parse_args()
    with data_folder(CYTOLOOP_CPUS=str(options.threads)) as folder:
        found = asked(
            options.engine,
            options.checkpoint,
            folder,
            fast=options.fast,
            n_threads=options.threads,
            ahead=options.ahead,
        )
    sys.stdout.write(json.dumps(found) + "\n")


if __name__ == "__main__":
    main()
