"""The story of the site in one browser: upload, paint, train, correct the drafts, train better.

Screenshots of every station are kept in artefacts/loop/ for a person to look at.
"""

from __future__ import annotations

import re
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pytest
import tifffile
from playwright.sync_api import Browser, Page
from scipy import ndimage

from tests.drawing import draw_blobs
from tests.e2e.editor import TO_SCREEN
from tests.running_site import ROOT, RunningSite

ARTEFACTS = ROOT / "artefacts" / "loop"
RUN_S = 900  # against hanging only
STEPS = "120"  # enough for a draft with objects in it
MINUTES = "10"  # more than the steps need on any machine: they end the training


@dataclass(frozen=True)
class Disc:
    """One drawn object: where to click and how wide a brush covers it."""

    row: float
    column: float
    diameter: int


@pytest.fixture
def whole_site(tmp_path) -> Iterator[RunningSite]:
    """`manage.py up` with everything it starts."""
    with RunningSite(tmp_path / "whole-site") as site:
        yield site


@pytest.fixture
def fields(tmp_path) -> dict[Path, list[Disc]]:
    """Four drawn images with the discs that a person would paint on them."""
    drawn = {}
    for number in range(4):
        labels, grey = draw_blobs(192, 192, n=14, seed=number)
        path = tmp_path / f"field_{number + 1}.tif"
        tifffile.imwrite(path, grey)
        drawn[path] = discs(labels)
    return drawn


def discs(labels: np.ndarray) -> list[Disc]:
    found = []
    for instance_id in np.unique(labels)[1:]:
        area = int((labels == instance_id).sum())
        row, column = ndimage.center_of_mass(labels == instance_id)
        found.append(Disc(row + 0.5, column + 0.5, max(3, round(2 * np.sqrt(area / np.pi)))))
    return found


class Person:
    """Somebody at the screen."""

    def __init__(self, page: Page) -> None:
        self.page = page
        self.n_shots = 0
        self.problems: list[str] = []
        page.on("pageerror", lambda error: self.problems.append(str(error)))
        ARTEFACTS.mkdir(parents=True, exist_ok=True)

    def keep(self, name: str) -> None:
        self.n_shots += 1
        self.page.screenshot(path=ARTEFACTS / f"{self.n_shots:02d}-{name}.png")

    def press(self, name: str) -> None:
        self.page.get_by_role("button", name=name).first.click()

    def make_project(self, name: str) -> None:
        self.page.get_by_label("Name").fill(name)
        self.press("Create the project")

    def upload(self, paths: list[Path]) -> None:
        self.page.get_by_label("Image files").set_input_files(paths)
        for path in paths:
            self.page.get_by_role("link", name=path.name).first.wait_for(timeout=RUN_S * 1000)

    def open_editor(self, name: str) -> None:
        self.page.get_by_role("link", name=name).first.click()
        self.page.wait_for_url("**/images/**")
        self.until(
            "() => document.querySelector('.stage')?.editorSession?.layer.isLoaded(0, 0) ?? false"
        )
        is_new = "() => document.querySelector('.stage').editorSession.tour.step.value === 'look'"
        if self.page.evaluate(is_new):
            self.press("Do not show again")  # the card would lie over what is painted

    def until(self, condition: str, limit_s: float = 120) -> None:
        end = time.monotonic() + limit_s
        while not self.page.evaluate(condition):
            if time.monotonic() > end:
                raise AssertionError(f"never became true: {condition}")
            self.page.wait_for_timeout(100)

    def paint(self, found: list[Disc]) -> None:
        """Paint discs with one press each, the brush as wide as the object."""
        self.page.keyboard.press("b")
        for disc in found:
            self.take_brush_of(disc.diameter)
            left, top = self.page.evaluate(TO_SCREEN, [disc.column, disc.row])
            self.page.mouse.move(left, top)
            self.page.mouse.down()
            self.page.mouse.up()
        self.until(
            """() => {
              const { saveState } = document.querySelector('.stage').editorSession.layer;
              return saveState.value.queued === 0 && saveState.value.state === 'saved';
            }"""
        )

    def take_brush_of(self, diameter: int) -> None:
        """Press [ and ] until the brush is as wide as the object, or nearly."""
        for _ in range(60):
            now = float(re.findall(r"[\d.]+", self.page.inner_text("label.size output"))[0])
            if abs(now - diameter) <= max(1.0, 0.08 * diameter):
                return
            self.page.keyboard.press("]" if now < diameter else "[")
        raise AssertionError(f"[ and ] never gave a brush of {diameter} px")

    def declare(self, purpose: str) -> None:
        """Declare the whole image complete and submit it."""
        self.press("Declare the whole image")
        self.page.get_by_role("radio", name=re.compile("^Everything|^Complete")).check()
        self.page.get_by_role("radio", name=re.compile(f"^{purpose}")).check()
        self.press("Open region")
        self.press("Submit region")
        self.page.get_by_text("submitted", exact=True).first.wait_for()

    def train(self, *, with_a_pause: bool = False) -> str:
        """Train StarDist for a few steps; return what the run page says at its end."""
        self.page.locator("#run-engine").select_option("stardist")
        self.page.get_by_label("Minutes of training").fill(MINUTES)
        self.page.get_by_label("Steps", exact=True).fill(STEPS)
        advice = self.page.get_by_role("region", name="Before you start")
        advice.locator("p").first.wait_for()
        self.keep("before-training")
        self.press("Start training")
        self.page.wait_for_url("**/runs/**")
        self.keep("run-waiting")
        if with_a_pause:
            self.pause_and_go_on()
        self.page.get_by_role("link", name=re.compile("See version")).wait_for(timeout=RUN_S * 1000)
        self.keep("run-finished")
        return self.page.inner_text("main")

    def pause_and_go_on(self) -> None:
        """Pause a training once it has begun, come back to its page, and let it go on."""
        says = self.page.get_by_role("status")
        says.filter(has_text=re.compile("^Training")).wait_for(timeout=RUN_S * 1000)
        self.press("Pause")
        paused = says.filter(has_text=re.compile("^Paused"))
        paused.wait_for(timeout=RUN_S * 1000)
        self.page.reload()
        paused.wait_for()
        self.keep("run-paused")
        self.press("Continue")


