"""How long a stroke takes until it is durable: 5 writers, through the action and the database.

    python -m benchmarks.ops [--writers 5] [--strokes 60] [--rate 2] [--json]

Makes a project of its own in the database that DATABASE_URL names, or in a fresh embedded one,
and removes it again. Each writer paints on a layer that all share, `rate` strokes a second
(0: as fast as it goes). The writers are threads of one process, as requests are in the site's one
web process. What machine load changes little stands beside the times: statements, processor time
(of this process with its writers' waiting, and of the database), and how long the lock of the
layer's row is held. `python -m benchmarks.ops_over_http` asks a whole site instead.
"""

from __future__ import annotations

import argparse
import os
import statistics
import sys
import threading
import time
import uuid

import numpy as np
import psutil

from benchmarks.surroundings import database
from benchmarks.telling import tell

SIDE_PX = 4096
RADIUS_PX = 20
STEPS = 90  # of one stroke, as a hand makes them in a second and a half


def stroke(rng):
    """Return (row, col) of every pixel under a wavy stroke of a round brush."""
    row, col = rng.uniform(300, SIDE_PX - 300, 2)
    angle = rng.uniform(0, 2 * np.pi)
    seen = set()
    for step in range(STEPS):
        angle += rng.normal(0, 0.15)
        row += 3 * np.sin(angle)
        col += 3 * np.cos(angle)
        seen.add((round(row), round(col), step))
    window = np.zeros((600, 600), bool)
    rows, cols = np.mgrid[-RADIUS_PX : RADIUS_PX + 1, -RADIUS_PX : RADIUS_PX + 1]
    disk = np.hypot(rows, cols) <= RADIUS_PX
    places = sorted(seen, key=lambda one: one[2])
    top, left = places[0][0] - 300, places[0][1] - 300
    for r, c, _ in places:
        window[
            r - top - RADIUS_PX : r - top + RADIUS_PX + 1,
            c - left - RADIUS_PX : c - left + RADIUS_PX + 1,
        ] |= disk
    found = np.argwhere(window) + np.array([top, left])
    inside = ((found >= 0) & (found < SIDE_PX)).all(1)
    return found[inside]


def op_of(pixels, current, label):
    """Return the op that paints the pixels, keeping what others painted."""
    from annotations.labels import ops

    op = {}
    place = pixels // 512
    for cy, cx in np.unique(place, axis=0).tolist():
        before = current.setdefault((cy, cx), np.zeros((512, 512), np.uint32))
        after = before.copy()
        here = pixels[(place == (cy, cx)).all(1)] - (cy * 512, cx * 512)
        rows, cols = here.T
        free = before[rows, cols] == 0
        after[rows[free], cols[free]] = label
        runs = ops.between(before, after)
        current[cy, cx] = after
        if len(runs):
            op[cy, cx] = runs
    return op


def make_world(writers):
    from django.contrib.auth import get_user_model

    from annotations.actions.labels import allocate_ids
    from annotations.models import Image, LabelLayer, Membership, Project, Role

    mark = uuid.uuid4().hex[:8]
    project = Project.objects.create(name=f"benchmark {mark}")
    image = Image.objects.create(
        project=project,
        name="benchmark.tif",
        original_digest=uuid.uuid4().hex * 2,
        size_bytes=0,
        state="ready",
        height=SIDE_PX,
        width=SIDE_PX,
    )
    layer = LabelLayer.objects.create(image=image, kind="annotation")
    users = []
    for k in range(writers):
        user = get_user_model().objects.create(username=f"benchmark-{mark}-{k}")
        Membership.objects.create(project=project, user=user, role=Role.ANNOTATOR)
        users.append((user, allocate_ids(user=user, layer_id=layer.pk, count=1)))
    return project, layer, users


def prepare(label, n_strokes, rng):
    """Return the packed bodies of strokes with the chunks each touches, made before the clock."""
    from annotations.labels import ops

    current = {}
    made = [op_of(stroke(rng), current, label) for _ in range(n_strokes)]
    return [(ops.pack(ops.encode(op)), len(op)) for op in made]


