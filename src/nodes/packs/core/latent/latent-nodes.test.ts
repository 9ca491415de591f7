// The latent nodes against ComfyUI's on small latents.
import { expect, it } from 'vitest';
import { expectGolden, type GoldenCase, golden } from '../../../../../test/support/golden.ts';
import { runNode } from '../../../../../test/support/run-node.ts';
import { toNHW } from '../../../../image/mask/mask-shape.ts';
import type { LatentOperation } from '../../../../sampling/patches/latent-operations.ts';
import type { Latent } from '../../../../sampling/sampling-types.ts';
import type { Tensor } from '../../../../tensor/tensor.ts';
import { NODES } from '../../../index.ts';

const g = golden('core_nodes', 'latents');

/**
 * The inputs of a case. `latents.1/noise_mask` is the noise mask of the second latent of the list
 * `latents`.
 */
function inputsOf({ params: { node, ...params }, inputs }: GoldenCase): Record<string, unknown> {
  const values: Record<string, unknown> = {};
  const latents = new Map<string, Record<string, unknown>>();
  const part = (path: string, value: unknown): void => {
    const [at, name] = path.split('/');
    latents.set(at, {
      ...latents.get(at),
      [name]: name === 'noise_mask' ? toNHW(value as Tensor) : value,
    });
  };
  for (const [path, name] of Object.entries(inputs)) part(path, g.float(name));
  for (const [path, value] of Object.entries(params))
    if (path.includes('/')) part(path, value);
    else values[path] = value;
  for (const [at, latent] of latents) {
    const [input] = at.split('.');
    values[input] = NODES.get(node)?.inputIsList
      ? [...((values[input] as unknown[]) ?? []), latent]
      : latent;
  }
  return values;
}

function expectLatent(one: GoldenCase, at: string, latent: Latent): void {
  expectGolden(g, one.id, one.outputs[`${at}/samples`], latent.samples);
  expect(latent.noise_mask !== undefined, one.id).toBe(`${at}/noise_mask` in one.outputs);
  if (latent.noise_mask)
    expectGolden(g, one.id, one.outputs[`${at}/noise_mask`], latent.noise_mask.data);
  expect(latent.batch_index, one.id).toEqual(one.scalars![`${at}/batch_index`]);
}

it('computes the same as the originals', async () => {
  const cases = g.cases.filter((one) => !one.note && !('operand' in one.inputs));
  expect(cases.length).toBe(73);
  for (const one of cases) {
    const [result] = await runNode(one.params.node, inputsOf(one));
    if (!Array.isArray(result)) expectLatent(one, 'out', result);
    else {
      const latents = result as Latent[];
      expect(latents.length, one.id).toBe(
        Object.keys(one.outputs).filter((name) => name.endsWith('/samples')).length,
      );
      for (const [i, latent] of latents.entries()) expectLatent(one, `out.${i}`, latent);
    }
  }
});

it('refuses the inputs on which the originals fail', async () => {
  const cases = g.cases.filter((one) => one.note);
  expect(cases.map(({ params }) => params.node)).toEqual([
    'LatentInterpolate',
    'LatentConcat',
    'RebatchLatents',
  ]);
  for (const one of cases)
    await expect(runNode(one.params.node, inputsOf(one)), one.id).rejects.toMatchObject({
      hint: expect.any(String),
    });
});

it('applies latent operations', async () => {
  const cases = g.cases.filter((one) => 'operand' in one.inputs);
  expect(cases.length).toBe(4);
  for (const { id, params, inputs, outputs } of cases) {
    const [operation] = await runNode<[LatentOperation]>(params.node, params);
    const samples = g.float(inputs.operand);
    const [latent] = await runNode<[Latent]>('LatentApplyOperation', {
      samples: { samples },
      operation,
    });
    expectGolden(g, id, outputs.operated, latent.samples);
  }
});
