// Qwen-Image 2.1 with small random weights against ComfyUI (test/golden/dit/make_qwen_image21.py):
// predictions with and without reference images, and with keys and values in fewer bits.
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { fluxWeights } from '../../../test/support/dit-cases.ts';
import { seededTensors, type TensorsToWrite } from '../../../test/support/files/rewrite.ts';
import { givenTensor } from '../../../test/support/given.ts';
import { expectGolden, type GoldenCase, golden } from '../../../test/support/golden.ts';
import {
  type TensorToWrite,
  writeSafetensors,
} from '../../formats/safetensors/safetensors-write.ts';
import { createGraph } from '../../onnx/builder.ts';
import { createRuntime } from '../../runtime/runtime.ts';
import { QWEN21, toModelLatent } from '../../sampling/model/latent-format.ts';
import { zeros } from '../../tensor/tensor.ts';
import type { DenoiserInputs } from '../denoiser.ts';
import { storedKeys } from './key-cache.ts';
import { createQwenImage21 } from './qwen-image-21.ts';

const g = golden('dit', 'qwen_image21');
const given = (name: string) => givenTensor(g, name);
const runtime = createRuntime({ threads: 1 });
const folder = mkdtempSync(join(tmpdir(), 'darkroom-qwen-image-21-'));
const file = (name: string): string => join(folder, `${name}.safetensors`);
afterAll(async () => {
  await runtime.close();
  rmSync(folder, { recursive: true });
});

beforeAll(async () => {
  const joined = seededTensors(g.weights.dit);
  await writeSafetensors(file('joined'), joined);
  await writeSafetensors(file('apart'), gatesApart(joined));
});

/** Some rows of a tensor of float32. */
function rowsOf({ dtype, shape: [, ...rest], data }: TensorToWrite, from: number, to: number) {
  const size = rest.reduce((n, d) => n * d, 1);
  return {
    dtype,
    shape: [to - from, ...rest],
    data: (data as Float32Array).subarray(from * size, to * size),
  };
}

/** The two first layers of each MLP as they are before they are joined. */
function gatesApart(tensors: TensorsToWrite): TensorsToWrite {
  const apart: TensorsToWrite = {};
  for (const [name, tensor] of Object.entries(tensors)) {
    const half = tensor.shape[0] / 2;
    if (name.includes('gate_up'))
      for (const [i, own] of ['gate_layer', 'proj'].entries())
        apart[name.replace('gate_up', own)] = rowsOf(tensor, i * half, (i + 1) * half);
    else apart[name] = tensor;
  }
  return apart;
}

const inputsOf = ({ params }: GoldenCase): DenoiserInputs => ({
  x: given(params.x),
  timesteps: Float32Array.from(params.sigmas),
  context: given(params.context),
  references: {
    latents: params.references.map((name: string) => toModelLatent(QWEN21, given(name))),
    ...(params.slots && { slots: params.slots }),
  },
});

describe('golden dit/qwen_image21', () => {
  it.each(g.casesWith('v'))('predicts: $id', async (one) => {
    const { id, params, outputs } = one;
    const weights = await fluxWeights(file(params.apart ? 'apart' : 'joined'));
    const plain = createQwenImage21(runtime, weights);
    const denoiser = params.cache ? plain.variant({ keyCache: params.cache }) : plain;
    expectGolden(g, id, outputs.v, await denoiser.evaluate(inputsOf(one)));
  });

  it('takes the last of several precisions of the cache', async () => {
    const [one] = g.casesWith('v').filter(({ id }) => id === 'v_reference');
    const denoiser = createQwenImage21(runtime, await fluxWeights(file('joined')))
      .variant({ keyCache: 'int4' })
      .variant({ keyCache: 'default' });
    expectGolden(g, one.id, one.outputs.v, await denoiser.evaluate(inputsOf(one)));
  });

  it.each(g.casesWith('keys'))('stores keys: $id', async ({ id, params, outputs }) => {
    const keys = given('keys');
    const width = keys.shape[2];
    const network = runtime.network({
      file: id,
      part: 'keys',
      outputs: ['out'],
      build: () => {
        const graph = createGraph();
        const x = graph.input('x', ['B', 'N', width]);
        const bits = params.dtype === 'int4' ? 4 : 8;
        const out = storedKeys({ g: graph }, x, { bits, depth: width / params.heads });
        graph.output('out', out, ['B', 'N', width]);
        return graph;
      },
    });
    expectGolden(g, id, outputs.keys, (await network.run({ x: keys })).out);
  });

  it('refuses heads of another width, and latents of other channels', async () => {
    const joined = seededTensors(g.weights.dit);
    const wide = Object.fromEntries(
      Object.entries(joined).map(([name, tensor]) => [
        name,
        /norm_[qk]/.test(name) ? rowsOf(tensor, 0, 8) : tensor,
      ]),
    );
    await writeSafetensors(file('wide'), wide);
    const weights = await fluxWeights(file('wide'));
    expect(() => createQwenImage21(runtime, weights)).toThrow(
      'attention heads of width 8, where Qwen-Image 2.1 has 128',
    );
    const denoiser = createQwenImage21(runtime, await fluxWeights(file('joined')));
    const inputs = { ...inputsOf(g.casesWith('v')[0]), x: zeros([1, 16, 4, 4]) };
    await expect(denoiser.evaluate(inputs)).rejects.toThrow('Qwen-Image 2.1) needs 64');
  });
});
