// A LoRA file: which tensors change which weight, and how (LoRA arXiv 2106.09685; LoHa, LoKr, LoCon of LyCORIS arXiv 2309.14859;
// DoRA arXiv 2402.09353). Names as ComfyUI reads them (comfy/lora.py, comfy/weight_adapter); its GLoRA, OFT and BOFT are not read.
import { stat } from 'node:fs/promises';
import { DarkroomError } from '../../errors.ts';
import { withModelFile } from '../../formats/model-file.ts';
import type { TensorFile, TensorInfo } from '../../formats/tensor-file.ts';
import { sizeOf } from '../../tensor/tensor.ts';

export interface LoraFile {
  readonly file: string;
  /** Path, time and size: another one when the file was replaced. */
  readonly identity: string;
  readonly tensors: ReadonlyMap<string, TensorInfo>;
  /** The values of the tensors named `….alpha`. */
  readonly alphas: ReadonlyMap<string, number>;
}

/** Two factors that are multiplied, or their product. All texts are names of tensors in the file. */
export type Product = string | readonly [string, string];

interface Scaled {
  /** alpha over rank, or 1. */
  readonly scale: number;
  /** The magnitudes of a weight-decomposed change (DoRA). */
  readonly dora?: string;
}

/** How a weight changes. The tensors are named; their bytes stay in the file. */
export type Patch =
  | ({
      readonly kind: 'lora';
      readonly up: string;
      readonly down: string;
      readonly mid?: string;
    } & Scaled)
  | ({
      readonly kind: 'loha';
      readonly first: readonly [string, string];
      readonly second: readonly [string, string];
      readonly cores?: readonly [string, string];
    } & Scaled)
  | ({
      readonly kind: 'lokr';
      readonly left: Product;
      readonly right: Product;
      readonly core?: string;
    } & Scaled)
  | { readonly kind: 'diff' | 'set'; readonly tensor: string };

/** Reads a LoRA's header and alphas. Throws what openModelFile throws, and DR_SAFETENSORS_INVALID for an alpha that is no number. */
export async function openLora(file: string): Promise<LoraFile> {
  return withModelFile(file, async (opened) => {
    const { mtimeMs, size } = await stat(file);
    return {
      file,
      identity: `${file} ${mtimeMs} ${size}`,
      tensors: opened.tensors,
      alphas: await alphasOf(opened),
    };
  });
}

async function alphasOf({ file, tensors, read }: TensorFile): Promise<Map<string, number>> {
  const alphas = new Map<string, number>();
  for (const [name, { shape }] of tensors) {
    if (!name.endsWith('.alpha')) continue;
    if (sizeOf(shape) !== 1)
      throw new DarkroomError('DR_SAFETENSORS_INVALID', {
        message: `${name} of ${file} has the shape [${shape}]; an alpha is one number`,
        hint: 'The LoRA is damaged or was written by a faulty program. Get it again.',
        file,
      });
    alphas.set(name, (await read(name)).data[0]);
  }
  return alphas;
}

/** Looks tensors of one weight up, by the rest of their names; what was found counts as used. */
interface Finder {
  find(rest: string): string | undefined;
  /** Throws DR_MODEL_PART_MISSING. */
  need(rest: string): string;
  /** A dimension of a tensor's shape. */
  size(name: string, axis: number): number;
  /** alpha over `rank`; 1 without an alpha. */
  scaled(rank: number | undefined): Scaled;
}

/** Endings of up, down and middle factor; the first pair whose up is there counts. */
const LORA_NAMES: readonly (readonly [up: string, down: string, mid?: string])[] = [
  ['.lora_up.weight', '.lora_down.weight', '.lora_mid.weight'],
  ['_lora.up.weight', '_lora.down.weight'],
  ['.lora_B.weight', '.lora_A.weight'],
  ['.lora.up.weight', '.lora.down.weight'],
  ['.lora_B', '.lora_A'],
  ['.lora_linear_layer.up.weight', '.lora_linear_layer.down.weight'],
  ['.lora_B.default.weight', '.lora_A.default.weight'],
];

type Reader = (at: Finder) => Patch | undefined;

const lora: Reader = ({ find, need, size, scaled }) => {
  const names = LORA_NAMES.find(([up]) => find(up));
  if (!names) return undefined;
  const [up, down] = [need(names[0]), need(names[1])];
  return { kind: 'lora', up, down, mid: names[2] && find(names[2]), ...scaled(size(down, 0)) };
};

