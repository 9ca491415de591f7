// Whole sampling runs of the original with ControlNets of SD3 and SD3.5
// (test/golden/control_dit/make_sampled.py).
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, it } from 'vitest';
import { blockMeans } from '../../../test/support/block-means.ts';
import { noiseTensor, seededTensors } from '../../../test/support/files/rewrite.ts';
import {
  expectGolden,
  fixtureModel,
  type GoldenCase,
  golden,
} from '../../../test/support/golden.ts';
import { runNode, testContext } from '../../../test/support/run-node.ts';
import { sampleFlow } from '../../../test/support/sampling.ts';
import { writeSafetensors } from '../../formats/safetensors/safetensors-write.ts';
import { applyControlToSides } from '../../sampling/conditioning/control.ts';
import type { Conditioning, Model } from '../../sampling/sampling-types.ts';
import type { Tensor } from '../../tensor/tensor.ts';
import type { Autoencoder } from '../vae/autoencoder.ts';
import { loadControlNet } from './load.ts';

const g = golden('control_dit', 'sampled');
const { params: weights } = g.cases.find(({ id }) => id === 'weights')!;
const models = ['tiny_sd3_medium', 'tiny_sd35_medium'];
const context = testContext({
  diffusion_models: Object.fromEntries(models.map((name) => [name, fixtureModel(name)])),
});
const folder = mkdtempSync(join(tmpdir(), 'darkroom-transformer-runs-'));
afterAll(async () => {
  await context.runtime.close();
  rmSync(folder, { recursive: true });
});

async function modelOf({ model, doubled }: GoldenCase['params']): Promise<Model> {
  const inputs = { unet_name: model, weight_dtype: 'default' };
  const [loaded] = await runNode<[Model]>('UNETLoader', inputs, context);
  if (!doubled) return loaded;
  const changes = [{ factor: (name: string) => (name === doubled ? 2 : undefined) }];
  return { ...loaded, denoiser: loaded.denoiser.variant({ changes }) };
}

async function sample({ params }: GoldenCase): Promise<Tensor> {
  const { controls, size, lengths = [20, 9], images = 1, range_ = [0, 1] } = params;
  let sides: Conditioning[] = lengths.map((length: number, i: number) => [
    {
      cond: noiseTensor([1, length, 80], 2 + i, 3),
      pooled_output: noiseTensor([1, 64], 12 + i, 3),
    },
  ]);
  for (const name of controls) {
    const file = join(folder, `${name}.safetensors`);
    await writeSafetensors(file, seededTensors(weights[name]));
    sides = applyControlToSides(sides, {
      net: await loadControlNet(file, context.runtime),
      hint: noiseTensor([images, 60, 70, 3], 4, 1, 0.5),
      strength: 0.8,
      startPercent: range_[0],
      endPercent: range_[1],
      vae: blockMeans as Autoencoder,
    });
  }
  const [positive, negative] = sides;
  return sampleFlow({ model: await modelOf(params), steps: 4, positive, negative, size });
}

it.each(g.cases.filter(({ outputs }) => outputs.samples))('$id', async (one) => {
  expectGolden(g, one.id, one.outputs.samples, await sample(one));
});
