/**
 * Paints one stroke in Firefox and waits until it is saved; prints what it saw as JSON.
 *
 * node firefox.mjs FIREFOX SITE SESSION PATH: the program, the address of the site, the value of
 * the session cookie, and where the editor is. Run by tests/e2e/test_firefox.py.
 */
import puppeteer from "puppeteer-core";

const [executablePath, site, cookie, path] = process.argv.slice(2);
const LIMIT_MS = 90_000; // against hanging only
const POLL_MS = 50;

/** What the page says of itself, and how many objects it has. */
function look() {
  const session = document.querySelector(".stage")?.editorSession;
  if (!session || !document.querySelector(".toolbar")) return { isOpen: false };
  const { saveState, instances } = session.layer;
  return {
    isOpen: session.layer.isLoaded(0, 0),
    isSaved: saveState.value.queued === 0 && saveState.value.state === "saved",
    nObjects: instances.count,
    place: JSON.stringify(session.scene.stage.view().toScreen),
  };
}

/** Where two image points are on the page. */
function placesOnScreen(points) {
  const stage = document.querySelector(".stage");
  const { a, d, e, f } = stage.editorSession.scene.stage.view().toScreen;
  const box = stage.getBoundingClientRect();
  return points.map(([x, y]) => [box.left + x * a + e, box.top + y * d + f]);
}

function labelsAlong(points) {
  const { layer } = document.querySelector(".stage").editorSession;
  return points.map(([x, y]) => layer.labelAt({ x, y }));
}

async function until(page, isThere, what) {
  const deadline = Date.now() + LIMIT_MS;
  let before = {};
  for (;;) {
    const seen = await page.evaluate(look);
    if (isThere(seen, before)) return;
    if (Date.now() > deadline) throw new Error(`never ${what}: ${JSON.stringify(seen)}`);
    before = seen;
    await new Promise((done) => setTimeout(done, POLL_MS));
  }
}

async function paint(page) {
  const points = [
    [60, 60],
    [75, 60],
    [90, 60],
  ];
  const [from, ...others] = await page.evaluate(placesOnScreen, points);
  await page.mouse.move(...from);
  await page.mouse.down();
  for (const place of others) await page.mouse.move(...place, { steps: 6 });
  await page.mouse.up();
  await until(page, ({ nObjects, isSaved }) => nObjects === 1 && isSaved, "saved");
  return page.evaluate(labelsAlong, points);
}

const browser = await puppeteer.launch({ browser: "firefox", executablePath, headless: true });
try {
  const problems = [];
  await browser.setCookie({ name: "sessionid", value: cookie, domain: new URL(site).hostname });
  const page = await browser.newPage();
  await page.setViewport({ width: 1280, height: 800 });
  page.on("pageerror", (error) => problems.push(String(error)));
  page.on("console", (message) => {
    if (message.type() === "error") problems.push(message.text());
  });
  await page.goto(site + path, { waitUntil: "domcontentloaded" });
  const isStill = (seen, before) => seen.isOpen && seen.place === before.place;
  await until(page, isStill, "open");
  const labels = await paint(page);
  console.log(JSON.stringify({ labels, problems }));
} finally {
  await browser.close();
}
