import { afterEach, beforeEach, expect, test, vi } from "vitest";
import type { SaveState, SaveStatus } from "../../src/store/saving_types";
import type { LayerStore } from "../../src/store/types";
import { LoginDesk } from "../../src/ui/editor/login_desk";
import { type EditorModel, makeModel } from "../../src/ui/editor/model";
import { stubPage } from "../viewer/pointers";

let model: EditorModel;
let desk: LoginDesk;
let nRetries: number;

beforeEach(() => {
  stubPage();
  nRetries = 0;
  model = makeModel();
  const layer = { retrySaving: () => nRetries++ } as unknown as LayerStore;
  desk = new LoginDesk(model, layer);
});
afterEach(() => {
  desk.close();
  vi.unstubAllGlobals();
});

/** The queue tells what became of an attempt. */
function answer(state: SaveStatus): void {
  model.save.value = { ...model.save.value, state } as SaveState;
  desk.follow(state);
}

test("who is signed out is asked once, and may paint on", () => {
  answer("login-needed");
  expect(model.isLoginOpen.value).toBe(true);
  desk.later();
  answer("login-needed");
  expect(model.isLoginOpen.value).toBe(false);
});

test("the save mark brings the question back after it was closed", () => {
  answer("login-needed");
  desk.later();
  desk.saveMark();
  expect(model.isLoginOpen.value).toBe(true);
  expect(nRetries).toBe(1);
});

test("who says to be signed in again, and is not, is asked again", () => {
  answer("login-needed");
  desk.retry();
  expect(model.isLoginOpen.value).toBe(false);
  answer("login-needed");
  expect(model.isLoginOpen.value).toBe(true);
});

test("coming back from the tab where one signed in sends the strokes", () => {
  window.dispatchEvent(new Event("focus"));
  expect(nRetries).toBe(0);
  answer("login-needed");
  window.dispatchEvent(new Event("focus"));
  expect(nRetries).toBe(1);
  answer("saved");
  expect(model.isLoginOpen.value).toBe(false);
});

test("the next session that ends is asked about anew", () => {
  answer("login-needed");
  desk.later();
  answer("saved");
  answer("login-needed");
  expect(model.isLoginOpen.value).toBe(true);
});
