// The tokens of the families' prompts against te/tokenizers (tokenize_with_weights of ComfyUI 0.33.0,
// transformers 4.57), encoders in files of other types against te/files, and hidden states against
// te/inside.
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { noise, tensorsOf, writeRenamed } from '../../../test/support/files/rewrite.ts';
import { writeSmallQwen3Vl } from '../../../test/support/files/small-qwen3-vl.ts';
import {
  expectExact,
  expectGolden,
  fixtureModel,
  type GoldenCase,
  golden,
} from '../../../test/support/golden.ts';
import { type DTypeName, decodeFloat32, encodeFloat32 } from '../../formats/dtypes.ts';
import { sizeOf } from '../../tensor/tensor.ts';
import { createModelRuntime } from '../model-runtime.ts';
import { relativeBuckets } from '../t5/buckets.ts';
import { makeClip } from './clip.ts';
import { CLIP_FAMILIES, type ClipFamily } from './families.ts';
import { loadTextEncoder } from './load.ts';
import { promptTokens } from './prompt-tokens.ts';

const runtime = createModelRuntime({ threads: 1 });
afterAll(() => runtime.close());
const folder = mkdtempSync(join(tmpdir(), 'darkroom-encoders-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));
const load = async (name: string) =>
  loadTextEncoder(
    name === 'qwen3vl_4b' ? await writeSmallQwen3Vl(folder) : fixtureModel(`tiny_${name}`),
    runtime,
  );

/** The tokenizers of the group that belong to a family, with the file of its encoder. */
const TOKENIZERS: Readonly<Record<string, readonly [ClipFamily, file: string]>> = {
  t5xxl_sd3: ['sd3', 't5xxl'],
  t5xxl_flux: ['flux', 't5xxl'],
  t5xxl_chroma: ['chroma', 't5xxl'],
  qwen3_z_image: ['z-image', 'qwen3_4b'],
  qwen3_klein: ['flux2', 'qwen3_4b'],
  gemma2_lumina2: ['lumina2', 'gemma2_2b'],
  qwen25_qwen_image: ['qwen-image', 'qwen25_vl_7b'],
  pile_t5xl_aura: ['auraflow', 'pile_t5xl'],
  qwen3_anima: ['anima', 'qwen3_06b'],
  qwen3vl_krea2: ['krea2', 'qwen3vl_4b'],
};

describe('golden te/tokenizers', () => {
  const g = golden('te', 'tokenizers');

  it.each(Object.keys(TOKENIZERS))('%s', async (tokenizer) => {
    const [family, file] = TOKENIZERS[tokenizer];
    const encoder = await load(file);
    const rule = CLIP_FAMILIES[family].parts.find(({ kind }) => kind === encoder.kind)!;
    // the original was given no folder of embeddings
    const tokens = { ...rule.tokens, takesEmbeddings: false };
    const part = { encoder, rule: { ...rule, tokens } };
    const tokensOf = ({ params }: GoldenCase) =>
      promptTokens(
        {
          endsAtBrackets: true,
          padding: params.options && {
            t5xxl: {
              minPadding: params.options.t5xxl_min_padding,
              minLength: params.options.t5xxl_min_length,
            },
          },
        },
        part,
        params.prompt,
      );
    const cases = g.cases.filter(({ params }) => params.tokenizer === tokenizer);
    expect(cases.length).toBeGreaterThanOrEqual(80);
    for (const one of cases) {
      const { id, outputs, scalars } = one;
      const [sequence] = await tokensOf(one);
      if (scalars) expect(sequence.length, id).toBe(scalars.length0);
      // the group leaves out the padding at the end
      const { length } = g.tensor(outputs.ids0).data;
      const given = sequence.slice(0, length);
      expectExact(
        g,
        id,
        outputs.ids0,
        given.map(({ value }) => value as number),
      );
      if (outputs.weights0)
        expectExact(
          g,
          id,
          outputs.weights0,
          given.map(({ weight }) => weight),
        );
      const pad = 'pad' in rule.tokens ? rule.tokens.pad : -1;
      expect(
        sequence.slice(length).every(({ value }) => value === pad),
        id,
      ).toBe(true);
    }
  });
});

describe('golden te/files', () => {
  const g = golden('te', 'files');
  /** varied() of test/golden/te/make_files.py */
  async function writeVaried(name: string, dtype: DTypeName): Promise<string> {
    const path = join(folder, `${name}_${dtype}.safetensors`);
    const tensors = await tensorsOf(fixtureModel(name));
    for (const [i, key] of Object.keys(tensors).sort().entries()) {
      const { shape, data, dtype: stored } = tensors[key];
      if (stored !== 'BF16') continue;
      const factors = noise(sizeOf(shape), i + 1, 1e-3);
      const values = decodeFloat32('BF16', data as Uint8Array).map(
        (value, j) => value * Math.fround(1 + factors[j]),
      );
      tensors[key] = { dtype, shape, data: encodeFloat32(dtype, values) };
    }
    return writeRenamed(path, tensors, (key) => key);
  }

  it.each([...new Set(g.cases.map(({ params }) => `${params.family} ${params.dtype}`))])(
    '%s: weights are rounded as ComfyUI rounds them',
    async (which) => {
      const cases = g.cases.filter(({ params: p }) => `${p.family} ${p.dtype}` === which);
      const { family, file, dtype } = cases[0].params;
      const encoders = [await loadTextEncoder(await writeVaried(file, dtype), runtime)];
      if (family === 'flux') encoders.unshift(await load('clip_l'));
      const clip = makeClip({ family, encoders });
      for (const { id, params, outputs } of cases) {
        const { shape } = g.tensor(outputs.cond);
        const { cond } = await clip.encode(params.text);
        // the group has the first rows of padded prompts
        const data = cond.data.subarray(0, sizeOf(shape));
        expectGolden(g, id, outputs.cond, { shape, data });
      }
    },
  );
});

describe('golden te/inside', () => {
  const g = golden('te', 'inside');
  const caseOf = (id: string) => g.cases.find((one) => one.id === id)!;
  const idsOf = (name: string) => Array.from(g.tensor(name).data as BigInt64Array, Number);

  it.each([
    ['z_image', 'qwen3_4b'],
    ['lumina2', 'gemma2_2b'],
    ['qwen_image', 'qwen25_vl_7b'],
    ['pile_t5', 'pile_t5xl'],
  ])('%s', async (id, file) => {
    const { inputs, outputs } = caseOf(id);
    const encoder = await load(file);
    const [ids, mask] = [idsOf(inputs.ids), idsOf(inputs.mask)];
    const states = Object.entries(outputs).map(([key, name]) => ({
      name,
      // all_i is the state before layer i, the last one after the final norm, as is `out`
      before: key === 'out' ? encoder.layers : Number(key.replace('all_', '')),
    }));
    for (const { name, before } of states) {
      if (before === 0) continue;
      const finalNorm = before === encoder.layers;
      const { hidden } = await encoder.encode([ids], {
        layer: before - 1,
        finalNorm,
        project: false,
        masks: [mask],
      });
      expectGolden(g, id, name, hidden);
    }
  });

  it('t5', async () => {
    const { inputs, outputs } = caseOf('t5');
    const ids = idsOf(inputs.ids);
    // those of the distances -200 to 200: of the last query position, then of the first
    const { data } = relativeBuckets(201, 32);
    const buckets = [...data.subarray(200 * 201), ...data.subarray(1, 201)];
    expectExact(g, 't5', outputs.bucket, buckets);
    const encoder = await load('t5xxl');
    for (const [key, name] of Object.entries(outputs)) {
      if (key === 'bucket') continue;
      const layer = key === 'out' ? 'last' : Number(key.replace('block_', ''));
      const { hidden } = await encoder.encode([ids], {
        layer,
        finalNorm: layer === 'last',
        project: false,
      });
      expectGolden(g, 't5', name, hidden);
    }
  });
});