@pytest.mark.stardist
@pytest.mark.processes
def test_a_person_goes_twice_around_the_loop(browser: Browser, whole_site, fields) -> None:
    context = browser.new_context(viewport={"width": 1440, "height": 900})
    context.set_default_timeout(90_000)
    person = Person(context.new_page())
    page = person.page
    paths = list(fields)

    page.goto(whole_site.login_link)
    page.locator(":focus").wait_for()  # its one button gets it after the page has loaded
    page.keyboard.press("Enter")
    page.wait_for_url("**/password/set/")
    person.keep("welcome")
    page.get_by_role("link", name="Later").click()
    person.make_project("Round trip")
    person.upload(paths)
    person.keep("project")
    project = page.url

    person.open_editor(paths[0].name)
    person.paint(fields[paths[0]])
    person.keep("painted")
    person.declare("Training")
    page.goto(project)
    person.open_editor(paths[1].name)
    person.paint(fields[paths[1]])
    person.declare("Blind validation")
    person.keep("blind-validation")

    page.goto(f"{project}training/")
    person.keep("training")
    assert "Finished" in person.train(with_a_pause=True)
    page.get_by_role("link", name=re.compile("See version")).click()
    page.get_by_role("heading", name=re.compile("^Quality on")).wait_for(timeout=RUN_S * 1000)
    person.keep("version-1")

    page.goto(project)
    person.open_editor(paths[2].name)
    page.get_by_role("button", name="Next doubtful").wait_for(timeout=RUN_S * 1000)
    person.keep("draft")
    page.keyboard.press("Tab")
    page.keyboard.press("r")
    person.until(
        "() => !document.querySelector('.stage').editorSession.layer.saveState.value.queued"
    )
    person.paint(fields[paths[2]])
    person.keep("corrected")
    person.declare("Training")

    page.goto(f"{project}training/")
    assert "Finished" in person.train()
    page.get_by_role("link", name=re.compile("See version")).click()
    page.get_by_role("heading", name=re.compile("^Quality on")).wait_for(timeout=RUN_S * 1000)
    page.get_by_role("img", name=re.compile("outlines drawn by people")).first.wait_for()
    person.keep("version-2")
    shown = page.inner_text("main")

    assert "AP50" in shown
    assert "v1" in shown
    assert person.problems == []
    context.close()
