"""Shaping objects in a real browser: each tool once, and what the server has of it."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import ndimage

from annotations.models import Instance, LabelLayer
from tests.e2e.editor import Editor, stored_labels

BOX = (10, 10, 250, 210)
COLUMN0, ROW0 = BOX[:2]
EIGHT = np.ones((3, 3))


class Painter:
    """An editor, and the label image that the server has after each deed."""

    def __init__(self, editor: Editor) -> None:
        self.editor = editor
        self.image = editor.image

    def take(self, key: str) -> None:
        self.editor.page.keyboard.press(key)

    def choose(self, instance_id: int) -> None:
        self.editor.tell("(editor, id) => { editor.model.selected.value = id; }", instance_id)

    def chosen(self) -> int:
        return int(self.editor.tell("(editor) => editor.model.selected.value"))

    def press(self, x: float, y: float, *held: str) -> None:
        """Click an image point, with keys held."""
        self.editor.wait_until_still()
        keyboard = self.editor.page.keyboard
        for key in held:
            keyboard.down(key)
        self.editor.page.mouse.click(*self.editor.on_screen(x, y))
        for key in held:
            keyboard.up(key)

    def now(self) -> np.ndarray:
        """Return what the server has, which is what the page shows."""
        self.editor.until("(editor) => !editor.layer.isBusy")
        self.editor.wait_until_saved()
        stored = np.array(stored_labels(self.image, *BOX))
        assert stored.tolist() == self.editor.labels(*BOX)
        return stored

    def wait_for_op(self, kind: str) -> np.ndarray:
        """Wait until the last op is of a kind, and return what the server has then."""
        self.editor.until(f"(editor) => editor.layer.history.value.undoKind === '{kind}'")
        return self.now()

    def said(self) -> str:
        return str(self.editor.tell("(editor) => editor.model.spoken.value"))


@pytest.fixture
def painter(open_editor):
    return Painter(open_editor())


def at(labels: np.ndarray, x: int, y: int) -> int:
    return int(labels[y - ROW0, x - COLUMN0])


def pieces(labels: np.ndarray, instance_id: int) -> int:
    """Count 8-connected pieces."""
    return int(ndimage.label(labels == instance_id, structure=EIGHT)[1])


def test_every_shaping_tool_leaves_on_the_server_what_it_says(painter):
    editor = painter.editor

    # Lasso by corners: a square with a notch, closed by Enter.
    painter.take("o")
    for x, y in [(40, 40), (120, 40), (120, 100), (40, 100)]:
        painter.press(x, y)
    editor.page.keyboard.press("Enter")
    square = painter.wait_for_op("lasso")
    one = painter.chosen()
    assert int((square == one).sum()) == 80 * 60

    # Alt takes an area off; holes are filled again.
    editor.page.keyboard.down("Alt")
    editor.stroke((60, 60), (80, 60), (80, 80), (60, 80))
    editor.page.keyboard.up("Alt")
    editor.until("(editor) => editor.model.facts.value?.areaPx < 4800")
    holed = painter.now()
    assert at(holed, 70, 70) == 0
    editor.page.keyboard.press("Shift+H")
    filled = painter.wait_for_op("fill-holes")
    assert filled.tolist() == square.tolist()

    # Growing and shrinking by the keyboard, while the image has the focus.
    editor.page.keyboard.press("Shift+ArrowUp")
    grown = painter.wait_for_op("grow")
    assert int((grown == one).sum()) == 80 * 60 + 2 * (80 + 60)
    editor.page.keyboard.press("Shift+ArrowDown")
    assert painter.wait_for_op("shrink").tolist() == square.tolist()
    editor.page.keyboard.press("Shift+S")
    smoothed = painter.wait_for_op("smooth")
    assert 0 < int((smoothed != square).sum()) < 40

    # A straight line by Shift and a click, made part of the object.
    painter.take("b")
    editor.tell("(editor) => { editor.model.radius.value = 4; }")
    editor.stroke((160, 50), (165, 50))
    two = painter.chosen()
    assert two != one
    painter.press(165, 150, "Shift")
    lined = painter.now()
    assert at(lined, 165, 100) == two
    assert pieces(lined, two) == 1
    assert int((lined == one).sum()) == int((smoothed == one).sum())

    # A drag across both makes them one; undo brings them back.
    painter.take("m")
    editor.stroke((80, 90), (170, 90))
    merged = painter.wait_for_op("merge")
    assert set(np.unique(merged)) == {0, one}
    assert pieces(merged, one) == 2
    editor.page.keyboard.press("Shift+L")
    largest = painter.wait_for_op("keep-largest")
    assert largest.tolist() == smoothed.tolist()
    for _ in range(2):
        editor.page.keyboard.press("Control+z")
        editor.until("(editor) => !editor.layer.isBusy")
    editor.until("(editor) => editor.layer.history.value.undoKind === 'brush'")
    assert painter.now().tolist() == lined.tolist()

    # A cut, and a division between two clicks.
    painter.take("k")
    editor.stroke((60, 30), (60, 110))
    cut = painter.wait_for_op("split")
    three = at(cut, 45, 70)
    assert {at(cut, 100, 70), at(cut, 45, 70)} == {one, three}
    assert int(np.isin(cut, [one, three]).sum()) == int((lined == one).sum())
    assert ((cut == two) == (lined == two)).all()
    painter.press(165, 60)
    painter.press(165, 140)
    editor.until("(editor) => editor.model.spoken.value.includes('by ')")
    divided = painter.now()
    parts = {at(divided, 165, 55), at(divided, 165, 145)}
    assert len(parts) == 2
    assert np.isin(divided, list(parts)).tolist() == (cut == two).tolist()

    # A click takes a whole piece away.
    painter.take("Shift+C")
    painter.press(45, 70)
    erased = painter.wait_for_op("erase-piece")
    assert painter.said().startswith(f"Object {three} erased: ")
    assert erased.tolist() == np.where(divided == three, 0, divided).tolist()

    # The server's table says the same as its pixels, and nothing was refused.
    layer = LabelLayer.objects.get(image=painter.image)
    areas = dict(
        Instance.objects.filter(layer=layer, area_px__gt=0).values_list("instance_id", "area_px")
    )
    ids, counts = np.unique(erased[erased > 0], return_counts=True)
    assert areas == dict(zip(ids.tolist(), counts.tolist(), strict=True))
    assert not layer.ops.filter(n_refused__gt=0).exists()
    assert editor.problems == []


def test_a_corner_is_taken_back_by_backspace_and_nothing_is_deleted(painter):
    editor = painter.editor
    editor.stroke((60, 60), (90, 60))
    before = painter.now()

    painter.take("o")
    for x in (120, 150, 180):
        painter.press(x, 120 + x % 40)
    editor.page.keyboard.press("Backspace")
    editor.page.keyboard.press("Escape")
    editor.page.keyboard.press("Enter")

    assert painter.now().tolist() == before.tolist()
    assert painter.chosen() != 0


def test_the_brush_size_follows_keys_and_wheel_and_is_told_in_pixels(painter):
    editor = painter.editor
    size = "(editor) => editor.model.radius.value"
    first = editor.tell(size)

    editor.page.keyboard.press("]")
    larger = editor.tell(size)
    editor.page.mouse.move(*editor.on_screen(100, 100))
    editor.page.keyboard.down("Control")
    editor.page.mouse.wheel(0, 100)
    editor.page.keyboard.up("Control")
    editor.until(f"(editor) => editor.model.radius.value < {larger}")

    shown = editor.page.inner_text(".brush-size")
    assert larger > first
    assert f"{float(editor.tell(size)) * 2:g} px" in shown
