"""An editor page as a person uses it: looks at it, paints with the mouse, reads what it says."""

from __future__ import annotations

import time
from collections.abc import Callable

from playwright.sync_api import BrowserContext, ConsoleMessage, Page

from annotations.labels import ops
from annotations.models import Image, LabelLayer
from annotations.queries.chunks import pixels_of, present_digests

READY_S = 90  # against hanging only: many times what a busy machine needs

# One number per pixel through the page's own picking, which reads the label store.
READ_LABELS = """([x0, y0, x1, y1]) => {
  const { layer } = document.querySelector(".stage").editorSession;
  const rows = [];
  for (let y = y0; y < y1; y++) {
    const row = [];
    for (let x = x0; x < x1; x++) row.push(layer.labelAt({ x: x + 0.5, y: y + 0.5 }));
    rows.push(row);
  }
  return rows;
}"""

TO_SCREEN = """([x, y]) => {
  const stage = document.querySelector(".stage");
  const { toScreen } = stage.editorSession.scene.stage.view();
  const box = stage.getBoundingClientRect();
  return [box.left + x * toScreen.a + toScreen.e, box.top + y * toScreen.d + toScreen.f];
}"""

# Whether the view stays as it is for some frames; one that is on its way moves in each of them.
IS_STILL = """async () => {
  const { stage } = document.querySelector(".stage").editorSession.scene;
  const place = () => JSON.stringify(stage.view().toScreen);
  const before = place();
  for (let n = 0; n < 3; n++) await new Promise((done) => requestAnimationFrame(done));
  return place() === before;
}"""

N_PAINTED = """() => {
  const { layer } = document.querySelector(".stage").editorSession;
  const { width, height } = layer.info;
  let n = 0;
  for (let y = 0; y < height; y++) {
    for (let x = 0; x < width; x++) if (layer.labelAt({ x: x + 0.5, y: y + 0.5 })) n++;
  }
  return n;
}"""

# The bodies of all ops in the page's journal, of the stroke that is still being drawn too.
JOURNAL = """() => new Promise((done, fail) => {
  const opening = indexedDB.open("cytoloop");
  opening.onerror = () => fail(opening.error);
  opening.onsuccess = () => {
    const reading = opening.result.transaction(["rows", "drafts"]);
    const found = ["rows", "drafts"].map((name) => reading.objectStore(name).getAll());
    reading.oncomplete = () => {
      opening.result.close();
      done(found.flatMap(({ result }) => result.map((row) => [...row.body])));
    };
  };
})"""


class Editor:
    """The editor of one image in one tab."""

    def __init__(self, context: BrowserContext, url: str, image: Image, query: str = "") -> None:
        self.image = image
        self.url = url
        self.problems: list[str] = []
        self.page: Page = context.new_page()
        self.page.on("pageerror", lambda error: self.problems.append(str(error)))
        self.page.on("console", self._heard)
        self.page.goto(f"{url}/images/{image.pk}/{query}")
        self.wait_until_open()

    def _heard(self, message: ConsoleMessage) -> None:
        if message.type == "error" and "net::ERR" not in message.text:
            self.problems.append(message.text)

    def wait_until_open(self) -> None:
        """Wait until the page can be painted on."""
        self.wait_until(
            """() => {
              const session = document.querySelector(".stage")?.editorSession;
              const isShown = document.querySelector(".toolbar") !== null;
              if (!isShown || !session) return false;
              const { x0, x1 } = session.scene.stage.view().visible;
              return session.layer.isLoaded(0, 0) || x1 - x0 > 8192; // then it needs no chunk
            }"""
        )
        self.wait_until_still()

    def reload(self) -> None:
        self.page.reload()
        self.wait_until_open()

    def on_screen(self, x: float, y: float) -> tuple[float, float]:
        """Return where an image point is on the page."""
        left, top = self.page.evaluate(TO_SCREEN, [x, y])
        return left, top

    def tell(self, script: str, argument: object = None) -> object:
        """Run `(editor, argument) => …` with the page's editor session."""
        call = f"(it) => ({script})(document.querySelector('.stage').editorSession, it)"
        return self.page.evaluate(call, argument)

    def until(self, script: str) -> None:
        """Wait until `(editor) => …` is true."""
        self.wait_until(f"() => ({script})(document.querySelector('.stage').editorSession)")

    def stroke(self, *points: tuple[float, float], let_go: bool = True) -> None:
        """Paint along image points with the mouse."""
        self.wait_until_still()  # a view on its way would carry the points elsewhere
        mouse = self.page.mouse
        mouse.move(*self.on_screen(*points[0]))
        mouse.down()
        for point in points[1:]:
            mouse.move(*self.on_screen(*point), steps=6)
        if let_go:
            mouse.up()

    def labels(self, x0: int, y0: int, x1: int, y1: int) -> list[list[int]]:
        """Return the labels of a box as the page has them."""
        return self.page.evaluate(READ_LABELS, [x0, y0, x1, y1])

    def state(self) -> str:
        """Return what the save mark says in class names: saved, saving, offline …"""
        names = self.page.get_attribute(".save-mark", "class") or ""
        return names.split("save-mark save-")[-1]

    def wait_until(self, condition: str) -> None:
        """Wait for a JavaScript function to return true.

        Playwright's own waiting needs `eval`, which the site's content security policy forbids.
        """
        self.wait_for(lambda: self.page.evaluate(condition), condition)

    def wait_for(self, look: Callable[[], object], what: str = "what was looked for") -> None:
        """Wait until a look at the page finds something, while the page goes on."""
        deadline = time.monotonic() + READY_S
        while not look():
            if time.monotonic() > deadline:
                said = self.page.inner_text("body")[:500]
                raise TimeoutError(f"never: {what}\nproblems: {self.problems}\npage: {said}")
            self.page.wait_for_timeout(50)

    def wait_until_still(self) -> None:
        """Wait until the view has come to rest and is drawn where it is."""
        self.wait_until(IS_STILL)

    def wait_until_saved(self) -> None:
        self.wait_until(
            """() => {
              const { saveState } = document.querySelector(".stage").editorSession.layer;
              return saveState.value.queued === 0 && saveState.value.state === "saved";
            }"""
        )

    def wait_until_journalled(self) -> None:
        """Wait until every painted pixel is kept on this computer, none of them saved before."""
        self.wait_for(lambda: self.n_journalled() == self.page.evaluate(N_PAINTED) > 0)

    def n_journalled(self) -> int:
        kept = (ops.decode(ops.unpack(bytes(body))) for body in self.page.evaluate(JOURNAL))
        return sum(runs.n_pixels for op in kept for runs in op.values())


def stored_labels(image: Image, x0: int, y0: int, x1: int, y1: int) -> list[list[int]]:
    """Return the labels of a box of the first chunk as the server has them."""
    layer = LabelLayer.objects.get(image=image)
    chunk = pixels_of(present_digests(layer)[0, 0])
    return chunk[y0:y1, x0:x1].tolist()
