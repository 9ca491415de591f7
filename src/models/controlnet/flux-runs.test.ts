// Whole sampling runs of the original with ControlNets of FLUX.1
// (test/golden/control_dit/make_flux_sampled.py).
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
import type { ControlNet } from './controlnet.ts';
import { loadControlNet } from './load.ts';

const g = golden('control_dit', 'flux_sampled');
const networks = golden('control_dit', 'flux');
const models = ['tiny_flux_dev', 'tiny_chroma'];
const context = testContext({
  diffusion_models: Object.fromEntries(models.map((name) => [name, fixtureModel(name)])),
});
const folder = mkdtempSync(join(tmpdir(), 'darkroom-flux-runs-'));
afterAll(async () => {
  await context.runtime.close();
  rmSync(folder, { recursive: true });
});

async function networkOf(id: string): Promise<ControlNet> {
  const [{ weights, kind }] = networks.cases.find((one) => one.id === id)!.params.nets;
  const file = join(folder, `${id}.safetensors`);
  await writeSafetensors(file, seededTensors(weights));
  const net = await loadControlNet(file, context.runtime);
  return kind === null ? net : net.withKind!(kind);
}

async function sample({ params }: GoldenCase): Promise<Tensor> {
  const { model, net, size, lengths, images, guidances, range } = params;
  // Chroma's text encoder has no pooled prompt, those of FLUX.1 have
  const { pooledWidths = model === 'tiny_chroma' ? [0, 0] : [32, 32] } = params;
  const inputs = { unet_name: model, weight_dtype: 'default' };
  const [loaded] = await runNode<[Model]>('UNETLoader', inputs, context);
  const plain: Conditioning[] = lengths.map((length: number, i: number) => [
    {
      cond: noiseTensor([1, length, 80], 2 + i, 3),
      ...(pooledWidths[i] > 0 && {
        pooled_output: noiseTensor([1, pooledWidths[i]], 12 + i, 3),
      }),
      ...(guidances[i] !== null && { guidance: guidances[i] }),
    },
  ]);
  const [positive, negative] = applyControlToSides(plain, {
    net: await networkOf(net),
    hint: noiseTensor([images, 60, 70, 3], 4, 1, 0.5),
    strength: 0.8,
    startPercent: range[0],
    endPercent: range[1],
    vae: blockMeans,
  });
  return sampleFlow({ model: loaded, steps: 4, positive, negative, size });
}

it.each(g.cases)('$id', async (one) => {
  expectGolden(g, one.id, one.outputs.samples, await sample(one));
});
