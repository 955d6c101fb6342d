/** gzip by the platform's own streams: no codec in the bundle. */

export async function gzip(bytes: Uint8Array): Promise<Uint8Array> {
  return pump(bytes, new CompressionStream("gzip"), Infinity);
}

/** @throws RangeError when it inflates to more than `maxBytes`. */
export async function gunzip(bytes: Uint8Array, maxBytes = 64 << 20): Promise<Uint8Array> {
  return pump(bytes, new DecompressionStream("gzip"), maxBytes);
}

async function pump(
  bytes: Uint8Array,
  through: CompressionStream | DecompressionStream,
  maxBytes: number,
): Promise<Uint8Array> {
  const writer = through.writable.getWriter();
  // Errors of writing reappear on the reading side, where they are awaited.
  const written = writer.write(bytes as Uint8Array<ArrayBuffer>).then(() => writer.close());
  written.catch(() => undefined);
  const parts: Uint8Array[] = [];
  let size = 0;
  const reader = through.readable.getReader();
  for (;;) {
    const { done, value } = await reader.read();
    if (done) break;
    size += value.length;
    if (size > maxBytes) {
      await reader.cancel();
      throw new RangeError("The operation is larger than expected when unpacked.");
    }
    parts.push(value);
  }
  await written;
  return joined(parts, size);
}

function joined(parts: readonly Uint8Array[], size: number): Uint8Array {
  const out = new Uint8Array(size);
  let at = 0;
  for (const part of parts) {
    out.set(part, at);
    at += part.length;
  }
  return out;
}
