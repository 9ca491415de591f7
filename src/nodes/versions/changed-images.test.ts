// Image nodes that changed between releases, beside the originals of both (test/golden/versions/
// make_images.py).
import { describe, expect, it } from 'vitest';
import { expectGolden, golden } from '../../../test/support/golden.ts';
import { runNode, testContext } from '../../../test/support/run-node.ts';
import { type Tensor, zeros } from '../../tensor/tensor.ts';
import { behaviourOf } from './behaviour-changes.ts';
import { COMFYUI_VERSIONS } from './comfyui-versions.ts';

describe.each(COMFYUI_VERSIONS)('ComfyUI %s', (version) => {
  const g = golden('versions', `images_${version}`);
  const context = { ...testContext(), behaviour: behaviourOf(version) };
  const run = (node: string, inputs: Readonly<Record<string, unknown>>) =>
    runNode<[Tensor]>(node, inputs, context);

  it.each(g.cases.map((one) => [one.id, one]))('%s', async (id, one) => {
    const { node, ...params } = one.params;
    if (one.scalars) {
      const { width, height, megapixels } = params;
      const image = zeros([1, height, width, 3]);
      const [{ shape }] = await run(node, { image, upscale_method: 'area', megapixels });
      expect([shape[2], shape[1]]).toEqual(one.scalars.size);
      return;
    }
    const tensors = Object.entries(one.inputs).map(([name, key]) => [name, g.float(key)]);
    const inputs = { ...params, ...Object.fromEntries(tensors) };
    if (one.note === undefined) {
      const [result] = await run(node, inputs);
      // The original drops the axis of a single channel, and transposes what is left.
      const actual = node === 'ImageScale' ? transposed(result) : result;
      expectGolden(g, id, one.outputs.out, actual);
    } else if (node === 'ImageBatch')
      await expect(run(node, inputs)).rejects.toMatchObject({ code: 'DR_SHAPE_MISMATCH' });
    else await expect(run(node, inputs)).resolves.toHaveLength(1);
  });
});

/** An image [1,H,W,1] as [1,W,H]. */
function transposed({ shape: [, h, w], data }: Tensor): Tensor {
  const at = (i: number): number => data[(i % h) * w + Math.floor(i / h)];
  return { shape: [1, w, h], data: data.map((_, i) => at(i)) };
}
