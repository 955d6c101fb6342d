"""A stack of planes in a real browser: painting, moving, copying, and coming back to a plane."""

from __future__ import annotations

import io

import numpy as np
import pytest
import tifffile
from PIL import Image as Pil

from annotations.actions.drafts import store_prediction
from annotations.models import Instance, LabelLayer, LabelOp, Region
from annotations.queries.chunks import layer_label_image

# Pixels in the colour of complete regions, on the canvases over the image.
N_REGION = """() => {
  let n = 0;
  for (const canvas of document.querySelectorAll(".stage-surface")) {
    const { data } = canvas.getContext("2d").getImageData(0, 0, canvas.width, canvas.height);
    for (let i = 0; i < data.length; i += 4) {
      if (data[i] === 0x7d && data[i + 1] === 0xdb && data[i + 2] === 0x9a) n++;
    }
  }
  return n;
}"""

N_Z, HEIGHT, WIDTH = 5, 256, 320
BOX = (20, 20, 220, 180)


@pytest.fixture
def picture() -> bytes:
    """Five planes, each with one bright bar of its own."""
    planes = np.full((N_Z, HEIGHT, WIDTH), 20, np.uint8)
    for z in range(N_Z):
        planes[z, 40 * z + 20 : 40 * z + 50, 240:300] = 220
    out = io.BytesIO()
    tifffile.imwrite(out, planes, metadata={"axes": "ZYX"})
    return out.getvalue()


def plane_of(editor):
    return editor.tell("(editor) => editor.model.plane.value.z")


def go(editor, keys, z):
    editor.page.keyboard.press(keys)
    editor.until(f"(editor) => editor.model.plane.value.z === {z}")


def stored(image, z):
    """Return the labels of the box as the server has them."""
    x0, y0, x1, y1 = BOX
    layer = LabelLayer.objects.get(image=image, kind="annotation")
    return layer_label_image(layer, (y0, x0, y1, x1), z=z).tolist()


def painted(labels):
    return int((np.array(labels) > 0).sum())


def brightness(editor, z):
    """Return how bright the place of a plane's bar is on screen."""
    left, top = editor.on_screen(245, 40 * z + 25)
    right, bottom = editor.on_screen(295, 40 * z + 45)
    shot = Pil.open(io.BytesIO(editor.page.screenshot())).convert("L")
    return float(np.asarray(shot.crop((left, top, right, bottom))).mean())


def test_strokes_stay_on_their_plane_and_an_object_is_copied_to_the_next(open_editor, image):
    editor = open_editor(query="?z=2")
    assert plane_of(editor) == 2

    editor.stroke((60, 60), (120, 80), (160, 150))
    below = editor.labels(*BOX)
    ids = set(np.unique(below)) - {0}
    go(editor, ".", 3)
    assert painted(editor.labels(*BOX)) == 0
    assert editor.tell("(editor) => editor.model.selected.value") == next(iter(ids))
    assert "z=3" in editor.page.url

    go(editor, ",", 2)
    go(editor, "Shift+Period", 3)
    editor.until("(editor) => editor.layer.history.value.undoKind === 'copy'")
    copied = editor.labels(*BOX)
    go(editor, ",", 2)
    assert editor.labels(*BOX) == below
    assert copied == below
    editor.wait_until_saved()
    assert stored(image, 2) == stored(image, 3) == below
    assert painted(stored(image, 1)) == painted(stored(image, 4)) == 0
    instance = Instance.objects.get(layer__image=image)
    assert (instance.z, instance.depth) == (2, 2)

    go(editor, ".", 3)
    editor.reload()
    assert plane_of(editor) == 3
    assert editor.labels(*BOX) == below
    # The history is the plane's own: what is undone here stays on the other.
    editor.page.keyboard.press("Control+z")
    editor.until("(editor) => editor.layer.history.value.canRedo")
    assert painted(editor.labels(*BOX)) == 0
    editor.wait_until_saved()
    assert painted(stored(image, 3)) == 0
    assert stored(image, 2) == below
    assert editor.problems == []


def test_the_picture_is_that_of_the_plane_and_the_maximum_shows_all(open_editor):
    editor = open_editor()
    editor.wait_for(lambda: brightness(editor, 0) > 150)
    assert brightness(editor, 2) < 60

    slider = editor.page.get_by_label("Plane", exact=True)
    slider.fill("3")
    editor.until("(editor) => editor.model.plane.value.z === 2")
    editor.wait_for(lambda: brightness(editor, 2) > 150)
    assert brightness(editor, 0) < 60

    editor.page.keyboard.press("p")
    editor.wait_for(lambda: all(brightness(editor, z) > 150 for z in range(N_Z)))
    editor.stroke((60, 60), (120, 80))
    assert painted(editor.labels(*BOX)) == 0
    assert "Painting is off" in editor.page.inner_text(".notices")
    editor.page.keyboard.press("p")
    editor.wait_for(lambda: brightness(editor, 0) < 60)
    editor.stroke((60, 60), (120, 80))
    assert painted(editor.labels(*BOX)) > 500
    assert editor.problems == []


