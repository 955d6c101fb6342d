"""Kinds of objects in a real browser: made, painted, corrected by key, taken back, kept."""

from __future__ import annotations

from annotations.models import Instance, ObjectClass

# Red, green, blue and alpha of what is drawn over one image pixel.
COLOUR_AT = """([x, y]) => {
  const session = document.querySelector(".stage").editorSession;
  const { a, e, f } = session.scene.stage.view().toScreen;
  const [, canvas] = document.querySelectorAll(".stage-surface"); // maps lie below the labels
  const density = canvas.width / canvas.clientWidth;
  const place = [x * a + e, y * a + f].map((v) => Math.round(v * density));
  return [...canvas.getContext("2d").getImageData(...place, 1, 1).data];
}"""

ONE, OTHER = (60, 60), (200, 150)


def add_class(editor, name):
    editor.page.get_by_role("button", name="Add a class").click()
    editor.page.keyboard.type(name)
    editor.page.keyboard.press("Enter")
    editor.until(f"(editor) => editor.model.activeClass.value === '{name}'")


def blob(editor, x, y):
    editor.stroke((x, y), (x + 4, y))
    editor.page.keyboard.press("Escape")


def class_at(editor, place):
    (label,) = editor.labels(place[0], place[1], place[0] + 1, place[1] + 1)[0]
    return editor.tell("(editor, id) => editor.layer.instances.classOf(id)", label)


def is_drawn_in(editor, place, colour):
    """Tell whether what lies over a pixel is drawn in a class's colour."""
    red, green, blue, alpha = editor.page.evaluate(COLOUR_AT, list(place))
    wanted = [int(colour[i : i + 2], 16) for i in (1, 3, 5)]
    return alpha > 0 and all(
        abs(seen - value) <= 8 for seen, value in zip((red, green, blue), wanted, strict=True)
    )


def test_kinds_are_made_painted_corrected_and_still_there(open_editor, reviewer):
    editor = open_editor(user=reviewer)
    page = editor.page
    add_class(editor, "mitosis")
    add_class(editor, "resting")
    mitosis, resting = ObjectClass.objects.order_by("position")

    page.keyboard.press("Escape")
    blob(editor, *ONE)
    page.keyboard.press(mitosis.key)
    blob(editor, *OTHER)

    assert (class_at(editor, ONE), class_at(editor, OTHER)) == ("resting", "mitosis")
    editor.wait_for(lambda: is_drawn_in(editor, ONE, resting.colour))
    editor.wait_for(lambda: is_drawn_in(editor, OTHER, mitosis.colour))

    page.keyboard.press("v")
    page.mouse.click(*editor.on_screen(*ONE))
    page.keyboard.press(mitosis.key)
    editor.until("(editor) => editor.model.facts.value?.className === 'mitosis'")
    editor.wait_for(lambda: is_drawn_in(editor, ONE, mitosis.colour))
    page.keyboard.press("Control+z")
    editor.wait_for(lambda: class_at(editor, ONE) == "resting")

    editor.wait_until_saved()
    editor.reload()
    editor.wait_for(lambda: class_at(editor, ONE) == "resting")
    assert class_at(editor, OTHER) == "mitosis"
    page.keyboard.press("Control+Shift+z")  # what was undone before the reload
    editor.wait_for(lambda: class_at(editor, ONE) == "mitosis")
    editor.wait_until_saved()
    assert set(Instance.objects.values_list("class_name", flat=True)) == {"mitosis"}

    page.get_by_role("button", name="Change mitosis").click()
    page.get_by_role("button", name="Delete mitosis").click()
    page.locator(".class-end select").select_option("resting")
    page.get_by_role("button", name="Delete mitosis for good").click()
    editor.wait_for(lambda: class_at(editor, OTHER) == "resting")
    assert ObjectClass.objects.get().name == "resting"
    assert editor.problems == []


def test_who_may_not_change_the_list_still_uses_it(open_editor, project, annotator):
    ObjectClass.objects.create(project=project, name="mitosis", colour="#d55e00", key="5")
    editor = open_editor(user=annotator)
    editor.until("(editor) => editor.model.classes.value.length === 1")

    editor.page.keyboard.press("5")
    blob(editor, *ONE)

    assert class_at(editor, ONE) == "mitosis"
    assert editor.page.get_by_role("button", name="Add a class").count() == 0
    assert editor.problems == []
