// LoRA files whose tensors have names of their own, translated into those that are read. Source:
// ComfyUI comfy/lora_convert.py.
import type { TensorInfo } from '../../formats/tensor-file.ts';

/** What a LoRA file has under the names of its tensors. */
export interface LoraTensors {
  readonly tensors: ReadonlyMap<string, TensorInfo>;
  /** The values of the tensors named `….alpha`. */
  readonly alphas: ReadonlyMap<string, number>;
  /** The values of the tensors named `….reshape_weight`: the sizes of a weight after its change. */
  readonly sizes: ReadonlyMap<string, readonly number[]>;
}

interface NameConversion {
  /** Tensors that all such files have. */
  readonly marks: readonly string[];
  /** Parts of names, and what replaces their first occurrence. */
  readonly renames: readonly (readonly [part: string, to: string])[];
  /** A layer that the LoRA makes larger, to the sizes of its factors. */
  readonly enlarged?: string;
}

/** What all translated names begin with. */
const PREFIX = 'diffusion_model.';

const CONVERSIONS: readonly NameConversion[] = [
  // the control LoRAs of FLUX.1 (Black Forest Labs): Canny and Depth
  {
    marks: ['img_in.lora_A.weight', 'single_blocks.0.norm.key_norm.scale'],
    renames: [
      ['.lora_B.bias', '.diff_b'],
      ['_norm.scale', '_norm.set_weight'],
    ],
    enlarged: 'img_in',
  },
  // USO, and other LoRAs of all of FLUX.1's blocks under XLabs' names
  {
    marks: [
      'single_blocks.37.processor.qkv_lora.up.weight',
      'double_blocks.18.processor.qkv_lora2.up.weight',
    ],
    renames: [
      ['.down.weight', '.lora_down.weight'],
      ['.up.weight', '.lora_up.weight'],
      ['.qkv_lora2.', '.txt_attn.qkv.'],
      ['.qkv_lora1.', '.img_attn.qkv.'],
      ['.proj_lora1.', '.img_attn.proj.'],
      ['.proj_lora2.', '.txt_attn.proj.'],
      ['.qkv_lora.', '.linear1_qkv.'],
      ['.proj_lora.', '.linear2.'],
      ['.processor.', '.'],
    ],
  },
];

/** Returns a file with its tensors under the names that are read. */
export function withReadNames<T extends LoraTensors>(lora: T): T {
  const { tensors, alphas, sizes } = lora;
  const conversion = CONVERSIONS.find(({ marks }) => marks.every((name) => tensors.has(name)));
  if (!conversion) return lora;
  const { renames, enlarged } = conversion;
  const renamed = (name: string): string =>
    PREFIX + renames.reduce((to, [part, own]) => to.replace(part, own), name);
  const withNames = <T>(values: ReadonlyMap<string, T>): Map<string, T> =>
    new Map([...values].map(([name, value]) => [renamed(name), value]));
  const [outputs] = tensors.get(`${enlarged}.lora_B.weight`)?.shape ?? [];
  const [, inputs] = tensors.get(`${enlarged}.lora_A.weight`)?.shape ?? [];
  return {
    ...lora,
    tensors: withNames(tensors),
    alphas: withNames(alphas),
    sizes: new Map([
      ...withNames(sizes),
      ...(enlarged && outputs > 0 && inputs > 0
        ? [[`${PREFIX}${enlarged}.reshape_weight`, [outputs, inputs]] as const]
        : []),
    ]),
  };
}
