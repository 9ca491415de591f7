// Quantised layers of model files, as ComfyUI writes and reads them (comfy/utils.py
// convert_old_quants, comfy/ops.py): a layer's `weight` has numbers of 8 bits, and beside it are
// its scales and a description. Three forms: a marker `scaled_fp8` with `scale_weight` (the old
// one), a description `comfy_quant` (JSON) of each layer, and all descriptions in the metadata.
// Scales beside fp8 weights without any description are used too.
import { sizeOf } from '../../tensor/tensor.ts';
import type { DTypeName } from '../dtypes.ts';
import { entriesOf, isJsonObject, type Json, type JsonObject, numberOf } from '../json.ts';
import { unsupportedModel } from '../model-file-errors.ts';
import { parseJson } from '../parse-json.ts';
import type { TensorFile } from '../tensor-file.ts';
import type { TensorInfo, TensorScaling } from '../tensor-info.ts';
import { isRotationSize } from './hadamard.ts';

type Tensors = ReadonlyMap<string, TensorInfo>;
type Opened = Pick<TensorFile, 'file' | 'tensors' | 'metadata' | 'readRaw'>;

/** The tensors beside a layer's weight, by the ends of their names. */
const SCALES = ['weight_scale', 'scale_weight'];
const DESCRIPTION = 'comfy_quant';
const INPUT_SCALES = ['input_scale', 'scale_input'];
const METADATA = '_quantization_metadata';
/** The layers in the metadata are those of the whole file, or of its diffusion model. */
const PREFIXES = ['', 'model.diffusion_model.'];
/** Bytes; a description is a short object. */
const MAX_DESCRIPTION = 4096;
const DEFAULT_ROTATION = 256;

/** The types that weights of a format are stored in; U8 stands for the first one. */
const FORMATS: Readonly<Record<string, readonly DTypeName[]>> = {
  float8_e4m3fn: ['F8_E4M3', 'F8_E5M2', 'U8'],
  float8_e5m2: ['F8_E5M2', 'F8_E4M3', 'U8'],
  int8_tensorwise: ['I8'],
};

/**
 * Returns the tensors of a file, quantised weights with their scales; tensors that only describe
 * them are left out. Throws DR_MODEL_UNSUPPORTED for formats that are not supported, and for scales
 * that do not fit.
 */
export async function withScales(opened: Opened): Promise<Tensors> {
  const { file, tensors } = opened;
  const layers = new Map<string, JsonObject>([
    ...fp8Layers(tensors),
    ...layersOfMetadata(opened),
    ...(await describedLayers(opened)),
  ]);
  const isMarker = (name: string): boolean => /(^|\.)scaled_fp8$/.test(name);
  if (layers.size === 0 && ![...tensors.keys()].some(isMarker)) return tensors;
  const found = new Map([...tensors].filter(([name]) => !isMarker(name)));
  for (const [layer, description] of layers) {
    const name = `${layer}.weight`;
    const weight = tensors.get(name);
    if (!weight) continue;
    const scale = SCALES.map((end) => tensors.get(`${layer}.${end}`)).find((one) => one);
    found.set(name, quantisedWeight({ file, name, weight, scale, description }));
    for (const end of [DESCRIPTION, ...SCALES, ...INPUT_SCALES]) found.delete(`${layer}.${end}`);
  }
  return found;
}

/** Returns the layers whose fp8 weights have scales beside them. */
const fp8Layers = (tensors: Tensors): [string, JsonObject][] =>
  [...tensors.keys()].flatMap((name): [string, JsonObject][] => {
    const end = SCALES.find((one) => name.endsWith(`.${one}`));
    const layer = end && name.slice(0, -end.length - 1);
    return layer !== undefined && tensors.get(`${layer}.weight`)?.dtype.startsWith('F8')
      ? [[layer, { format: 'float8_e4m3fn' }]]
      : [];
  });

