"""Two layers against each other in a real browser: counted, drawn, clicked, stepped through."""

from __future__ import annotations

import numpy as np
import pytest

from annotations.actions.drafts import accept_draft, store_prediction
from annotations.actions.labels import ensure_annotation_layer
from annotations.models import LabelLayer, LayerKind, Purpose
from tests.annotations.painting import paint_box
from tests.factories import LayerFactory, RegionFactory

# Boxes (row0, col0, row1, col1); ids count from 1 in this order.
BEFORE = {
    "same": (20, 20, 50, 50),
    "moved": (20, 80, 50, 110),
    "vanished": (20, 140, 50, 170),
    "split": (80, 20, 120, 60),
    "merged 1": (80, 80, 120, 100),
    "merged 2": (80, 100, 120, 120),
}
AFTER = {
    "same": (20, 20, 50, 50),
    "moved": (24, 84, 54, 114),
    "appeared": (80, 140, 120, 180),
    "split 1": (80, 20, 120, 40),
    "split 2": (80, 40, 120, 60),
    "merged": (80, 80, 120, 120),
}
COUNTS = {"split": 1, "merged": 1, "vanished": 1, "appeared": 1, "moved": 1, "same": 1}

# Pixels of a colour in a box of image pixels, on the canvases that lie over the image.
COLOURED = """([[x0, y0, x1, y1], [r, g, b]]) => {
  const session = document.querySelector(".stage").editorSession;
  const { a, e, f } = session.scene.stage.view().toScreen;
  let n = 0;
  for (const canvas of document.querySelectorAll(".stage-surface")) {
    const density = canvas.width / Math.max(1, canvas.clientWidth);
    const at = (v, shift) => Math.round((v * a + shift) * density);
    const box = [at(x0, e), at(y0, f), at(x1, e) - at(x0, e), at(y1, f) - at(y0, f)];
    const { data } = canvas.getContext("2d").getImageData(...box);
    for (let i = 0; i < data.length; i += 4) {
      const near = (j, v) => Math.abs(data[i + j] - v) < 14;
      if (data[i + 3] > 40 && near(0, r) && near(1, g) && near(2, b)) n++;
    }
  }
  return n;
}"""
VERMILLION, GREEN, BLUE = [213, 94, 0], [0, 158, 115], [86, 180, 233]


def draft_of(image, name, boxes):
    label_image = np.zeros((image.height, image.width), np.uint32)
    for instance_id, (row0, col0, row1, col1) in enumerate(boxes.values(), 1):
        label_image[row0:row1, col0:col1] = instance_id
    return store_prediction(
        image=image, name=name, label_image=label_image, scores=np.full(len(boxes), 0.5)
    )


@pytest.fixture
def versions(image):
    return draft_of(image, "v2", BEFORE), draft_of(image, "v3", AFTER)


def coloured(editor, box, colour):
    row0, col0, row1, col1 = box
    return editor.page.evaluate(COLOURED, [[col0, row0, col1, row1], colour])


def middle(box):
    row0, col0, row1, col1 = box
    return (col0 + col1) / 2, (row0 + row1) / 2


def compare(editor):
    editor.page.keyboard.press("Shift+V")
    editor.until("(editor) => editor.compare.state.compared.value !== undefined")


def counts(editor):
    """Return what the buttons say, by kind; nothing while there are none."""
    return editor.page.evaluate(
        """() => Object.fromEntries([...document.querySelectorAll(".compare-kind")].map(
          (button) => [button.dataset.kind, Number(button.querySelector("strong").textContent)],
        ))"""
    )


def chosen(editor):
    """Return kind and members of the chosen group."""
    return editor.tell(
        "({ compare }) => { const g = compare.state.chosenGroup; return g && [g.kind, g.a, g.b]; }"
    )


def listed(editor):
    return editor.page.locator(".compare-line .compare-label").all_inner_texts()


def click(editor, box):
    editor.wait_until_still()
    editor.page.mouse.click(*editor.on_screen(*middle(box)))


