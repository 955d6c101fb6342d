"""Drawing a region leads to what is to be said of it."""

from __future__ import annotations

IN_WINDOW = """(button) => {
  const { top, bottom } = button.getBoundingClientRect();
  return top >= 0 && bottom <= window.innerHeight;
}"""


def test_what_a_drawn_region_holds_is_asked_in_sight(open_editor):
    editor = open_editor(viewport={"width": 1280, "height": 620})
    page = editor.page
    page.get_by_text("Regions", exact=True).click()  # folded away
    page.keyboard.press("Escape")
    page.keyboard.press("g")
    page.mouse.move(*editor.on_screen(40, 40))
    page.mouse.down()
    page.mouse.move(*editor.on_screen(140, 120), steps=4)
    page.mouse.up()
    button = page.get_by_role("button", name="Open region")
    button.wait_for()
    editor.wait_for(lambda: button.evaluate(IN_WINDOW), "the form in sight")
    assert editor.problems == []
