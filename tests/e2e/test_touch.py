"""Fingers and pen in a real browser: who paints, who moves the view, which hand only rests."""

from __future__ import annotations

import numpy as np

BOX = (20, 20, 220, 180)

# Pens have no driver here: their events are made as the browser would make them.
PEN = """([type, x, y, buttons]) => {
  const target = document.elementFromPoint(x, y);
  const button = type === "pointermove" ? -1 : buttons === 32 ? 5 : 0;
  target.dispatchEvent(new PointerEvent(type, {
    clientX: x, clientY: y, button, buttons: type === "pointerup" ? 0 : buttons, pointerId: 77,
    pointerType: "pen", isPrimary: true, bubbles: true, cancelable: true, composed: true,
  }));
}"""

# However slow the machine is, a finger that follows the pen comes within half a second of it.
SLOW_CLOCK = """
const now = performance.now.bind(performance);
performance.now = () => now() / 100;
"""


class Hand:
    """Fingers on the screen, through the browser's own input."""

    def __init__(self, editor):
        self.editor = editor
        self.devtools = editor.page.context.new_cdp_session(editor.page)

    def drag(self, *points):
        """Move one finger; where it is on the screen is worked out before it moves the image."""
        places = [self.editor.on_screen(*point) for point in points]
        for number, (x, y) in enumerate(places):
            kind = "touchMove" if number else "touchStart"
            touch = {"type": kind, "touchPoints": [{"x": x, "y": y, "id": 0}]}
            self.devtools.send("Input.dispatchTouchEvent", touch)
        self.let_go()

    def spread(self, centre, before, after):
        """Put two fingers down around a point of the page and pull them apart."""
        x, y = centre
        for kind, half in [("touchStart", before), ("touchMove", (before + after) / 2)]:
            self._pair(kind, x, y, half)
        self._pair("touchMove", x, y, after)
        self.let_go()

    def _pair(self, kind, x, y, half):
        points = [{"x": x - half, "y": y, "id": 0}, {"x": x + half, "y": y, "id": 1}]
        if kind == "touchStart":
            first = {"type": kind, "touchPoints": points[:1]}
            self.devtools.send("Input.dispatchTouchEvent", first)
        self.devtools.send("Input.dispatchTouchEvent", {"type": kind, "touchPoints": points})

    def let_go(self):
        self.devtools.send("Input.dispatchTouchEvent", {"type": "touchEnd", "touchPoints": []})


def pen(editor, *points, buttons=1, lift=True):
    for number, point in enumerate(points):
        x, y = editor.on_screen(*point)
        editor.page.evaluate(PEN, ["pointermove" if number else "pointerdown", x, y, buttons])
    if lift:
        editor.page.evaluate(PEN, ["pointerup", x, y, buttons])


def painted(editor):
    return int((np.array(editor.labels(*BOX)) > 0).sum())


def scale(editor):
    return editor.tell("(editor) => editor.scene.stage.view().scale")


def test_a_finger_paints_and_two_move_until_a_pen_is_there(open_editor):
    editor = open_editor(has_touch=True)
    hand = Hand(editor)
    page = editor.page

    hand.drag((60, 60), (80, 60), (110, 60))
    by_finger = painted(editor)
    assert by_finger > 500

    centre = editor.on_screen(120, 110)
    before, place = scale(editor), editor.on_screen(100, 100)
    hand.spread(centre, 40, 80)
    assert scale(editor) > 1.5 * before
    assert painted(editor) == by_finger
    middle = editor.on_screen(120, 110)
    assert np.allclose(middle, centre, atol=4)  # the image stays between the fingers

    editor.tell("(editor) => editor.view.fit()")
    editor.wait_until_still()
    assert np.allclose(editor.on_screen(100, 100), place, atol=2)
    pen(editor, (60, 120), (100, 120))
    by_pen = painted(editor)
    assert by_pen > by_finger
    page.wait_for_timeout(600)  # the hand is off the table

    hand.drag((120, 90), (150, 90), (170, 90))
    assert painted(editor) == by_pen
    assert editor.on_screen(100, 100)[0] > place[0] + 60
    assert editor.problems == []


def test_a_palm_is_ignored_and_the_pens_other_end_erases(open_editor):
    editor = open_editor(has_touch=True, script=SLOW_CLOCK)
    hand = Hand(editor)
    place = editor.on_screen(100, 100)

    pen(editor, (60, 60), (100, 60), lift=False)
    hand.drag((150, 120), (190, 120))
    pen_at = editor.on_screen(140, 60)
    editor.page.evaluate(PEN, ["pointermove", *pen_at, 1])
    editor.page.evaluate(PEN, ["pointerup", *pen_at, 1])
    hand.drag((150, 150), (190, 150))  # the pen has only just left

    assert np.allclose(editor.on_screen(100, 100), place, atol=0.5)
    assert len(np.unique(editor.labels(*BOX))) == 2
    before = painted(editor)
    assert not np.array(editor.labels(140, 110, 200, 170)).any()

    pen(editor, (60, 60), (100, 60), buttons=32)
    assert painted(editor) < 0.7 * before
    assert editor.problems == []
