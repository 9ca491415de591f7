// Names of transformers' weights in LoRA files against ComfyUI's.
import { expect, it } from 'vitest';
import { fixtureWeights } from '../../../test/support/dit-cases.ts';
import { golden } from '../../../test/support/golden.ts';
import { anima } from '../anima/anima.ts';
import { auraFlow } from '../auraflow/auraflow.ts';
import { FLUX, FLUX2 } from '../flux/network.ts';
import { krea2 } from '../krea2/krea2.ts';
import type { WeightPart } from '../lora/patches.ts';
import { mmdit } from '../mmdit/mmdit.ts';
import { nextDit } from '../nextdit/nextdit.ts';
import { qwenImage } from '../qwenimage/qwen-image.ts';
import { type LoraNames, transformerKeys } from './lora-names.ts';

const PREFIX = 'diffusion_model.';

/** A weight, rows of it (axis, start, count), or a weight with its halves swapped. */
type Target = string | readonly [string, readonly [0, number, number] | null, string?];

const NAMES: Readonly<Record<string, LoraNames | undefined>> = {
  flux_dev: FLUX.lora,
  flux_schnell: FLUX.lora,
  flux_fill: FLUX.lora,
  klein: FLUX2.lora,
  chroma: FLUX.lora,
  z_image: nextDit.lora,
  lumina2: nextDit.lora,
  sd35: mmdit.lora,
  sd3: mmdit.lora,
  qwen_image: qwenImage.lora,
  aura: auraFlow.lora,
  krea2: krea2.lora,
  anima: anima.lora,
};

const g = golden('weights', 'lora_keys');

/** The target as the original writes it. */
function original(target: string | WeightPart): Target {
  if (typeof target === 'string') return PREFIX + target;
  const { weight, rows } = target;
  return rows
    ? [PREFIX + weight, [0, rows[0], rows[1] - rows[0]]]
    : [PREFIX + weight, null, 'swap_scale_shift'];
}

it.each(Object.keys(NAMES))('names of the weights of %s equal ComfyUI’s', async (id) => {
  const { params, scalars } = g.cases.find((one) => one.id === id)!;
  const weights = await fixtureWeights(params.model);
  // the original also lists layers that the model does not have, and of which it reads nothing
  const expected = Object.entries<Target>(scalars!.keys).filter(([, target]) =>
    weights.has((typeof target === 'string' ? target : target[0]).slice(PREFIX.length)),
  );
  // of Lumina 2 the original takes too many rows for keys and values, and cannot apply them
  const isWrong = ([name]: readonly [string, unknown]): boolean =>
    id === 'lumina2' && /attention[._]to_[kv]$/.test(name);
  const keys = [...transformerKeys(weights, NAMES[id])].map(
    ([name, target]) => [name, original(target)] as const,
  );
  expect(keys.length).toBeGreaterThan(100);
  const sorted = (pairs: readonly (readonly [string, Target])[]) =>
    Object.fromEntries(pairs.filter((pair) => !isWrong(pair)));
  expect(sorted(keys)).toEqual(sorted(expected));
  expect(new Set(keys.map(([name]) => name))).toEqual(new Set(expected.map(([name]) => name)));
});

it('takes the rows of keys and values where they have fewer heads than queries', async () => {
  const keys = transformerKeys(await fixtureWeights('tiny_lumina2'), nextDit.lora);
  // four heads of 12 for queries, two for keys and values
  expect(
    ['q', 'k', 'v'].map((part) => keys.get(`transformer.layers.0.attention.to_${part}`)),
  ).toEqual(
    [
      [0, 48],
      [48, 72],
      [72, 96],
    ].map((rows) => ({ weight: 'layers.0.attention.qkv.weight', rows })),
  );
});
