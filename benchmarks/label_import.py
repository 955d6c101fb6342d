"""How long 50,000 objects of a label TIFF take until they are a layer, ready to be edited.

    python -m benchmarks.label_import [--side 4096] [--instances 50000] [--profile] [--json]

Draws round objects whose numbers are in no order and have gaps, writes them as the TIFF that other
tools make, and imports it through the action into a database of its own: reading the file, making
the ids dense, storing chunks, op log, instance table, region and snapshot.
"""

from __future__ import annotations

import argparse
import cProfile
import os
import pstats
import resource
import sys
import time
from contextlib import nullcontext
from multiprocessing import get_context

import numpy as np

from benchmarks.surroundings import database
from benchmarks.telling import tell

COLUMNS_SHOWN = 40


def drawn(side, n, rng):
    """Return a label image of n round objects in a square of this side."""
    per_row = int(np.ceil(np.sqrt(n)))
    pitch = side / per_row
    reach = int(pitch / 2)
    ids = rng.permutation(2 * n)[:n] + 1
    label_image = np.zeros((side, side), np.uint32)
    rows, cols = np.mgrid[-reach : reach + 1, -reach : reach + 1]
    for k, instance_id in enumerate(ids.tolist()):
        row, col = (int((place + 0.5) * pitch) for place in divmod(k, per_row))
        radii = rng.uniform(0.6, 0.98, 2) * pitch / 2
        disk = (rows / radii[0]) ** 2 + (cols / radii[1]) ** 2 <= 1
        part = label_image[
            max(row - reach, 0) : row + reach + 1, max(col - reach, 0) : col + reach + 1
        ]
        part[disk[-part.shape[0] :, -part.shape[1] :]] = instance_id
    return label_image


def draw(path, side, n):
    """Write the label image as a TIFF file."""
    from annotations.exchange import label_tiff

    with path.open("wb") as file:
        label_tiff.write(file, drawn(side, n, np.random.default_rng(1)))


def run(given, folder):
    from django.contrib.auth import get_user_model

    from annotations.actions.label_imports import import_label_image
    from annotations.exchange import label_files
    from annotations.models import Image, Membership, Project, Role, Split

    user = get_user_model().objects.create(username="importer")
    project = Project.objects.create(name="benchmark")
    Membership.objects.create(project=project, user=user, role=Role.OWNER)
    image = Image.objects.create(
        project=project,
        name="a.tif",
        original_digest="0" * 64,
        size_bytes=0,
        state="ready",
        height=given.side,
        width=given.side,
    )
    path = folder / "a.tif"
    # In a process of its own: this one's peak is that of the import.
    drawing = get_context("spawn").Process(target=draw, args=(path, given.side, given.instances))
    drawing.start()
    drawing.join()
    before_mib = peak_mib()
    profile = cProfile.Profile() if given.profile else nullcontext()
    began, cpu_s = time.perf_counter(), time.process_time()
    with profile, path.open("rb") as file:
        bands = label_files.read_bands(file, size=(given.side, given.side))
        done = import_label_image(
            user=user, image=image, bands=bands, split=Split.TRAIN, source="a.tif"
        )
    wall_s, cpu_s = time.perf_counter() - began, time.process_time() - cpu_s
    if given.profile:
        pstats.Stats(profile).sort_stats("cumtime").print_stats(COLUMNS_SHOWN)
    return {
        "side_px": given.side,
        "instances": done.n_instances,
        "file_mib": round(path.stat().st_size / 2**20, 1),
        "wall_s": round(wall_s, 2),
        "cpu_s": round(cpu_s, 2),
        "peak_mib": round(peak_mib()),
        "peak_before_mib": round(before_mib),
        "load_average": round(os.getloadavg()[0], 1),
        "target_s": 10,
    }


def peak_mib():
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--side", type=int, default=4096)
    parser.add_argument("--instances", type=int, default=50_000)
    parser.add_argument("--profile", action="store_true")
    parser.add_argument("--json", action="store_true")
    given = parser.parse_args()
    with database() as folder:
        result = run(given, folder)
    tell(result, as_json=given.json)


if __name__ == "__main__":
    sys.exit(main())
