"""The measurement behind `python -m benchmarks.editor`; not collected with the tests."""

from __future__ import annotations

import io
import json
import math
import os
import time
from dataclasses import fields, replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import tifffile

from annotations.actions.label_imports import import_label_image
from annotations.actions.labels import ensure_annotation_layer
from annotations.actions.whole_planes import StoredPlanes, insert_labels, store_chunks
from annotations.labels.label_image import Measures, measure
from annotations.labels.label_runs import bands_of
from annotations.models import Image, InstanceState, Split
from tests.e2e.editor import Editor
from tests.e2e.measure_page import memory, opening
from tests.e2e.measure_scripts import MEASURE_STROKE, MEASURE_VIEW, PAINT_MANY, SELECT

WHOLE_PX = 8192  # up to this side a label image is imported as one array
CHUNK_PX = 512
N_MOVES = 90
N_FRAMES = 90
# Name: brush radius, half axes of the ellipse in image pixels, how many strokes are measured.
STROKES = {"nucleus": (6, (30, 22), 40), "long": (20, (260, 180), 12)}


@pytest.fixture
def wanted() -> dict[str, Any]:
    """What the benchmark asks for."""
    return json.loads(os.environ["CYTOLOOP_MEASURE"])


@pytest.fixture
def picture(wanted) -> bytes:
    """A noisy RGB image of the wanted size, as a tiled TIFF file."""
    side = wanted["side_px"]
    rng = np.random.default_rng(7)
    coarse = rng.integers(120, 250, (8, CHUNK_PX // 8, CHUNK_PX // 8, 3), dtype=np.uint8)
    tiles = coarse.repeat(8, 1).repeat(8, 2)
    n_tiles = math.ceil(side / CHUNK_PX) ** 2
    out = io.BytesIO()
    tifffile.imwrite(
        out,
        (tiles[number % len(tiles)] for number in range(n_tiles)),
        shape=(side, side, 3),
        dtype=np.uint8,
        tile=(CHUNK_PX, CHUNK_PX),
        photometric="rgb",
        compression="zlib",
        bigtiff=True,
    )
    return out.getvalue()


def grid_of_disks(n: int, side: int, first_id: int = 1) -> np.ndarray:
    """Return n disks of several sizes on a grid."""
    rng = np.random.default_rng(7)
    n_side = math.ceil(math.sqrt(n))
    step = side // n_side
    labels = np.zeros((side, side), np.uint32)
    ys, xs = np.mgrid[:step, :step]
    for index in range(n):
        row, column = divmod(index, n_side)
        radius = rng.uniform(0.55, 0.98) * (step / 2 - 0.5)
        disk = np.hypot(ys - step / 2 + 0.5, xs - step / 2 + 0.5) <= radius
        place = (slice(row * step, (row + 1) * step), slice(column * step, (column + 1) * step))
        labels[place][disk] = first_id + index
    return labels


def store_slide(n_objects: int, side: int) -> StoredPlanes:
    """Store disks all over a large plane, chunk by chunk: as one array it would not fit."""
    places = [(cy, cx) for cy in range(side // CHUNK_PX) for cx in range(side // CHUNK_PX)]
    planes, measures, first_id = StoredPlanes(), [], 1
    for number, (cy, cx) in enumerate(places):
        n = n_objects * (number + 1) // len(places) - first_id + 1
        chunk = grid_of_disks(n, CHUNK_PX, first_id) if n else None
        if chunk is None:
            continue
        first_id += n
        [stored] = store_chunks(chunk)
        measures.append(shifted(measure(chunk), cy * CHUNK_PX, cx * CHUNK_PX))
        planes.chunks.append(replace(stored, place=(cy, cx)))
    columns = (np.concatenate([getattr(one, f.name) for one in measures]) for f in fields(Measures))
    planes.add_stored([], Measures(*columns))
    return planes


def shifted(measures: Measures, row: int, col: int) -> Measures:
    """Return measures of a chunk in pixels of the image."""
    return replace(measures, boxes=measures.boxes + np.array([row, col, row, col], np.int64))


def draw_objects(image: Image, annotator: Any, n_objects: int) -> None:
    """Give the image's annotation layer its objects."""
    side = image.width or 0
    if side <= WHOLE_PX:
        import_label_image(
            user=annotator,
            image=image,
            bands=bands_of(grid_of_disks(n_objects, side)),
            split=Split.NONE,
            source="benchmark",
        )
        return
    layer = ensure_annotation_layer(user=annotator, image=image)
    insert_labels(layer, store_slide(n_objects, side), state=InstanceState.ACCEPTED, user=annotator)
    layer.next_instance_id += n_objects
    layer.save(update_fields=["next_instance_id"])


def ellipse(editor: Editor, middle: float, axes: tuple[int, int], turn: float) -> list[list[float]]:
    """Return page points along one and a half turns around a point of the image."""
    points = []
    for step in range(N_MOVES):
        angle = turn + step / N_MOVES * 3 * math.pi
        x, y = middle + axes[0] * math.cos(angle), middle + axes[1] * math.sin(angle)
        points.append(list(editor.on_screen(x, y)))
    return points


def strokes(editor: Editor, sent: list[int], kind: str, middle: float) -> dict[str, Any]:
    """Paint some strokes and return what they took."""
    radius, axes, n_measured = STROKES[kind]
    moves, frames, ends, sizes = [], [], [], []
    for number in range(n_measured):
        sent.clear()
        points = ellipse(editor, middle, axes, number / 3)
        found = editor.page.evaluate(MEASURE_STROKE, [radius, points])
        moves += found["moves"]
        frames += found["frames"]
        ends.append(found["end"])
        editor.wait_until_saved()
        sizes.append(sum(sent))
        editor.tell("(editor) => editor.layer.undo()")
        editor.wait_until_saved()
    return {
        "stroke": kind,
        "move_p50_ms": float(np.percentile(moves, 50)),
        "move_p95_ms": float(np.percentile(moves, 95)),
        "end_p50_ms": float(np.percentile(ends, 50)),
        "end_p95_ms": float(np.percentile(ends, 95)),
        "stroke_frame_p95_ms": float(np.percentile(frames, 95)),
        "sent_bytes_p50": int(np.median(sizes)),
        "sent_bytes_max": max(sizes),
    }


def test_measure(open_editor, site, image, annotator, wanted):
    began = time.perf_counter()
    draw_objects(image, annotator, wanted["n_objects"])
    import_s = time.perf_counter() - began
    facts = {"side_px": wanted["side_px"], "n_objects": wanted["n_objects"]}
    once = {**facts, "import_s": import_s, **opening(site, image, annotator)}
    editor: Editor = open_editor()
    sent: list[int] = []
    editor.page.on(
        "request",
        lambda request: (
            sent.append(len(request.post_data_buffer or b"")) if "/ops/" in request.url else None
        ),
    )
    for name, zoom in (("far", "scene.stage.fit(true)"), ("near", "view.zoomToPixels()")):
        editor.tell(f"(editor) => editor.{zoom}")
        editor.wait_until_still()
        for kind in ("pan", "zoom"):
            editor.page.evaluate(MEASURE_VIEW, [kind, N_FRAMES])  # what is in view comes first
            frames = editor.page.evaluate(MEASURE_VIEW, [kind, N_FRAMES])
            once[f"{name}_{kind}_p95_ms"] = float(np.percentile(frames, 95))
    once["select_last_ms"] = editor.page.evaluate(SELECT)
    editor.tell("(editor) => { editor.model.selected.value = 0; }")
    rows, n_before = [], 0
    for n_strokes in [0, *wanted["strokes"]]:
        editor.page.evaluate(PAINT_MANY, n_strokes - n_before)
        n_before = n_strokes
        for kind in STROKES:
            row = {**facts, "n_strokes": n_strokes}
            rows.append(row | strokes(editor, sent, kind, wanted["side_px"] / 2))
    editor.page.context.close()
    once |= memory(site, image, annotator, wanted["strokes"])
    result = {"once": once, "strokes": rows}
    Path(wanted["out"]).write_text(json.dumps(result), encoding="utf-8")
