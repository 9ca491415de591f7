// Prompts for areas and masks of latents with frames, against ComfyUI
// (test/golden/dit/make_qwen_areas.py).
import { afterAll, expect, it } from 'vitest';
import { noiseTensor } from '../../../test/support/files/rewrite.ts';
import {
  expectGolden,
  fixtureModel,
  type GoldenCase,
  golden,
} from '../../../test/support/golden.ts';
import { runNode, testContext } from '../../../test/support/run-node.ts';
import { sampleFlow } from '../../../test/support/sampling.ts';
import type { Tensor } from '../../tensor/tensor.ts';
import type { Conditioning, Model } from '../sampling-types.ts';

const g = golden('dit', 'qwen_areas');
const context = testContext({
  diffusion_models: { qwen: fixtureModel('tiny_qwen_image') },
});
afterAll(() => context.runtime.close());

type Placed = readonly [node: string, inputs: Readonly<Record<string, unknown>>];

/** The prompts of a case, each placed by nodes. */
async function placed(prompts: readonly (readonly Placed[])[]): Promise<Conditioning> {
  const all: Conditioning[] = [];
  for (const [i, nodes] of prompts.entries()) {
    let prompt: Conditioning = [{ cond: noiseTensor([1, 5, 64], 2 + i, 3) }];
    for (const [node, { mask, ...inputs }] of nodes)
      if (node === 'ConditioningSetDefaultCombine')
        prompt = prompt.map((entry) => ({ ...entry, default: true }));
      else {
        const [seed, count] = (mask ?? []) as readonly number[];
        const more = mask ? { mask: noiseTensor([count, 40, 56], seed, 1, 0.5) } : {};
        const given = { conditioning: prompt, ...inputs, ...more };
        [prompt] = await runNode<[Conditioning]>(node, given, context);
      }
    all.push(prompt);
  }
  return all.flat();
}

async function sample({ params }: GoldenCase): Promise<Tensor> {
  const file = { unet_name: 'qwen', weight_dtype: 'default' };
  const [model] = await runNode<[Model]>('UNETLoader', file, context);
  const positive = await placed(params.prompts);
  const negative = [{ cond: noiseTensor([1, 5, 64], 9, 3) }];
  return sampleFlow({ model, steps: 3, positive, negative, size: params.size });
}

it.each(g.cases)('golden dit/qwen_areas $id', async (one) => {
  if (!one.note) expectGolden(g, one.id, one.outputs.samples, await sample(one));
  else
    await expect(sample(one)).rejects.toMatchObject({
      code: 'DR_INPUT_INVALID',
      message: expect.stringContaining('ComfyUI fails on it with latents that have frames'),
    });
});
