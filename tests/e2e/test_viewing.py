"""Looking at a 16-bit image in a real browser: stored values, kept settings, links, bookmarks."""

from __future__ import annotations

import io

import numpy as np
import pytest
import tifffile
from PIL import Image as Pil

from annotations.actions.images import register_image
from annotations.jobs.images import ingest_image
from annotations.models import Bookmark, ViewSettings
from tests.e2e.editor import Editor

HEIGHT, WIDTH = 600, 800
# Bright spots make the tiles' window wide: between two of their greys lie more than 200 values.
DIM, STRIPE_BY, BRIGHT = 5000, 40, 60_000
STRIPES = (100, 100, 400, 300)  # x0, y0, x1, y1
VIEW = """(editor) => {
  const { toScreen, scale } = editor.scene.stage.view();
  return [toScreen.e, toScreen.f, scale].map((n) => Math.round(n * 50) / 50);
}"""


def stripes(seed: int) -> bytes:
    """Two channels; in the first, stripes that differ from their ground by 40 of 65,535."""
    rng = np.random.default_rng(seed)
    planes = np.full((2, HEIGHT, WIDTH), DIM, np.uint16)
    planes[:, 400:, 500:] = rng.integers(DIM, BRIGHT, (2, HEIGHT - 400, WIDTH - 500))
    x0, y0, x1, y1 = STRIPES
    for x in range(x0, x1, 20):
        planes[0, y0:y1, x : x + 10] += STRIPE_BY
    out = io.BytesIO()
    metadata = {"axes": "CYX", "Channel": {"Name": ["DAPI", "GFP"]}}
    tifffile.imwrite(out, planes, ome=True, photometric="minisblack", metadata=metadata)
    return out.getvalue()


@pytest.fixture
def picture() -> bytes:
    return stripes(1)


@pytest.fixture
def other(image, project, annotator):
    """Another image of the project with the same channels."""
    made = register_image(
        user=annotator, project=project, file_name="other.tif", stream=io.BytesIO(stripes(2))
    )
    ingest_image(made.pk)
    made.refresh_from_db()
    return made


def contrast_of_stripes(editor: Editor) -> float:
    """Return how much brighter stripes are than their ground, in greys of the screen."""
    x0, y0, x1, y1 = STRIPES
    left, top = editor.on_screen(x0, y0 + 20)
    right, bottom = editor.on_screen(x1, y1 - 20)
    shot = Pil.open(io.BytesIO(editor.page.screenshot())).convert("RGB")
    # Of the channel's colour whatever is brightest.
    area = np.asarray(shot.crop((left, top, right, bottom))).max(axis=2).astype(float)
    columns = area.mean(axis=0)
    return float(np.percentile(columns, 90) - np.percentile(columns, 10))


def unfold(editor: Editor) -> None:
    """Leave DAPI alone on the screen, its numbers open."""
    editor.page.get_by_role("button", name="Hide GFP").click()


def set_window(editor: Editor, black: int, white: int) -> None:
    """Type the window of DAPI in stored values."""
    for name, value in (("white", white), ("black", black)):
        field = editor.page.get_by_label(f"DAPI: {name} point, stored value")
        field.fill(str(value))
        field.press("Enter")


def test_a_narrow_window_shows_what_the_tiles_cannot(open_editor):
    editor = open_editor()
    unfold(editor)
    assert editor.tell("(editor) => editor.model.depth.value") == "tiles"

    set_window(editor, DIM - 20, DIM + STRIPE_BY + 20)
    editor.until("(editor) => editor.model.depth.value === 'stored'")
    editor.wait_for(lambda: contrast_of_stripes(editor) > 90)
    # The same window of the tiles alone: their greys do not tell the stripes from the ground.
    editor.tell("(editor) => { editor.viewing.raw.close(); }")
    editor.wait_for(lambda: contrast_of_stripes(editor) < 30)
    assert editor.problems == []


def test_it_is_shown_in_256_greys_with_a_sentence_where_that_fails(open_editor):
    editor = open_editor(script="delete window.Worker;")
    unfold(editor)

    set_window(editor, DIM - 20, DIM + STRIPE_BY + 20)
    editor.wait_for(lambda: "256 greys" in editor.page.inner_text(".notices"))

    assert editor.tell("(editor) => editor.model.depth.value") == "tiles"


def test_the_values_under_the_pointer_are_the_stored_ones(open_editor):
    editor = open_editor()

    editor.page.mouse.move(*editor.on_screen(105.5, 150.5))
    said = f"DAPI {DIM + STRIPE_BY}  GFP {DIM}"
    editor.wait_for(lambda: said in editor.page.inner_text(".statusbar"))
    editor.page.mouse.move(*editor.on_screen(50.5, 50.5))
    editor.wait_for(lambda: f"DAPI {DIM}  GFP {DIM}" in editor.page.inner_text(".statusbar"))


