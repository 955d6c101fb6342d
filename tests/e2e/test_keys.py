"""Keys of a person's own: chosen in the sheet, the same after a reload and in the other tab."""

from __future__ import annotations

import pytest

from annotations.actions.classes import create_class
from annotations.models import KeyBindings
from tests.e2e.editor import Editor


@pytest.fixture
def editor(open_editor, owner, image):
    create_class(user=owner, project_id=image.project_id, name="tumour", key="5")
    return open_editor(owner)


def open_sheet(editor):
    editor.page.keyboard.press("?")
    editor.page.get_by_role("dialog", name="Tools and shortcuts").wait_for()


def ask(editor, name):
    """Open the dialog of a tool or command by keyboard; return it."""
    change = editor.page.get_by_role("button", name=f"Change the key of {name}, now")
    change.focus()
    editor.page.keyboard.press("Enter")
    dialog = editor.page.get_by_role("dialog", name=f"Key of {name}")
    dialog.wait_for()
    return dialog


def give(editor, name, *keys):
    """Give something a key of which nobody minds, or the last of several."""
    dialog = ask(editor, name)
    for key in keys:
        editor.page.keyboard.press(key)
    dialog.wait_for(state="detached")


def close_sheet(editor):
    editor.page.keyboard.press("Escape")
    editor.page.get_by_role("dialog").wait_for(state="detached")


def chosen_tool(editor):
    return editor.page.locator(".tool[aria-pressed=true]").get_attribute("data-tool")


def said(editor):
    return editor.page.locator(".key-told").inner_text()


def kept(owner):
    return KeyBindings.objects.filter(user=owner).values_list("keys", flat=True).first() or {}


def test_the_brush_has_another_key_and_paints_after_a_reload(editor, owner):
    open_sheet(editor)
    give(editor, "Brush", "F5", "8")  # the browser's key is refused
    assert said(editor) == "Brush: 8."
    close_sheet(editor)
    editor.wait_for(lambda: kept(owner) == {"brush": "8"})

    editor.reload()
    page = editor.page
    page.keyboard.press("v")
    page.keyboard.press("b")
    assert chosen_tool(editor) == "select"
    page.keyboard.press("8")
    assert chosen_tool(editor) == "brush"
    button = page.locator("[data-tool=brush]")
    assert button.get_attribute("aria-keyshortcuts") == "8"
    assert button.get_attribute("title").startswith("Brush (8)")
    editor.stroke((60, 60), (90, 60))
    editor.wait_until_saved()
    assert editor.labels(75, 60, 76, 61) != [[0]]
    assert editor.problems == []


def test_a_key_of_something_else_is_given_swapped_or_left_and_comes_back(editor, owner):
    page = editor.page
    open_sheet(editor)

    dialog = ask(editor, "Brush")
    page.keyboard.press("m")
    assert "M is Merge: give it to Brush instead?" in dialog.get_by_role("alert").inner_text()
    page.keyboard.press("Escape")
    dialog.wait_for(state="detached")
    assert page.evaluate("() => document.activeElement.dataset.change") == "brush"

    dialog = ask(editor, "Brush")
    page.keyboard.press("m")
    dialog.get_by_role("button", name="Give M to Brush").click()
    assert said(editor) == "Brush: M. Merge has no key now."
    dialog = ask(editor, "Merge")
    page.keyboard.press("k")
    page.keyboard.press("Tab")  # to "Give"; a swap needs a key to give in return
    page.keyboard.press("Enter")
    assert said(editor) == "Merge: K. Split has no key now."
    editor.wait_for(lambda: kept(owner) == {"brush": "m", "merge": "k", "split": ""})

    dialog = ask(editor, "Merge")
    page.keyboard.press("m")
    dialog.get_by_role("button", name="Swap: Brush gets K").click()
    editor.wait_for(lambda: kept(owner) == {"brush": "k", "split": ""})

    page.get_by_role("button", name="Reset the key of Split to K").click()
    dialog = page.get_by_role("dialog", name="Key of Split")
    assert "K is Brush" in dialog.get_by_role("alert").inner_text()
    dialog.get_by_role("button", name="Give K to Split").click()
    editor.wait_for(lambda: kept(owner) == {"brush": ""})
    page.get_by_role("button", name="Reset all keys").click()
    editor.wait_for(lambda: kept(owner) == {})
    close_sheet(editor)
    page.keyboard.press("v")
    page.keyboard.press("b")
    assert chosen_tool(editor) == "brush"
    assert editor.problems == []


def test_the_key_of_a_class_is_hidden_only_by_who_says_so(editor, owner):
    page = editor.page
    key = page.get_by_role("button", name="tumour").locator("kbd")
    assert key.inner_text() == "5"
    open_sheet(editor)
    dialog = ask(editor, "Lasso")
    page.keyboard.press("5")
    assert "the class tumour in this project" in dialog.get_by_role("alert").inner_text()
    dialog.get_by_role("button", name="Give 5 to Lasso").click()
    close_sheet(editor)
    assert key.count() == 0
    page.keyboard.press("5")
    assert chosen_tool(editor) == "lasso"

    editor.wait_for(lambda: kept(owner) == {"lasso": "5"})
    editor.reload()
    page.get_by_text("5 is Lasso for you").first.wait_for()


def test_another_tab_has_the_new_key_at_once(editor, image, site):
    other = Editor(editor.page.context, site.url, image)
    open_sheet(editor)
    give(editor, "Brush", "8")
    other.wait_until("() => document.querySelector('[data-tool=brush] kbd').dataset.keys === '8'")
    other.page.keyboard.press("v")
    other.page.keyboard.press("8")
    assert chosen_tool(other) == "brush"


def test_the_sheet_is_searched_by_name_and_by_key(editor):
    page = editor.page
    open_sheet(editor)
    search = page.get_by_role("searchbox", name="Find a tool or a key")
    search.fill("bookmark")
    assert page.locator(".help dt:visible").count() == 1
    search.fill("nothing of the kind")
    page.get_by_text("No tool and no key is called that").wait_for()
