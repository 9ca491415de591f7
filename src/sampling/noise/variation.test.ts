// Noise variations and the mask outside all regions, against the original.
import { it } from 'vitest';
import { expectExact, expectGolden, golden } from '../../../test/support/golden.ts';
import { outsideMask } from '../runs/regional.ts';
import { mixNoise, varyNoise } from './variation.ts';

it('masks/regional', () => {
  const g = golden('masks', 'regional');
  for (const { id, params, inputs, outputs } of g.cases) {
    const tensors = Object.fromEntries(
      Object.entries(inputs).map(([name, tensor]) => [name, g.float(tensor)]),
    );
    if (params.fn === 'mix_noise') {
      expectGolden(
        g,
        id,
        outputs.out,
        mixNoise(tensors.from, tensors.to, params.strength, params.method),
      );
    } else if (params.fn === 'touch_noise') {
      const variation = {
        seed: BigInt(params.variation_seed),
        strength: params.variation_strength,
        method: params.variation_method,
      };
      expectGolden(g, id, outputs.out, varyNoise(tensors.noise, tensors.mask, variation));
    } else {
      const outside = outsideMask(Object.values(tensors));
      expectExact(g, id, outputs.inverse, outside.data);
      expectExact(
        g,
        id,
        outputs.combined,
        outside.data.map((value) => 1 - value),
      );
    }
  }
});