class Watch:
    """Counts a connection's statements, and how long each op holds the lock of the layer's row."""

    def __init__(self):
        self.n = 0
        self.locked_at = None

    def __call__(self, execute, sql, params, many, context):
        done = execute(sql, params, many, context)
        self.n += 1
        locks = "FOR UPDATE" in sql or sql.startswith("UPDATE annotations_labellayer")
        if locks and self.locked_at is None:
            self.locked_at = time.perf_counter()
        return done

    def held(self):
        """Return for how many seconds the lock was held, now that the op has its answer."""
        begun, self.locked_at = self.locked_at, None
        return time.perf_counter() - begun


def write(user, layer, strokes, rate, phase):
    """Send strokes one after the other; return what was measured of each."""
    from django.db import connection

    from annotations.actions.labels import append_ops
    from annotations.labels.envelope import SentOp

    session, times, watch = uuid.uuid4(), [], Watch()
    connection.execute_wrappers.append(watch)
    start = time.perf_counter() + phase
    try:
        for n, (body, n_chunks) in enumerate(strokes):
            if rate:
                time.sleep(max(0.0, start + n / rate - time.perf_counter()))
            began = time.perf_counter()
            append_ops(
                user=user, layer_id=layer.pk, session=session, sent=[SentOp(n, "brush", body)]
            )
            seconds = time.perf_counter() - began
            times.append((seconds, len(body), n_chunks, watch.held(), watch.n))
            watch.n = 0
    finally:
        times.append(database_cpu_s(connection))
        connection.execute_wrappers.remove(watch)
        connection.close()
    return times


def database_cpu_s(connection):
    """Return the processor time of the database's process for this connection."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_backend_pid()")
        (pid,) = cursor.fetchone()
    try:
        used = psutil.Process(pid).cpu_times()
    except psutil.Error:
        return 0.0  # another machine's
    return used.user + used.system


def run(given):
    project, layer, users = make_world(given.writers)
    results, threads = [], []
    try:
        for k, (user, label) in enumerate(users):
            strokes = prepare(label, given.strokes, np.random.default_rng(k))
            phase = k / (given.writers * given.rate) if given.rate else 0.0
            threads.append(
                threading.Thread(
                    target=lambda u=user, s=strokes, p=phase: results.extend(
                        write(u, layer, s, given.rate, p)
                    )
                )
            )
        began, cpu_s = time.perf_counter(), time.process_time()
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        wall_s, cpu_s = time.perf_counter() - began, time.process_time() - cpu_s
        stored = layer.ops.count()
    finally:
        project.delete()
        for user, _ in users:
            user.delete()
    if stored != given.writers * given.strokes:
        raise SystemExit(f"{stored} ops are stored, {given.writers * given.strokes} were sent")
    database_s = sum(one for one in results if isinstance(one, float))
    results = [one for one in results if not isinstance(one, float)]
    ms = sorted(1000 * one[0] for one in results)
    held = sorted(1000 * one[3] for one in results)
    return {
        "writers": given.writers,
        "strokes": len(ms),
        "strokes_per_s": round(len(ms) / wall_s, 1),
        "p50_ms": round(statistics.median(ms), 1),
        "p95_ms": round(ms[int(len(ms) * 0.95)], 1),
        "max_ms": round(ms[-1], 1),
        "lock_p50_ms": round(statistics.median(held), 1),
        "lock_p95_ms": round(held[int(len(held) * 0.95)], 1),
        "statements_per_op": round(statistics.mean(one[4] for one in results), 2),
        "cpu_ms_per_op": round(1000 * cpu_s / len(ms), 1),
        "database_cpu_ms_per_op": round(1000 * database_s / len(ms), 1),
        "bytes_per_op": round(statistics.mean(one[1] for one in results)),
        "chunks_per_op": round(statistics.mean(one[2] for one in results), 2),
        "load_average": round(os.getloadavg()[0], 1),
        "target_p95_ms": 25,
    }


def parsed_options(doc):
    """Read the command line of a measurement of strokes."""
    parser = argparse.ArgumentParser(description=doc.splitlines()[0])
    parser.add_argument("--writers", type=int, default=5)
    parser.add_argument("--strokes", type=int, default=60)
    parser.add_argument("--rate", type=float, default=2.0)
    parser.add_argument("--json", action="store_true")
    return parser.parse_args()


def main():
    given = parsed_options(__doc__)
    with database():
        result = run(given)
    tell(result, as_json=given.json)


if __name__ == "__main__":
    sys.exit(main())
