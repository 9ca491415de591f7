// Names of weights in LoRA files against ComfyUI's (test/golden/lora/make_keys.py, and
// test/golden/weights/lora_keys for encoders of flow models).
import { readFileSync } from 'node:fs';
import { gunzipSync } from 'node:zlib';
import { describe, expect, it } from 'vitest';
import { fixtureModel, golden } from '../../../test/support/golden.ts';
import { openSafetensors } from '../../formats/safetensors/safetensors.ts';
import { clipKeys, unetKeys } from './keys.ts';

type Keys = Readonly<Record<string, string>>;
const expected: Readonly<Record<string, { unet: Keys; clip: Keys }>> = JSON.parse(
  gunzipSync(
    readFileSync(new URL('../../../test/golden/lora/keys.json.gz', import.meta.url)),
  ).toString(),
);

const PREFIX = 'model.diffusion_model.';

/** The tensors of the encoders that keys name. */
function encodersOf(keys: Keys): Map<string, string[]> {
  const encoders = new Map<string, string[]>();
  for (const full of new Set(Object.values(keys))) {
    const [kind, , ...rest] = full.split('.');
    encoders.set(kind, [...(encoders.get(kind) ?? []), rest.join('.')]);
  }
  return encoders;
}

describe('names in LoRA files', () => {
  it.each(Object.keys(expected).filter((name) => name.startsWith('tiny')))(
    'of the UNet of %s equal ComfyUI’s',
    async (name) => {
      const opened = await openSafetensors(fixtureModel(name));
      await opened.close();
      const tensors = [...opened.tensors.keys()]
        .filter((key) => key.startsWith(PREFIX))
        .map((key) => key.slice(PREFIX.length));
      const keys = Object.fromEntries(
        [...unetKeys(tensors)].map(([key, tensor]) => [key, `diffusion_model.${tensor}`]),
      );
      expect(Object.keys(keys).length).toBeGreaterThan(1000);
      expect(keys).toEqual(expected[name].unet);
    },
  );

  it.each(Object.keys(expected))('of the text encoders of %s equal ComfyUI’s', (name) => {
    const { clip } = expected[name];
    expect(Object.fromEntries(clipKeys(encodersOf(clip)))).toEqual(clip);
  });

  const flow = golden('weights', 'lora_keys').cases.filter(({ params }) => params.clip);
  it.each(flow)('of the text encoders for $params.clip equal ComfyUI’s', ({ scalars }) => {
    const clip: Keys = scalars!.keys;
    // the references leave out what has a number from 2 on, as if it were a block's
    const keys = [...clipKeys(encodersOf(clip))].filter(
      ([name]) => !/^text_encoder_2\./.test(name),
    );
    expect(Object.fromEntries(keys)).toEqual(clip);
  });
});
