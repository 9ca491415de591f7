// Pictures of what is being sampled as JPEG files, made in the program's process: the engine's own waits for its networks.
// After ComfyUI's latent_preview.py and server.py (send_image).
import { sharp } from '../image/codec/load-sharp.ts';
import type { Emit } from './events.ts';
import type { FromEngine } from './protocol.ts';

type RawPreview = Extract<FromEngine, { kind: 'preview' }>;

const SIZE = 512;
const QUALITY = 95;

export interface PreviewEncoder {
  (preview: RawPreview): Promise<void>;
  /** The job has ended: what is still being encoded is not told. */
  close(): void;
}

/** Tells each preview as an event, fitted into 512x512. One that comes while another is being encoded takes the place of those waiting. */
export function previewEncoder(emit: Emit): PreviewEncoder {
  let busy = false;
  let next: RawPreview | undefined;
  let open = true;
  const encode = async ({ nodeId, displayId, width, height, bytes }: RawPreview): Promise<void> => {
    const image = await sharp(bytes, { raw: { width, height, channels: 3 } })
      .resize(SIZE, SIZE, { fit: 'inside', kernel: 'linear' })
      .jpeg({ quality: QUALITY })
      .toBuffer();
    if (open) emit({ type: 'preview', nodeId, displayId, mime: 'image/jpeg', image });
  };
  const show = async (preview: RawPreview): Promise<void> => {
    next = preview;
    if (busy) return;
    busy = true;
    try {
      while (next && open) {
        const current: RawPreview = next;
        next = undefined;
        await encode(current);
      }
    } catch {
      // a picture that can't be encoded is no reason to fail
    } finally {
      busy = false;
    }
  };
  return Object.assign(show, {
    close: () => {
      open = false;
    },
  });
}
