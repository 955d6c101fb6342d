/** Brings up one image in the editor. */
import type { ImageJson, LayerJson, RegionJson } from "../../api/types";
import type { PlaneRef } from "../../labels/spans";
import type { StackStore } from "../../store/stack";
import * as texts from "../../texts";
import { initialStyles } from "./contrast_desk";
import { LookDesk } from "./look_desk";
import { notify } from "./notices";
import { pictureOf, planeIn } from "./planes";
import { Scene } from "./scene";
import { EditorSession, type SessionParts } from "./session";

export interface OpenParts extends SessionParts {
  /** A region to go to. */
  readonly region: string | undefined;
  /** The query of the page's address, which may name a plane. */
  readonly search: string;
  readonly openLayer: (layer: LayerJson, plane: PlaneRef) => Promise<StackStore>;
}

/** Show one image; resolves when it can be painted on. */
export async function openSession(
  parts: OpenParts,
  imageId: string,
  projectId: string,
): Promise<EditorSession> {
  const { model, images, layers } = parts;
  const settings = parts.views.settings(projectId);
  settings.catch(() => undefined); // who awaits it hears of it
  // All at once: one after another, each costs a way to the server.
  const [image, grant, rows, regions] = await Promise.all([
    images.image(imageId),
    images.view(imageId),
    layers.ofImage(imageId),
    images.regions(imageId),
  ]);
  model.image.value = imageInfo(image);
  model.channels.value = initialStyles(image);
  const look = new LookDesk(model, parts.views);
  const own = rows.find((row) => row.kind === "annotation");
  if (!own) throw new Error("the server gave this image no annotation layer");
  const plane = planeToBegin(parts, regions);
  model.plane.value = model.wantedPlane.value = plane;
  const layerOpens = parts.openLayer(own, plane);
  layerOpens.catch(() => undefined); // awaited below
  await look.load(settings);
  let hasTileTrouble = false;
  const scene = new Scene({
    model,
    element: parts.element,
    grant,
    picture: pictureOf(plane, model.stackSize.value, model.channels.value.length),
    renew: () => images.view(imageId),
    onTileTrouble: () => {
      if (hasTileTrouble) return;
      hasTileTrouble = true;
      const text = texts.editor.partsNotLoaded;
      notify(model, text, { tone: "problem" });
    },
  });
  const [layer] = await Promise.all([layerOpens, scene.stage.ready()]);
  scene.stage.fit(true);
  const session = new EditorSession({ ...parts, look }, scene, layer);
  session.regions.setRows(regions);
  session.drafts.setRows(rows);
  if (parts.region) {
    session.regions.open(parts.region, plane);
    // It only says why; the region is there without it.
    await session.suggestions.load().catch(() => undefined);
  }
  // Nobody waits for them: contrast can be set without.
  session.contrast.loadHistograms().catch(() => undefined);
  await Promise.all([session.classes.load(), session.keys.load()]);
  await session.drafts.chooseFirst();
  await session.viewing.begin(parts.search);
  session.tour.begin();
  return session;
}

/** The plane of the address; else the first of the region that one goes to. */
function planeToBegin({ model, search, region }: OpenParts, regions: readonly RegionJson[]) {
  const asked = planeIn(search, model.stackSize.value);
  const names = new URLSearchParams(search);
  const row = regions.find((one) => one.id === region);
  return row && !names.has("z") && !names.has("t") ? { t: row.t, z: row.z } : asked;
}

function imageInfo(image: ImageJson) {
  return {
    id: image.id,
    project: image.project,
    name: image.name,
    width: image.width ?? 1,
    height: image.height ?? 1,
    isRgb: image.is_rgb,
    nZ: image.n_z,
    nT: image.n_t,
    pixelSizeUm: image.pixel_size_um,
    dtype: image.dtype,
    channels: image.channels,
  };
}
