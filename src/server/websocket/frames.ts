// Binary WebSocket frames: a big-endian u32 for the kind, then its content. After ComfyUI's
// protocol.py and server.py.

/** PREVIEW_IMAGE: u32 1, u32 format, image. */
const PREVIEW_IMAGE = 1;
/** PREVIEW_IMAGE_WITH_METADATA: u32 4, u32 length of the metadata, metadata as JSON, image. */
const PREVIEW_IMAGE_WITH_METADATA = 4;
const FORMATS = { 'image/jpeg': 1, 'image/png': 2 } as const;

/** A preview image for clients that do not support metadata. */
export const previewFrame = (mime: keyof typeof FORMATS, image: Uint8Array): Buffer =>
  Buffer.concat([u32(PREVIEW_IMAGE), u32(FORMATS[mime]), image]);

/** A preview image with metadata as JSON text. */
export function previewFrameWithMetadata(metadata: string, image: Uint8Array): Buffer {
  const json = Buffer.from(metadata, 'utf8');
  return Buffer.concat([u32(PREVIEW_IMAGE_WITH_METADATA), u32(json.length), json, image]);
}

function u32(value: number): Buffer {
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32BE(value);
  return bytes;
}
