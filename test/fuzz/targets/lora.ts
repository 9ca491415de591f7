// The tensors of LoRA files: names, patches, description, identification.
import { identify } from '../../../src/formats/identify/identify.ts';
import { isJsonObject } from '../../../src/formats/json.ts';
import { parseJson } from '../../../src/formats/parse-json.ts';
import { describeLora } from '../../../src/models/inspect/describe-lora.ts';
import { patchFits } from '../../../src/models/lora/fit.ts';
import { clipKeys, unetKeys } from '../../../src/models/lora/keys.ts';
import { readPatches } from '../../../src/models/lora/patches.ts';
import type { FuzzTarget } from '../target.ts';

const WEIGHTS = [
  'input_blocks.1.1.transformer_blocks.0.attn2.to_k.weight',
  'out.2.weight',
  'time_embed.0.bias',
];
const KEYS = new Map([
  ...unetKeys(WEIGHTS.map((name) => `model.diffusion_model.${name}`)),
  ...unetKeys(WEIGHTS),
  ...clipKeys(new Map([['clip_l', ['text_model.encoder.layers.0.mlp.fc1.weight']]])),
]);

/** Tensors from an object of shapes by name. */
function tensorsOf(input: Buffer): Map<string, never> {
  const json = parseJson(input.toString('utf8'));
  const entries = isJsonObject(json) ? Object.entries(json) : [];
  return new Map(
    entries.flatMap(([name, shape]) =>
      Array.isArray(shape) && shape.every((n) => Number.isSafeInteger(n) && Number(n) >= 0)
        ? [[name, { dtype: 'F32', shape, offset: 0, byteLength: 0 } as never]]
        : [],
    ),
  );
}

export const target: FuzzTarget = {
  run: (input) => {
    const tensors = tensorsOf(input);
    identify(tensors);
    describeLora(tensors);
    const file = {
      file: 'input',
      identity: '',
      tensors,
      alphas: new Map<string, number>(),
      sizes: new Map(),
    };
    for (const patch of readPatches(file, KEYS).patches.values())
      patchFits(patch, [320, 320], file);
  },
  seeds: () => [
    '{"lora_unet_out_2.lora_down.weight": [4, 320], "lora_unet_out_2.lora_up.weight": [320, 4], "lora_unet_out_2.alpha": []}',
    '{"diffusion_model.out.2.lokr_w1": [2, 2], "diffusion_model.out.2.lokr_w2_a": [4, 1], "diffusion_model.out.2.lokr_w2_b": [1, 4]}',
    '{"lora_te_text_model_encoder_layers_0_mlp_fc1.hada_w1_a": [2, 2], "out.2.dora_scale": [1]}',
    '{"model.diffusion_model.input_blocks.0.0.weight": [320, 4, 3, 3], "alphas_cumprod": [1000]}',
  ],
  dictionary: [
    ...['lora_unet_', '.lora_down.weight', '.lora_up.weight', '.alpha', '.dora_scale', '[1,1]'],
    ...['.lokr_w1', '.lokr_w2_a', '.lokr_t2', '.hada_w1_a', '.hada_t1', '.diff', '.w_norm', '[0]'],
    ...['model.diffusion_model.', 'first_stage_model.', 'conditioner.embedders.', 'control_model.'],
    ...['double_blocks.0.', 'transformer_blocks.0.', 'text_model.', '.lora_mid.weight', '_extra'],
  ],
};
