// Hypernetworks in the small SD1 model against ComfyUI's (test/golden/hypernetwork).
import { fileURLToPath } from 'node:url';
import { afterAll, describe, expect, it } from 'vitest';
import { noise } from '../../../../../test/support/files/rewrite.ts';
import { expectGolden, fixtureModel, golden } from '../../../../../test/support/golden.ts';
import { fixtureFolders, runNode, testContext } from '../../../../../test/support/run-node.ts';
import { openHypernetwork } from '../../../../models/unet/hypernetwork-file.ts';
import { createRuntime } from '../../../../runtime/runtime.ts';
import type { Model } from '../../../../sampling/sampling-types.ts';
import { tensor } from '../../../../tensor/tensor.ts';

const g = golden('hypernetwork', 'sd1');
const file = (name: string) =>
  fileURLToPath(new URL(`../../../../../test/golden/hypernetwork/${name}.pt`, import.meta.url));
const models = {
  ...fixtureFolders({ checkpoints: ['tiny_sd1', 'tiny_sdxl_base'] }),
  hypernetworks: { plain: file('plain'), normed: file('normed') },
};
const runtime = createRuntime({ threads: 2 });
afterAll(() => runtime.close());
const context = { ...testContext(models), runtime };

const load = async (ckpt_name: string) =>
  (await runNode('CheckpointLoaderSimple', { ckpt_name }, context))[0] as Model;

describe('golden hypernetwork/sd1', () => {
  it.each(g.cases)('$id', async ({ id, params, outputs }) => {
    let model = await load('tiny_sd1.safetensors');
    for (const [hypernetwork_name, strength] of params.hypernetworks)
      [model] = await runNode<readonly Model[]>(
        'HypernetworkLoader',
        { model, hypernetwork_name, strength },
        context,
      );
    const { denoiser: unet } = model;
    const inputs = {
      x: tensor([1, 4, 8, 12], noise(384, 1, 3)),
      timesteps: Float32Array.of(600),
      context: tensor([1, 77, unet.contextDim], noise(77 * unet.contextDim, 2, 3)),
    };
    expectGolden(g, id, outputs.out, await unet.evaluate(inputs));
    expect(context.warnings).toEqual([]);
  });
});

it('warns of a hypernetwork for another model family', async () => {
  const model = { ...(await load('tiny_sdxl_base.safetensors')) };
  const other = { ...model, denoiser: { ...model.denoiser, contextDim: 2048 } };
  await runNode(
    'HypernetworkLoader',
    { model: other, hypernetwork_name: 'plain', strength: 1 },
    context,
  );
  expect(context.warnings[0]).toContain('another family');
});

it('refuses a file that is not a hypernetwork', async () => {
  for (const path of [fixtureModel('tiny_vae'), file('../../fixtures/torch/zip_4')])
    await expect(openHypernetwork(path)).rejects.toMatchObject({
      code: 'DR_MODEL_UNSUPPORTED',
      message: expect.stringContaining('no hypernetwork'),
    });
});
