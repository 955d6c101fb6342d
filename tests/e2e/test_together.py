"""More than one person, a server that says no, a session that ends: nothing is lost in silence."""

from __future__ import annotations

import json
import time

import numpy as np
import pytest
from django.contrib.sessions.models import Session

from annotations.models import Activity, LabelLayer, Region
from tests.e2e.editor import stored_labels
from tests.people import PASSWORD
from training.models import Selection, Suggestion

BOX = (20, 20, 220, 180)
KEPT = "window.isSamePage = true;"


def held_back(route):
    route.abort()


def test_who_was_second_sees_what_was_refused_and_can_insist(open_editor, image, owner):
    first, second = open_editor(), open_editor(user=owner)
    second.page.route("**/ops/", held_back)
    second.stroke((60, 80), (160, 80))
    second.wait_until_journalled()
    mine = np.array(second.labels(*BOX)) > 0

    def some_is_lost():
        return (mine & np.isin(second.labels(*BOX), [0, 1])).any()

    first.stroke((110, 60), (110, 120))
    first.wait_until_saved()
    second.page.unroute("**/ops/")
    second.tell("(editor) => editor.retrySaving()")
    second.page.locator(".notice", has_text="your version was not used there").wait_for()
    # The answer may be told of before the stroke of the first has come by the stream.
    second.wait_for(some_is_lost)

    second.page.get_by_role("button", name="Show", exact=True).first.click()
    assert second.tell("(editor) => editor.scene.flash.isShown")
    second.page.get_by_role("button", name="Use mine").click()
    second.until("(editor) => editor.layer.history.value.undoKind === 'reclaim'")
    second.wait_until_saved()

    stored = np.array(stored_labels(image, *BOX))
    assert len(np.unique(stored[mine])) == 1  # all of it is the second's object now
    assert first.problems == second.problems == []


def test_what_the_server_will_never_take_is_listed_and_a_person_decides(open_editor, image):
    editor = open_editor()
    page = editor.page
    answer = json.dumps({"code": "invalid_input", "message": "This is too strange."})
    page.route(
        "**/ops/",
        lambda route: route.fulfill(status=400, content_type="application/json", body=answer),
    )

    editor.stroke((60, 60), (120, 60))
    page.get_by_role("button", name="Decide").click()
    page.get_by_text("This is too strange.").wait_for()
    assert not np.array(editor.labels(*BOX)).any()
    with page.expect_download() as started:
        page.get_by_role("button", name="Download").click()
    kept = json.loads(started.value.path().read_text())
    assert (kept["kind"], kept["why"]) == ("brush", "This is too strange.")

    page.unroute("**/ops/")
    page.get_by_role("button", name="Try again").click()
    page.get_by_text("None is left.").wait_for()
    page.keyboard.press("Escape")
    editor.wait_until_saved()
    assert np.array(stored_labels(image, *BOX)).any()
    assert page.locator(".aside-mark").count() == 0


def test_an_ended_session_is_told_and_one_goes_on_without_loading_again(
    open_editor, image, annotator
):
    annotator.set_password(PASSWORD)
    annotator.save()
    editor = open_editor()
    page = editor.page
    page.evaluate(KEPT)

    editor.stroke((60, 60), (120, 60), let_go=False)
    Session.objects.all().delete()
    page.mouse.up()
    page.get_by_role("dialog").get_by_text("You were signed out").wait_for()
    assert editor.state() == "login-needed"
    page.keyboard.press("Escape")
    page.get_by_role("dialog").wait_for(state="hidden")
    editor.stroke((60, 120), (120, 120))  # painting goes on
    page.wait_for_timeout(600)  # long enough for the dialog to come back, if it would
    assert editor.tell("(editor) => editor.layer.saveState.value.queued") == 2
    assert page.get_by_role("dialog").count() == 0
    page.locator(".save-mark").click()
    before = editor.labels(*BOX)

    with page.context.expect_page() as opened:
        page.get_by_role("link", name="Sign in in a new tab").click()
    login = opened.value
    login.locator("[name=login]").fill(annotator.username)
    login.locator("[name=password]").fill(PASSWORD)
    login.locator("[name=password]").press("Enter")
    login.wait_for_url(lambda url: "/login/" not in url)
    login.close()
    # The next try of the page itself may come first, at any moment: then there is no button.
    again = page.get_by_role("button", name="I am signed in again")
    again.evaluate_all("(buttons) => buttons.forEach((button) => button.click())")
    editor.wait_until_saved()

    page.get_by_role("dialog").wait_for(state="hidden")
    assert page.evaluate("() => window.isSamePage")
    assert stored_labels(image, *BOX) == before
    assert LabelLayer.objects.get(image=image).seq == 2


