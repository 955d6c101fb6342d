/** Brings up one image in the editor. */
import type { ImageJson } from "../../api/types";
import type { LayerStore } from "../../store/types";
import { initialStyles } from "./contrast_desk";
import { notify } from "./model";
import { Scene } from "./scene";
import { EditorSession, type SessionParts } from "./session";

export interface OpenParts extends SessionParts {
  /** A region to go to. */
  readonly region: string | undefined;
  readonly openLayer: (layerId: string) => Promise<LayerStore>;
}

/** Show one image; resolves when it can be painted on. */
export async function openSession(parts: OpenParts, image: ImageJson): Promise<EditorSession> {
  const { model, images, layers } = parts;
  model.image.value = imageInfo(image);
  model.channels.value = initialStyles(image);
  const [grant, rows, regions] = await Promise.all([
    images.view(image.id),
    layers.ofImage(image.id),
    images.regions(image.id),
  ]);
  const own = rows.find((row) => row.kind === "annotation");
  if (!own) throw new Error("the server gave this image no annotation layer");
  let hasTileTrouble = false;
  const scene = new Scene({
    model,
    element: parts.element,
    grant,
    renew: () => images.view(image.id),
    onTileTrouble: () => {
      if (hasTileTrouble) return;
      hasTileTrouble = true;
      const text =
        "Parts of the image could not be loaded. They are tried again; reload the page if they stay missing.";
      notify(model, text, { tone: "problem" });
    },
  });
  const [layer] = await Promise.all([parts.openLayer(own.id), scene.stage.ready()]);
  scene.stage.fit(true);
  const session = new EditorSession(parts, scene, layer);
  session.desk.setRows(regions);
  session.review.setRows(rows);
  if (parts.region) {
    session.desk.open(parts.region);
    // It only says why; the region is there without it.
    await session.guide.load().catch(() => undefined);
  }
  await session.review.chooseFirst();
  return session;
}

function imageInfo(image: ImageJson) {
  return {
    id: image.id,
    project: image.project,
    name: image.name,
    width: image.width ?? 1,
    height: image.height ?? 1,
    isRgb: image.is_rgb,
    pixelSizeUm: image.pixel_size_um,
    dtype: image.dtype,
    channels: image.channels,
  };
}
