// The compression of GIF files: decoding as far as the data goes, and encoding without compression.

const MAX_CODES = 4096;

/**
 * Writes the pixels of LZW codes to `pixels`, up to the end of the data or a code that can't be
 * right. `bits` is the smallest code size. Returns their number.
 */
export function lzwPixels(data: Uint8Array, bits: number, pixels: Uint8Array): number {
  const clear = 1 << bits;
  const prefix = new Uint16Array(MAX_CODES);
  const suffix = new Uint8Array(MAX_CODES);
  const lengths = new Uint32Array(MAX_CODES).fill(1, 0, clear);
  for (let i = 0; i < clear; i++) suffix[i] = i;
  let next = clear + 2;
  let size = bits + 1;
  let last = -1;
  let count = 0;
  let buffer = 0;
  let filled = 0;
  for (const byte of data) {
    buffer |= byte << filled;
    filled += 8;
    while (filled >= size) {
      const code = buffer & ((1 << size) - 1);
      buffer >>>= size;
      filled -= size;
      if (code === clear + 1 || count >= pixels.length) return count;
      if (code === clear) {
        next = clear + 2;
        size = bits + 1;
        last = -1;
        continue;
      }
      if (last < 0 ? code > clear : code > next || (code === next && next >= MAX_CODES))
        return count;
      const length = code === next ? lengths[last] + 1 : lengths[code];
      const first = writeString(code === next ? last : code, count, pixels);
      if (code === next) pixels[count + length - 1] = first;
      if (last >= 0 && next < MAX_CODES) {
        prefix[next] = last;
        suffix[next] = first;
        lengths[next] = lengths[last] + 1;
        next++;
        if (next === 1 << size && size < 12) size++;
      }
      last = code;
      count = Math.min(count + length, pixels.length);
    }
  }
  return count;

  /** Writes a string of the table from its end; returns its first pixel. */
  function writeString(code: number, at: number, to: Uint8Array): number {
    let rest = code;
    for (let i = at + lengths[code] - 1; i > at; i--, rest = prefix[rest]) to[i] = suffix[rest];
    to[at] = suffix[rest];
    return suffix[rest];
  }
}

/** Sub-blocks of codes that each are a pixel, cleared before codes would grow. */
export function storedPixels(pixels: Uint8Array, bits: number): Buffer {
  const clear = 1 << bits;
  const codes = pixels.length + Math.ceil(pixels.length / (clear - 2)) + 1;
  const bytes = Math.ceil((codes * (bits + 1)) / 8);
  const blocks = Buffer.alloc(bytes + Math.ceil(bytes / 255));
  let at = 0;
  let buffer = 0;
  let filled = 0;
  const putByte = () => {
    if (at % 256 === 0) {
      blocks[at] = Math.min(blocks.length - at - 1, 255);
      at++;
    }
    blocks[at++] = buffer & 255;
  };
  const put = (code: number) => {
    buffer |= code << filled;
    filled += bits + 1;
    for (; filled >= 8; filled -= 8, buffer >>>= 8) putByte();
  };
  pixels.forEach((pixel, i) => {
    if (i % (clear - 2) === 0) put(clear);
    put(pixel);
  });
  put(clear + 1);
  if (filled > 0) putByte();
  return blocks;
}
