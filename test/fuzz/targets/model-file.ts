// Model files of any format: recognised, described, identified, measured.

import { encodeSafetensors } from '../../../src/formats/safetensors/safetensors-write.ts';
import { inspectModel } from '../../../src/models/inspect/inspect-model.ts';
import { asFile, filesOf } from '../inputs.ts';
import type { FuzzTarget } from '../target.ts';

const describedLayer = (description: string): Buffer => {
  const data = new TextEncoder().encode(description);
  return Buffer.concat(
    encodeSafetensors({
      'a.weight': { dtype: 'I8', shape: [2, 4], data: new Uint8Array(8) },
      'a.weight_scale': { dtype: 'F32', shape: [2], data: Float32Array.of(1, 2) },
      'a.comfy_quant': { dtype: 'U8', shape: [data.length], data },
    }),
  );
};

const file = (shapes: Readonly<Record<string, readonly number[]>>): Buffer =>
  Buffer.concat(
    encodeSafetensors(
      Object.fromEntries(
        Object.entries(shapes).map(([name, shape]) => [
          name,
          {
            dtype: 'F16' as const,
            shape,
            data: new Float32Array(shape.reduce((size, length) => size * length, 1)),
          },
        ]),
      ),
    ),
  );

export const target: FuzzTarget = {
  run: (input) => inspectModel(asFile(input, 'input.safetensors')),
  seeds: () => [
    ...filesOf('test/fixtures', /^(tinyti|tiny_lora_sd1|tiny_srvgg_x2).*\.gz$/),
    file({ 'lora_unet_x.lora_down.weight': [1, 2], 'lora_unet_x.lora_up.weight': [2, 1] }),
    file({ 'conv_first.weight': [4, 3, 3, 3], 'body.0.rdb1.conv1.weight': [2, 4, 3, 3] }),
    file({ 'model.diffusion_model.input_blocks.0.0.weight': [4, 4, 3, 3] }),
    file({ 'encoder.conv_in.weight': [4, 3, 3, 3], 'decoder.conv_out.weight': [3, 4, 3, 3] }),
    ...filesOf('test/fixtures/torch', /\.(pt|bin|ckpt)$/, 5000),
    'GGUF\x03\x00\x00\x00',
    describedLayer('{"format": "int8_tensorwise", "convrot": true, "convrot_groupsize": 4}'),
  ],
  dictionary: [
    ...['model.diffusion_model.', 'first_stage_model.', 'cond_stage_model.', 'control_model.'],
    ...['.weight', '.bias', 'lora_unet_', '.lora_down.weight', '.alpha', 'to_k', 'input_blocks.'],
    ...['comfy_quant', 'weight_scale', 'scaled_fp8', '_quantization_metadata', '"layers":{'],
    ...['"shape":[1,1]', '"dtype":"F16"', 'GGUF', 'text_model.encoder.layers.0', 'hada_w1_a'],
  ],
};