def test_a_plane_that_is_left_goes_on_saving(open_editor, site, image):
    editor = open_editor(query="?z=1")
    editor.until("(editor) => editor.layer.isOpen({ t: 0, z: 2 })")  # fetched beforehand
    site.kill()
    editor.stroke((60, 60), (160, 60))
    first = editor.labels(*BOX)
    editor.wait_for(lambda: editor.state() == "offline")
    go(editor, ".", 2)
    editor.stroke((60, 120), (160, 120))
    second = editor.labels(*BOX)
    editor.until("(editor) => editor.layer.saveState.value.queued === 2")
    assert editor.state() == "offline"

    site.start()
    editor.page.click(".save-mark")
    editor.wait_until_saved()
    assert stored(image, 1) == first
    assert stored(image, 2) == second
    assert LabelOp.objects.filter(layer__image=image).count() == 2


def test_what_a_dead_tab_left_on_another_plane_is_sent(open_editor, image):
    editor = open_editor(query="?z=1")
    context = editor.page.context
    editor.page.route("**/ops/", lambda route: route.abort())
    editor.stroke((60, 60), (160, 60))
    editor.wait_until_journalled()
    left = editor.labels(*BOX)
    editor.page.close()

    again = type(editor)(context, editor.url, image, "?z=4")
    again.wait_for(lambda: LabelOp.objects.filter(layer__image=image, z=1).count() == 1)
    assert stored(image, 1) == left
    assert painted(again.labels(*BOX)) == 0


def test_a_region_over_planes_is_seen_on_each_of_them(open_editor, image):
    editor = open_editor(query="?z=2")
    page = editor.page
    page.get_by_role("button", name="Declare the whole image").click()
    page.get_by_label("Last plane").fill("4")
    page.get_by_label("Last plane").press("Tab")
    page.get_by_role("button", name="Open region").click()
    page.get_by_text("z 3\N{EN DASH}4").first.wait_for()

    region = Region.objects.get(image=image)
    assert (region.z, region.depth) == (2, 2)
    assert editor.page.evaluate(N_REGION) > 100
    for keys, z, is_seen in ((".", 3, True), (".", 4, False), (",", 3, True)):
        go(editor, keys, z)
        editor.wait_until_still()
        assert (editor.page.evaluate(N_REGION) > 100) == is_seen
    page.get_by_role("button", name="Submit region").click()
    editor.wait_for(lambda: Region.objects.get(image=image).state == "submitted")


def test_accepting_an_object_of_several_planes_takes_it_in_all_of_them(open_editor, image):
    volume = np.zeros((N_Z, HEIGHT, WIDTH), np.uint32)
    volume[1:4, 40:70, 40:80] = 1
    volume[4, 100:120, 40:80] = 2
    store_prediction(image=image, name="v1", label_image=volume, scores=np.array([0.4, 0.9]))
    editor = open_editor(query="?z=0")
    page = editor.page
    editor.until("(editor) => editor.drafts.draft !== undefined")

    page.keyboard.press("Tab")  # the most doubtful one, whose middle is plane 2
    editor.until("(editor) => editor.model.plane.value.z === 2")
    page.keyboard.press("a")
    editor.wait_for(lambda: Instance.objects.filter(layer__kind="annotation").count() == 1)
    # On to the next one, where it lies.
    editor.until("(editor) => editor.model.plane.value.z === 4")
    assert Instance.objects.get(layer__kind="annotation").area_px == 3 * 30 * 40
    for z in (3, 2, 1):
        go(editor, ",", z)
        assert painted(editor.labels(40, 40, 80, 70)) == 30 * 40
    go(editor, ",", 0)
    assert painted(editor.labels(40, 40, 80, 70)) == 0

    go(editor, ".", 1)
    page.keyboard.press("Control+z")
    editor.wait_for(lambda: Instance.objects.get(layer__kind="annotation").area_px == 0)
    assert Instance.objects.get(layer__kind="prediction", instance_id=1).state == "proposed"
    assert editor.problems == []


# Image pixels in sight, and how large one is on screen.
SEEN = """(editor) => {
  const { toScreen, width, height } = editor.scene.stage.view();
  const [x0, y0] = [-toScreen.e / toScreen.a, -toScreen.f / toScreen.d];
  return [x0, y0, x0 + width / toScreen.a, y0 + height / toScreen.d, toScreen.a];
}"""


def sees_whole_image(editor):
    x0, y0, x1, y1, _scale = editor.tell(SEEN)
    edge = 0.01  # of rounding
    fits_closely = min(x1 - x0 - WIDTH, y1 - y0 - HEIGHT) < 1
    return x0 <= edge and y0 <= edge and x1 >= WIDTH - edge and y1 >= HEIGHT - edge and fits_closely


def test_the_image_stays_whole_while_the_room_changes_until_somebody_moves_it(open_editor):
    editor = open_editor()
    editor.page.locator(".planes").wait_for()
    editor.wait_for(lambda: sees_whole_image(editor), "the whole image under the bar of planes")
    editor.page.set_viewport_size({"width": 900, "height": 600})
    editor.wait_for(lambda: sees_whole_image(editor), "the whole image in a smaller window")

    editor.page.mouse.move(*editor.on_screen(WIDTH / 2, HEIGHT / 2))
    editor.page.mouse.wheel(0, -240)
    editor.wait_for(lambda: not sees_whole_image(editor))
    editor.wait_until_still()
    scale = editor.tell(SEEN)[4]
    editor.page.set_viewport_size({"width": 1280, "height": 800})
    editor.until("(editor) => editor.scene.stage.view().width > 900")
    editor.wait_until_still()
    assert editor.tell(SEEN)[4] == pytest.approx(scale)
