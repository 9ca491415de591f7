// What the preparation of int8 weights holds: never more than 2 GB, whatever the file's size is. It
// is counted in a small file as multiples of the largest weight, which is known for the real
// models.
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout } from 'node:timers/promises';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { afterAll, expect, it } from 'vitest';
import { FULL_SIZE } from '../../../bench/full-size.ts';
import { openSafetensors } from '../../formats/safetensors/safetensors.ts';
import { writeLazySafetensors } from '../../formats/safetensors/safetensors-write.ts';
import { createGraph, type Graph } from '../../onnx/builder.ts';
import { sizeOf } from '../../tensor/tensor.ts';
import { linear } from '../layers/blocks.ts';
import { createPrepackedStore } from './prepacked-store.ts';
import { type Weights, weightsOf } from './tensors.ts';

const folder = mkdtempSync(join(tmpdir(), 'darkroom-preparation-'));
afterAll(() => rmSync(folder, { recursive: true }));

const WIDTH = 1024;
const LAYERS = 16;
/** Of one layer in float32. */
const LAYER_BYTES = 4 * WIDTH ** 2;
/** What is held at most, in layers: two in float32, with their stored bytes and int8 numbers. */
const MOST_LAYERS = 3.5;

async function fileOfLayers(): Promise<Weights> {
  const file = join(folder, 'layers.safetensors');
  const shape = [WIDTH, WIDTH];
  const bytes = async (): Promise<Uint8Array> => new Uint8Array(2 * WIDTH ** 2).fill(63);
  await writeLazySafetensors(
    file,
    Array.from({ length: LAYERS }, (_, i) => ({
      name: `${i}.weight`,
      dtype: 'BF16',
      shape,
      bytes,
    })),
  );
  const { tensors, close } = await openSafetensors(file);
  await close();
  return weightsOf(file, tensors, '');
}

function graphOf(w: Weights): Graph {
  const g = createGraph();
  let value = g.input('x', ['M', WIDTH]);
  for (let i = 0; i < LAYERS; i++) value = linear({ g, w, int8: () => 'row' }, value, `${i}`);
  g.output('out', value, ['M', WIDTH]);
  return g;
}

setFlagsFromString('--expose_gc');
const collectGarbage = runInNewContext('gc') as () => void;

/**
 * The bytes of buffers that something refers to. Buffers are released some time after a collection.
 */
async function heldBytes(): Promise<number> {
  for (let i = 0; i < 3; i++) {
    collectGarbage();
    await setTimeout(10);
  }
  return process.memoryUsage().arrayBuffers;
}

/** Weights that report what is held before and after each tensor is read. */
const counted = (weights: Weights, report: (bytes: number) => void): Weights => ({
  ...weights,
  open: async () => {
    const file = await weights.open();
    return {
      ...file,
      read: async (name) => {
        report(await heldBytes());
        const values = await file.read(name);
        report(await heldBytes());
        return values;
      },
    };
  },
});

it('holds one layer at a time', async () => {
  const weights = await fileOfLayers();
  const before = await heldBytes();
  const held: number[] = [];
  const store = createPrepackedStore({ folder: join(folder, 'derived') });
  await store.ready(
    counted(weights, (bytes) => held.push(bytes - before)),
    graphOf,
  );
  expect(held).toHaveLength(2 * LAYERS);
  expect(Math.max(...held) / LAYER_BYTES).toBeLessThan(MOST_LAYERS);
  expect(Math.max(...held) / LAYER_BYTES).toBeGreaterThan(0.9);
});

it.each(['z-image', 'flux1-schnell', 'sd3.5-medium'] as const)(
  'holds less than 2 GB of %s',
  (model) => {
    const layers = [...FULL_SIZE[model]()].filter(([name]) => name.endsWith('.weight'));
    const largest = Math.max(...layers.map(([, shape]) => sizeOf(shape)));
    // and a layer while it is quantised
    expect((MOST_LAYERS + 1) * 4 * largest).toBeLessThan(2 ** 31);
  },
);
