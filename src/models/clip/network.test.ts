// Recent prompts are cached.
import { expect, it } from 'vitest';
import { fixtureModel } from '../../../test/support/golden.ts';
import { createRuntime, type Runtime } from '../../runtime/runtime.ts';
import { loadCheckpoint } from '../checkpoint/load.ts';

it('encodes the same prompt once, and another one again', async () => {
  const real = createRuntime({ threads: 1 });
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
  const [encoder] = encoders;
  const chunk = (...ids: number[]) => [[49406, ...ids, ...new Array(76 - ids.length).fill(49407)]];
  const last = { layer: 'last', finalNorm: true, project: false } as const;
  const first = await encoder.encode(chunk(320), last);
  expect(await encoder.encode(chunk(320), last)).toBe(first);
  expect(runs).toHaveLength(1);
  await encoder.encode(chunk(320), { ...last, layer: 0 });
  await encoder.encode(chunk(321), last);
  const vector = (value: number) => [
    chunk(320)[0].map((id, i) => (i === 5 ? new Float32Array(encoder.width).fill(value) : id)),
  ];
  await encoder.encode(vector(1), last);
  await encoder.encode(vector(2), last);
  expect(runs).toHaveLength(5);
  for (let id = 0; id < 32; id++) await encoder.encode(chunk(id), last);
  const again = await encoder.encode(chunk(320), last);
  expect(runs).toHaveLength(38);
  expect(again.hidden).toEqual(first.hidden);
  await real.close();
});
