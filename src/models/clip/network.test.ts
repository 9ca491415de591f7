// The cache of encoded prompts.
import { afterAll, expect, it } from 'vitest';
import { fixtureModel } from '../../../test/support/golden.ts';
import { createRuntime, type Runtime } from '../../runtime/runtime.ts';
import { loadCheckpoint } from '../checkpoint/load.ts';
import type { TextEncoder } from './text-encoder.ts';

const LAST = { layer: 'last', finalNorm: true, project: false } as const;

/** The chunk of a prompt with these tokens. */
const chunk = (...ids: number[]) => [[49406, ...ids, ...new Array(76 - ids.length).fill(49407)]];

const real = createRuntime({ threads: 1 });
afterAll(() => real.close());

/** An encoder, and the networks that it ran. */
async function loadEncoder(): Promise<{ encoder: TextEncoder; runs: string[] }> {
  const runs: string[] = [];
  const runtime: Runtime = {
    ...real,
    network: (spec) => {
      const network = real.network(spec);
      return {
        ...network,
        run: (inputs) => {
          runs.push(spec.part);
          return network.run(inputs);
        },
      };
    },
  };
  const { encoders } = await loadCheckpoint(fixtureModel('tiny_sd1'), runtime);
  return { encoder: encoders[0], runs };
}

it('encodes the same prompt once', async () => {
  const { encoder, runs } = await loadEncoder();
  const first = await encoder.encode(chunk(320), LAST);
  expect(await encoder.encode(chunk(320), LAST)).toBe(first);
  expect(runs).toHaveLength(1);
});

it('encodes other layers, tokens and vectors again', async () => {
  const { encoder, runs } = await loadEncoder();
  const withVector = (value: number) => [
    chunk(320)[0].map((id, i) => (i === 5 ? new Float32Array(encoder.width).fill(value) : id)),
  ];
  await encoder.encode(chunk(320), LAST);
  await encoder.encode(chunk(320), { ...LAST, layer: 0 });
  await encoder.encode(chunk(321), LAST);
  await encoder.encode(withVector(1), LAST);
  await encoder.encode(withVector(2), LAST);
  expect(runs).toHaveLength(5);
});

it('removes the oldest of more than 32 results from the cache', async () => {
  const { encoder, runs } = await loadEncoder();
  const first = await encoder.encode(chunk(320), LAST);
  for (let id = 0; id < 32; id++) await encoder.encode(chunk(id), LAST);
  const again = await encoder.encode(chunk(320), LAST);
  expect(runs).toHaveLength(34);
  expect(again.hidden).toEqual(first.hidden);
});
