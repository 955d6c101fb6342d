"""Painting in a real browser: what is drawn stays, whatever happens to browser and server."""

from __future__ import annotations

import contextlib

import numpy as np
import psutil
import pytest

from annotations.models import LabelLayer
from tests.e2e.conftest import VIEWPORT
from tests.e2e.editor import Editor, stored_labels
from tests.e2e.site import CHROMIUM_ARGUMENTS, chromium

BOX = (20, 20, 220, 180)


def painted(labels):
    return int((np.array(labels) > 0).sum())


def test_a_stroke_is_the_same_after_a_reload(open_editor):
    editor = open_editor()

    editor.stroke((60, 60), (120, 80), (160, 150))
    editor.wait_until_saved()
    before = editor.labels(*BOX)
    editor.reload()

    assert painted(before) > 1000
    assert editor.labels(*BOX) == before
    assert editor.problems == []


def test_undo_takes_back_one_stroke_and_redo_brings_it_back(open_editor):
    editor = open_editor()

    editor.stroke((60, 60), (100, 60))
    one = editor.labels(*BOX)
    editor.stroke((60, 140), (140, 140))
    two = editor.labels(*BOX)
    editor.page.keyboard.press("Control+z")
    editor.until("(editor) => editor.layer.history.value.canRedo")
    undone = editor.labels(*BOX)
    editor.page.keyboard.press("Control+Shift+z")
    editor.until("(editor) => !editor.layer.history.value.canRedo")

    assert undone == one
    assert painted(two) > painted(one)
    assert editor.labels(*BOX) == two


def test_two_strokes_apart_make_two_objects_and_neighbours_are_preserved(open_editor):
    editor = open_editor()

    editor.stroke((60, 60), (80, 60))
    first = set(np.unique(editor.labels(*BOX))) - {0}
    area = painted(editor.labels(*BOX))
    editor.stroke((120, 60), (70, 60))
    labels = np.array(editor.labels(*BOX))

    assert len(set(np.unique(labels)) - {0}) == 2
    assert int((labels == next(iter(first))).sum()) == area


def test_the_wheel_zooms_and_a_middle_drag_moves_without_painting(open_editor):
    editor = open_editor()
    mouse = editor.page.mouse
    start = editor.on_screen(100, 100)

    mouse.move(*start)
    mouse.wheel(0, -300)
    editor.until("(editor) => editor.scene.stage.view().scale > 3.2")
    editor.wait_until_still()
    zoomed = editor.on_screen(150, 100)[0] - editor.on_screen(100, 100)[0]
    mouse.down(button="middle")
    mouse.move(start[0] + 80, start[1] + 40, steps=4)
    mouse.up(button="middle")
    editor.wait_until_still()
    moved = editor.on_screen(100, 100)

    assert zoomed > 50 * 3.2
    assert moved[0] - start[0] == pytest.approx(80, abs=6)
    assert painted(editor.labels(*BOX)) == 0


def test_nothing_is_lost_while_the_server_is_down(open_editor, site, image):
    editor = open_editor()
    editor.stroke((50, 50), (90, 50))
    editor.wait_until_saved()

    site.kill()
    editor.stroke((50, 100), (150, 100))
    editor.stroke((50, 150), (150, 150))
    editor.wait_for(lambda: editor.state() == "offline")
    before = editor.labels(*BOX)
    site.start()
    editor.page.click(".save-mark")
    editor.wait_until_saved()

    layer = LabelLayer.objects.get(image=image)
    assert layer.seq == 3
    assert stored_labels(image, *BOX) == before


def test_dropped_answers_do_not_apply_a_stroke_twice(open_editor, image):
    editor = open_editor()
    dropped = []

    def drop_the_first_two(route):
        if len(dropped) < 2:
            dropped.append(route.fetch())  # it reaches the server; the page never hears of it
            route.abort()
        else:
            route.continue_()

    editor.page.route("**/ops/", drop_the_first_two)
    editor.stroke((60, 60), (160, 60))
    before = editor.labels(*BOX)
    editor.wait_until_saved()

    layer = LabelLayer.objects.get(image=image)
    assert len(dropped) == 2
    assert layer.ops.count() == 1
    assert stored_labels(image, *BOX) == before


@pytest.mark.parametrize("is_open", [True, False], ids=["in the middle of a stroke", "offline"])
def test_a_killed_browser_loses_nothing(playwright, site, image, annotator, tmp_path, is_open):
    def launch():
        context = playwright.chromium.launch_persistent_context(
            str(tmp_path / "profile"),
            executable_path=chromium() or pytest.skip("No Chromium is installed here."),
            args=CHROMIUM_ARGUMENTS,
            viewport=VIEWPORT,
        )
        context.add_cookies([site.session_cookie(annotator)])
        return context

    context = launch()
    editor = Editor(context, site.url, image)
    editor.page.route("**/ops/", lambda route: route.abort())
    editor.stroke((60, 150), (100, 150))
    editor.stroke((60, 60), (160, 60), (160, 120), let_go=not is_open)
    editor.wait_until_journalled()
    before = editor.labels(*BOX)
    kill_browser(tmp_path / "profile")
    again = launch()
    reopened = Editor(again, site.url, image)
    reopened.wait_until_saved()

    assert painted(before) > 1000
    assert reopened.labels(*BOX) == before
    assert stored_labels(image, *BOX) == before
    again.close()


def kill_browser(profile):
    """End the browser of a profile, with all its processes, at once."""
    argument = f"--user-data-dir={profile}"
    found = [
        process
        for process in psutil.process_iter(["cmdline"])
        if argument in (process.info["cmdline"] or [])
    ]
    assert found
    for process in [*found, *children_of(found)]:
        with contextlib.suppress(psutil.NoSuchProcess):  # went with its parent
            process.kill()
    _, alive = psutil.wait_procs(found, timeout=60)
    assert not alive


def children_of(processes):
    children = []
    for process in processes:
        with contextlib.suppress(psutil.NoSuchProcess):
            children += process.children(recursive=True)
    return children