def test_strokes_wait_while_somebody_else_is_signed_in(open_editor, site, image, annotator, owner):
    editor = open_editor()
    page = editor.page
    page.context.add_cookies([site.session_cookie(owner)])

    editor.stroke((60, 60), (120, 60))
    page.get_by_role("dialog").get_by_text(f"You are signed in as {owner.username} now").wait_for()
    assert not LabelLayer.objects.get(image=image).ops.exists()

    page.context.add_cookies([site.session_cookie(annotator)])
    again = page.get_by_role("button", name="I am signed in again")
    again.evaluate_all("(buttons) => buttons.forEach((button) => button.click())")
    editor.wait_until_saved()
    assert LabelLayer.objects.get(image=image).ops.get().user == annotator


def test_working_time_is_counted_for_who_paints_and_for_nobody_else(
    open_editor, image, annotator, viewer
):
    began = time.monotonic()
    editor, looker = open_editor(), open_editor(user=viewer)
    sent, sent_by_looker = reports_of(editor.page), reports_of(looker.page)

    for one in (editor, looker):
        one.stroke((60, 60), (120, 60))
        one.page.wait_for_timeout(1200)
        one.page.mouse.move(*one.on_screen(90, 90))
    editor.wait_until_saved()
    # As when the page goes away, which is too late to hear of its requests.
    leave = "() => window.dispatchEvent(new PageTransitionEvent('pagehide'))"
    looker.page.evaluate(leave)
    with editor.page.expect_request("**/activity/"):
        editor.page.evaluate(leave)

    # One, or more where half a minute has gone by.
    editor.wait_for(lambda: Activity.objects.count() == len(sent))
    assert set(Activity.objects.values_list("image", "user")) == {(image.pk, annotator.pk)}
    assert 1 < sum(row.active_s for row in Activity.objects.all()) < time.monotonic() - began
    assert sent_by_looker == looker.problems == []


def reports_of(page):
    """Return a list that gets every report of working time that the page sends."""
    sent = []
    page.on("request", lambda request: sent.append(request) if "/activity/" in request.url else 0)
    return sent


@pytest.fixture
def suggestions(project, image, annotator):
    """Two suggestions on the image: where to paint, and why."""
    selection = Selection.objects.create(project=project, state="finished", created_by=annotator)
    boxes = [(10, 10, 110, 110), (120, 150, 220, 250)]
    return [
        Suggestion.objects.create(
            selection=selection,
            rank=rank,
            image=image,
            **dict(zip(("row0", "col0", "row1", "col1"), box, strict=True)),
            strategy="doubtful",
            reason=f"Reason number {rank}.",
        )
        for rank, box in enumerate(boxes, 1)
    ]


def test_one_goes_from_suggestion_to_suggestion_by_keyboard(
    open_editor, site, image, project, suggestions
):
    first = open_editor()
    taken = first.page.evaluate(
        """async (id) => {
          const token = document.cookie.match(/csrftoken=([^;]+)/)[1];
          const headers = { "X-CSRFToken": token };
          const made = await fetch(`/api/v1/suggestions/${id}/take/`, { method: "POST", headers });
          return (await made.json()).region;
        }""",
        str(suggestions[0].pk),
    )
    editor = open_editor(query=f"?region={taken}")
    page = editor.page
    assert editor.tell("(editor) => editor.model.chosenRegion.value") == taken
    page.get_by_text("Reason number 1.").wait_for()
    editor.wait_until_still()
    left, top = editor.on_screen(60, 60)
    stage = page.locator(".stage").bounding_box()
    assert left == pytest.approx(stage["x"] + stage["width"] / 2, abs=3)
    assert top == pytest.approx(stage["y"] + stage["height"] / 2, abs=3)

    editor.stroke((40, 40), (60, 40))
    page.keyboard.press("Control+Enter")
    page.get_by_role("button", name="Next suggestion").first.wait_for()
    page.keyboard.press("Shift+G")
    page.get_by_text("Reason number 2.").wait_for()
    second = Region.objects.exclude(pk=taken).get()
    assert editor.tell("(editor) => editor.model.chosenRegion.value") == str(second.pk)
    page.keyboard.press("Control+Enter")
    editor.until("(editor) => editor.model.regions.value.every((one) => one.state === 'submitted')")
    page.keyboard.press("Shift+G")
    page.wait_for_url(f"**/projects/{project.pk}/")
    assert editor.problems == []
