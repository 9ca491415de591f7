// GGUF files of diffusion models and text encoders, with the names and shapes of the original files
// (ComfyUI-GGUF, loader.py).
import { sizeOf } from '../../tensor/tensor.ts';
import type { ByteSource } from '../byte-source.ts';
import { CUT_OFF, invalidModel, unsupportedModel } from '../model-file-errors.ts';
import type { TensorFile, TensorInfo } from '../tensor-file.ts';
import {
  BLOCK_TYPES,
  type BlockArithmetic,
  FILE_TYPES,
  GGML_TYPES,
  isBlockType,
} from './block-types.ts';
import { type GgufHeader, type GgufTensor, readGgufHeader } from './gguf-header.ts';
import {
  IMAGE_ARCHITECTURES,
  NO_ARCHITECTURES,
  originalTextName,
  TEXT_ARCHITECTURES,
} from './gguf-names.ts';

export const GGUF_MAGIC = 'GGUF';

/** The keys of metadata that say what a file is; `quantisation` is the name of its types. */
export const GGUF_KEYS = {
  architecture: 'general.architecture',
  quantisation: 'gguf.quantisation',
} as const;

const UNET = 'model.diffusion_model.';
const SHAPE = 'comfy.gguf.orig_shape.';

/**
 * Reads the tensors of an open GGUF file. Throws DR_MODEL_INVALID, and DR_MODEL_UNSUPPORTED for
 * other models, types that are not read, and models in several files.
 */
export async function readGguf(
  source: ByteSource,
): Promise<Pick<TensorFile, 'tensors' | 'metadata'>> {
  const header = await readGgufHeader(source);
  const architecture = architectureOf(source.file, header);
  const isText = architecture !== undefined && TEXT_ARCHITECTURES.includes(architecture);
  const prefix = !isText && header.tensors.some(({ name }) => name.startsWith(UNET)) ? UNET : '';
  const tensors = new Map<string, TensorInfo>();
  for (const tensor of header.tensors) {
    if (!tensor.name.startsWith(prefix)) continue;
    const own = tensor.name.slice(prefix.length);
    const name = isText ? originalTextName(architecture, own) : own;
    tensors.set(name, infoOf(source, header, tensor, architecture === undefined));
  }
  return { tensors, metadata: textsOf(header) };
}

/** Returns the architecture; undefined for files that name none. */
function architectureOf(file: string, { metadata, tensors }: GgufHeader): string | undefined {
  const parts = metadata.get('split.count');
  if (typeof parts === 'number' && parts > 1)
    throw unsupportedModel(
      file,
      `is one of ${parts} parts of a GGUF model`,
      'Join the parts (llama-gguf-split --merge), or get the model as one file.',
    );
  const name = metadata.get(GGUF_KEYS.architecture);
  if (name === undefined || NO_ARCHITECTURES.includes(`${name}`)) return undefined;
  if (metadata.get('general.type') === 'mmproj' || metadata.get('general.type') === 'clip-vision')
    throw unsupportedModel(
      file,
      'is the vision part of a language model',
      'Choose the file of the language model itself.',
    );
  if ([...IMAGE_ARCHITECTURES, ...TEXT_ARCHITECTURES].includes(`${name}`)) return `${name}`;
  throw unsupportedModel(
    file,
    `is a GGUF model of the architecture ${`${name}`.slice(0, 40)}, not one for images`,
    `Diffusion models (${IMAGE_ARCHITECTURES.slice(0, 4).join(', ')}, lumina2 …) and text ` +
      `encoders (${TEXT_ARCHITECTURES.join(', ')}) can be read, as in ComfyUI-GGUF.` +
      (tensors.length === 0 ? ' This one has no tensors.' : ''),
  );
}

function infoOf(
  { file, size }: ByteSource,
  { metadata }: GgufHeader,
  { name, shape, type, offset }: GgufTensor,
  isUnnamed: boolean,
): TensorInfo {
  const typeName = GGML_TYPES[type];
  const stored = storedAs(typeName);
  if (!stored)
    throw unsupportedModel(
      file,
      `has weights in the quantisation ${typeName ?? `number ${type}`} (${name})`,
      `Use a version in one of ${Object.keys(BLOCK_TYPES).join(', ')}, F16 or BF16.`,
    );
  const width = shape.at(-1) ?? 1;
  if (width % stored.values !== 0)
    throw invalidModel(file, `has the rows of ${name}, ${width} numbers, in blocks of others`);
  const byteLength = (sizeOf(shape) / stored.values) * stored.bytes;
  if (offset + byteLength > size)
    throw invalidModel(file, `ends before the last bytes of ${name}`, CUT_OFF);
  return {
    ...stored.as,
    shape: originalShape(metadata.get(SHAPE + name), shape, isUnnamed && name),
    offset,
    byteLength,
  };
}

type Stored = Pick<TensorInfo, 'dtype' | 'blocks'>;

/** Returns how numbers of a type are stored; undefined for types that are not read. */
function storedAs(
  type: string | undefined,
): { readonly values: number; readonly bytes: number; readonly as: Stored } | undefined {
  if (type === 'F32' || type === 'F16' || type === 'BF16')
    return { values: 1, bytes: type === 'F32' ? 4 : 2, as: { dtype: type } };
  if (!isBlockType(type)) return undefined;
  return { ...BLOCK_TYPES[type], as: { dtype: 'F32', blocks: { type, arithmetic: 'f16' } } };
}

/** Returns the shape in the original file. */
function originalShape(
  original: unknown,
  shape: readonly number[],
  unnamed: string | false,
): readonly number[] {
  if (Array.isArray(original) && sizeOf(original as number[]) === sizeOf(shape))
    return original as readonly number[];
  // stable-diffusion.cpp has layers as 1x1 kernels
  if (unnamed && /\.proj_(in|out)\.weight$/.test(unnamed) && shape.length > 2)
    return shape.slice(0, shape.findLastIndex((length) => length !== 1) + 1);
  return shape;
}

/** Returns the texts of the metadata, and the name of the quantisation. */
function textsOf({ metadata, tensors }: GgufHeader): Readonly<Record<string, string>> {
  const texts = [...metadata].flatMap(([key, value]): [string, string][] =>
    typeof value === 'string' ? [[key, value]] : [],
  );
  const fileType = FILE_TYPES[Number(metadata.get('general.file_type'))];
  const name = fileType ?? mostOf(tensors);
  return { ...Object.fromEntries(texts), ...(name && { [GGUF_KEYS.quantisation]: name }) };
}

/** Returns the type that most numbers are stored in. */
function mostOf(tensors: readonly GgufTensor[]): string | undefined {
  const counts = new Map<number, number>();
  for (const { type, shape } of tensors) counts.set(type, (counts.get(type) ?? 0) + sizeOf(shape));
  const [most] = [...counts].sort(([, a], [, b]) => b - a);
  return most && GGML_TYPES[most[0]];
}

/** Returns tensors whose blocks are computed in another arithmetic. */
export const withArithmetic = (
  tensors: ReadonlyMap<string, TensorInfo>,
  arithmetic: BlockArithmetic,
): ReadonlyMap<string, TensorInfo> =>
  new Map(
    [...tensors].map(([name, info]) => [
      name,
      info.blocks ? { ...info, blocks: { ...info.blocks, arithmetic } } : info,
    ]),
  );