const loha: Reader = ({ find, need, size, scaled }) => {
  const a = find('.hada_w1_a');
  if (!a) return undefined;
  const first = [a, need('.hada_w1_b')] as const;
  const second = [need('.hada_w2_a'), need('.hada_w2_b')] as const;
  const cores = find('.hada_t1') ? ([need('.hada_t1'), need('.hada_t2')] as const) : undefined;
  return { kind: 'loha', first, second, cores, ...scaled(size(first[1], 0)) };
};

/** alpha counts only where a factor is split, and its rank is that of the last split one. */
const lokr: Reader = ({ find, need, size, scaled }) => {
  if (!['.lokr_w1', '.lokr_w2', '.lokr_w1_a', '.lokr_w2_a'].some(find)) return undefined;
  const product = (name: string): Product => find(name) ?? [need(`${name}_a`), need(`${name}_b`)];
  const [left, right] = [product('.lokr_w1'), product('.lokr_w2')];
  const split = [right, left].find((one) => typeof one !== 'string');
  const core = typeof right === 'string' ? undefined : find('.lokr_t2');
  return { kind: 'lokr', left, right, core, ...scaled(split && size(split[1], 0)) };
};

const whole =
  (kind: 'diff' | 'set', ending: string): Reader =>
  ({ find }) => {
    const tensor = find(ending);
    return tensor === undefined ? undefined : { kind, tensor };
  };

/** In ComfyUI's order: where a weight has several, the last counts. */
const WEIGHT_READERS: readonly Reader[] = [
  lora,
  loha,
  lokr,
  whole('diff', '.w_norm'),
  whole('diff', '.diff'),
  whole('set', '.set_weight'),
];
const BIAS_READERS: readonly Reader[] = [whole('diff', '.b_norm'), whole('diff', '.diff_b')];

export interface LoraPatches {
  /** By the name of the weight. */
  readonly patches: ReadonlyMap<string, Patch>;
  /** Tensors of the file that were understood. */
  readonly used: ReadonlySet<string>;
}

/** What the file changes among the weights that `keys` names (name in a LoRA -> name of the weight). Throws DR_MODEL_PART_MISSING. */
export function readPatches(file: LoraFile, keys: ReadonlyMap<string, string>): LoraPatches {
  const patches = new Map<string, Patch>();
  const used = new Set<string>();
  const starts = beginnings(file);
  for (const [key, weight] of keys) {
    if (!starts.has(key)) continue;
    const at = finder(file, key, used);
    at.find('.alpha');
    at.find('.dora_scale');
    for (const read of WEIGHT_READERS) {
      const patch = read(at);
      if (patch) patches.set(weight, patch);
    }
    const bias = weight.replace(/\.weight$/, '.bias');
    for (const read of BIAS_READERS) {
      const patch = read(at);
      if (patch && bias !== weight) patches.set(bias, patch);
    }
  }
  return { patches, used };
}

/** Everything that stands before a dot (or `_lora.`) in a name: what keys can be. */
function beginnings({ tensors }: LoraFile): Set<string> {
  const all = new Set<string>();
  for (const name of tensors.keys()) {
    for (let dot = name.indexOf('.'); dot >= 0; dot = name.indexOf('.', dot + 1))
      all.add(name.slice(0, dot));
    const old = name.indexOf('_lora.');
    if (old >= 0) all.add(name.slice(0, old));
  }
  return all;
}

function finder({ file, tensors, alphas }: LoraFile, key: string, used: Set<string>): Finder {
  const find = (rest: string): string | undefined => {
    const name = key + rest;
    if (!tensors.has(name)) return undefined;
    used.add(name);
    return name;
  };
  return {
    find,
    need: (rest) => {
      const found = find(rest);
      if (found) return found;
      throw new DarkroomError('DR_MODEL_PART_MISSING', {
        message: `the LoRA ${file} has no tensor ${key}${rest}`,
        hint: 'The file is not complete. Get it again.',
        file,
      });
    },
    size: (name, axis) => tensors.get(name)!.shape[axis] ?? 1,
    scaled: (rank) => {
      const alpha = alphas.get(`${key}.alpha`);
      return {
        scale: alpha === undefined || rank === undefined ? 1 : alpha / rank,
        dora: find('.dora_scale'),
      };
    },
  };
}
