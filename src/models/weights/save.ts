// Writes networks as the tensors of a file: changes become part of the weights, names are those of
// original checkpoints, values stay in their types. Unchanged tensors are copied as they are.
// Source: ComfyUI's state_dict_for_saving.
import { DTYPES, type DTypeName, decodeFloat32, encodeFloat32 } from '../../formats/dtypes.ts';
import type { ClipPart } from '../../formats/identify/identified-model.ts';
import type { LazyTensor } from '../../formats/safetensors/safetensors-write.ts';
import type { ElementType } from '../../onnx/serialize.ts';
import { HUGGING_FACE, OPEN_CLIP } from '../clip/config.ts';
import type { EncoderBase, TextEncoder } from '../clip/text-encoder.ts';
import type { Autoencoder } from '../vae/autoencoder.ts';
import type { ChangedNetwork, PatchTarget } from './changes.ts';
import { mergedReader } from './merged.ts';
import { changedTargets } from './plan-changes.ts';
import type { Weights } from './tensors.ts';

/** The names of element types in files. */
const DTYPE_NAMES: Readonly<Partial<Record<ElementType, DTypeName>>> = {
  f64: 'F64',
  f32: 'F32',
  f16: 'F16',
  bf16: 'BF16',
  f8e4m3: 'F8_E4M3',
  f8e5m2: 'F8_E5M2',
};

/** Returns the type that a tensor is stored in. */
const storedAs = (weights: Weights, tensor: string): DTypeName =>
  DTYPE_NAMES[weights.typeOf(tensor)] ?? 'F32';

/** Returns the type that computed values are written as. */
const writtenAs = (dtype: DTypeName): DTypeName =>
  dtype === 'F64' ? 'F32' : dtype.startsWith('F8') ? 'F16' : dtype;

/**
 * Returns the weights of a UNet with its changes, by the names of original checkpoints after
 * `prefix`.
 */
export function unetTensors(
  network: ChangedNetwork,
  prefix: string,
  threads: number,
): LazyTensor[] {
  const make = targetMaker(network, threads);
  return [...network.targets.keys()].map((name) => make(name, prefix + name));
}

/**
 * Returns the weights of a text encoder with its changes, in the layout and with the prefix of a
 * part of checkpoints.
 */
export function encoderTensors(
  { base, tokenRows }: TextEncoder & { readonly base: EncoderBase },
  { layout, prefix }: Pick<ClipPart, 'layout' | 'prefix'>,
  threads: number,
): LazyTensor[] {
  const make = targetMaker(base, threads);
  const has = (name: string): boolean => base.targets.has(name);
  const targetName = (name: string): string => `text_model.${name}`;
  const names = layout === 'open-clip' ? OPEN_CLIP : HUGGING_FACE;
  const tensors: LazyTensor[] = [tokenTable(base, tokenRows, prefix + names.tokens)];
  const addTensor = (name: string, newName: string): void => {
    const target = targetName(name);
    if (has(target)) tensors.push(make(target, prefix + newName));
  };
  const addLayer = (name: string, newName: string): void => {
    for (const end of ['weight', 'bias']) addTensor(`${name}.${end}`, `${newName}.${end}`);
  };
  addTensor(HUGGING_FACE.positions, names.positions);
  addLayer(HUGGING_FACE.finalNorm, names.finalNorm);
  for (let i = 0; has(targetName(`${HUGGING_FACE.block(i).norm1}.weight`)); i++) {
    const [oldNames, newNames] = [HUGGING_FACE.block(i), names.block(i)];
    for (const part of ['norm1', 'norm2', 'out', 'up', 'down'] as const)
      addLayer(oldNames[part], newNames[part]);
    const projections = oldNames.qkv as readonly string[];
    if (!('weight' in newNames.qkv))
      for (const [j, projection] of projections.entries()) addLayer(projection, newNames.qkv[j]);
    else
      for (const end of ['weight', 'bias'] as const) {
        const parts = projections.map((name) => make(targetName(`${name}.${end}`), ''));
        tensors.push(joined(parts, prefix + newNames.qkv[end]));
      }
  }
  // the encoders of SD1 and the first one of SDXL have no projection in checkpoints
  if (layout === 'open-clip' && has('text_projection.weight'))
    tensors.push(transposed(make('text_projection.weight', ''), prefix + names.projection));
  return tensors;
}

type SavedEncoder = TextEncoder & { readonly base: EncoderBase };

/** That of every text encoder of ComfyUI; nothing uses it. */
const LOGIT_SCALE = 4.6055;

/** Returns the tensors of a file of one text encoder, as Hugging Face names them. */
export const encoderFileTensors = (encoder: SavedEncoder, threads: number): LazyTensor[] => [
  number('logit_scale', LOGIT_SCALE),
  ...(encoder.tokenizer ? sequenceTensors : clipTensors)(encoder, threads),
];

/** Returns a text encoder as ComfyUI has it in memory. */
export const wholeEncoderTensors = (
  encoder: SavedEncoder,
  prefix: string,
  threads: number,
): LazyTensor[] => [
  number(`${prefix}logit_scale`, LOGIT_SCALE),
  ...(encoder.tokenizer ? sequenceTensors : clipTensors)(encoder, threads).map((one) => ({
    ...one,
    name: `${prefix}transformer.${one.name}`,
  })),
];

function clipTensors(encoder: SavedEncoder, threads: number): LazyTensor[] {
  const layout = { layout: 'hugging-face', prefix: 'text_model.' } as const;
  const tensors = encoderTensors(encoder, layout, threads);
  const projection = 'text_projection.weight';
  return encoder.base.targets.has(projection)
    ? [...tensors, targetMaker(encoder.base, threads)(projection, projection)]
    : tensors;
}

