// AuraFlow against ComfyUI: predictions, values inside, the layout of diffusers, and checkpoints
// with their text encoder.
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { ditStates } from '../../../test/support/dit.ts';
import { caseInputs, denoisedBy, fixtureWeights } from '../../../test/support/dit-cases.ts';
import {
  type TensorsToWrite,
  tensorsOf,
  writeRenamed,
} from '../../../test/support/files/rewrite.ts';
import { expectGolden, fixtureModel, golden } from '../../../test/support/golden.ts';
import { full } from '../../tensor/tensor.ts';
import { loadCheckpoint } from '../checkpoint/load.ts';
import { createDit } from '../dit/network.ts';
import { createModelRuntime } from '../model-runtime.ts';
import { auraFlow } from './auraflow.ts';

const runtime = createModelRuntime({ threads: 1 });
const folder = mkdtempSync(join(tmpdir(), 'darkroom-auraflow-'));
afterAll(async () => {
  await runtime.close();
  rmSync(folder, { recursive: true });
});

const MODEL = 'tiny_auraflow';
const g = golden('dit', 'aura');

describe('golden dit/aura', () => {
  it.each(g.cases)('$id', async (goldenCase) => {
    const { id, outputs } = goldenCase;
    const denoiser = createDit(runtime, await fixtureWeights(MODEL), auraFlow);
    const inputs = caseInputs(g, goldenCase);
    const v = await denoiser.evaluate(inputs);
    expectGolden(g, id, outputs.v, v);
    expectGolden(g, id, outputs.denoised, denoisedBy(v, inputs));
  });

  it('computes the values inside', async () => {
    const [goldenCase] = g.cases;
    const none = { skipped: full([3], 0) };
    const weights = await fixtureWeights(MODEL);
    const states = await ditStates(auraFlow, weights, caseInputs(g, goldenCase), none);
    expect(Object.keys(states)).toHaveLength(9);
    for (const [name, state] of Object.entries(states))
      expectGolden(g, goldenCase.id, goldenCase.outputs[`in_${name}`], state);
  });
});

describe('the files of AuraFlow', () => {
  const [goldenCase] = g.cases;
  const evaluateFile = async (name: string, tensors: TensorsToWrite) => {
    const file = await writeRenamed(join(folder, `${name}.safetensors`), tensors, (key) => key);
    const { denoiser, encoders, clipFamily } = await loadCheckpoint(file, runtime);
    expect(clipFamily).toBe('auraflow');
    expectGolden(g, 'c0', goldenCase.outputs.v, await denoiser.evaluate(caseInputs(g, goldenCase)));
    return encoders.map(({ kind }) => kind);
  };

  it("in diffusers' layout have the same weights", async () => {
    const { scalars } = golden('weights', 'lora_keys').cases.find(
      ({ id }) => id === 'diffusers_auraflow',
    )!;
    type Target = string | readonly [name: string, rows: null, change: unknown];
    const stored = await tensorsOf(fixtureModel(MODEL));
    // the original's table is of one block of each kind
    const names = Object.entries<Target>(scalars!.keys).flatMap(([from, target]) => {
      const other = (name: string) => name.replace('_layers.0.', '_layers.1.');
      const name = typeof target === 'string' ? target : target[0];
      const pairs = [{ from, name, isSwapped: typeof target !== 'string' }];
      if (/single_layers\.0/.test(name))
        pairs.push({ ...pairs[0], from: from.replace('.0.', '.1.'), name: other(name) });
      return pairs;
    });
    const tensors = Object.fromEntries(
      names.map(({ from, name, isSwapped }) => {
        const tensor = stored[name];
        const data = tensor.data as Uint8Array;
        const half = data.length / 2;
        const swapped = Buffer.concat([data.subarray(half), data.subarray(0, half)]);
        return [from, isSwapped ? { ...tensor, data: swapped } : tensor];
      }),
    );
    expect(Object.keys(tensors).length).toBe(Object.keys(stored).length);
    expect(await evaluateFile('diffusers', tensors)).toEqual([]);
  });

  it('may hold the text encoder too', async () => {
    const tensors: TensorsToWrite = {};
    for (const [name, tensor] of Object.entries(await tensorsOf(fixtureModel(MODEL))))
      tensors[`model.${name}`] = tensor;
    for (const [name, tensor] of Object.entries(await tensorsOf(fixtureModel('tiny_pile_t5xl'))))
      tensors[`text_encoders.pile_t5xl.transformer.${name}`] = tensor;
    expect(await evaluateFile('all-in-one', tensors)).toEqual(['pile_t5xl']);
  });
});

it('refuses other widths', async () => {
  const tensors = await tensorsOf(fixtureModel(MODEL));
  tensors['init_x_linear.weight'] = { dtype: 'F32', shape: [64, 16], data: new Uint8Array(4096) };
  const file = await writeRenamed(join(folder, 'wide.safetensors'), tensors, (key) => key);
  await expect(loadCheckpoint(file, runtime)).rejects.toMatchObject({
    code: 'DR_MODEL_UNSUPPORTED',
    message: expect.stringContaining('is 64 wide, where AuraFlow is 3072 wide'),
  });
});
