// FLUX.1 dev and schnell merge, as in ComfyUI: what schnell lacks stays as it is.
import { afterAll, expect, it } from 'vitest';
import { noiseTensor } from '../../../../../test/support/files/rewrite.ts';
import { fixtureModel } from '../../../../../test/support/golden.ts';
import { runNode, testContext } from '../../../../../test/support/run-node.ts';
import { createModelRuntime } from '../../../../models/model-runtime.ts';
import type { Model } from '../../../../sampling/sampling-types.ts';

const runtime = createModelRuntime({ threads: 1 });
afterAll(() => runtime.close());
const names = ['tiny_flux_dev', 'tiny_flux_schnell', 'tiny_chroma'];
const files = Object.fromEntries(names.map((name) => [name, fixtureModel(name)]));
const c = { ...testContext({ diffusion_models: files }), runtime };
const load = async (unet_name: string): Promise<Model> =>
  (await runNode<[Model]>('UNETLoader', { unet_name, weight_dtype: 'default' }, c))[0];
const merge = async (model1: Model, model2: Model, ratio: number): Promise<Model> =>
  (await runNode<[Model]>('ModelMergeSimple', { model1, model2, ratio }, c))[0];

const evaluate = async ({ denoiser }: Model, guidance = 3.5) =>
  (
    await denoiser.evaluate({
      x: noiseTensor([1, 16, 8, 8], 1, 3),
      timesteps: Float32Array.of(0.5),
      context: noiseTensor([1, 5, 80], 2, 3),
      y: noiseTensor([1, 32], 3, 3),
      guidance: Float32Array.of(guidance),
    })
  ).data;

it('FLUX.1 dev and schnell', async () => {
  const [dev, schnell] = [await load('tiny_flux_dev'), await load('tiny_flux_schnell')];
  expect(await evaluate(await merge(dev, schnell, 1))).toEqual(await evaluate(dev));
  const half = await merge(dev, schnell, 0.5);
  expect(await evaluate(half)).not.toEqual(await evaluate(dev));
  expect(await evaluate(half, 1)).not.toEqual(await evaluate(half));
});

it('but not models of different families', async () => {
  const [dev, chroma] = [await load('tiny_flux_dev'), await load('tiny_chroma')];
  await expect(merge(dev, chroma, 0.5)).rejects.toMatchObject({ code: 'DR_INPUT_INVALID' });
});
