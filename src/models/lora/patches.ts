// The patches of a LoRA file: which tensors change which weight, and how (LoRA arXiv 2106.09685;
// LoHa, LoKr, LoCon of LyCORIS arXiv 2309.14859; DoRA arXiv 2402.09353; GLoRA arXiv 2306.07967; OFT
// and BOFT: rotation.ts). Names as ComfyUI reads them (comfy/lora.py, comfy/weight_adapter).
import { DarkroomError } from '../../errors.ts';
import type { LoraFile } from './file.ts';

/** A weight, or a part of one, that a LoRA changes. */
export interface WeightPart {
  readonly weight: string;
  /** Absent: all of them. */
  readonly rows?: readonly [from: number, to: number];
  /** Whether the file has the halves of the rows in the opposite order (diffusers' norms). */
  readonly isSwapped?: boolean;
}

/** Weights, or parts of them, by their names in LoRA files. */
export type LoraKeys = ReadonlyMap<string, string | WeightPart>;

/** The name of a part: `qkv.weight[0:64]`. */
const partName = ({ weight, rows, isSwapped }: WeightPart): string =>
  `${weight}${rows ? `[${rows[0]}:${rows[1]}]` : ''}${isSwapped ? ' (halves swapped)' : ''}`;

/** The name of a tensor, or the names of two factors whose product it is. */
export type Product = string | readonly [string, string];

interface Decomposed {
  /** The magnitudes of a weight-decomposed change (DoRA). */
  readonly dora?: string;
}

interface Scaled extends Decomposed {
  /** alpha / rank, or 1. */
  readonly scale: number;
}

/** How a weight changes. Strings are names of tensors, whose bytes stay in the file. */
export type Patch = PatchKind & {
  /** Absent for a whole weight. */
  readonly part?: WeightPart;
};

