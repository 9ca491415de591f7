// LoRAs of the text encoders of flow models, under the names of ComfyUI, kohya and OneTrainer,
// against encoders whose files contain the changed weights.
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import {
  noiseTensor,
  type TensorsToWrite,
  tensorsOf,
} from '../../../test/support/files/rewrite.ts';
import { fixtureModel, maxDifference } from '../../../test/support/golden.ts';
import { decodeFloat32, encodeFloat32 } from '../../formats/dtypes.ts';
import { writeSafetensors } from '../../formats/safetensors/safetensors-write.ts';
import type { Tensor } from '../../tensor/tensor.ts';
import { type Clip, type ClipFamily, makeClip } from '../clip/clip.ts';
import { loadTextEncoder } from '../clip/load.ts';
import { createModelRuntime } from '../model-runtime.ts';
import { applyLora } from './apply.ts';
import { openLora } from './file.ts';

const folder = mkdtempSync(join(tmpdir(), 'darkroom-encoders-'));
const runtime = createModelRuntime({ threads: 1, textEncoders: 'fp32' });
afterAll(async () => {
  await runtime.close();
  rmSync(folder, { recursive: true });
});

const RANK = 2;
const STRENGTH = 0.7;

/** A layer's name in the LoRA, its file, and the name of its weight there. */
type Layer = readonly [name: string, file: string, weight: string];

const CASES: readonly (readonly [
  ClipFamily,
  files: readonly string[],
  layers: readonly Layer[],
])[] = [
  [
    'flux',
    ['tiny_clip_l', 'tiny_t5xxl'],
    [
      [
        'lora_te1_text_model_encoder_layers_0_mlp_fc1',
        'tiny_clip_l',
        'text_model.encoder.layers.0.mlp.fc1.weight',
      ],
      [
        'lora_te2_encoder_block_0_layer_0_SelfAttention_q',
        'tiny_t5xxl',
        'encoder.block.0.layer.0.SelfAttention.q.weight',
      ],
      [
        'lora_te3_encoder_block_1_layer_1_DenseReluDense_wo',
        'tiny_t5xxl',
        'encoder.block.1.layer.1.DenseReluDense.wo.weight',
      ],
      ['text_encoders.t5xxl.transformer.shared', 'tiny_t5xxl', 'shared.weight'],
    ],
  ],
  [
    'flux2',
    ['tiny_qwen3_4b'],
    [
      ['lora_te_layers_3_mlp_up_proj', 'tiny_qwen3_4b', 'model.layers.3.mlp.up_proj.weight'],
      [
        'text_encoders.qwen3_4b.transformer.model.layers.20.self_attn.v_proj',
        'tiny_qwen3_4b',
        'model.layers.20.self_attn.v_proj.weight',
      ],
    ],
  ],
  [
    'anima',
    ['tiny_qwen3_06b'],
    [
      ['lora_te_layers_0_mlp_up_proj', 'tiny_qwen3_06b', 'model.layers.0.mlp.up_proj.weight'],
      [
        'text_encoders.qwen3_06b.transformer.model.layers.1.mlp.down_proj',
        'tiny_qwen3_06b',
        'model.layers.1.mlp.down_proj.weight',
      ],
    ],
  ],
  [
    'z-image',
    ['tiny_qwen3_4b'],
    [
      [
        'lora_te_layers_0_self_attn_q_proj',
        'tiny_qwen3_4b',
        'model.layers.0.self_attn.q_proj.weight',
      ],
      [
        'text_encoders.transformer.model.layers.1.mlp.down_proj',
        'tiny_qwen3_4b',
        'model.layers.1.mlp.down_proj.weight',
      ],
    ],
  ],
];

async function clipOf(family: ClipFamily, files: readonly string[]): Promise<Clip> {
  const encoders = await Promise.all(files.map((file) => loadTextEncoder(file, runtime)));
  return makeClip({ family, encoders, endsAtBrackets: true });
}

/** W + STRENGTH (up down), in float32. */
function changed(weight: Tensor, up: Tensor, down: Tensor): Float32Array {
  const width = weight.shape[1];
  return weight.data.map((value, i) => {
    const [row, column] = [Math.floor(i / width), i % width];
    let sum = 0;
    for (let r = 0; r < RANK; r++) sum += up.data[row * RANK + r] * down.data[r * width + column];
    return value + STRENGTH * sum;
  });
}

describe('LoRAs of text encoders', () => {
  it.each(CASES)('change those of %s', async (family, names, layers) => {
    const files = new Map(
      await Promise.all(
        names.map(async (name) => [name, await tensorsOf(fixtureModel(name))] as const),
      ),
    );
    const lora: TensorsToWrite = {};
    for (const [i, [name, file, weight]] of layers.entries()) {
      const own = files.get(file)!;
      const { dtype, shape, data: bytes } = own[weight];
      const data = decodeFloat32(dtype, bytes as Uint8Array);
      const up = noiseTensor([shape[0], RANK], 2 * i + 1);
      const down = noiseTensor([RANK, shape[1]], 2 * i + 2);
      lora[`${name}.lora_up.weight`] = { dtype: 'F32', ...up };
      lora[`${name}.lora_down.weight`] = { dtype: 'F32', ...down };
      const values = changed({ shape, data }, up, down);
      // ComfyUI rounds changed weights to the type that it stores them in: CLIP's is float16
      own[weight] = file.startsWith('tiny_clip')
        ? { dtype: 'F32', shape, data: values }
        : { dtype, shape, data: encodeFloat32(dtype, values) };
    }
    const loraFile = join(folder, `${family}-lora.safetensors`);
    await writeSafetensors(loraFile, lora);
    const merged: string[] = [];
    for (const [name, tensors] of files) {
      merged.push(join(folder, `${name}.safetensors`));
      await writeSafetensors(merged.at(-1)!, tensors);
    }

    const plain = await clipOf(
      family,
      names.map((name) => fixtureModel(name)),
    );
    const strengths = { unet: 0, clip: STRENGTH };
    const result = applyLora({ clip: plain }, await openLora(loraFile), strengths);
    expect(result).toMatchObject({ changed: layers.length, unmatched: [], shapeMismatches: [] });
    const want = await (await clipOf(family, merged)).encode('a red fox');
    const got = await result.clip!.encode('a red fox');
    expect(maxDifference(got.cond, want.cond)).toBeLessThan(1e-4);
    expect(maxDifference(got.cond, (await plain.encode('a red fox')).cond)).toBeGreaterThan(0.01);
  });
});
