// KSampler's sigmas for every scheduler and 1 to 150 steps, bit for bit (test/golden/sigmas).
import { createHash } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { expectExact, golden } from '../../../test/support/golden.ts';
import { flowSampling, fluxSampling } from '../model/flow-sampling.ts';
import { discreteSampling } from '../model/model-sampling.ts';
import { calculateSigmas, SCHEDULERS } from './schedules.ts';

const SAMPLINGS = {
  eps: discreteSampling(),
  v_zsnr: discreteSampling({ prediction: 'v', zsnr: true }),
  'flow_1.0': flowSampling(),
  'flow_1.15': flowSampling({ shift: 1.15 }),
  'flow_3.0': flowSampling({ shift: 3 }),
  'flow_6.0': flowSampling({ shift: 6 }),
  'flux_0.5': fluxSampling({ shift: 0.5 }),
  'flux_1.15': fluxSampling(),
  'flux_2.02': fluxSampling({ shift: 2.02 }),
};

const bits = (sigmas: Float32Array): Int32Array =>
  new Int32Array(sigmas.buffer, sigmas.byteOffset, sigmas.length);
/** The first digits of a hash of the bits. */
const shortHash = (sigmas: Float32Array): string =>
  createHash('sha256').update(bits(sigmas)).digest('hex').slice(0, 8);

const g = golden('sigmas', 'ksampler');

describe.each(Object.entries(SAMPLINGS))('%s', (kind, sampling) => {
  it.each(SCHEDULERS)('%s', (scheduler) => {
    const { id, params, outputs } = g.cases.find((c) => c.id === `${kind}/${scheduler}`)!;
    expectExact(g, id, outputs.table, bits(sampling.sigmas));
    const different = params.hashes.flatMap((hash: string, i: number) => {
      const sigmas = calculateSigmas(sampling, scheduler, i + 1);
      if (outputs[i + 1]) expectExact(g, id, outputs[i + 1], bits(sigmas));
      return shortHash(sigmas) === hash ? [] : [i + 1];
    });
    expect(different, 'numbers of steps with other sigmas').toEqual([]);
  });
});

it('covers every case', () => {
  expect(g.cases).toHaveLength(Object.keys(SAMPLINGS).length * SCHEDULERS.length);
});
