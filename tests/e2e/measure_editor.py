"""The measurement behind `python -m benchmarks.editor`; not collected with the tests."""

from __future__ import annotations

import io
import json
import math
import os
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import psutil
import pytest
import tifffile

from annotations.actions.label_imports import import_label_image
from annotations.models import Split
from tests.e2e.editor import Editor

SIDE = 4096
RADIUS_PX = 20
N_MOVES = 90
N_MEASURED = 12  # strokes that are measured at a time
N_FRAMES = 90

# When the labels of the whole view stand in the page, as the page's own clock says.
WATCH_OPENING = """
  const look = () => {
    const session = document.querySelector(".stage")?.editorSession;
    const { visible } = session?.scene.stage.view() ?? {};
    const x = (visible?.x0 + visible?.x1) / 2;
    const y = (visible?.y0 + visible?.y1) / 2;
    if (session?.layer.instances.count && session.layer.labelAt({ x, y }) !== undefined) {
      window.openedAfter = performance.now();
    } else requestAnimationFrame(look);
  };
  requestAnimationFrame(look);
"""

# Moves are sent as pointer events inside the page: the handler has written the label pixels when
# dispatchEvent returns, so the clock around it is "pointermove to pixels"; and a stroke's changes
# are found and packed when that of "pointerup" returns.
MEASURE_STROKE = """([radius, points]) => {
  const stage = document.querySelector(".stage");
  const session = stage.editorSession;
  session.model.tool.value = "brush";
  session.model.radius.value = radius;
  session.paint.armNew();
  const fire = (type, [x, y], buttons) => stage.dispatchEvent(new PointerEvent(type, {
    clientX: x, clientY: y, button: type === "pointermove" ? -1 : 0, buttons, pointerId: 1,
    pointerType: "mouse", isPrimary: true, bubbles: true, cancelable: true,
  }));
  const clocked = (...given) => {
    const start = performance.now();
    fire(...given);
    return performance.now() - start;
  };
  fire("pointerdown", points[0], 1);
  const moves = [];
  const frames = [];
  return new Promise((resolve) => {
    let at = 1;
    let last = performance.now();
    const step = (now) => {
      frames.push(now - last);
      last = now;
      for (let n = 0; n < 2 && at < points.length; n++, at++) {
        moves.push(clocked("pointermove", points[at], 1));
      }
      if (at < points.length) requestAnimationFrame(step);
      else resolve({ moves, frames: frames.slice(1), end: clocked("pointerup", points.at(-1), 0) });
    };
    requestAnimationFrame(step);
  });
}"""

MEASURE_VIEW = """([kind, n]) => {
  const { stage } = document.querySelector(".stage").editorSession.scene;
  const frames = [];
  return new Promise((resolve) => {
    let last = performance.now();
    const step = (now) => {
      frames.push(now - last);
      last = now;
      const turn = frames.length < n / 2 ? 1 : -1;
      if (kind === "pan") stage.panBy(-9 * turn, -5 * turn, true);
      else stage.zoomBy(1.02 ** -turn);
      if (frames.length < n) requestAnimationFrame(step);
      else resolve(frames.slice(1));
    };
    requestAnimationFrame(step);
  });
}"""

SELECT = """(id) => new Promise((done) => {
  const { model, layer } = document.querySelector(".stage").editorSession;
  const start = performance.now();
  model.selected.value = layer.instances.ids().at(-1);
  requestAnimationFrame(() => requestAnimationFrame(() => done(performance.now() - start)));
})"""

# Short strokes through the store itself, as many as there are, each awaited.
PAINT_MANY = """async ([n, side]) => {
  const { layer } = document.querySelector(".stage").editorSession;
  const { visible } = document.querySelector(".stage").editorSession.scene.stage.view();
  const options = { kind: "brush", radius: 3, mode: "overwrite" };
  for (let at = 0; at < n; at++) {
    const stroke = layer.beginStroke({ ...options, instanceId: layer.nextInstanceId() });
    const x = visible.x0 + ((at * 7.3) % (visible.x1 - visible.x0));
    const y = visible.y0 + ((at * 3.1) % (visible.y1 - visible.y0));
    stroke.move([{ x, y }, { x: x + 12, y: y + 5 }]);
    await stroke.commit();
    if (at % 50 === 49) await layer.flush();
  }
  await layer.flush();
}"""


@pytest.fixture
def wanted() -> dict[str, Any]:
    """What the benchmark asks for."""
    return json.loads(os.environ["CYTOLOOP_MEASURE"])


