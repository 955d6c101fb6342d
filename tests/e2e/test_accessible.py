"""No page breaks a rule of WCAG 2.1 or 2.2, A or AA, that axe-core can check."""

from __future__ import annotations

import numpy as np
import pytest

from annotations.actions.drafts import store_prediction
from annotations.actions.labels import ensure_annotation_layer
from annotations.models import Purpose
from tests.drawing import draw_blobs
from tests.e2e.site import REPOSITORY
from tests.factories import RegionFactory
from tests.training.kinds import classes
from tests.training.queued import work_off
from tests.training.worlds import small_world
from training.actions.runs import queue_run
from training.models import ModelVersion

AXE = REPOSITORY / "frontend" / "node_modules" / "axe-core" / "axe.min.js"
STANDARDS = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa"]

VIOLATIONS = """async (standards) => {
  const rules = { "target-size": { enabled: true } };
  const runOnly = { type: "tag", values: standards };
  const { violations, passes } = await axe.run(document, { runOnly, rules, iframes: false });
  if (passes.length < 5) throw new Error("axe-core saw no page");
  return violations.flatMap(({ id, nodes }) => nodes.map(({ target, failureSummary }) =>
    `${id}: ${target.join(" ")}: ${failureSummary.replaceAll(/\\s+/g, " ")}`));
}"""


def violations(page):
    """Return a sentence for each element that breaks a rule."""
    if not page.evaluate("() => 'axe' in window"):
        page.evaluate(f"() => {{ {AXE.read_text()} }}")
    page.emulate_media(reduced_motion="reduce")  # what fades in has its colours at its end
    return page.evaluate(VIOLATIONS, STANDARDS)


@pytest.fixture
def version(owner, project):
    """A measured version of the threshold engine, with drafts of the project's images."""
    small_world(owner, project)
    queue_run(user=owner, project=project, engine="threshold")
    work_off()
    return ModelVersion.objects.get(project=project)


@pytest.fixture
def drafts(image, owner):
    """Drafts of two versions, an open region, and a class."""
    labels, _grey = draw_blobs(image.height, image.width, n=8)
    scores = np.linspace(0.2, 0.9, int(labels.max()))
    for name, seen in (("v1", labels), ("v2", np.roll(labels, 3, axis=1))):
        store_prediction(image=image, name=name, label_image=seen, scores=scores)
    layer = ensure_annotation_layer(user=owner, image=image)
    RegionFactory(image=image, layer=layer, purpose=Purpose.TRAINING)
    classes(owner, image.project, "tumour", "stroma")


@pytest.fixture
def look(browser, site, owner):
    """Return a function that opens an address as the owner and waits for a heading."""

    def open_page(address, heading):
        context = browser.new_context(viewport={"width": 1280, "height": 800})
        context.add_cookies([site.session_cookie(owner)])
        page = context.new_page()
        page.goto(site.url + address)
        page.get_by_role("heading", name=heading).first.wait_for()
        return page

    return open_page


def test_the_pages_around_the_editor(look, project, image, version):
    places = {
        "/": "Projects",
        f"/projects/{project.pk}/": "Rounds",
        f"/projects/{project.pk}/people/": "People",
        f"/projects/{project.pk}/training/": "Model versions",
        f"/runs/{version.run.pk}/": "What went in",
        f"/versions/{version.pk}/": "Quality on",
    }
    found = {address: violations(look(address, heading)) for address, heading in places.items()}
    assert found == {address: [] for address in places}


@pytest.fixture
def editor(open_editor, drafts, owner):
    """The owner's editor of an image with drafts, an open region, and one painted object."""
    opened = open_editor(owner)
    opened.page.keyboard.press("n")
    opened.stroke((60, 60), (90, 60))
    opened.wait_until_saved()
    return opened


def test_the_editor_and_its_help(editor):
    assert violations(editor.page) == []
    editor.page.keyboard.press("Control+a")
    editor.page.get_by_role("button", name="Delete the chosen").wait_for()
    assert violations(editor.page) == []
    editor.page.keyboard.press("?")
    editor.page.get_by_role("dialog").wait_for()
    assert violations(editor.page) == []


def test_the_sheet_while_a_key_is_changed(editor):
    page = editor.page
    page.keyboard.press("?")
    page.get_by_role("button", name="Change the key of Lasso").click()
    page.get_by_role("dialog", name="Key of Lasso").wait_for()
    assert violations(page) == []
    page.keyboard.press("b")
    page.get_by_role("button", name="Give B to Lasso").wait_for()
    assert violations(page) == []
    page.get_by_role("button", name="Give B to Lasso").click()
    page.get_by_role("button", name="Reset the key of Lasso").wait_for()
    assert violations(page) == []


def test_the_history_and_the_past(editor):
    page = editor.page
    page.keyboard.press("t")
    page.locator(".history-step").first.click()
    page.locator(".past").wait_for()
    assert violations(page) == []


def test_the_comparison(editor):
    editor.page.keyboard.press("Shift+V")
    editor.until("(editor) => editor.compare.state.compared.value !== undefined")
    editor.page.get_by_role("button", name="Curtain").click()
    assert violations(editor.page) == []


def test_the_narrow_editor(open_editor, drafts, owner):
    editor = open_editor(owner, viewport={"width": 390, "height": 844})
    assert violations(editor.page) == []
    editor.tell("({ model }) => { model.isPanelOpen.value = true; }")
    editor.page.locator(".panel").wait_for()
    assert violations(editor.page) == []
