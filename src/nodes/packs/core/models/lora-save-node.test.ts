// LoraSave against the files that ComfyUI's writes (test/golden/lora/make_extract.py).
import { afterAll, describe, expect, it } from 'vitest';
import { tensorsOf } from '../../../../../test/support/files/rewrite.ts';
import { expectExact, golden } from '../../../../../test/support/golden.ts';
import { fixtureFolders, runNode, testContext } from '../../../../../test/support/run-node.ts';
import { decodeFloat32 } from '../../../../formats/dtypes.ts';
import type { Clip } from '../../../../models/clip/clip.ts';
import { createRuntime } from '../../../../runtime/runtime.ts';
import type { Model } from '../../../../sampling/sampling-types.ts';
import { NODES } from '../../../index.ts';

const g = golden('lora', 'extract');
const runtime = createRuntime({ threads: 2 });
afterAll(() => runtime.close());
const folders = fixtureFolders({ checkpoints: ['tiny_sd1'], loras: ['tiny_lora_sd1'] });
const context = () => ({ ...testContext(folders), runtime });

async function differences(): Promise<[Model, Clip]> {
  const load = { ckpt_name: 'tiny_sd1.safetensors' };
  const [model, clip] = await runNode<[Model, Clip]>('CheckpointLoaderSimple', load, context());
  const lora = { lora_name: 'tiny_lora_sd1.safetensors', strength_model: 1, strength_clip: 1 };
  const changed = await runNode<[Model, Clip]>('LoraLoader', { model, clip, ...lora }, context());
  const pair = { model1: changed[0], model2: model, multiplier: 1 };
  const [modelDiff] = await runNode<[Model]>('ModelMergeSubtract', pair, context());
  const clips = { clip1: changed[1], clip2: clip, multiplier: 1 };
  const [clipDiff] = await runNode<[Clip]>('CLIPMergeSubtract', clips, context());
  return [modelDiff, clipDiff];
}

async function saved(inputs: Record<string, unknown>) {
  const c = context();
  const all = { filename_prefix: 'loras/x', ...inputs };
  const { ui } = await NODES.get('LoraSave')!.run(all as never, c);
  expect(c.warnings).toEqual([]);
  return tensorsOf((ui!.models[0] as { path: string }).path);
}

type Saved = Awaited<ReturnType<typeof saved>>;
const floats = (file: Saved, name: string): Float32Array =>
  decodeFloat32(
    'F16',
    new Uint8Array(file[name].data.buffer, file[name].data.byteOffset, file[name].data.byteLength),
  );

interface Factors {
  readonly up: Float32Array;
  readonly down: Float32Array;
  readonly rank: number;
}

/** Returns each component's column of `up` and row of `down`, one after the other. */
function components({ up, down, rank }: Factors): number[][] {
  const columns = down.length / rank;
  return Array.from({ length: rank }, (_, k) => [
    ...up.filter((_, i) => i % rank === k),
    ...down.subarray(k * columns, (k + 1) * columns),
  ]);
}

const largest = (values: Iterable<number>): number => Math.max(...[...values].map(Math.abs));

/**
 * Expects equal factors in float16. The signs of a component are arbitrary, and the limit of all
 * values depends on them: only values below both limits are compared. Components of a singular
 * value of about 0 have any row.
 */
function expectFactors(name: string, ours: Factors, theirs: Factors): void {
  const limit = Math.min(largest(components(ours).flat()), largest(components(theirs).flat()));
  const within = (value: number): number => Math.min(Math.max(value, -limit), limit);
  const rows = theirs.up.length / theirs.rank;
  const [mine, expected] = [components(ours), components(theirs)];
  const scale = largest(theirs.up);
  for (const [k, values] of expected.entries()) {
    const size = largest(values.slice(0, rows));
    if (size <= 1e-4 * scale || size < 1e-6) {
      expect(largest(mine[k].slice(0, rows)), name).toBeLessThanOrEqual(1e-4 * scale + 1e-6);
      continue;
    }
    const sign = Math.sign(values.reduce((sum, value, i) => sum + value * mine[k][i], 0));
    const worst = largest(values.map((value, i) => within(value) - sign * within(mine[k][i])));
    expect(worst, `${name}, component ${k}`).toBeLessThanOrEqual(2 ** -10 * limit);
  }
}

describe('LoraSave', () => {
  const files = g.cases.filter(({ params }) => params.node);
  it.each(files.map((one) => [one.id, one] as const))(
    'writes the file of ComfyUI: %s',
    async (id, { params, outputs }) => {
      const [model_diff] = await differences();
      const file = await saved({ model_diff, ...params.node });
      expect(
        Object.fromEntries(
          Object.entries(file).map(([name, { dtype, shape }]) => [name, [dtype, shape]]),
        ),
      ).toEqual(
        Object.fromEntries(
          Object.entries<[string, number[]]>(params.tensors).map(([name, [, shape]]) => [
            name,
            ['F16', shape],
          ]),
        ),
      );
      for (const [name, tensor] of Object.entries(outputs)) {
        if (/\.diff(_b)?$/.test(name)) expectExact(g, id, tensor, floats(file, name));
        if (!name.endsWith('.lora_up.weight')) continue;
        const down = name.replace('lora_up', 'lora_down');
        const rank = file[down].shape[0];
        const tensors = (read: (name: string) => Float32Array): Factors => ({
          up: read(name),
          down: read(down),
          rank,
        });
        expectFactors(
          name,
          tensors((key) => floats(file, key)),
          tensors((key) => g.float(outputs[key]).data),
        );
      }
    },
  );

  it('writes a text encoder under the names that ComfyUI gives it', async () => {
    const [, text_encoder_diff] = await differences();
    // the factors of the whole token table take half a minute
    const form = { rank: 2, lora_type: 'full_diff', bias_diff: true };
    const file = await saved({ text_encoder_diff, ...form });
    const { names } = g.cases.find(({ id }) => id === 'names of a text encoder')!.params;
    const whole = names.map((name: string) => name.replace(/\.lora_(up|down)\.weight$/, '.diff'));
    // SD1's text encoder has no projection; ComfyUI saves the zero difference of two identities
    const expected = [...new Set<string>(whole)]
      .filter((name) => !name.includes('text_projection'))
      .sort();
    expect(Object.keys(file).sort()).toEqual(expected);
  });

  it('leaves biases out where they are not requested', async () => {
    const [model_diff] = await differences();
    const file = await saved({ model_diff, rank: 8, lora_type: 'full_diff', bias_diff: false });
    expect(Object.keys(file).some((name) => name.endsWith('.diff_b'))).toBe(false);
    expect(Object.keys(file).every((name) => name.startsWith('diffusion_model.'))).toBe(true);
  });

  it('saves nothing without an input, as ComfyUI', async () => {
    const form = { filename_prefix: 'x', rank: 2, lora_type: 'standard', bias_diff: true };
    expect(await NODES.get('LoraSave')!.run(form as never, context())).toEqual({ outputs: [] });
  });
});
