// The latent nodes against ComfyUI's on small latents.
import { describe, expect, it } from 'vitest';
import {
  expectGolden,
  type Golden,
  type GoldenCase,
  golden,
} from '../../../../../test/support/golden.ts';
import { runNode } from '../../../../../test/support/run-node.ts';
import { toNHW } from '../../../../image/mask/mask-shape.ts';
import type { LatentOperation } from '../../../../sampling/patches/latent-operations.ts';
import type { Latent } from '../../../../sampling/sampling-types.ts';
import type { Tensor } from '../../../../tensor/tensor.ts';
import { NODES } from '../../../index.ts';

/** Latents of one image each, and with frames, which many nodes take for rows. */
const GROUPS = {
  latents: { cases: 73, refused: ['LatentInterpolate', 'LatentConcat', 'RebatchLatents'] },
  frames: {
    cases: 111,
    refused: [
      'LatentComposite',
      'LatentCompositeMasked',
      'LatentBlend',
      'LatentAdd',
      'LatentSubtract',
      'LatentBatch',
      'LatentInterpolate',
      'LatentConcat',
    ],
  },
};

/**
 * The inputs of a case. `latents.1/noise_mask` is the noise mask of the second latent of the list
 * `latents`.
 */
function inputsOf(
  g: Golden,
  { params: { node, ...params }, inputs }: GoldenCase,
): Record<string, unknown> {
  const values: Record<string, unknown> = {};
  const latents = new Map<string, Record<string, unknown>>();
  const part = (path: string, value: unknown): void => {
    const [at, name] = path.split('/');
    latents.set(at, {
      ...latents.get(at),
      [name]: name === 'noise_mask' ? toNHW(value as Tensor) : value,
    });
  };
  const given = Object.entries(inputs).map(([path, name]) => [path, g.float(name)] as const);
  for (const [path, value] of [...given, ...Object.entries(params)])
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

function expectLatent(g: Golden, one: GoldenCase, at: string, latent: Latent): void {
  expectGolden(g, one.id, one.outputs[`${at}/samples`], latent.samples);
  expect(latent.noise_mask !== undefined, one.id).toBe(`${at}/noise_mask` in one.outputs);
  if (latent.noise_mask)
    expectGolden(g, one.id, one.outputs[`${at}/noise_mask`], latent.noise_mask.data);
  expect(latent.batch_index, one.id).toEqual(one.scalars![`${at}/batch_index`]);
}

describe.each(Object.entries(GROUPS))(
  'golden core_nodes/%s',
  (group, { cases: count, refused }) => {
    const g = golden('core_nodes', group);

    it('computes the same as the originals', async () => {
      const cases = g.cases.filter((one) => !one.note && !('operand' in one.inputs));
      expect(cases.length).toBe(count);
      for (const one of cases) {
        const [result] = await runNode(one.params.node, inputsOf(g, one));
        if (!Array.isArray(result)) expectLatent(g, one, 'out', result);
        else {
          const latents = result as Latent[];
          expect(latents.length, one.id).toBe(
            Object.keys(one.outputs).filter((name) => name.endsWith('/samples')).length,
          );
          for (const [i, latent] of latents.entries()) expectLatent(g, one, `out.${i}`, latent);
        }
      }
    });

    it('refuses the inputs on which the originals fail', async () => {
      const cases = g.cases.filter((one) => one.note && !('operand' in one.inputs));
      expect([...new Set(cases.map(({ params }) => params.node))]).toEqual(refused);
      for (const one of cases)
        await expect(runNode(one.params.node, inputsOf(g, one)), one.id).rejects.toMatchObject({
          hint: expect.any(String),
        });
    });

    it.each(g.cases.filter((one) => 'operand' in one.inputs))('applies $id', async (one) => {
      const { id, params, inputs, outputs, note } = one;
      const [operation] = await runNode<[LatentOperation]>(params.node, params);
      const samples = { samples: g.float(inputs.operand) };
      const applied = runNode<[Latent]>('LatentApplyOperation', { samples, operation });
      if (note) await expect(applied).rejects.toMatchObject({ hint: expect.any(String) });
      else expectGolden(g, id, outputs.operated, (await applied)[0].samples);
    });
  },
);