def test_settings_survive_a_reload_and_hold_for_other_images(
    open_editor, image, other, annotator, site
):
    editor = open_editor()
    unfold(editor)
    set_window(editor, 5000, 6000)
    field = editor.page.get_by_label("DAPI: gamma, as a number")
    field.fill("1.5")
    field.press("Enter")
    editor.page.locator(".stage .openseadragon-canvas").focus()
    editor.page.keyboard.press("i")
    editor.wait_for(
        lambda: ViewSettings.objects.filter(user=annotator, chosen__is_inverted=True).exists()
    )

    editor.reload()
    for page in (editor, Editor(editor.page.context, site.url, other)):
        look = page.tell(
            "(editor) => [editor.model.isPictureInverted.value, ...editor.model.channels.value]"
        )
        assert look[0] is True
        assert (look[1]["gamma"], look[1]["visible"], look[2]["visible"]) == (1.5, True, False)
        assert page.page.get_by_label("DAPI: white point, stored value").input_value() == "6000"

    # Back to the image's own, which is kept too.
    editor.page.get_by_role("button", name="Show the picture as the image has it").click()
    editor.wait_for(
        lambda: ViewSettings.objects.filter(user=annotator, chosen__is_inverted=False).exists()
    )
    editor.reload()
    assert editor.tell("(editor) => editor.model.channels.value[1].visible") is True


def test_a_link_reopens_the_view_and_the_back_button_leads_out(open_editor, image):
    editor = open_editor(permissions=["clipboard-read", "clipboard-write"])
    editor.stroke((200, 200), (260, 220))
    editor.wait_until_saved()
    before = editor.page.evaluate("history.length")
    for _ in range(3):
        editor.page.keyboard.press("+")
        editor.page.keyboard.press("ArrowRight")
    editor.wait_until_still()
    view = editor.tell(VIEW)
    chosen = editor.tell("(editor) => editor.model.selected.value")
    assert chosen > 0

    editor.page.get_by_role("button", name="Copy link to this view").click()
    editor.wait_for(lambda: "copied" in editor.page.inner_text(".notices"))
    link = editor.page.evaluate("navigator.clipboard.readText()")
    assert f"object={chosen}" in link
    assert editor.page.evaluate("history.length") == before

    again = open_editor(query="?" + link.split("?")[1])
    again.wait_until_still()
    assert again.tell(VIEW) == pytest.approx(view, abs=1)
    assert again.tell("(editor) => editor.model.selected.value") == chosen
    assert editor.problems == again.problems == []


def test_bookmarks_are_added_gone_to_renamed_and_deleted(open_editor, image):
    editor = open_editor()
    page = editor.page
    for _ in range(3):
        page.keyboard.press("+")
    editor.wait_until_still()
    view = editor.tell(VIEW)
    page.keyboard.press("Shift+B")
    editor.wait_for(lambda: page.get_by_role("button", name="Place 1", exact=True).count())

    page.keyboard.press("0")
    editor.wait_until_still()
    assert editor.tell(VIEW) != view
    page.get_by_role("button", name="Place 1", exact=True).click()
    editor.wait_until_still()
    assert editor.tell(VIEW) == pytest.approx(view, abs=1)

    page.get_by_role("button", name="Change Place 1").click()
    page.get_by_label("Name of Place 1").fill("odd cells")
    page.get_by_role("button", name="Rename").click()
    editor.wait_for(lambda: Bookmark.objects.filter(name="odd cells").exists())
    page.get_by_role("button", name="Change odd cells").click()
    page.get_by_role("button", name="Delete odd cells").click()
    editor.wait_for(lambda: not Bookmark.objects.exists())
    assert editor.problems == []


def test_the_minimap_moves_the_view_and_is_gone_when_all_is_seen(open_editor):
    editor = open_editor()
    page = editor.page
    assert page.locator(".minimap").count() == 0

    for _ in range(4):
        page.keyboard.press("+")
    editor.wait_until_still()
    box = page.locator(".minimap").bounding_box()
    page.mouse.click(box["x"] + box["width"] * 0.25, box["y"] + box["height"] * 0.75)
    editor.wait_until_still()
    centre = editor.tell(
        """(editor) => {
          const { visible } = editor.scene.stage.view();
          return [(visible.x0 + visible.x1) / 2, (visible.y0 + visible.y1) / 2];
        }"""
    )
    assert centre == pytest.approx([WIDTH * 0.25, HEIGHT * 0.75], abs=15)
    page.keyboard.press("Shift+M")
    editor.wait_for(lambda: page.locator(".minimap").count() == 0)
