// Names of weights in LoRA files against ComfyUI's (test/golden/lora/make_keys.py).
import { readFileSync } from 'node:fs';
import { gunzipSync } from 'node:zlib';
import { describe, expect, it } from 'vitest';
import { fixtureModel } from '../../../test/support/golden.ts';
import { openSafetensors } from '../../formats/safetensors/safetensors.ts';
import { clipKeys, unetKeys } from './keys.ts';

type Keys = Readonly<Record<string, string>>;
const expected: Readonly<Record<string, { unet: Keys; clip: Keys }>> = JSON.parse(
  gunzipSync(
    readFileSync(new URL('../../../test/golden/lora/keys.json.gz', import.meta.url)),
  ).toString(),
);

const PREFIX = 'model.diffusion_model.';

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
    const encoders = new Map<string, string[]>();
    for (const full of new Set(Object.values(clip))) {
      const [kind, , ...rest] = full.split('.');
      encoders.set(kind, [...(encoders.get(kind) ?? []), rest.join('.')]);
    }
    expect(Object.fromEntries(clipKeys(encoders))).toEqual(clip);
  });
});