/** Returns the layers that the metadata describes. */
function layersOfMetadata({ file, tensors, metadata }: Opened): [string, JsonObject][] {
  if (!Object.hasOwn(metadata, METADATA)) return [];
  const described = descriptionOf(file, METADATA, metadata[METADATA]).layers;
  if (!isJsonObject(described)) return [];
  return entriesOf(described).flatMap(([layer, description]): [string, JsonObject][] => {
    const prefix = PREFIXES.find((one) => tensors.has(`${one}${layer}.weight`));
    return prefix !== undefined && isJsonObject(description) ? [[prefix + layer, description]] : [];
  });
}

/** Returns the layers that have a description of their own. */
async function describedLayers({
  file,
  tensors,
  readRaw,
}: Opened): Promise<[string, JsonObject][]> {
  const layers: [string, JsonObject][] = [];
  for (const [name, { dtype, byteLength }] of tensors) {
    if (!name.endsWith(`.${DESCRIPTION}`) || dtype !== 'U8') continue;
    if (byteLength > MAX_DESCRIPTION)
      throw unsupportedModel(file, `has a description of ${byteLength} bytes in ${name}`, HINT);
    const text = new TextDecoder().decode(await readRaw(name));
    layers.push([name.slice(0, -DESCRIPTION.length - 1), descriptionOf(file, name, text)]);
  }
  return layers;
}

function descriptionOf(file: string, name: string, text: string): JsonObject {
  let description: Json | undefined;
  try {
    description = parseJson(text, { file: name });
  } catch {
    // not JSON: reported below
  }
  if (isJsonObject(description)) return description;
  throw unsupportedModel(file, `describes its quantised layers in ${name}, but not as JSON`, HINT);
}

const HINT = 'Use a version of the model in fp8, int8, GGUF, bf16 or fp16.';

interface Layer {
  readonly file: string;
  readonly name: string;
  readonly weight: TensorInfo;
  readonly scale?: TensorInfo;
  readonly description: JsonObject;
}

function quantisedWeight({ file, name, weight, scale, description }: Layer): TensorInfo {
  const { format } = description;
  const unsupported = (what: string): Error => unsupportedModel(file, `${what} (${name})`, HINT);
  const types = typeof format === 'string' && Object.hasOwn(FORMATS, format) && FORMATS[format];
  if (!types) throw unsupported(`has weights in the quantisation ${shown(format)}`);
  // ComfyUI converts others while it loads them
  if (!types.includes(weight.dtype))
    throw unsupported(`has ${weight.dtype} weights that it describes as ${format}`);
  const dtype = weight.dtype === 'U8' ? types[0] : weight.dtype;
  if (!scale) {
    if (dtype === 'I8') throw unsupported('lacks the scales of int8 weights');
    return { ...weight, dtype };
  }
  const count = sizeOf(scale.shape);
  if (!/^(F|BF)\d/.test(scale.dtype) || (count !== 1 && count !== weight.shape[0]))
    throw unsupported(
      `has scales of an unknown kind, ${scale.dtype} [${scale.shape}] ` +
        `for ${dtype} [${weight.shape}]`,
    );
  const rotation = dtype === 'I8' ? rotationOf(description) : undefined;
  if (rotation !== undefined && !fits(rotation, weight.shape))
    throw unsupported(`has rows of [${weight.shape}] rotated in groups of ${rotation}`);
  return { ...weight, dtype, scaling: { scale, rotation } };
}

const shown = (format: Json | undefined): string =>
  typeof format === 'string' ? format.slice(0, 40) : 'of no name';

/** Returns the size of the groups that ConvRot rotates; undefined without it. */
function rotationOf(description: JsonObject): TensorScaling['rotation'] {
  const inner = isJsonObject(description.params) ? description.params : {};
  const { convrot, convrot_groupsize: size } = { ...inner, ...description };
  return convrot === true ? (numberOf(size) ?? DEFAULT_ROTATION) : undefined;
}

const fits = (rotation: number, shape: readonly number[]): boolean =>
  shape.length === 2 && isRotationSize(rotation) && shape[1] % rotation === 0;
