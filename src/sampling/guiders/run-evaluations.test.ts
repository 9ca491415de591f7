import { expect, it } from 'vitest';
import type { Model } from '../sampling-types.ts';
import { RunEvaluations } from './run-evaluations.ts';

// comfy/ldm/modules/diffusionmodules/mmdit.py calls no wrapper of its forward function
it('EasyCache is not created for networks that it does not act on', () => {
  const model = (ignoresStepCache: boolean): Model =>
    ({
      denoiser: { ignoresStepCache },
      patches: {
        stepCache: {
          kind: 'easy',
          times: 1,
          create: () => {
            throw new Error('created');
          },
        },
      },
    }) as unknown as Model;
  const run = { shape: [1, 16, 8, 8], sigmas: new Float32Array(2) };
  expect(() => new RunEvaluations(model(false), run)).toThrow('created');
  expect(new RunEvaluations(model(true), run)).toBeDefined();
});
