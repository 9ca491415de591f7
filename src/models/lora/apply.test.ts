// Patched weights of every kind against ComfyUI's (test/golden/lora/make.py, make_kinds.py,
// make_parts.py), and low-rank branches against the merged weight.
import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import {
  expectExact,
  expectGolden,
  type Golden,
  type GoldenCase,
  golden,
} from '../../../test/support/golden.ts';
import { openSafetensors } from '../../formats/safetensors/safetensors.ts';
import { writeSafetensors } from '../../formats/safetensors/safetensors-write.ts';
import { createGraph } from '../../onnx/builder.ts';
import { openSession } from '../../runtime/session.ts';
import { map, type Tensor, zeros } from '../../tensor/tensor.ts';
import { conv, linear } from '../layers/blocks.ts';
import { plainTargets } from '../weights/changes.ts';
import { planChanges } from '../weights/plan-changes.ts';
import { type Weights, weightsOf } from '../weights/tensors.ts';
import { openLora } from './file.ts';
import { patchFits } from './fit.ts';
import { type AppliedLora, type LoraKeys, readPatches, type WeightPart } from './patches.ts';

const root = mkdtempSync(join(tmpdir(), 'darkroom-lora-'));
afterAll(() => rmSync(root, { recursive: true }));
let files = 0;

async function write(tensors: Readonly<Record<string, Tensor>>): Promise<string> {
  const file = join(root, `${files++}`, 'file.safetensors');
  mkdirSync(dirname(file));
  await writeSafetensors(
    file,
    Object.fromEntries(Object.entries(tensors).map(([name, t]) => [name, { dtype: 'F32', ...t }])),
  );
  return file;
}

async function open(tensors: Readonly<Record<string, Tensor>>): Promise<Weights> {
  const file = await write(tensors);
  const opened = await openSafetensors(file);
  await opened.close();
  return weightsOf(file, opened.tensors, '');
}

async function lora(
  tensors: Readonly<Record<string, Tensor>>,
  strength: number,
): Promise<AppliedLora> {
  const file = await openLora(await write(tensors));
  return {
    lora: file,
    strength,
    patches: readPatches(file, KEYS).patches,
  };
}

const rowsFrom = (from: number, to: number): WeightPart => ({
  weight: 'layer.weight',
  rows: [from, to],
});
/** The weight, and the parts of the cases of make_parts.py. */
const KEYS: LoraKeys = new Map<string, string | WeightPart>([
  ['layer', 'layer.weight'],
  ['q', rowsFrom(0, 3)],
  ['k', rowsFrom(3, 6)],
  ['v', rowsFrom(6, 9)],
  ['qkv', rowsFrom(0, 9)],
  ['mlp', rowsFrom(9, 16)],
  ['swapped', { weight: 'layer.weight', isSwapped: true }],
]);

const GROUPS = ['adapters', 'kinds', 'parts'].map((group) => golden('lora', group));
const ALL = GROUPS.flatMap((g) => g.cases.map((one) => ({ g, one, id: one.id })));
/**
 * The cases that the original fails to compute: it reports an error and does not change the weight.
 */
const isRefused = (id: string): boolean => id === 'lokr tucker' || id.startsWith('refused');

async function networkOf(
  g: Golden,
  { inputs, params }: GoldenCase,
): Promise<{ weights: Weights; loras: AppliedLora[] }> {
  const loras = params.strengths.map((strength: number, i: number) => {
    const mine = Object.entries(inputs).filter(([name]) => name.startsWith(`${i}/`));
    return lora(
      Object.fromEntries(mine.map(([name, tensor]) => [name.slice(2), g.float(tensor)])),
      strength,
    );
  });
  return {
    weights: await open({ 'layer.weight': g.float(inputs.weight) }),
    loras: await Promise.all(loras),
  };
}

/** Evaluates a graph over the patched weights. */
async function evaluate(
  plan: Pick<NonNullable<ReturnType<typeof planChanges>>, 'inputs' | 'build'>,
  make: (g: ReturnType<typeof createGraph>, w: Weights) => string,
  inputs: Readonly<Record<string, Tensor>>,
  rank: number,
): Promise<Tensor> {
  const graph = plan.build((w) => {
    const g = createGraph();
    for (const [name, { shape }] of Object.entries(inputs)) g.input(name, shape);
    g.output(
      'out',
      make(g, w),
      new Array(rank).fill(0).map((_, i) => `d${i}`),
    );
    return g;
  });
  const session = await openSession(graph.serialize(), {
    name: 'test',
    folder: graph.folder(),
    threads: 1,
    providers: ['cpu'],
  });
  const { out } = await session.run({ ...inputs, ...plan.inputs }, ['out']);
  await session.close();
  return out;
}

