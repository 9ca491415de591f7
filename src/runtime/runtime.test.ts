// Networks over a user's file: offsets and types of its tensors, memory, and errors.
import { mkdtempSync, readdirSync, rmSync, truncateSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { openSafetensors } from '../formats/safetensors/safetensors.ts';
import { linear } from '../models/layers/blocks.ts';
import { type Rounding, weightsOf } from '../models/weights/tensors.ts';
import { createGraph, type Graph } from '../onnx/builder.ts';
import { tensor } from '../tensor/tensor.ts';
import { createRuntime } from './runtime.ts';

const folder = mkdtempSync(join(tmpdir(), 'dark room – 暗室 '));
afterAll(() => rmSync(folder, { recursive: true }));

type Entry = readonly [name: string, dtype: string, shape: readonly number[], bytes: Buffer];

/** Writes a .safetensors whose data begins at an odd byte. */
function write(name: string, entries: readonly Entry[]): string {
  let at = 0;
  const header: Record<string, unknown> = {};
  for (const [key, dtype, shape, bytes] of entries) {
    header[key] = { dtype, shape, data_offsets: [at, at + bytes.length] };
    at += bytes.length;
  }
  let text = JSON.stringify(header);
  if (text.length % 2 === 0) text += ' ';
  const size = Buffer.alloc(8);
  size.writeBigUInt64LE(BigInt(text.length));
  const file = join(folder, name);
  writeFileSync(file, Buffer.concat([size, Buffer.from(text), ...entries.map((e) => e[3])]));
  return file;
}

const f32 = (...values: number[]): Buffer => Buffer.from(Float32Array.from(values).buffer);
const u16 = (...values: number[]): Buffer => Buffer.from(Uint16Array.from(values).buffer);

const odd: Entry = ['odd', 'U8', [1], Buffer.from([7])];
/** The 2x2 matrix [[1, 2], [3, -0.5]] in each dtype. */
const MATRICES: Readonly<Record<string, Buffer>> = {
  F32: f32(1, 2, 3, -0.5),
  F16: u16(0x3c00, 0x4000, 0x4200, 0xb800),
  BF16: u16(0x3f80, 0x4000, 0x4040, 0xbf00),
  F64: Buffer.from(Float64Array.of(1, 2, 3, -0.5).buffer),
};

async function product(
  file: string,
  options: { rounding?: Rounding; rows?: readonly [number, number] } = {},
): Promise<Graph> {
  const opened = await openSafetensors(file);
  await opened.close();
  const g = createGraph();
  const w = weightsOf(file, opened.tensors, 'layer.', options);
  g.output('y', linear({ g, w }, g.input('x', ['N', 2]), 'lin', options.rows), ['N', 2]);
  return g;
}

const x = tensor([1, 2], Float32Array.of(10, 100));

describe('a network', () => {
  it.each(Object.keys(MATRICES))(
    'reads %s weights at odd offsets of a file with a name in several scripts',
    async (dtype) => {
      const file = write(`größe ${dtype} é 模型.safetensors`, [
        odd,
        ['layer.lin.weight', dtype, [2, 2], MATRICES[dtype]],
      ]);
      const runtime = createRuntime({ threads: 1 });
      const run = async (part: string, rows?: readonly [number, number]) => {
        const graph = await product(file, { rows });
        return (
          await runtime.network({ file, part, outputs: ['y'], build: () => graph }).run({ x })
        ).y.data;
      };
      expect([...(await run('all'))]).toEqual([210, -20]);
      expect([...(await run('second row', [1, 2]))]).toEqual([-20]);
      await runtime.close();
      expect(readdirSync(folder).filter((name) => !name.endsWith('.safetensors'))).toEqual([]);
    },
  );

  it('rounds weights to 8 bits where its weights say so', async () => {
    // torch.tensor([1.07, -3.3, 0.0171, 20]).to(torch.float8_e4m3fn / float8_e5m2).float()
    const file = write('eighths.safetensors', [
      ['layer.lin.weight', 'F32', [2, 2], f32(1.07, -3.3, 0.0171, 20)],
    ]);
    const runtime = createRuntime({ threads: 1 });
    const rounded = async (rounding: Rounding) => {
      const graph = await product(file, { rounding });
      const network = runtime.network({
        file,
        part: 'lin',
        variant: rounding,
        outputs: ['y'],
        build: () => graph,
      });
      return [...(await network.run({ x: tensor([2, 2], Float32Array.of(1, 0, 0, 1)) })).y.data];
    };
    expect(await rounded('f8e4m3')).toEqual([1.125, 0.017578125, -3.25, 20]);
    expect(await rounded('f8e5m2')).toEqual([1, 0.015625, -3.5, 20]);
    await runtime.close();
  });

  it('rounds weights to float16 where its weights say so', async () => {
    const file = write('float16.safetensors', [
      ['layer.lin.weight', 'F32', [1, 2], f32(1 + 2 ** -12, 1 + 2 ** -9)],
    ]);
    const runtime = createRuntime({ threads: 1 });
    const ones = tensor([2, 2], Float32Array.of(1, 0, 0, 1));
    const rounded = async (rounding?: Rounding): Promise<number[]> => {
      const graph = await product(file, { rounding });
      const network = runtime.network({
        file,
        part: 'lin',
        variant: `${rounding}`,
        outputs: ['y'],
        build: () => graph,
      });
      return [...(await network.run({ x: ones })).y.data];
    };
    expect(await rounded()).toEqual([1 + 2 ** -12, 1 + 2 ** -9]);
    expect(await rounded('f16')).toEqual([1, 1 + 2 ** -9]);
    await runtime.close();
  });

  describe('with room for two of three', () => {
    /** Three networks and the order in which they are loaded. */
    const openThree = async () => {
      const file = write('three.safetensors', [['layer.lin.weight', 'F32', [2, 2], MATRICES.F32]]);
      const loads: string[] = [];
      const runtime = createRuntime({
        threads: 1,
        memoryBudget: 32,
        onLoad: ({ part }) => loads.push(part),
      });
      const graph = await product(file);
      const [a, b, c] = ['a', 'b', 'c'].map((part) =>
        runtime.network({ file, part, outputs: ['y'], build: () => graph }),
      );
      return { runtime, loads, a, b, c };
    };

    it('opens when it is first run, and closes the least recently used one', async () => {
      const { runtime, loads, a, b, c } = await openThree();
      expect(loads).toEqual([]);
      for (const network of [a, b, a, c, a, b])
        expect((await network.run({ x })).y.data[0]).toBe(210);
      expect(loads).toEqual(['a', 'b', 'c', 'b']);
      expect(runtime.openNetworks().map((name) => name.slice(-1))).toEqual(['a', 'b']);
      await runtime.close();
    });

    it('may be run at the same time as another', async () => {
      const { runtime, a, b, c } = await openThree();
      for (const network of [a, b]) await network.run({ x });
      const both = await Promise.all([c.run({ x }), a.run({ x })]);
      expect(both.map((out) => out.y.data[1])).toEqual([-20, -20]);
      await runtime.close();
    });

    it('opens again after the runtime was closed', async () => {
      const { runtime, a } = await openThree();
      await a.run({ x });
      await runtime.close();
      expect(runtime.openNetworks()).toEqual([]);
      expect((await a.run({ x })).y.data[0]).toBe(210);
      await runtime.close();
    });
  });

  describe('when memory is short', () => {
    const file = () =>
      write('big.safetensors', [['layer.lin.weight', 'F32', [2, 2], MATRICES.F32]]);
    /**
     * Networks that claim a number of bytes, in a memory of `total` bytes. `working`: the bytes
     * that each evaluation claims.
     */
    const openWithin = async (total: number, working?: number) => {
      const graph = await product(file());
      const sizes = new Map<string, number>();
      const runtime = createRuntime({
        threads: 1,
        memory: {
          limit: () => total,
          available: () =>
            total -
            runtime
              .openNetworks()
              .reduce((sum, name) => sum + sizes.get(name.split(' ').at(-1)!)!, 0),
        },
      });
      const network = (part: string, variant: string, bytes: number) => {
        sizes.set(variant, bytes);
        const build = () => ({
          ...graph,
          weightBytes: () => bytes,
          relayoutBytes: () => 0.67 * bytes,
        });
        return runtime.network({
          file: file(),
          part,
          variant,
          outputs: ['y'],
          build,
          workingBytes: working ? () => working : undefined,
        });
      };
      return {
        runtime,
        network,
        names: () => runtime.openNetworks().map((name) => name.split(' ').at(-1)),
      };
    };

    it('closes other variants of its weights first, then the least recently used', async () => {
      const { runtime, network, names } = await openWithin(10e9);
      const [vae, plain, clip, control] = [
        network('vae', 'vae', 1e9),
        network('unet', 'plain', 4e9),
        network('clip', 'clip', 0.5e9),
        network('unet', 'control', 4e9),
      ];
      for (const one of [vae, plain, clip]) await one.run({ x });
      expect(names()).toEqual(['vae', 'plain', 'clip']);
      await control.run({ x });
      expect(names()).toEqual(['vae', 'clip', 'control']);
      await network('other', 'other', 2.5e9).run({ x });
      expect(names()).toEqual(['clip', 'control', 'other']);
      await runtime.close();
    });

    it('is refused before it is loaded when it cannot fit', async () => {
      const { runtime, network, names } = await openWithin(16e9);
      await network('vae', 'vae', 1e9).run({ x });
      await expect(network('unet', 'plain', 10e9).run({ x })).rejects.toMatchObject({
        code: 'DR_OUT_OF_MEMORY',
        message: 'big.safetensors (unet) takes about 17.0 GB of memory to load, 16.0 GB are free',
        hint: expect.stringContaining('smaller model'),
      });
      expect(names()).toEqual([]);
      await runtime.close();
    });

    it('is not evaluated when closing the others does not free enough', async () => {
      const { runtime, network, names } = await openWithin(10e9, 6e9);
      await network('clip', 'clip', 1e9).run({ x });
      await network('unet', 'plain', 3e9).run({ x });
      expect(names()).toEqual(['plain']);
      await expect(network('vae', 'vae', 5e9).run({ x })).rejects.toMatchObject({
        code: 'DR_OUT_OF_MEMORY',
        message: expect.stringContaining(
          'big.safetensors (vae) needs about 6.3 GB of memory for this image, 5.0 GB are free',
        ),
      });
      await runtime.close();
    });
  });

  it('fails for inputs of another size', async () => {
    const file = write('size.safetensors', [['layer.lin.weight', 'F32', [2, 2], MATRICES.F32]]);
    const graph = await product(file);
    const runtime = createRuntime({ threads: 1 });
    const network = runtime.network({ file, part: 'lin', outputs: ['y'], build: () => graph });
    await expect(network.run({ x: tensor([1, 3], new Float32Array(3)) })).rejects.toMatchObject({
      code: 'DR_RUNTIME_FAILED',
    });
    await runtime.close();
  });

  it('fails with the name of its file when that is truncated', async () => {
    const file = write('cut.safetensors', [['layer.lin.weight', 'F32', [2, 2], MATRICES.F32]]);
    const graph = await product(file);
    const runtime = createRuntime({ threads: 1 });
    const network = runtime.network({ file, part: 'lin', outputs: ['y'], build: () => graph });
    truncateSync(file, 40);
    await expect(network.run({ x })).rejects.toMatchObject({
      code: 'DR_RUNTIME_FAILED',
      message: expect.stringContaining('cut.safetensors'),
    });
    await runtime.close();
  });
});
