/** Opens a plane of any layer to look at: a draft, or what another person draws. */

import type { LayerApi } from "../api/layers";
import type { PlaneRef } from "../labels/spans";
import { CHUNK_LIMIT } from "./open";
import { PlaneReader } from "./plane_reader";
import type { LabelReader } from "./types";

/**
 * The layer as it is now: what is painted on later is not followed.
 *
 * @throws ApiError or NetworkError when the layer cannot be read
 */
export async function openReader(
  api: LayerApi,
  layerId: string,
  { t, z }: PlaneRef,
): Promise<LabelReader> {
  const layer = await api.layer(layerId);
  const newState = layer.kind === "prediction" ? "proposed" : "accepted";
  const reader = new PlaneReader({ api, layer, t, z, chunkLimit: CHUNK_LIMIT }, newState);
  await reader.load();
  return reader;
}
