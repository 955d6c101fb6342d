"""The tour of the editor: what it asks for is really done, and what was answered holds."""

from __future__ import annotations

import pytest

from annotations.models import LabelOp, TourState
from tests.e2e.editor import stored_labels
from tests.e2e.test_accessible import violations

BOX = (0, 0, 256, 256)


@pytest.fixture
def newcomer(open_editor):
    """Return a function that opens the editor as somebody who was never there."""

    def open_one(*user, **options):
        return open_editor(*user, knows_tour=False, **options)

    return open_one


def title(editor):
    return editor.page.locator(".tour h2").inner_text()


def wait_for_step(editor, wanted):
    editor.wait_until(
        f"() => document.querySelector('.tour h2')?.textContent === {wanted!r}",
    )


def is_marked(editor, selector):
    """Tell whether the tour points at something."""
    style = "(found) => getComputedStyle(found).outlineStyle"
    return editor.page.locator(selector).evaluate(style) == "dashed"


def look_around(editor):
    """Zoom with the wheel, and move with the arrow keys."""
    wait_for_step(editor, "Move and zoom the image")
    editor.page.mouse.move(*editor.on_screen(128, 128))
    editor.page.mouse.wheel(0, -240)
    editor.wait_until_still()
    editor.page.keyboard.press("ArrowRight")
    wait_for_step(editor, "Choose the brush and its size")


def paint_one(editor):
    editor.stroke((110, 110), (130, 110))
    wait_for_step(editor, "Correct its edge")


def test_from_the_beginning_to_the_end_by_really_painting(newcomer, image):
    editor = newcomer()
    page = editor.page

    look_around(editor)
    assert not TourState.objects.exists()  # so far the person has only looked
    assert is_marked(editor, '.tool[data-tool="brush"]')
    page.keyboard.press("]")
    wait_for_step(editor, "Paint one object")
    paint_one(editor)
    assert is_marked(editor, '.tool[data-tool="erase-selected"]')
    page.keyboard.down("Alt")
    editor.stroke((106, 104), (110, 104))
    page.keyboard.up("Alt")
    wait_for_step(editor, "Undo and redo")
    assert is_marked(editor, '[data-control="undo"]')
    page.keyboard.press("Control+z")
    editor.until("({ tour }) => tour.place.value.done.includes('undo')")
    page.keyboard.press("Control+Shift+z")
    wait_for_step(editor, "Where drafts, regions and help are")
    page.keyboard.press("?")
    page.get_by_role("dialog").wait_for()
    page.keyboard.press("Escape")
    wait_for_step(editor, "Done: you painted one object")

    editor.wait_until_saved()
    kinds = LabelOp.objects.order_by("seq").values_list("kind", flat=True)
    assert list(kinds) == ["brush", "erase-selected", "undo", "redo"]
    assert stored_labels(image, *BOX) == editor.labels(*BOX)
    editor.wait_for(lambda: TourState.objects.filter(status="done").exists())
    page.get_by_role("button", name="Close the tour").click()
    assert page.locator(".tour").count() == 0
    editor.reload()
    assert page.locator(".tour").count() == 0
    assert editor.problems == []


def test_it_goes_on_where_it_was(newcomer):
    editor = newcomer()
    page = editor.page
    page.get_by_role("button", name="Skip this step").click()
    wait_for_step(editor, "Choose the brush and its size")
    editor.wait_for(lambda: TourState.objects.filter(step="brush").exists())

    editor.reload()
    wait_for_step(editor, "Choose the brush and its size")
    page.get_by_role("button", name="Not now").click()
    editor.wait_for(lambda: TourState.objects.filter(status="later").exists())
    editor.reload()
    assert page.locator(".tour").count() == 0
    page.keyboard.press("?")
    help_sheet = page.get_by_role("dialog")
    help_sheet.get_by_role("button", name="Go on with the tour").click()
    wait_for_step(editor, "Choose the brush and its size")
    page.get_by_role("button", name="Do not show again").click()
    editor.wait_for(lambda: TourState.objects.filter(status="dismissed").exists())
    editor.reload()
    assert page.locator(".tour").count() == 0


def test_with_the_keyboard_alone(newcomer):
    editor = newcomer()
    page = editor.page
    skip = page.get_by_role("button", name="Skip this step")
    for _ in range(12):
        page.keyboard.press("Tab")
        if skip.evaluate("(one) => one === document.activeElement"):
            break
    page.keyboard.press("Enter")
    wait_for_step(editor, "Choose the brush and its size")
    assert page.evaluate("() => document.activeElement.closest('.tour') !== null")
    page.keyboard.press("Escape")
    assert page.locator(".tour").count() == 0
    assert page.evaluate("() => document.activeElement.closest('.stage') !== null")


def test_who_may_only_look_is_not_told_to_paint(newcomer, people):
    editor = newcomer(people["viewer"])
    page = editor.page
    assert page.locator(".tour").count() == 0

    page.keyboard.press("?")
    page.get_by_role("dialog").get_by_role("button", name="Start the tour").click()
    assert page.locator(".tour-progress").inner_text() == "Step 1 of 2"
    page.get_by_role("button", name="Skip this step").click()
    wait_for_step(editor, "Where drafts, regions and help are")
    page.get_by_role("button", name="Skip this step").click()
    wait_for_step(editor, "That was the tour")
    assert not TourState.objects.exists()


@pytest.mark.parametrize("size", [(1280, 800), (390, 844)])
def test_the_card_is_accessible_and_leaves_room_to_paint(newcomer, size):
    width, height = size
    editor = newcomer(viewport={"width": width, "height": height})
    for _ in range(2):
        editor.page.get_by_role("button", name="Skip this step").click()
    wait_for_step(editor, "Paint one object")
    assert violations(editor.page) == []

    editor.stroke((150, 150), (170, 150))
    wait_for_step(editor, "Correct its edge")
    editor.tell("({ tour }) => tour.skip()")
    editor.tell("({ tour }) => tour.skip()")
    wait_for_step(editor, "Where drafts, regions and help are")
    assert violations(editor.page) == []
