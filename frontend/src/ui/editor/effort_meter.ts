/** Watches pointer, wheel and keys of the editor for the count of working time. */
import type { ImageApi } from "../../api/images";
import { EffortCounter, EffortReporter, REPORT_EVERY_S } from "../../store/effort";
import { newId } from "../../store/sessions";

/** Count and report until disposed; nothing of it can disturb the painting. */
export function startEffortMeter(images: ImageApi, imageId: string): () => void {
  const session = newId();
  const counter = new EffortCounter();
  const reporter = new EffortReporter(counter, async (report, isLeaving) => {
    const answer = await images.reportActivity(imageId, { session, ...report }, isLeaving);
    return answer.active_s;
  });
  const abort = new AbortController();
  const options = { capture: true, passive: true, signal: abort.signal };
  const now = () => performance.now() / 1000;
  const sign = (event: Event) => {
    if (document.hidden) return;
    counter.sign(now(), event instanceof PointerEvent && event.buttons !== 0);
  };
  for (const type of ["pointerdown", "pointermove", "pointerup", "wheel", "keydown", "keyup"]) {
    window.addEventListener(type, sign, options);
  }
  const hidden = () => {
    if (document.hidden) counter.rest(now());
  };
  document.addEventListener("visibilitychange", hidden, options);
  const leave = () => {
    counter.rest(now());
    reporter.leave();
  };
  window.addEventListener("pagehide", leave, options);
  const timer = setInterval(() => void reporter.report(), REPORT_EVERY_S * 1000);
  return () => {
    clearInterval(timer);
    abort.abort();
    leave();
  };
}
