"""What stands between an editor and its server: a proxy's limit, a full disk, a second tab."""

from __future__ import annotations

import numpy as np
import pytest

from annotations.models import LabelLayer
from tests.disks import disk_at
from tests.e2e.editor import Editor, stored_labels

BOX = (20, 20, 220, 220)


@pytest.fixture
def small_disk(data_dir):
    """The server's data directory on a disk that can be filled; asked for before the site."""
    with disk_at(data_dir, "256m") as leave:
        yield leave


def test_strokes_wait_while_the_servers_disk_is_full(small_disk, open_editor, image):
    editor = open_editor()
    page = editor.page
    editor.stroke((60, 60), (120, 60))
    editor.wait_until_saved()

    small_disk(0)
    editor.stroke((60, 100), (120, 100))
    editor.wait_for(lambda: editor.state() == "server-trouble")
    page.locator(".notice", has_text="free some space").wait_for()
    editor.stroke((60, 140), (120, 140))
    page.get_by_role("button", name="Not saved yet, 2 strokes kept here").wait_for()
    before = editor.labels(*BOX)
    small_disk(None)
    page.locator(".save-mark").click()
    editor.wait_until_saved()

    assert len(np.unique(before)) == 4
    assert editor.labels(*BOX) == stored_labels(image, *BOX) == before
    assert LabelLayer.objects.get(image=image).seq == 3


class Proxy:
    """Lets requests of so many bytes through, as nginx does with client_max_body_size."""

    def __init__(self, limit=0):
        self.limit = limit  # None: it is not there at all
        self.refused = []

    def __call__(self, route):
        size = len(route.request.post_data_buffer or b"")
        if self.limit is not None and size <= self.limit:
            route.continue_()
            return
        self.refused.append(size)
        if self.limit is None:
            route.abort()
            return
        page = "<html><h1>413 Request Entity Too Large</h1></html>"
        route.fulfill(status=413, content_type="text/html", body=page)


def test_what_is_too_large_for_a_proxy_is_sent_in_parts(open_editor, image):
    editor = open_editor()
    proxy = Proxy(limit=None)
    editor.page.route("**/ops/", proxy)
    for n in range(8):
        editor.stroke((40, 40 + 20 * n), (200, 40 + 20 * n))
    editor.wait_for(lambda: editor.state() == "offline")
    before = editor.labels(*BOX)
    proxy.limit = 3 * min(proxy.refused)
    proxy.refused.clear()
    editor.page.click(".save-mark")
    editor.wait_until_saved()

    assert proxy.refused  # all eight at once
    assert stored_labels(image, *BOX) == before
    assert LabelLayer.objects.get(image=image).seq == 8
    assert editor.page.locator(".aside-mark").count() == 0


def test_one_stroke_too_large_for_a_proxy_is_kept_and_keeps_nobody_waiting(open_editor, image):
    editor = open_editor()
    page = editor.page
    proxy = Proxy()
    page.route("**/ops/", proxy)

    editor.stroke((60, 60), (160, 60))
    page.get_by_role("button", name="Decide").click()
    page.get_by_text("larger than a proxy in front of the server lets through").wait_for()
    page.keyboard.press("Escape")
    proxy.limit = 1 << 20
    editor.stroke((60, 140), (160, 140))
    editor.wait_until_saved()
    assert len(np.unique(stored_labels(image, *BOX))) == 2

    page.locator(".aside-mark").click()
    page.get_by_role("button", name="Try again").click()
    page.get_by_text("None is left.").wait_for()
    page.keyboard.press("Escape")
    editor.wait_until_saved()
    assert len(np.unique(stored_labels(image, *BOX))) == 3
    assert editor.labels(*BOX) == stored_labels(image, *BOX)


def test_two_tabs_of_one_person_share_what_is_kept_and_send_it_once(open_editor, image):
    one = open_editor()
    two = Editor(one.page.context, one.url, image)
    one.page.route("**/ops/", lambda route: route.abort())
    one.page.bring_to_front()
    one.stroke((60, 60), (120, 60))
    one.wait_until_journalled()
    kept = one.labels(*BOX)

    two.page.bring_to_front()
    two.reload()  # the other tab lives: what it keeps is its own to send
    assert not np.array(two.labels(*BOX)).any()
    two.stroke((60, 140), (120, 140))
    two.wait_until_saved()
    assert LabelLayer.objects.get(image=image).seq == 1

    one.page.close()
    two.reload()
    two.wait_until_saved()
    both = np.array(two.labels(*BOX))
    assert (both[np.array(kept) > 0] > 0).all()
    assert stored_labels(image, *BOX) == both.tolist()
    assert LabelLayer.objects.get(image=image).seq == 2

    two.page.keyboard.press("Control+z")
    two.until("(editor) => editor.layer.history.value.canRedo")
    two.wait_until_saved()
    assert two.labels(*BOX) == stored_labels(image, *BOX) == kept
    assert one.problems == two.problems == []
