"""Opening and memory of the editor's page, in a browser that nobody records."""

from __future__ import annotations

import statistics
from typing import Any

import psutil

from annotations.models import Image
from tests.e2e.bare_browser import BarePage
from tests.e2e.measure_scripts import LIST_LAYERS, MEASURE_VIEW, PAINT_MANY, WATCH_OPENING
from tests.e2e.site import CHROMIUM_ARGUMENTS, VIEWPORT, LiveSite, chromium

N_OPENINGS = 5
N_FRAMES = 90

SEES_LABELS = "() => window.openedAfter > 0"
IS_LOADED = """() => {
  const { scene, layer } = document.querySelector(".stage").editorSession;
  const { visible } = scene.stage.view();
  const size = layer.info.chunk;
  if (visible.x1 - visible.x0 > 16 * size) return true; // only symbols are shown
  for (let row = Math.floor(visible.y0 / size); row * size < visible.y1; row++) {
    for (let col = Math.floor(visible.x0 / size); col * size < visible.x1; col++) {
      if (!layer.isLoaded(row, col)) return false;
    }
  }
  return true;
}"""
FIT = "() => document.querySelector('.stage').editorSession.scene.stage.fit(true)"
GO_NEAR = "() => document.querySelector('.stage').editorSession.view.zoomToPixels()"


def opening(site: LiveSite, image: Image, person: Any) -> dict[str, float]:
    """Open the image several times, each in a new browser, and return what one opening takes."""
    times, page_cpu, site_cpu = [], [], []
    for _ in range(N_OPENINGS):
        before = cpu_s(site.pid)
        page = opened(site, image, person)
        try:
            times.append(page.evaluate("() => window.openedAfter"))
            page.wait_until(IS_LOADED)
            page_cpu.append(1000 * page.cpu_s())
            site_cpu.append(1000 * (cpu_s(site.pid) - before))
            layers_ms = page.evaluate(LIST_LAYERS, str(image.pk))
        finally:
            page.close()
    return {
        "open_ms": statistics.median(times),
        "open_page_cpu_ms": statistics.median(page_cpu),
        "open_site_cpu_ms": statistics.median(site_cpu),
        "layers_ms": layers_ms,
    }


def memory(site: LiveSite, image: Image, person: Any, strokes: list[int]) -> dict[str, float]:
    """Move about the image and paint; return the memory of the page's process, resident."""
    page = opened(site, image, person)
    found, n_before = {}, 0
    try:
        for go in (FIT, GO_NEAR):
            page.evaluate(go)
            for kind in ("pan", "zoom"):
                page.evaluate(MEASURE_VIEW, [kind, N_FRAMES])
        found["page_mib"] = page.mib()
        for n_strokes in strokes:
            page.evaluate(PAINT_MANY, n_strokes - n_before)
            n_before = n_strokes
        found["page_painted_mib"] = page.mib()
    finally:
        page.close()
    return found


def opened(site: LiveSite, image: Image, person: Any) -> BarePage:
    """Return a new browser with the image in it, its labels on screen."""
    program = chromium()
    if program is None:
        raise RuntimeError("No Chromium is installed here (Debian: apt-get install chromium).")
    page = BarePage(program, CHROMIUM_ARGUMENTS, VIEWPORT)
    page.open(f"{site.url}/images/{image.pk}/", site.session_cookie(person), WATCH_OPENING)
    page.wait_until(SEES_LABELS)
    return page


def cpu_s(pid: int) -> float:
    """Return how many seconds a process has computed."""
    times = psutil.Process(pid).cpu_times()
    return times.user + times.system
