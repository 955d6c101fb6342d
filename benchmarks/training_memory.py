"""Peak memory of a training with few and with many times as many images: it should not grow.

    python -m benchmarks.training_memory [--engine stardist] [--images 4] [--times 10] [--side 512]

Draws images, writes the files a worker would write, and runs the engine's real child.
"""

from __future__ import annotations

import argparse
import json
import os
import sys
import tempfile
import threading
import time
from pathlib import Path

import numpy as np

PX_PER_OBJECT = 4400
WATCH_EVERY_S = 0.1
TINY = {
    "stardist": {"steps": 20, "steps_per_epoch": 10, "batch_size": 2, "filters": 8, "depth": 2},
    "cellpose": {"steps": 10, "steps_per_epoch": 5, "batch_size": 2, "net": "tiny"},
    "threshold": {},
}


def region_files(folder, n_images, side):
    """Write images with labels as a worker does; return the job's entries."""
    from annotations.imaging.pixels import PixelShape, write_pixels
    from tests.drawing import draw_blobs

    entries = []
    for i in range(n_images):
        truth, pixels = draw_blobs(
            side, side, n=max(1, side * side // PX_PER_OBJECT), radius=(8, 14), seed=i
        )
        path, labels = folder / f"{i}.tif", folder / f"{i}.npz"
        shape = PixelShape(1, 1, 1, side, side, "uint8")
        write_pixels(path, shape, lambda page, row0, row1, image=pixels: image[row0:row1])
        np.savez_compressed(labels, label_image=truth, annotated=np.ones(truth.shape, bool))
        entries.append(
            {
                "image_id": str(i),
                "pixels": str(path),
                "labels": str(labels),
                "box": [0, 0, side, side],
                "split": "validation" if i % 4 == 3 else "train",
                "tags": [],
                "t": 0,
                "z": 0,
            }
        )
    return entries


def peak_of_training(engine, entries, folder):
    """Train in the real child; return (peak MiB, seconds, how it ended)."""
    from project.processes import Child
    from training.engines.registry import fill_params
    from training.supervision.child import child_argv, child_environment

    workdir = folder / "work"
    workdir.mkdir()
    job = {
        "regions": entries,
        "params": fill_params(engine, TINY.get(engine, {})),
        "channels": [0],
        "seed": 1,
        "workdir": str(workdir),
        "parent": None,
        "pretrained": "",
        "max_seconds": None,
        "device": "cpu",
        "n_threads": 1,
        "offline": True,
    }
    message = {
        "attempt": 1,
        "resume_folder": str(folder),
        "target": str(folder / "finished.zip"),
        "export_target": str(folder / "export.zip"),
        "job": job,
    }
    began, peak, last = time.monotonic(), 0, {}
    with Child(child_argv("train", engine), env=child_environment(1), cwd=folder) as child:
        done = threading.Event()

        def watch():
            nonlocal peak
            while not done.wait(WATCH_EVERY_S):
                peak = max(peak, child.rss_bytes())

        watcher = threading.Thread(target=watch)
        watcher.start()
        child.send(message)
        while child.running or not child.drained:
            for report in child.reports(1.0):
                last = report
        done.set()
        watcher.join()
        if last.get("type") != "done":
            raise SystemExit(f"The training did not end well: {last}\n{child.log_tail()}")
    return peak / 2**20, time.monotonic() - began


def main():
    """Run both sizes and print the table; exit 1 when memory grew by more than a quarter."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--engine", default="stardist", choices=sorted(TINY))
    parser.add_argument("--images", type=int, default=4)
    parser.add_argument("--times", type=int, default=10, help="as many images")
    parser.add_argument("--side", type=int, default=512)
    parser.add_argument("--json", action="store_true")
    options = parser.parse_args()
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "project.settings")
    rows = []
    for n_images in (options.images, options.images * options.times):
        with tempfile.TemporaryDirectory() as name:
            folder = Path(name)
            entries = region_files(folder, n_images, options.side)
            peak, seconds = peak_of_training(options.engine, entries, folder)
            rows.append(
                {"n_images": n_images, "peak_mib": round(peak), "seconds": round(seconds, 1)}
            )
    growth = rows[1]["peak_mib"] / rows[0]["peak_mib"]
    if options.json:
        print(json.dumps({"engine": options.engine, "rows": rows, "growth": round(growth, 3)}))
    else:
        print(f"{options.engine}\nimages  peak MiB  seconds")
        for row in rows:
            print(f"{row['n_images']:>6}  {row['peak_mib']:>8}  {row['seconds']:>7}")
        print(f"growth x{growth:.2f}")
    return 1 if growth > 1.25 else 0


if __name__ == "__main__":
    sys.exit(main())
