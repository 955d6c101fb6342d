"""What a person sets about the looks, seen in the pixels on screen."""

from __future__ import annotations

import io

import numpy as np
import pytest
import tifffile
from PIL import Image as Pil


@pytest.fixture
def picture() -> bytes:
    """Two channels: the left half is bright in the first, the right half in the second."""
    planes = np.full((2, 192, 256), 400, np.uint16)
    planes[0, :, :128] = 3000
    planes[1, :, 128:] = 3000
    planes[:, 90:100] = 1500
    out = io.BytesIO()
    tifffile.imwrite(out, planes, metadata={"axes": "CYX"})
    return out.getvalue()


def brightness(editor, x0, y0, x1, y1):
    """Return the mean of what is on screen in a box of image pixels."""
    left, top = editor.on_screen(x0, y0)
    right, bottom = editor.on_screen(x1, y1)
    shot = Pil.open(io.BytesIO(editor.page.screenshot())).convert("RGB")
    return float(np.asarray(shot.crop((left, top, right, bottom))).mean())


def test_channels_and_their_windows_change_what_is_seen(open_editor):
    editor = open_editor()
    page = editor.page
    editor.wait_for(lambda: brightness(editor, 20, 20, 100, 80) > 40)
    bright = brightness(editor, 20, 20, 100, 80)

    page.get_by_role("button", name="Hide").first.click()
    editor.wait_for(lambda: brightness(editor, 20, 20, 100, 80) < 0.4 * bright)
    assert brightness(editor, 150, 20, 230, 80) > 40  # the other channel stays
    page.get_by_role("button", name="Show").first.click()
    editor.wait_for(lambda: brightness(editor, 20, 20, 100, 80) == pytest.approx(bright, abs=3))

    middle = brightness(editor, 20, 91, 100, 99)
    slider = page.get_by_label("black point").first
    slider.focus()
    for _ in range(12):
        slider.press("PageUp")
    editor.wait_for(lambda: brightness(editor, 20, 91, 100, 99) < middle - 15)
    assert editor.problems == []


# A quarter of a second on the way becomes five: there are frames in it on every machine.
SLOW_CLOCK = """
const now = Date.now, start = now();
Date.now = () => start + (now() - start) / 20;
"""


@pytest.mark.parametrize("motion", ["reduce", "no-preference"])
def test_the_view_jumps_for_people_who_asked_for_less_motion(open_editor, motion):
    editor = open_editor(reduced_motion=motion, script=SLOW_CLOCK)

    scales = editor.page.evaluate(
        """async () => {
          const { scene, view } = document.querySelector(".stage").editorSession;
          const frame = () => new Promise((done) => requestAnimationFrame(done));
          view.zoomToPixels();
          const seen = [];
          for (let i = 0; i < 40; i++) { await frame(); seen.push(scene.stage.view().scale); }
          return seen;
        }"""
    )
    n_between = len({round(one, 3) for one in scales[1:]}) - 1
    animated = editor.page.evaluate(
        """() => {
          const mark = document.querySelector(".save-mark");
          mark.className = "save-mark save-saving";
          return getComputedStyle(mark.querySelector(".save-dot")).animationName;
        }"""
    )

    if motion == "reduce":
        assert n_between <= 1
        assert animated == "none"
    else:
        assert n_between > 1
        assert animated != "none"