type PatchKind =
  | ({
      readonly kind: 'lora';
      readonly up: string;
      readonly down: string;
      readonly mid?: string;
      /** The weight's sizes after the change; zeros are added to it before. */
      readonly reshape?: readonly number[];
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
  | ({
      readonly kind: 'glora';
      readonly a1: string;
      readonly a2: string;
      readonly b1: string;
      readonly b2: string;
      /** Undefined without an alpha; the rank depends on the weight. */
      readonly alpha?: number;
    } & Decomposed)
  | ({
      readonly kind: 'oft' | 'boft';
      readonly blocks: string;
      /** Factors of the rows; ComfyUI reads them for BOFT alone. */
      readonly rescale?: string;
      /** The largest norm of the blocks. BOFT without one is not applied, as in ComfyUI. */
      readonly constraint?: number;
    } & Decomposed)
  | { readonly kind: 'diff' | 'set'; readonly tensor: string };

/** A LoRA with its strength, and its patches by the names of the weights, or of their parts. */
export interface AppliedLora {
  readonly lora: LoraFile;
  readonly strength: number;
  readonly patches: ReadonlyMap<string, Patch>;
  /**
   * Its low-rank changes are computed beside the weights always, and are no part of them when they
   * are saved or blended into another network (LoraLoaderBypass). A network has one such LoRA.
   */
  readonly isBypass?: boolean;
}

/**
 * The tensors of one weight, by the endings of their names. Tensors that are found count as used.
 */
interface WeightTensors {
  find(ending: string): string | undefined;
  /** Throws DR_MODEL_PART_MISSING. */
  need(ending: string): string;
  /** Returns a dimension of a tensor's shape. */
  size(name: string, axis: number): number;
  /** Returns the number of dimensions of a tensor, which does not count as used. */
  dimensions(ending: string): number | undefined;
  /** Returns alpha / rank, or 1 without an alpha or a rank. */
  scaled(rank: number | undefined): Scaled;
  readonly alpha?: number;
  readonly reshape?: readonly number[];
}

/** Endings of the up, down and middle factors; the first entry whose up factor exists counts. */
const LORA_NAMES: readonly (readonly [up: string, down: string, mid?: string])[] = [
  ['.lora_up.weight', '.lora_down.weight', '.lora_mid.weight'],
  ['_lora.up.weight', '_lora.down.weight'],
  ['.lora_B.weight', '.lora_A.weight'],
  ['.lora.up.weight', '.lora.down.weight'],
  ['.lora_B', '.lora_A'],
  ['.lora_linear_layer.up.weight', '.lora_linear_layer.down.weight'],
  ['.lora_B.default.weight', '.lora_A.default.weight'],
];

type PatchReader = (tensors: WeightTensors) => PatchKind | undefined;

const lora: PatchReader = ({ find, need, size, scaled, reshape }) => {
  const names = LORA_NAMES.find(([up]) => find(up));
  if (!names) return undefined;
  const [up, down] = [need(names[0]), need(names[1])];
  const mid = names[2] && find(names[2]);
  return { kind: 'lora', up, down, mid, reshape, ...scaled(size(down, 0)) };
};

const loha: PatchReader = ({ find, need, size, scaled }) => {
  const a = find('.hada_w1_a');
  if (!a) return undefined;
  const first = [a, need('.hada_w1_b')] as const;
  const second = [need('.hada_w2_a'), need('.hada_w2_b')] as const;
  const cores = find('.hada_t1') ? ([need('.hada_t1'), need('.hada_t2')] as const) : undefined;
  return { kind: 'loha', first, second, cores, ...scaled(size(first[1], 0)) };
};

/** alpha counts only where a factor is split; the rank is that of the last split factor. */
const lokr: PatchReader = ({ find, need, size, scaled }) => {
  if (!['.lokr_w1', '.lokr_w2', '.lokr_w1_a', '.lokr_w2_a'].some(find)) return undefined;
  const product = (name: string): Product => find(name) ?? [need(`${name}_a`), need(`${name}_b`)];
  const [left, right] = [product('.lokr_w1'), product('.lokr_w2')];
  const split = [right, left].find((one) => typeof one !== 'string');
  const core = typeof right === 'string' ? undefined : find('.lokr_t2');
  return { kind: 'lokr', left, right, core, ...scaled(split && size(split[1], 0)) };
};

const glora: PatchReader = ({ find, need, alpha }) => {
  const a1 = find('.a1.weight');
  if (!a1) return undefined;
  const [a2, b1, b2] = ['.a2.weight', '.b1.weight', '.b2.weight'].map(need);
  return { kind: 'glora', a1, a2, b1, b2, alpha, dora: find('.dora_scale') };
};

/** Blocks of three dimensions are OFT's, of four BOFT's. */
const rotation: PatchReader = ({ find, dimensions, alpha: constraint }) => {
  const kind = ROTATIONS[dimensions('.oft_blocks') ?? 0];
  if (!kind) return undefined;
  const [blocks, rescale] = [find('.oft_blocks')!, find('.rescale')];
  return { kind, blocks, rescale, constraint, dora: find('.dora_scale') };
};
const ROTATIONS: Readonly<Record<number, 'oft' | 'boft'>> = { 3: 'oft', 4: 'boft' };

const wholeTensor =
  (kind: 'diff' | 'set', ending: string): PatchReader =>
  ({ find }) => {
    const tensor = find(ending);
    return tensor === undefined ? undefined : { kind, tensor };
  };

/** In ComfyUI's order; where a weight has several patches, the last counts. */
const WEIGHT_READERS: readonly PatchReader[] = [
  lora,
  loha,
  lokr,
  glora,
  rotation,
  wholeTensor('diff', '.w_norm'),
  wholeTensor('diff', '.diff'),
  wholeTensor('set', '.set_weight'),
];
const BIAS_READERS: readonly PatchReader[] = [
  (tensors) => (tensors.find('.w_norm') ? wholeTensor('diff', '.b_norm')(tensors) : undefined),
  wholeTensor('diff', '.diff_b'),
];

export interface LoraPatches {
  /** By the names of the weights, or of their parts. */
  readonly patches: ReadonlyMap<string, Patch>;
  /** The tensors of the file that patches are made of. */
  readonly used: ReadonlySet<string>;
}

/**
 * Returns the patches of a file for the weights of `keys`. Throws DR_MODEL_PART_MISSING for a file
 * that lacks one of a pair of factors.
 */
export function readPatches(file: LoraFile, keys: LoraKeys): LoraPatches {
  const patches = new Map<string, Patch>();
  const used = new Set<string>();
  const prefixes = new Set([...file.tensors.keys()].flatMap(prefixesOf));
  for (const [key, target] of keys) {
    if (!prefixes.has(key)) continue;
    const part = typeof target === 'string' ? undefined : target;
    const weight = part ? partName(part) : (target as string);
    const tensors = tensorsOf(file, key, used);
    for (const ending of ['.alpha', '.dora_scale', '.reshape_weight']) tensors.find(ending);
    for (const read of WEIGHT_READERS) {
      const patch = read(tensors);
      if (patch) patches.set(weight, part ? { ...patch, part } : patch);
    }
    // as in ComfyUI, changes of biases belong to whole weights
    if (part) continue;
    const bias = weight.replace(/\.weight$/, '.bias');
    for (const read of BIAS_READERS) {
      const patch = read(tensors);
      if (patch && bias !== weight) patches.set(bias, patch);
    }
  }
  return { patches, used };
}

/** Returns everything before a dot (or `_lora.`) in the name of a tensor: the possible keys. */
export function prefixesOf(name: string): string[] {
  const prefixes: string[] = [];
  for (let dot = name.indexOf('.'); dot >= 0; dot = name.indexOf('.', dot + 1))
    prefixes.push(name.slice(0, dot));
  const suffix = name.indexOf('_lora.');
  if (suffix >= 0) prefixes.push(name.slice(0, suffix));
  return prefixes;
}

function tensorsOf(
  { file, tensors, alphas, sizes }: LoraFile,
  key: string,
  used: Set<string>,
): WeightTensors {
  const find = (ending: string): string | undefined => {
    const name = key + ending;
    if (!tensors.has(name)) return undefined;
    used.add(name);
    return name;
  };
  return {
    find,
    need: (ending) => {
      const found = find(ending);
      if (found) return found;
      throw new DarkroomError('DR_MODEL_PART_MISSING', {
        message: `the LoRA ${file} has no tensor ${key}${ending}`,
        hint: 'The file is incomplete. Download it again.',
        file,
      });
    },
    size: (name, axis) => tensors.get(name)!.shape[axis] ?? 1,
    dimensions: (ending) => tensors.get(key + ending)?.shape.length,
    alpha: alphas.get(`${key}.alpha`),
    reshape: sizes.get(`${key}.reshape_weight`),
    scaled: (rank) => {
      const alpha = alphas.get(`${key}.alpha`);
      return {
        scale: alpha === undefined || rank === undefined ? 1 : alpha / rank,
        dora: find('.dora_scale'),
      };
    },
  };
}
