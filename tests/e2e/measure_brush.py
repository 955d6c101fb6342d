"""The measurement behind `python -m benchmarks.brush`; not collected with the tests."""

from __future__ import annotations

import io
import json
import math
import os
from pathlib import Path

import numpy as np
import pytest
import tifffile

from annotations.actions.drafts import store_prediction
from tests.e2e.editor import Editor

SIDE = 4096
N_OBJECTS = 5000
RADII = (20, 40, 60)
N_MOVES = 90

# Moves are sent as pointer events inside the page: the handler has written the label pixels when
# dispatchEvent returns, so the clock around it is "pointermove to pixels".
MEASURE_MOVES = """([radius, points]) => {
  const stage = document.querySelector(".stage");
  const session = stage.editorSession;
  session.model.tool.value = "brush";
  session.model.radius.value = radius;
  session.paint.armNew();
  const fire = (type, [x, y], buttons) => stage.dispatchEvent(new PointerEvent(type, {
    clientX: x, clientY: y, button: type === "pointermove" ? -1 : 0, buttons, pointerId: 1,
    pointerType: "mouse", isPrimary: true, bubbles: true, cancelable: true,
  }));
  fire("pointerdown", points[0], 1);
  const times = [];
  const frames = [];
  return new Promise((resolve) => {
    let at = 1;
    let last = performance.now();
    const step = (now) => {
      frames.push(now - last);
      last = now;
      for (let n = 0; n < 2 && at < points.length; n++, at++) {
        const start = performance.now();
        fire("pointermove", points[at], 1);
        times.push(performance.now() - start);
      }
      if (at < points.length) requestAnimationFrame(step);
      else { fire("pointerup", points.at(-1), 0); resolve({ times, frames: frames.slice(1) }); }
    };
    requestAnimationFrame(step);
  });
}"""


def grid_of_blobs() -> np.ndarray:
    """Return 5,000 disks on a jittered grid, ids from 1."""
    rng = np.random.default_rng(7)
    n_side = math.ceil(math.sqrt(N_OBJECTS))
    step = SIDE // n_side
    labels = np.zeros((SIDE, SIDE), np.uint32)
    ys, xs = np.mgrid[:step, :step]
    for index in range(N_OBJECTS):
        row, column = divmod(index, n_side)
        radius = rng.uniform(12, step / 2 - 1)
        disk = np.hypot(ys - step / 2, xs - step / 2) <= radius
        labels[row * step : (row + 1) * step, column * step : (column + 1) * step][disk] = index + 1
    return labels


@pytest.fixture
def picture() -> bytes:
    """A noisy RGB image of the benchmark's size."""
    rng = np.random.default_rng(7)
    pixels = rng.integers(120, 250, (SIDE // 8, SIDE // 8, 3), dtype=np.uint8)
    out = io.BytesIO()
    tifffile.imwrite(out, pixels.repeat(8, 0).repeat(8, 1), photometric="rgb", compression="zlib")
    return out.getvalue()


def ellipse(editor: Editor, radius: float) -> list[list[float]]:
    """Return page points along one and a half turns around the middle of the image."""
    middle, points = SIDE / 2, []
    for step in range(N_MOVES):
        angle = step / N_MOVES * 3 * math.pi
        x = middle + 260 * math.cos(angle)
        y = middle + 180 * math.sin(angle)
        points.append(list(editor.on_screen(x, y)))
    return points


def test_measure(open_editor, image):
    store_prediction(
        image=image, name="many", label_image=grid_of_blobs(), scores=np.linspace(0.2, 1, N_OBJECTS)
    )
    editor: Editor = open_editor()
    accept = (
        """() => document.querySelector(".stage").editorSession.review.acceptAbove(0, "none")"""
    )
    editor.page.evaluate(accept)
    editor.wait_until(
        f"""() => document.querySelector(".stage").editorSession.layer.instances.count
            === {N_OBJECTS}"""
    )
    editor.page.evaluate(
        """() => document.querySelector(".stage").editorSession.view.zoomToPixels()"""
    )
    editor.page.wait_for_timeout(3000)
    rows = []
    for radius in RADII:
        moves, frames = [], []
        for _ in range(4):
            points = ellipse(editor, radius)
            found = editor.page.evaluate(MEASURE_MOVES, [radius, points])
            moves += found["times"]
            frames += found["frames"]
            editor.page.wait_for_timeout(400)
        rows.append(
            {
                "radius_px": radius,
                "n_moves": len(moves),
                "move_p50_ms": float(np.percentile(moves, 50)),
                "move_p95_ms": float(np.percentile(moves, 95)),
                "frame_p50_ms": float(np.percentile(frames, 50)),
                "frame_p95_ms": float(np.percentile(frames, 95)),
                "fps": 1000 / float(np.mean(frames)),
            }
        )
    result = {"side_px": SIDE, "n_objects": N_OBJECTS, "brush": rows}
    Path(os.environ["CYTOLOOP_BRUSH_OUT"]).write_text(json.dumps(result), encoding="utf-8")