describe('patched weights equal ComfyUI’s:', () => {
  it.each(ALL)('$id', async ({ g, one }) => {
    const { weights, loras } = await networkOf(g, one);
    const shape = weights.shape('layer.weight');
    if (isRefused(one.id)) {
      expect(patchFits(loras[0].patches.get('layer.weight')!, shape, loras[0].lora)).toBe(false);
      return expectExact(g, one.id, one.outputs.out, g.float(one.inputs.weight).data);
    }
    for (const { patches, lora } of loras)
      for (const patch of patches.values()) expect(patchFits(patch, shape, lora)).toBe(true);
    const plan = planChanges(
      { weights, targets: plainTargets(weights), changes: loras },
      'each time',
    )!;
    expect(plan.key).not.toContain('=');
    const got = await evaluate(
      plan,
      (graph, w) => w.value(graph, 'layer.weight'),
      {},
      shape.length,
    );
    expectGolden(g, one.id, one.outputs.out, got);
  });
});

const waves = (shape: readonly number[]): Tensor =>
  map(zeros(shape), (_, i) => Math.sin(i * 1.7 + 0.3));

describe('branches and weights merged ahead of evaluations', () => {
  it.each(
    ALL.filter(({ g, one, id }) => !isRefused(id) && g.float(one.inputs.weight).shape.length > 1),
  )('equal the layer with the patched weight: $id', async ({ g, one }) => {
    const { weights, loras } = await networkOf(g, one);
    const plan = planChanges({ weights, targets: plainTargets(weights), changes: loras }, 'ahead')!;
    const changed = await open({ 'layer.weight': g.float(one.outputs.out) });
    const shape = weights.shape('layer.weight');
    const spatial = shape.length === 4 && shape[2] > 1;
    const x = waves(spatial ? [2, shape[1], 7, 6] : [5, shape[1]]);
    const layer = (graph: ReturnType<typeof createGraph>, w: Weights): string =>
      spatial
        ? conv({ g: graph, w }, 'x', 'layer', { stride: 2 })
        : linear({ g: graph, w }, 'x', 'layer');
    const rows =
      (from: number, to: number) =>
      (graph: ReturnType<typeof createGraph>, w: Weights): string =>
        linear({ g: graph, w }, 'x', 'layer', [from, to]);
    const parts = [rows(1, 4), ...(g.group === 'parts' ? [rows(3, 6), rows(9, 16)] : [])];
    for (const make of spatial ? [layer] : [layer, ...parts]) {
      const got = await evaluate(plan, make, { x }, spatial ? 4 : 2);
      const plain = {
        inputs: {},
        build: (build: (w: Weights) => ReturnType<typeof createGraph>) => build(changed),
      };
      const want = await evaluate(plain, make, { x }, spatial ? 4 : 2);
      expect(got.shape).toEqual(want.shape);
      got.data.forEach((v, i) => {
        expect(Math.abs(v - want.data[i])).toBeLessThanOrEqual(
          2e-6 + 1e-6 * Math.abs(want.data[i]),
        );
      });
    }
  });

  it('have the strength in the key of the plan, except for low-rank changes', async () => {
    const keyOf = async (id: string): Promise<string> => {
      const { g, one } = ALL.find((known) => known.id === id)!;
      const { weights, loras } = await networkOf(g, one);
      return planChanges({ weights, targets: plainTargets(weights), changes: loras }, 'ahead')!.key;
    };
    for (const id of ['linear', 'stacked', 'convolution', 'tucker'])
      expect(await keyOf(id)).not.toContain('=');
    for (const id of ['two parts', 'the whole and a part', 'two files', 'halves and a part'])
      expect(await keyOf(id)).not.toContain('=');
    expect(await keyOf('dora of a part')).toContain('=0.7');
    for (const id of ['loha', 'lokr', 'dora by rows', 'difference'])
      expect(await keyOf(id)).toMatch(/=0\.\d/);
  });
});