def test_two_versions_are_compared_counted_and_clicked(open_editor, versions):
    editor = open_editor()
    page = editor.page
    compare(editor)

    assert counts(editor) == COUNTS
    # The same is neither listed nor drawn until it is asked for.
    assert listed(editor) == ["Split", "Merged", "Vanished", "Appeared", "Moved or reshaped"]
    editor.wait_for(lambda: coloured(editor, BEFORE["vanished"], VERMILLION) > 20)
    assert coloured(editor, AFTER["appeared"], GREEN) > 20
    assert coloured(editor, AFTER["split 1"], BLUE) > 20
    assert coloured(editor, BEFORE["same"], [185, 192, 201]) == 0

    click(editor, AFTER["split 2"])
    assert chosen(editor) == ["split", [4], [4, 5]]
    assert page.locator(".compare-line[aria-current=true]").inner_text().startswith("S\nSplit")
    click(editor, BEFORE["vanished"])
    assert chosen(editor) == ["vanished", [3], []]
    click(editor, BEFORE["same"])
    assert chosen(editor) is None

    page.locator(".stage canvas").first.focus()
    editor.tell("(editor) => editor.view.focusStage()")
    steps = []
    for _ in range(6):
        page.keyboard.press("Tab")
        steps.append(chosen(editor)[0])
    assert steps == ["split", "merged", "vanished", "appeared", "moved", "split"]
    page.keyboard.press("Shift+Tab")
    assert chosen(editor)[0] == "moved"
    page.locator(".compare-line:has-text('Merged')").click()
    assert chosen(editor) == ["merged", [5, 6], [6]]

    page.click(".compare-kind[data-kind=vanished]")
    page.click(".compare-kind[data-kind=same]")
    assert "Vanished" not in listed(editor)
    editor.wait_for(lambda: coloured(editor, BEFORE["vanished"], VERMILLION) == 0)
    page.keyboard.press("0")
    click(editor, BEFORE["same"])
    assert chosen(editor) == ["same", [1], [1]]

    page.click("text=Swap")
    editor.until("(editor) => editor.compare.state.compared.value?.counts.appeared === 1")
    click(editor, BEFORE["vanished"])
    assert chosen(editor) == ["appeared", [], [3]]
    assert editor.problems == []


def test_nothing_is_painted_or_decided_while_comparing(open_editor, versions):
    editor = open_editor()
    page = editor.page
    editor.until("(editor) => editor.model.draftCounts.value.left === 6")
    compare(editor)

    editor.stroke((200, 150), (220, 150))
    assert "Painting and deciding are off" in page.inner_text(".notices")
    for key in ("a", "r", "e", "Delete"):
        page.keyboard.press(key)
    assert editor.tell("(editor) => editor.layer.instances.count") == 0

    page.keyboard.press("Escape")
    editor.until("(editor) => !editor.model.isComparing.value")
    assert editor.tell("(editor) => editor.model.draftCounts.value.left") == 6
    page.keyboard.press("0")
    editor.stroke((200, 150), (220, 150))
    editor.until("(editor) => editor.layer.instances.count === 1")
    assert editor.problems == []


