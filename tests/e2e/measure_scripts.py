"""What runs in the page for `python -m benchmarks.editor`."""

from __future__ import annotations

# When labels stand in the middle of the view, or their symbols where it is seen from far away, as
# the page's own clock says.
WATCH_OPENING = """
  const look = () => {
    const session = document.querySelector(".stage")?.editorSession;
    const { visible } = session?.scene.stage.view() ?? {};
    const x = (visible?.x0 + visible?.x1) / 2;
    const y = (visible?.y0 + visible?.y1) / 2;
    const isFar = visible?.x1 - visible?.x0 > 16 * 512;
    const { layer } = session ?? {};
    if (layer?.instances.count && (isFar || layer.labelAt({ x, y }) !== undefined)) {
      requestAnimationFrame(() => { window.openedAfter = performance.now(); });
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
PAINT_MANY = """async (n) => {
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

# How long the list of an image's layers takes, the median of nine.
LIST_LAYERS = """async (image) => {
  const times = [];
  for (let n = 0; n < 9; n++) {
    const start = performance.now();
    await (await fetch(`/api/v1/images/${image}/layers/`)).json();
    times.push(performance.now() - start);
  }
  return times.sort((a, b) => a - b)[4];
}"""
