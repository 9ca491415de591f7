// The image nodes against ComfyUI's on small images and masks.
import { expect, it } from 'vitest';
import {
  difference,
  expectGolden,
  type GoldenCase,
  golden,
} from '../../../../../test/support/golden.ts';
import { runNode, testContext } from '../../../../../test/support/run-node.ts';
import { sharp } from '../../../../image/codec/load-sharp.ts';
import { type Tensor, tensor } from '../../../../tensor/tensor.ts';
import type { SavedFile } from '../../../context.ts';
import { NODES } from '../../../index.ts';

const g = golden('core_nodes', 'images');

/** Whether the original's output is a list: `out0.0`, `out0.1` … */
const isListed = (one: GoldenCase): boolean =>
  Object.keys(one.outputs).some((name) => name.includes('.'));

async function runCase({ params, inputs }: GoldenCase): Promise<readonly unknown[]> {
  const { node, seed, ...values } = params;
  const lists = new Map<string, Tensor[]>();
  for (const [name, tensor] of Object.entries(inputs)) {
    const [input] = name.split('.');
    lists.set(input, [...(lists.get(input) ?? []), g.float(tensor)]);
  }
  const inputsByName = [...lists].map(([name, list]) => [
    name,
    NODES.get(node)?.inputIsList ? list : list[0],
  ]);
  return runNode(node, {
    ...values,
    seed: seed && BigInt(seed),
    ...Object.fromEntries(inputsByName),
  });
}

// ComfyUI adds a fifth channel to the destination and fails; here the source gets an opaque alpha
const LENIENT = ['102 ImageCompositeMasked'];

it('computes the same as the originals', async () => {
  const cases = g.cases.filter((one) => !one.note);
  expect(cases.length).toBe(128);
  for (const one of cases) {
    const results = await runCase(one);
    if (isListed(one)) {
      const lists = results as readonly (readonly Tensor[])[];
      expect(lists[0].length, one.id).toBe(Object.keys(one.outputs).length);
      for (const [i, tensor] of lists[0].entries())
        expectGolden(g, one.id, one.outputs[`out0.${i}`], tensor);
    } else if (one.scalars) expect(results, one.id).toEqual(one.scalars.values);
    else
      for (const [name, tensor] of Object.entries(one.outputs))
        expectGolden(g, one.id, tensor, results[Number(name.slice(3))] as Tensor);
  }
});

it('refuses the inputs on which the originals fail', async () => {
  const cases = g.cases.filter((one) => one.note && !LENIENT.includes(one.id));
  expect(cases.map(({ params }) => params.node)).toEqual([
    'ImageBatch',
    'RebatchImages',
    'ImageBlur',
    'PorterDuffImageComposite',
  ]);
  for (const one of cases)
    await expect(runCase(one), one.id).rejects.toMatchObject({ hint: expect.any(String) });
});

it('is exact where no values are averaged', async () => {
  const exact = [
    'EmptyImage',
    'ImageFlip',
    'ImageRotate',
    'ImageCrop',
    'ImageFromBatch',
    'RepeatImageBatch',
    'ImageAddNoise',
  ];
  for (const one of g.cases.filter((c) => exact.includes(c.params.node))) {
    const [image] = (await runCase(one)) as [Tensor];
    expect(difference(g, one.outputs.out0, image.data).worst, one.id).toBe(0);
  }
});

it('saves the images of SaveImageWebsocket where there is no client', async () => {
  const context = testContext();
  const image = tensor([2, 1, 1, 3], Float32Array.of(0, 0.5, 1, 1, 0.25, 0));
  const { ui } = await NODES.get('SaveImageWebsocket')!.run({ images: image }, context);
  const files = (ui?.['images'] ?? []) as SavedFile[];
  expect(files.map(({ type }) => type)).toEqual(['output', 'output']);
  expect(context.steps).toEqual([
    [0, 2],
    [1, 2],
  ]);
  // np.clip(255. * image, 0, 255).astype(np.uint8)
  const pixels = await Promise.all(files.map(({ path }) => sharp(path).raw().toBuffer()));
  expect(pixels.map((bytes) => [...bytes])).toEqual([
    [0, 127, 255],
    [255, 63, 0],
  ]);
  await context.runtime.close();
});
