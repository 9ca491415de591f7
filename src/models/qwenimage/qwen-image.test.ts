// Qwen-Image against ComfyUI: predictions with and without reference images, of prompts with
// padding, of several frames, and values inside.
import { afterAll, describe, expect, it } from 'vitest';
import { ditStates } from '../../../test/support/dit.ts';
import { caseInputs, denoisedBy, fixtureWeights } from '../../../test/support/dit-cases.ts';
import { expectGolden, type GoldenCase, golden } from '../../../test/support/golden.ts';
import { createRuntime } from '../../runtime/runtime.ts';
import { toModelLatent, WAN21 } from '../../sampling/model/latent-format.ts';
import { full } from '../../tensor/tensor.ts';
import type { DenoiserInputs } from '../denoiser.ts';
import { createQwenImage, qwenImage } from './qwen-image.ts';

const runtime = createRuntime({ threads: 1 });
afterAll(() => runtime.close());

const MODEL = 'tiny_qwen_image';
const g = golden('dit', 'qwen_image');
const inputsOf = (goldenCase: GoldenCase): DenoiserInputs =>
  caseInputs(g, goldenCase, (latent) => toModelLatent(WAN21, latent));

describe('golden dit/qwen_image', () => {
  it.each(g.cases)('$id', async (goldenCase) => {
    const { id, outputs } = goldenCase;
    const denoiser = createQwenImage(runtime, await fixtureWeights(MODEL));
    const inputs = inputsOf(goldenCase);
    const v = await denoiser.evaluate(inputs);
    expectGolden(g, id, outputs.v, v);
    expectGolden(g, id, outputs.denoised, denoisedBy(v, inputs));
  });

  it('computes the states of each block', async () => {
    const none = { skipped: full([2], 0) };
    const states = await ditStates(
      qwenImage,
      await fixtureWeights(MODEL),
      inputsOf(g.cases[0]),
      none,
    );
    expect(Object.keys(states)).toHaveLength(8);
    for (const [name, state] of Object.entries(states)) {
      const [, block, stream] = /^(.*)\.(img|txt)$/.exec(name) ?? [];
      expectGolden(g, 'c0', `c0/in_${block ?? name}_${stream === 'img' ? 1 : 0}`, state);
    }
  });
});
