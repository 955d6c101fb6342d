"""Panels with nothing in them: what they are for, and the way to the next thing to do."""

from __future__ import annotations

import pytest

from tests.e2e.test_accessible import violations


@pytest.fixture
def panel(open_editor):
    """Return a function that opens the editor of an image without objects, and its panel."""

    def open_panel(user):
        editor = open_editor(user)
        return editor, editor.page.locator(".panel")

    return open_panel


def test_an_owner_is_led_to_a_starter_model_the_tour_and_the_people(panel, owner, project):
    editor, side = panel(owner)

    starters = side.get_by_role("link", name="Add a starter model").get_attribute("href")
    assert starters == f"/projects/{project.pk}/training/#starters"
    assert side.get_by_role("button", name="Whole image").is_visible()
    assert "no draft to compare with yet" in side.inner_text()
    editor.page.locator(".people summary").click()
    people = editor.page.locator(".people").get_by_role("link", name="People of the project")
    assert people.get_attribute("href") == f"/projects/{project.pk}/people/"
    editor.page.keyboard.press("Escape")
    side.get_by_role("button", name="Start the tour").click()
    editor.page.get_by_role("region", name="Tour of the editor").wait_for()
    assert side.get_by_role("button", name="Start the tour").count() == 0
    assert violations(editor.page) == []


def test_a_viewer_is_asked_for_nothing_that_only_others_may(panel, people, project):
    editor, side = panel(people["viewer"])

    models = side.get_by_role("link", name="see which there are").get_attribute("href")
    assert models == f"/projects/{project.pk}/training/"
    assert "ask an owner of the project for the role annotator" in side.inner_text()
    for name in ("Whole image", "Draw a box", "Start the tour"):
        assert side.get_by_role("button", name=name).count() == 0
    assert side.get_by_label("A stroke on empty ground").count() == 0
    assert violations(editor.page) == []


def test_a_history_that_a_filter_empties_leads_back(panel, owner):
    editor, side = panel(owner)
    page = editor.page
    page.keyboard.press("t")
    side.get_by_text("Nothing was done here yet").wait_for()
    page.keyboard.press("t")
    editor.stroke((60, 60), (80, 60))
    editor.wait_until_saved()
    page.keyboard.press("t")
    side.locator(".history-step").first.wait_for()

    editor.tell("({ steps }) => steps.setFilter({ instanceId: 999999 })")
    side.get_by_role("button", name="Show all steps").click()
    side.locator(".history-step").first.wait_for()
    assert editor.problems == []
