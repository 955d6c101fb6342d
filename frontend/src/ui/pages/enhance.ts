/** Small manners of server-made pages: local times, confirmations, copying, the open menu. */

import { thisPageAnew } from "../../api/html";
import * as texts from "../../texts/pages";
import { moment } from "./format";

export function enhance(root: ParentNode): void {
  localTimes(root);
  for (const form of root.querySelectorAll<HTMLFormElement>("form[data-confirm]")) {
    form.addEventListener("submit", (event) => {
      if (!window.confirm(form.dataset["confirm"] ?? "")) event.preventDefault();
    });
  }
  for (const button of root.querySelectorAll<HTMLButtonElement>("button[data-copy]")) {
    button.addEventListener("click", () => void copy(button));
  }
  for (const input of root.querySelectorAll<HTMLInputElement>("input[data-select-on-focus]")) {
    input.addEventListener("focus", () => input.select());
  }
  for (const menu of root.querySelectorAll<HTMLDetailsElement>("details.menu")) closeable(menu);
}

function localTimes(root: ParentNode): void {
  for (const time of root.querySelectorAll<HTMLTimeElement>("time[data-local]")) {
    time.textContent = moment(time.dateTime, time.dataset["local"] === "date" ? "date" : "full");
    time.title = moment(time.dateTime);
  }
}

async function copy(button: HTMLButtonElement): Promise<void> {
  const input = document.getElementById(button.dataset["copy"] ?? "") as HTMLInputElement | null;
  if (input === null) return;
  input.focus();
  input.select();
  try {
    await navigator.clipboard.writeText(input.value);
    button.textContent = texts.common.copied;
  } catch {
    // Without https browsers refuse the clipboard; the text is selected for Ctrl+C.
    button.textContent = texts.common.pressCtrlC;
  }
}

/** Close a menu by Escape or by a click elsewhere, as people expect of menus. */
function closeable(menu: HTMLDetailsElement): void {
  document.addEventListener("click", (event) => {
    if (menu.open && event.target instanceof Node && !menu.contains(event.target))
      menu.open = false;
  });
  menu.addEventListener("keydown", (event) => {
    if (event.key !== "Escape" || !menu.open) return;
    menu.open = false;
    menu.querySelector<HTMLElement>("summary")?.focus();
  });
}

/** Take a part of the page anew from the server, where it is made. */
export async function refreshPart(id: string): Promise<void> {
  const old = document.getElementById(id);
  if (old === null) return;
  const page = await thisPageAnew();
  const fresh = page?.getElementById(id);
  if (!fresh) return;
  const kept = document.importNode(fresh, true);
  localTimes(kept);
  old.replaceWith(kept);
}
