"""Who else is here: seen by the others, followed, and gone when they leave."""

from __future__ import annotations

import pytest

from annotations.models import LabelLayer


def mark_of(editor, person):
    return editor.page.locator(".people .mark", has_text=person.username[:2].upper())


def sees(editor, person):
    editor.wait_for(lambda: mark_of(editor, person).count() == 1)


def view_of(editor):
    return editor.tell("(editor) => editor.scene.stage.view().visible")


def person_in(editor, person):
    script = "(editor, id) => editor.people.people.value.find((one) => one.user === id)"
    return editor.tell(script, person.pk)


def test_people_see_who_is_here_and_where_until_they_leave(open_editor, annotator, owner, viewer):
    one, other = open_editor(), open_editor(user=owner)
    sees(one, owner)
    sees(other, annotator)
    looker = open_editor(user=viewer)
    for editor, person in [(one, viewer), (other, viewer), (looker, owner), (looker, annotator)]:
        sees(editor, person)

    other.stroke((60, 60), (120, 80))
    one.wait_for(lambda: person_in(one, owner)["selected"] > 0)
    one.wait_for(lambda: person_in(one, owner)["isPainting"])
    one.page.locator(".people summary").click()
    row = one.page.locator(".people-list li", has_text=owner.username)
    row.get_by_text("painting, object").wait_for()
    assert person_in(one, owner)["box"] == view_of(other)

    looker.page.close()
    one.wait_for(lambda: person_in(one, viewer) is None)
    assert [editor.problems for editor in (one, other, looker)] == [[], [], []]


def test_a_click_goes_to_somebodys_view_and_along_until_one_moves(open_editor, annotator, owner):
    one, other = open_editor(), open_editor(user=owner)
    sees(one, owner)

    other.tell("(editor) => editor.scene.stage.showBox({ x0: 40, y0: 40, x1: 80, y1: 70 }, true)")
    other.wait_until_still()
    mark_of(one, owner).click()
    one.page.locator(".follow").wait_for()
    one.wait_for(lambda: is_around(view_of(one), view_of(other)))
    other.tell("(editor) => editor.scene.stage.panBy(-200, -100, false)")
    other.wait_until_still()
    one.wait_for(lambda: is_around(view_of(one), view_of(other)))

    one.page.mouse.move(*one.on_screen(60, 60))
    one.page.mouse.wheel(0, -100)
    one.page.locator(".follow").wait_for(state="hidden")
    one.wait_until_still()
    before = view_of(one)
    other.tell("(editor) => editor.view.fit()")
    one.wait_for(lambda: person_in(one, owner)["box"] == view_of(other))
    assert view_of(one) == before


def is_around(outer, inner):
    """Whether all of a view is seen, and not much more."""
    grown = 1.6 * max(inner["x1"] - inner["x0"], inner["y1"] - inner["y0"])
    return (
        outer["x0"] <= inner["x0"]
        and outer["y0"] <= inner["y0"]
        and outer["x1"] >= inner["x1"]
        and outer["y1"] >= inner["y1"]
        and max(outer["x1"] - outer["x0"], outer["y1"] - outer["y0"]) <= grown
    )


def test_two_who_follow_each_other_come_to_rest(open_editor, annotator, owner):
    one, other = open_editor(), open_editor(user=owner)
    sees(one, owner)
    sees(other, annotator)
    other.tell("(editor) => editor.scene.stage.showBox({ x0: 40, y0: 40, x1: 90, y1: 90 }, true)")
    said = []
    other.page.on(
        "request", lambda request: said.append(request) if "/presence/" in request.url else 0
    )

    mark_of(one, owner).click()
    mark_of(other, annotator).click()

    def rest():
        """Whether nothing is handed to and fro for a while."""
        views = view_of(one), view_of(other)
        said.clear()
        one.page.wait_for_timeout(3000)
        return (view_of(one), view_of(other)) == views and len(said) <= 1

    one.wait_for(rest, "two views that stay")


def test_who_does_not_want_to_be_seen_is_gone_and_saves_all_the_same(
    open_editor, image, annotator, owner
):
    one, other = open_editor(), open_editor(user=owner)
    sees(one, owner)
    other.page.locator(".people summary").click()
    other.page.get_by_label("Tell others where I am").uncheck()
    one.wait_for(lambda: mark_of(one, owner).count() == 0)
    other.page.keyboard.press("Escape")

    other.reload()
    said = []
    other.page.on("request", lambda request: said.append(request.url))
    other.stroke((60, 60), (120, 80))
    other.wait_until_saved()
    assert not any("/presence/" in url for url in said)
    assert LabelLayer.objects.get(image=image).seq == 1
    assert mark_of(one, owner).count() == 0


@pytest.mark.parametrize("status", [403, 429, 500])
def test_painting_goes_on_when_nobody_can_be_told(open_editor, status):
    editor = open_editor()
    editor.page.route("**/presence/", lambda route: route.fulfill(status=status, body="no"))
    editor.stroke((60, 60), (120, 80))
    editor.wait_until_saved()
    assert editor.page.locator(".notice").count() == 0
