// The upscale model nodes, run by their declarations.
import { afterAll, expect, it } from 'vitest';
import { difference, golden } from '../../../../../test/support/golden.ts';
import { fixtureFolders, runNode, testContext } from '../../../../../test/support/run-node.ts';
import type { UpscaleModel } from '../../../../models/upscaler/load.ts';
import { concatBatch, type Tensor } from '../../../../tensor/tensor.ts';

const context = testContext(fixtureFolders({ upscale_models: ['tiny_esrgan_x4_old'] }));
afterAll(() => context.runtime.close());

it('loads a model once, enlarges a batch, and reports each tile as progress', async () => {
  const g = golden('networks', 'upscale');
  const { inputs, outputs } = g.cases.find((c) => c.id === 'tiny_esrgan_x4_old')!;
  const load = () =>
    runNode('UpscaleModelLoader', { model_name: 'tiny_esrgan_x4_old.safetensors' }, context);
  const [upscale_model] = (await load()) as readonly UpscaleModel[];
  expect((await load())[0]).toBe(upscale_model);
  const image = g.float(inputs.image);
  const [result] = await runNode<readonly Tensor[]>(
    'ImageUpscaleWithModel',
    { upscale_model, image: concatBatch([image, image]) },
    context,
  );
  expect(result.shape).toEqual([2, 132, 164, 3]);
  for (const item of [0, 1]) {
    const { worst, bound } = difference(
      g,
      outputs.out,
      result.data.subarray((item * result.data.length) / 2, ((item + 1) * result.data.length) / 2),
    );
    expect(worst).toBeLessThanOrEqual(bound);
  }
  expect(context.steps).toEqual([
    [1, 2],
    [2, 2],
  ]);
});
