// Encodes previews as JPEG in the program's process; the engine process is busy with its networks.
// After ComfyUI's latent_preview.py and server.py (send_image).
import { sharp } from '../image/codec/load-sharp.ts';
import type { Emit } from './events.ts';
import type { FromEngine } from './protocol.ts';

type RawPreview = Extract<FromEngine, { kind: 'preview' }>;

const MAX_SIZE = 512;
const QUALITY = 95;

export interface PreviewEncoder {
  /**
   * Encodes a preview and emits it as an event. A preview that arrives while another is being
   * encoded replaces the one that waits. Never rejects.
   */
  add(preview: RawPreview): Promise<void>;
  /** The job has ended: previews that are still being encoded are not emitted. */
  close(): void;
}

/** An encoder that fits previews into 512x512. */
export function createPreviewEncoder(emit: Emit): PreviewEncoder {
  let isEncoding = false;
  let waiting: RawPreview | undefined;
  let isOpen = true;
  const encode = async ({ nodeId, displayId, width, height, bytes }: RawPreview): Promise<void> => {
    const image = await sharp(bytes, { raw: { width, height, channels: 3 } })
      .resize(MAX_SIZE, MAX_SIZE, { fit: 'inside', kernel: 'linear' })
      .jpeg({ quality: QUALITY })
      .toBuffer();
    if (isOpen) emit({ type: 'preview', nodeId, displayId, mime: 'image/jpeg', image });
  };
  return {
    add: async (preview) => {
      waiting = preview;
      if (isEncoding) return;
      isEncoding = true;
      try {
        while (waiting && isOpen) {
          const next: RawPreview = waiting;
          waiting = undefined;
          await encode(next);
        }
      } catch {
        // a preview that can't be encoded does not fail the job
      } finally {
        isEncoding = false;
      }
    },
    close: () => {
      isOpen = false;
    },
  };
}
