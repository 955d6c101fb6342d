/** Wires the editor page: API, stores, session, panels. */

import { signal } from "@preact/signals";
import { render } from "preact";
import { ClassApi } from "./api/classes";
import { ApiClient, ApiError, NetworkError } from "./api/client";
import { HistoryApi } from "./api/history";
import { ImageApi } from "./api/images";
import { KeyApi } from "./api/keys";
import { RestLayerApi } from "./api/layers";
import { PixelApi } from "./api/pixels";
import { PromptApi } from "./api/prompts";
import { TourApi, type TourStatus, type TourStep } from "./api/tour";
import type { LayerJson } from "./api/types";
import { ViewApi } from "./api/views";
import type { PlaneRef } from "./labels/spans";
import { openStack } from "./store/stack";
import * as texts from "./texts";
import { App } from "./ui/editor/App";
import { makeModel } from "./ui/editor/model";
import { notify } from "./ui/editor/notices";
import { openSession } from "./ui/editor/open_session";
import type { EditorSession } from "./ui/editor/session";
import "./styles/editor.css";

const root = document.getElementById("editor");
if (!root) throw new Error("the page has no element #editor");
const data = root.dataset;
const imageId = data.image ?? "";
const projectId = data.project ?? "";
const model = makeModel();
model.mayAnnotate.value = data.annotate === "1";
model.mayManage.value = data.manage === "1";
const links = {
  project: data.projectUrl ?? "/",
  training: data.trainingUrl ?? "/",
  previous: data.previousUrl || undefined,
  next: data.nextUrl || undefined,
};
const user = data.user ?? "";
const client = new ApiClient({ user });
const images = new ImageApi(client);
const layers = new RestLayerApi(client);
const classes = new ClassApi(client);
const history = new HistoryApi(client);
const views = new ViewApi(client);
const pixels = new PixelApi(client);
const prompts = new PromptApi(client);
const tour = {
  api: new TourApi(client),
  kept: {
    status: (data.tour ?? "done") as TourStatus,
    step: (data.tourStep ?? "look") as TourStep,
    isDue: data.tourDue === "1",
  },
};
const keys = new KeyApi(client);
const session = signal<EditorSession | undefined>(undefined);

function Page() {
  return (
    <App
      model={model}
      links={links}
      actions={session.value}
      onStage={(stage) => void open(stage)}
    />
  );
}

async function open(stage: HTMLElement): Promise<void> {
  try {
    const mayAnnotate = model.mayAnnotate.value;
    const openLayer = (layer: LayerJson, plane: PlaneRef) =>
      openStack({ api: layers, layerId: layer.id, layer, user, mayAnnotate, plane });
    const { search } = location;
    const region = new URLSearchParams(search).get("region") ?? undefined;
    const navigate = (url: string) => location.assign(url);
    const opened = await openSession(
      {
        ...{ model, element: stage, images, layers, classes, openLayer, region, search, navigate },
        ...{ projectUrl: links.project, user, history, views, pixels, prompts, tour, keys },
      },
      imageId,
      projectId,
    );
    session.value = opened;
    // For the console, the benchmark and the browser tests: nothing in the page reads it.
    Object.assign(stage, { editorSession: opened });
    model.isLoading.value = false;
    opened.view.focusStage();
    follow(opened);
  } catch (error) {
    console.error(error);
    model.failure.value =
      error instanceof ApiError || error instanceof NetworkError
        ? error.message
        : texts.editor.couldNotBeOpened;
    model.isLoading.value = false;
  }
}

/** New drafts appear by themselves. */
function follow(opened: EditorSession): void {
  const listening = images.projectEvents(projectId, (event) => {
    if (event.type === "draft" && event.image === imageId) {
      opened.drafts.arrived(String(event.layer)).catch(() => {
        notify(model, texts.drafts.loadAgain, { tone: "news" });
      });
    }
    if (event.type === "resync") {
      opened.drafts.arrived("").catch(() => undefined); // asked again with the next news
      opened.regions.refresh();
    }
    if (event.type === "classes" || event.type === "resync") {
      opened.classes.changed().catch(() => undefined); // with the next news, or when it is loaded
    }
    // Somebody opened or submitted a region: a blind one hides drafts here too.
    if (event.type === "region" && event.image === imageId) opened.regions.refresh();
  });
  window.addEventListener("pagehide", () => listening.close());
}

render(<Page />, root);
