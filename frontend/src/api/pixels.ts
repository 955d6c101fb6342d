/** Stored pixel values: raw tiles of one plane, and the values at one place. */
import type { ApiClient } from "./client";
import type { TilePlace } from "./tiles";

/** As the server names them; what is none of these it sends as float64. */
const ARRAYS = {
  uint8: Uint8Array,
  int8: Int8Array,
  uint16: Uint16Array,
  int16: Int16Array,
  uint32: Uint32Array,
  int32: Int32Array,
  float32: Float32Array,
  float64: Float64Array,
} as const;

export class PixelApi {
  private readonly client: ApiClient;

  constructor(client: ApiClient) {
    this.client = client;
  }

  /** @param dtype the image's own number type */
  async rawTile(imageId: string, dtype: string, place: TilePlace, signal: AbortSignal) {
    const { plane, level, column, row } = place;
    const path = `/api/v1/images/${imageId}/pixels/${plane}/${level}/${column}/${row}/`;
    const bytes = await this.client.bytes(path, { signal });
    const Values = ARRAYS[dtype as keyof typeof ARRAYS] ?? Float64Array;
    return new Values(bytes);
  }

  /** One value per channel at a pixel; three of a colour picture. */
  async values(
    imageId: string,
    place: { readonly x: number; readonly y: number; readonly t: number; readonly z: number },
    signal: AbortSignal,
  ): Promise<readonly number[]> {
    const { x, y, t, z } = place;
    const path = `/api/v1/images/${imageId}/values/${y}/${x}/`;
    const answer = await this.client.json<{ values: number[] }>("GET", path, {
      query: { t, z },
      signal,
    });
    return answer.values;
  }
}
