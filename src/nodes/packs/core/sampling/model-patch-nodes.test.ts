// Whole sampling runs of the original with its model patches, alone and together
// (test/golden/model_patches/make.py).
import { afterAll, expect, it } from 'vitest';
import { noiseTensor } from '../../../../../test/support/files/rewrite.ts';
import {
  expectGolden,
  fixtureModel,
  type GoldenCase,
  golden,
} from '../../../../../test/support/golden.ts';
import { RULES } from '../../../../../test/support/rules.ts';
import { fixtureFolders, runNode, testContext } from '../../../../../test/support/run-node.ts';
import { toNHWC } from '../../../../image/channel-order.ts';
import type { ControlNet } from '../../../../models/controlnet/controlnet.ts';
import { setConditioningValues } from '../../../../sampling/conditioning/operations.ts';
import { commonKSampler } from '../../../../sampling/runs/ksampler.ts';
import type { Conditioning, Model } from '../../../../sampling/sampling-types.ts';
import { type Tensor, zeros } from '../../../../tensor/tensor.ts';

const FILES: Readonly<Record<string, string>> = { sd1: 'tiny_sd1', sdxl: 'tiny_sdxl_base' };
/** Widths of the prompt's features and of the pooled ones. */
const WIDTHS: Readonly<Record<string, readonly [number, number?]>> = {
  sd1: [128],
  sdxl: [128, 64],
};

const context = testContext({
  checkpoints: Object.fromEntries(Object.values(FILES).map((name) => [name, fixtureModel(name)])),
  ...fixtureFolders({ controlnet: ['tiny_controlnet_sdxl'] }),
});
afterAll(() => context.runtime.close());

function prompt(model: string, seed: number, values: object = {}): Conditioning {
  const [width, pooled] = WIDTHS[model];
  const pooledOutput = pooled ? { pooled_output: noiseTensor([1, pooled], seed + 100, 3) } : {};
  return [{ cond: noiseTensor([1, 77, width], seed, 3), ...pooledOutput, ...values }];
}

async function sample({ params }: GoldenCase): Promise<Tensor> {
  const { size, batch = 1, cfg = 5, steps = 4, seed = 7, area, control } = params;
  const [loaded] = await runNode<[Model]>(
    'CheckpointLoaderSimple',
    { ckpt_name: FILES[params.model] },
    context,
  );
  let model = loaded;
  for (const [node, inputs] of params.patches)
    [model] = await runNode<[Model]>(node, { model, ...inputs }, context);
  let [positive, negative] = [prompt(params.model, 1), prompt(params.model, 2)];
  if (area) positive = [...positive, ...prompt(params.model, 3, { area, strength: 0.7 })];
  if (control) {
    const [net] = await runNode<[ControlNet]>(
      'ControlNetLoader',
      { control_net_name: 'tiny_controlnet_sdxl.safetensors' },
      context,
    );
    const hint = toNHWC(noiseTensor([1, 3, size[0] * 8, size[1] * 8], 9, 1, 0.5));
    [positive, negative] = [positive, negative].map((side) =>
      setConditioningValues(side, {
        control: { net, hint, strength: 0.8, startPercent: 0, endPercent: control },
        control_apply_to_uncond: true,
      }),
    );
  }
  const { samples } = await commonKSampler({
    rules: RULES,
    model,
    seed: BigInt(seed),
    steps,
    cfg,
    samplerName: params.sampler ?? 'euler',
    scheduler: 'normal',
    positive,
    negative,
    latent: { samples: zeros([batch, 4, ...size]) },
  });
  return samples;
}

const g = golden('model_patches', 'samples');

it.each(g.cases.map((one) => [one.id, one] as const))('%s', async (id, one) => {
  if (one.outputs.samples) expectGolden(g, id, one.outputs.samples, await sample(one));
  else
    await expect(sample(one)).rejects.toThrow(
      expect.objectContaining({ hint: expect.any(String) }),
    );
});

it.each([
  ['TomePatchModel', { ratio: 0.5 }, 1],
  ['HyperTile', { tile_size: 32, swap_size: 3, max_depth: 0, scale_depth: false }, 1],
  // the draws of two sizes are from one number
  ['HyperTile', { tile_size: 32, swap_size: 2, max_depth: 0, scale_depth: false }, 0],
])('warns where %s draws with %o and no noise was drawn', async (node, inputs, expected) => {
  const [loaded] = await runNode<[Model]>(
    'CheckpointLoaderSimple',
    { ckpt_name: FILES.sd1 },
    context,
  );
  const [model] = await runNode<[Model]>(node, { model: loaded, ...inputs }, context);
  const warnings = new Set<string>();
  await commonKSampler({
    rules: RULES,
    model,
    seed: 1n,
    addNoise: false,
    steps: 1,
    cfg: 1,
    samplerName: 'euler',
    scheduler: 'normal',
    positive: prompt('sd1', 1),
    negative: prompt('sd1', 2),
    latent: { samples: noiseTensor([1, 4, 16, 16], 3, 1) },
    warn: (message) => warnings.add(message),
  });
  expect(warnings.size).toBe(expected);
});