@pytest.fixture
def picture() -> bytes:
    """A noisy RGB image of the benchmark's size."""
    rng = np.random.default_rng(7)
    pixels = rng.integers(120, 250, (SIDE // 8, SIDE // 8, 3), dtype=np.uint8)
    out = io.BytesIO()
    tifffile.imwrite(out, pixels.repeat(8, 0).repeat(8, 1), photometric="rgb", compression="zlib")
    return out.getvalue()


def grid_of_disks(n: int) -> np.ndarray:
    """Return n disks of several sizes on a grid, ids from 1."""
    rng = np.random.default_rng(7)
    n_side = math.ceil(math.sqrt(n))
    step = SIDE // n_side
    labels = np.zeros((SIDE, SIDE), np.uint32)
    ys, xs = np.mgrid[:step, :step]
    for index in range(n):
        row, column = divmod(index, n_side)
        radius = rng.uniform(0.55, 0.98) * (step / 2 - 0.5)
        disk = np.hypot(ys - step / 2 + 0.5, xs - step / 2 + 0.5) <= radius
        labels[row * step : (row + 1) * step, column * step : (column + 1) * step][disk] = index + 1
    return labels


def ellipse(editor: Editor, turn: float) -> list[list[float]]:
    """Return page points along one and a half turns around the middle of the image."""
    middle, points = SIDE / 2, []
    for step in range(N_MOVES):
        angle = turn + step / N_MOVES * 3 * math.pi
        x, y = middle + 260 * math.cos(angle), middle + 180 * math.sin(angle)
        points.append(list(editor.on_screen(x, y)))
    return points


def strokes(editor: Editor, sent: list[int]) -> dict[str, Any]:
    """Paint some strokes and return what they took."""
    moves, frames, ends, sizes = [], [], [], []
    for number in range(N_MEASURED):
        found = editor.page.evaluate(MEASURE_STROKE, [RADIUS_PX, ellipse(editor, number / 3)])
        moves, frames, ends = (
            moves + found["moves"],
            frames + found["frames"],
            [*ends, found["end"]],
        )
        editor.wait_until_saved()
        sizes.append(sum(sent))
        sent.clear()
        editor.tell("(editor) => editor.layer.undo()")
        editor.wait_until_saved()
        sent.clear()
    return {
        "move_p50_ms": float(np.percentile(moves, 50)),
        "move_p95_ms": float(np.percentile(moves, 95)),
        "end_p95_ms": float(np.percentile(ends, 95)),
        "stroke_frame_p95_ms": float(np.percentile(frames, 95)),
        "sent_bytes_p50": int(np.median(sizes)),
        "sent_bytes_max": max(sizes),
    }


def page_mib() -> float:
    """Return the memory of the largest page process of the browser, resident."""
    return max(process.memory_info().rss for process in renderers()) / 2**20


def renderers() -> Iterator[psutil.Process]:
    for process in psutil.Process().children(recursive=True):
        if "--type=renderer" in process.cmdline():
            yield process


def test_measure(open_editor, image, annotator, wanted):
    labels = grid_of_disks(wanted["n_objects"])
    began = time.perf_counter()
    import_label_image(
        user=annotator, image=image, label_image=labels, split=Split.NONE, source="benchmark"
    )
    import_s = time.perf_counter() - began
    editor: Editor = open_editor(script=WATCH_OPENING)
    editor.wait_until("() => window.openedAfter > 0")
    once = {
        "n_objects": wanted["n_objects"],
        "import_s": import_s,
        "open_ms": editor.page.evaluate("() => window.openedAfter"),
    }
    sent: list[int] = []
    editor.page.on(
        "request",
        lambda request: (
            sent.append(len(request.post_data_buffer or b"")) if "/ops/" in request.url else None
        ),
    )
    editor.tell("(editor) => editor.view.zoomToPixels()")
    editor.wait_until_still()
    for kind in ("pan", "zoom"):
        editor.page.evaluate(MEASURE_VIEW, [kind, N_FRAMES])  # what is in view is fetched first
        frames = editor.page.evaluate(MEASURE_VIEW, [kind, N_FRAMES])
        once[f"{kind}_frame_p95_ms"] = float(np.percentile(frames, 95))
    once["select_last_ms"] = editor.page.evaluate(SELECT)
    editor.tell("(editor) => { editor.model.selected.value = 0; }")
    rows, n_before = [], 0
    for n_strokes in [0, *wanted["strokes"]]:
        editor.page.evaluate(PAINT_MANY, [n_strokes - n_before, SIDE])
        n_before = n_strokes
        row = {"n_objects": wanted["n_objects"], "n_strokes": n_strokes}
        rows.append(row | strokes(editor, sent))
    once["page_mib"] = page_mib()
    result = {"side_px": SIDE, "once": once, "strokes": rows}
    Path(wanted["out"]).write_text(json.dumps(result), encoding="utf-8")
