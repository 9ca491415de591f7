// Vectors of image embeddings against the original's unclip_adm (test/golden/vision), and their use
// in the ADM vector.
import { describe, expect, it } from 'vitest';
import { noise } from '../../../test/support/files/rewrite.ts';
import { expectGolden, golden } from '../../../test/support/golden.ts';
import { runNode } from '../../../test/support/run-node.ts';
import { full, tensor } from '../../tensor/tensor.ts';
import type { Conditioning, ConditioningEntry, Model } from '../sampling-types.ts';
import { admVector } from './adm.ts';
import { unclipVector } from './unclip.ts';

const g = golden('vision', 'clip');

describe('golden vision/clip', () => {
  it.each(g.cases.filter(({ params }) => params.kind === 'unclip'))(
    '$id',
    ({ id, params, outputs }) => {
      const { conditions, width, seed } = params;
      const embeddings = conditions.map(
        ([n, strength, noiseAugmentation]: readonly number[], i: number) => {
          return {
            embeds: tensor([n, width], noise(n * width, 20 + i, 2)),
            strength,
            noiseAugmentation,
          };
        },
      );
      expectGolden(g, id, outputs.vector, unclipVector(embeddings, BigInt(seed)));
    },
  );
});

const run = { side: 'positive', width: 64, height: 64, seed: 7n } as const;
const model = (family: Model['family'], admChannels: number) =>
  ({ family, denoiser: { admChannels } }) as Model;
const entry = (width?: number): ConditioningEntry => {
  const embeddings = width && {
    unclip_conditioning: [{ embeds: full([1, width], 0.5), strength: 1, noiseAugmentation: 0 }],
  };
  return { cond: full([1, 1, 1], 0), pooled_output: full([1, 8], 0.25), ...embeddings };
};

it('replaces the pooled prompt of SDXL', () => {
  const pooled = admVector(model('sdxl', 8 + 6 * 256), entry(), run);
  expect(pooled.data[0]).toBe(0.25);
  const image = admVector(model('sdxl', 8 + 6 * 256), entry(8), run);
  expect(image.data[0]).toBeCloseTo(0.5, 1);
  expect(image.data.slice(8)).toEqual(pooled.data.slice(8));
});

it('is the whole vector of unCLIP models', () => {
  expect(admVector(model('sd2', 32), entry(), run).data.every((v) => v === 0)).toBe(true);
  expect([...admVector(model('sd2', 32), entry(16), run).data.slice(16, 20)]).toEqual([1, 1, 1, 1]);
});

it('refuses embeddings of another width', () => {
  expect(() => admVector(model('sd2', 32), entry(8), run)).toThrow(
    expect.objectContaining({ code: 'DR_INPUT_INVALID' }),
  );
});

it('unCLIPConditioning adds embeddings to every entry', async () => {
  const conditioning: Conditioning = [entry(), entry()];
  const output = { embeds: full([1, 8], 1) };
  const add = async (to: unknown, strength: number) =>
    (
      await runNode<readonly unknown[]>('unCLIPConditioning', {
        conditioning: to,
        clip_vision_output: output,
        strength,
        noise_augmentation: 0.5,
      })
    )[0] as Conditioning;
  expect(await add(conditioning, 0)).toBe(conditioning);
  const twice = await add(await add(conditioning, 1), 0.5);
  const strengths = twice.map(({ unclip_conditioning }) =>
    unclip_conditioning!.map(({ strength }) => strength),
  );
  expect(strengths).toEqual([
    [1, 0.5],
    [1, 0.5],
  ]);
});
