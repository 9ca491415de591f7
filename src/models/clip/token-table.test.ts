// Token tables with LoRAs against ComfyUI's. The tensors of the LoRAs are noise() with seeds 1, 2 …
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { noise } from '../../../test/support/files/rewrite.ts';
import { fixtureModel } from '../../../test/support/golden.ts';
import { writeSafetensors } from '../../formats/safetensors/safetensors-write.ts';
import { createRuntime } from '../../runtime/runtime.ts';
import { loadCheckpoint } from '../checkpoint/load.ts';
import { applyLora } from '../lora/apply.ts';
import { openLora } from '../lora/file.ts';
import { makeClip } from './clip.ts';

const root = mkdtempSync(join(tmpdir(), 'darkroom-tokens-'));
const runtime = createRuntime({ threads: 1 });
afterAll(async () => {
  await runtime.close();
  rmSync(root, { recursive: true });
});

const LAYER = 'text_encoders.clip_l.transformer.text_model.embeddings.token_embedding';
const VOCABULARY = 49408;
const IDS = [320, 49406, 7];
const STRENGTH = 0.6;

type Shapes = Readonly<Record<string, readonly number[]>>;

/** The first three values of some rows after a LoRA of these tensors. */
async function changedRows(shapes: Shapes, scale: number, layer = LAYER) {
  const file = join(root, `${Object.keys(shapes)}${layer}.safetensors`);
  const tensors = Object.entries(shapes).map(([ending, shape], i) => {
    const size = shape.reduce((n, d) => n * d, 1);
    const data = ending === '.alpha' ? Float32Array.of(1) : noise(size, i + 1, scale);
    return [layer + ending, { dtype: 'F32', shape, data }] as const;
  });
  await writeSafetensors(file, Object.fromEntries(tensors));
  const { encoders } = await loadCheckpoint(fixtureModel('tiny_sd1'), runtime);
  const clip = makeClip({ family: 'sd1', encoders });
  const result = applyLora({ clip }, await openLora(file), { unet: 0, clip: STRENGTH });
  const [encoder] = result.clip!.encoders;
  const rows = await encoder.tokenRows!(IDS);
  const first = IDS.flatMap((_, i) => [...rows.subarray(i * 128, i * 128 + 3)]);
  return { first, result, encoder, unchanged: encoders[0] };
}

// comfy.lora.calculate_weight([(0.6, patch, 1.0, None, None)], table.clone(), '')[[320, 49406, 7], :3]
// with patch = load_lora(lora, model_lora_keys_clip(model)) of tiny_sd1's table
const CASES: readonly (readonly [string, Shapes, number, readonly number[]])[] = [
  [
    'lora',
    { '.lora_up.weight': [VOCABULARY, 2], '.lora_down.weight': [2, 128], '.alpha': [] },
    2,
    [
      -0.6135621, -0.3840825, 0.5762054, -0.4129043, 0.598657, -0.2502859, -0.306602, 1.668215,
      0.5887113,
    ],
  ],
  [
    'loha',
    {
      '.hada_w1_a': [VOCABULARY, 2],
      '.hada_w1_b': [2, 128],
      '.hada_w2_a': [VOCABULARY, 2],
      '.hada_w2_b': [2, 128],
    },
    2,
    [
      -0.4086103, -0.2980911, 0.7426471, -0.4704329, 0.4982437, -0.3386858, -0.8588374, 1.4575799,
      0.1746285,
    ],
  ],
  [
    'glora',
    {
      '.a1.weight': [128, 2],
      '.a2.weight': [2, 128],
      '.b1.weight': [VOCABULARY, 2],
      '.b2.weight': [2, 128],
    },
    1,
    [
      -0.5550794, -0.1110765, 0.4810332, -0.6879597, 0.3144773, -0.447489, -0.4548847, 1.574214,
      0.4909149,
    ],
  ],
];

describe('rows of a token table', () => {
  it.each(CASES)('are changed as ComfyUI’s by a %s', async (_kind, shapes, scale, expected) => {
    const { first, result } = await changedRows(shapes, scale);
    expect(result).toMatchObject({ changed: 1, unmatched: [], shapeMismatches: [] });
    for (const [i, value] of expected.entries()) expect(first[i]).toBeCloseTo(value, 5);
  });

  it('change the features of a prompt, and nothing else of the encoder', async () => {
    const { encoder, unchanged } = await changedRows(CASES[0][1], 2);
    expect(encoder.base!.changes).toEqual([]);
    const chunk = [[49406, 320, ...new Array(75).fill(49407)]];
    const options = { layer: 'last', finalNorm: true, project: false } as const;
    const [before, after] = [unchanged, encoder].map((one) => one.encode(chunk, options));
    expect((await after).hidden.data).not.toEqual((await before).hidden.data);
  });

  it('stay as they are where the LoRA has another shape, or a name ComfyUI does not read', async () => {
    const other = await changedRows({ '.diff': [VOCABULARY, 64] }, 2);
    expect(other.result.shapeMismatches).toEqual([`${LAYER.slice(14)}.weight`]);
    const kohya = 'lora_te_text_model_embeddings_token_embedding';
    const unread = await changedRows(CASES[0][1], 2, kohya);
    expect(unread.result.changed).toBe(0);
    // table[[320, 49406, 7], :3]
    expect(unread.first).toEqual([
      -0.375, -0.28125, 0.8125, -0.5625, 0.5, -0.375, -0.5625, 1.5, 0.375,
    ]);
  });
});