def test_a_curtain_shows_one_layer_at_each_side(open_editor, versions):
    editor = open_editor()
    page = editor.page
    compare(editor)
    gone, new = BEFORE["vanished"], AFTER["appeared"]

    page.get_by_role("button", name="Curtain").click()
    curtain = page.get_by_role("separator")
    curtain.focus()
    page.keyboard.press("End")
    editor.wait_for(lambda: coloured(editor, new, GREEN) == 0)
    assert coloured(editor, gone, VERMILLION) > 20
    click(editor, new)
    assert chosen(editor) is None
    click(editor, gone)
    assert chosen(editor) == ["vanished", [3], []]

    curtain.focus()
    page.keyboard.press("Home")
    editor.wait_for(lambda: coloured(editor, gone, VERMILLION) == 0)
    assert coloured(editor, new, GREEN) > 20
    before = float(curtain.get_attribute("aria-valuenow"))
    for _ in range(3):
        page.keyboard.press("ArrowRight")
    assert float(curtain.get_attribute("aria-valuenow")) == before + 6

    # Dragged to the middle of what vanished: half of it is seen.
    grip = curtain.bounding_box()
    x, y = editor.on_screen(*middle(gone))
    page.mouse.move(grip["x"] + grip["width"] / 2, grip["y"] + grip["height"] / 2)
    page.mouse.down()
    page.mouse.move(x, y, steps=4)
    page.mouse.up()
    row0, col0, row1, col1 = gone
    half = (col0 + col1) // 2
    editor.wait_for(lambda: coloured(editor, (row0, col0, row1, half - 2), VERMILLION) > 20)
    assert coloured(editor, (row0, half + 2, row1, col1), VERMILLION) == 0
    assert editor.problems == []


def test_a_draft_is_compared_with_what_became_of_it(open_editor, image, annotator):
    draft = draft_of(image, "v1", BEFORE)
    layer = ensure_annotation_layer(user=annotator, image=image)
    accept_draft(user=annotator, layer_id=layer.pk, draft_id=draft.pk, instance_ids=[1, 2, 4])
    editor = open_editor()

    compare(editor)

    sides = editor.page.locator(".compare-layer select option:checked").all_inner_texts()
    assert [text.split(" (")[0] for text in sides] == ["v1", "Annotation"]
    assert counts(editor) == {**dict.fromkeys(COUNTS, 0), "same": 3, "vanished": 3}
    assert editor.problems == []


def test_two_people_are_compared_and_what_one_paints_meanwhile_is_counted(
    open_editor, image, annotator, reviewer
):
    layer = ensure_annotation_layer(user=annotator, image=image)
    second = LayerFactory(image=image, name="Second opinion", kind=LayerKind.ANNOTATION)
    paint_box(annotator, layer, BEFORE["same"])
    paint_box(annotator, layer, BEFORE["vanished"])
    paint_box(reviewer, second, BEFORE["same"])
    editor = open_editor()

    compare(editor)
    assert counts(editor) == {**dict.fromkeys(COUNTS, 0), "same": 1, "vanished": 1}

    paint_box(reviewer, second, AFTER["appeared"])
    editor.wait_for(lambda: counts(editor).get("appeared") == 1)
    editor.wait_for(lambda: coloured(editor, AFTER["appeared"], GREEN) > 20)
    paint_box(annotator, LabelLayer.objects.get(pk=layer.pk), AFTER["appeared"])
    editor.wait_for(lambda: counts(editor).get("same") == 2)
    assert editor.problems == []


def test_nothing_of_a_draft_is_told_beside_an_open_blind_region(open_editor, image, versions):
    layer = LabelLayer.objects.get(image=image, kind="annotation")
    RegionFactory(
        image=image,
        layer=layer,
        purpose=Purpose.BLIND_VALIDATION,
        coverage="complete",
        row0=0,
        col0=130,
        row1=60,
        col1=200,
    )
    editor = open_editor()
    page = editor.page

    compare(editor)

    assert "Drafts are hidden" in page.inner_text(".panel")
    assert page.locator(".compare-kind, .compare-line").count() == 0
    assert coloured(editor, (0, 0, image.height, image.width), GREEN) == 0
    click(editor, AFTER["appeared"])
    page.keyboard.press(".")
    assert chosen(editor) is None
    # Away from it what lies in it is still not counted.
    editor.tell("(e) => e.scene.stage.showBox({ x0: 20, y0: 80, x1: 60, y1: 120 }, true)")
    editor.until("(editor) => !editor.model.isBlind.value")
    assert counts(editor) == {**COUNTS, "vanished": 0}
    assert "open blind validation region is left out" in page.inner_text(".panel")
    assert editor.problems == []