function sequenceTensors({ base, tokenRows }: SavedEncoder, threads: number): LazyTensor[] {
  const make = targetMaker(base, threads);
  return [
    tokenTable(base, tokenRows, base.table),
    ...[...base.targets.keys()].map((name) => make(name, name)),
  ];
}

/** Returns the vocabularies of encoders that carry their own. */
export async function vocabularyTensors(
  encoders: readonly SavedEncoder[],
  prefix: string,
): Promise<LazyTensor[]> {
  const tensors: LazyTensor[] = [];
  for (const { base } of encoders) {
    if (base.vocabulary === undefined) continue;
    const file = await base.weights.open();
    try {
      const bytes = await file.readRaw(base.vocabulary);
      const shape = [bytes.length];
      const name = prefix + base.vocabulary.replace(/^.*\./, '');
      tensors.push({ name, dtype: 'U8', shape, bytes: async () => bytes });
    } finally {
      await file.close();
    }
  }
  return tensors;
}

const number = (name: string, value: number): LazyTensor => ({
  ...{ name, dtype: 'F32', shape: [] },
  bytes: async () => new Uint8Array(Float32Array.of(value).buffer),
});

const VAE_PARTS = /^(encoder|decoder|quant_conv|post_quant_conv)\.|^\d+\./;

/** Returns an autoencoder's tensors, named after `prefix`. */
export const vaeTensors = (
  { weights = {}, numbers = {} }: Autoencoder,
  prefix: string,
): LazyTensor[] => [
  ...Object.entries(weights).flatMap(([part, own]) =>
    [...own.names()]
      .filter((name) => VAE_PARTS.test(name))
      .map((name) => copied(own, { tensor: name, shape: own.shape(name) }, prefix + part + name)),
  ),
  ...Object.entries(numbers).map(([name, value]) => number(prefix + name, value)),
];

/**
 * Returns a function that makes tensors of a network's targets: computed where they are changed,
 * else copied.
 */
function targetMaker(
  network: ChangedNetwork,
  threads: number,
): (target: string, name: string) => LazyTensor {
  const { weights, targets } = network;
  const changed = changedTargets(network);
  const read = mergedReader(changed, threads);
  return (name, to) => {
    const target = targets.get(name)!;
    if (!changed.shapes.has(name)) return copied(weights, target, to);
    const dtype = writtenAs(storedAs(weights, target.tensor));
    return {
      name: to,
      dtype,
      shape: target.shape,
      bytes: async () => encodeFloat32(dtype, (await read(name)).data),
    };
  };
}

/**
 * Returns a tensor, or a part of one, as it is in its file, unless the network's weights are
 * rounded.
 */
function copied(
  weights: Weights,
  { tensor, rows, transposed: isTransposed, shape }: PatchTarget,
  name: string,
): LazyTensor {
  const stored = storedAs(weights, tensor);
  const dtype = weights.rounding === 'f16' && !weights.isExact?.(tensor) ? 'F16' : stored;
  const whole: LazyTensor = {
    name,
    dtype,
    shape: isTransposed ? shape.toReversed() : shape,
    bytes: async () => {
      const file = await weights.open();
      try {
        const bytes = await file.readRaw(weights.fullName(tensor));
        const each = bytes.length / (weights.shape(tensor)[0] ?? 1);
        const part = rows ? bytes.subarray(rows[0] * each, rows[1] * each) : bytes;
        return dtype === stored ? part : encodeFloat32(dtype, decodeFloat32(stored, part));
      } finally {
        await file.close();
      }
    },
  };
  return isTransposed ? transposed(whole, name) : whole;
}

/** Returns tensors joined along their first axis. */
function joined(parts: readonly LazyTensor[], name: string): LazyTensor {
  const [{ dtype, shape }] = parts;
  return {
    name,
    dtype,
    shape: [parts.reduce((sum, part) => sum + part.shape[0], 0), ...shape.slice(1)],
    bytes: async () => {
      const all: Uint8Array[] = [];
      for (const part of parts) all.push(await part.bytes());
      return Buffer.concat(all);
    },
  };
}

/** Returns the transpose of a matrix. */
function transposed(
  { dtype, shape: [rows, columns], bytes }: LazyTensor,
  name: string,
): LazyTensor {
  const { size } = DTYPES[dtype];
  return {
    name,
    dtype,
    shape: [columns, rows],
    bytes: async () => {
      const from = await bytes();
      const to = new Uint8Array(from.length);
      for (let i = 0; i < rows; i++)
        for (let j = 0; j < columns; j++) {
          const at = (i * columns + j) * size;
          to.set(from.subarray(at, at + size), (j * rows + i) * size);
        }
      return to;
    },
  };
}

/** Returns the token embeddings: computed where they are changed, else copied. */
function tokenTable(
  { weights, table, tokenChanges }: EncoderBase,
  tokenRows: TextEncoder['tokenRows'],
  name: string,
): LazyTensor {
  const shape = weights.shape(table);
  if (tokenChanges.length === 0 || !tokenRows)
    return copied(weights, { tensor: table, shape }, name);
  const dtype = weights.rounding === 'f16' ? 'F16' : writtenAs(storedAs(weights, table));
  const ids = Array.from({ length: shape[0] }, (_, i) => i);
  return { name, dtype, shape, bytes: async () => encodeFloat32(dtype, await tokenRows(ids)) };
}
