// Reads the convolutions of an ncnn network (.param and .bin), and gives them the names of the
// torch layouts that upscale models are published in. Weights are stored as float16 or float32,
// biases and slopes as float32.
import { readFileSync } from 'node:fs';
import { DTYPES } from '../src/formats/dtypes.ts';
import type { TensorToWrite } from '../src/formats/safetensors/safetensors-write.ts';
import { sizeOf } from '../src/tensor/tensor.ts';

type Layer =
  | { readonly kind: 'convolution'; readonly weight: TensorToWrite; readonly bias: TensorToWrite }
  | { readonly kind: 'prelu'; readonly weight: TensorToWrite };

/** The dtype of weights by the mark before them; others are quantised. */
const MARKS: ReadonlyMap<number, 'F16' | 'F32'> = new Map([
  [0, 'F32'],
  [0x01306b47, 'F16'],
]);

/** The settings of a layer, `0=64 1=3 …`, by number. */
const settings = (words: readonly string[]): ReadonlyMap<number, number> =>
  new Map(words.map((word) => word.split('=').map(Number) as [number, number]));

/** Reads the layers with weights, in the order of the network. */
function readLayers(param: string, bin: Buffer): Layer[] {
  let at = 0;
  const take = (bytes: number): Uint8Array => {
    at += bytes;
    return new Uint8Array(bin.subarray(at - bytes, at));
  };
  const read = (dtype: 'F16' | 'F32', shape: readonly number[]): TensorToWrite => {
    const data = new Float32Array(sizeOf(shape));
    DTYPES[dtype].decode(take(data.length * DTYPES[dtype].size), data);
    take((4 - (at % 4)) % 4);
    return { dtype, shape, data };
  };
  const marked = (shape: readonly number[]): TensorToWrite => {
    const dtype = MARKS.get(bin.readUInt32LE(at));
    if (!dtype) throw new Error(`weights at ${at} are neither float16 nor float32`);
    take(4);
    return read(dtype, shape);
  };
  const layers: Layer[] = [];
  let channels = 3;
  for (const line of param.split('\n').slice(2)) {
    const [type, , inputs, outputs, ...rest] = line.trim().split(/\s+/);
    const set = settings(rest.slice(Number(inputs) + Number(outputs)));
    const count = set.get(0) ?? 0;
    if (type === 'PReLU') layers.push({ kind: 'prelu', weight: read('F32', [count]) });
    if (type !== 'Convolution') continue;
    const side = set.get(1)!;
    channels = set.get(6)! / count / side ** 2;
    const weight = marked([count, channels, side, side]);
    layers.push({ kind: 'convolution', weight, bias: read('F32', [count]) });
  }
  if (at !== bin.length) throw new Error(`${bin.length - at} bytes of weights are left over`);
  return layers;
}

/** The names of RRDBNet's convolutions in the order of the network (Real-ESRGAN). */
const rrdbNames = (blocks: number): string[] => [
  'conv_first',
  ...Array.from({ length: blocks * 15 }, (_, i) => {
    const [block, part, index] = [Math.floor(i / 15), Math.floor(i / 5) % 3, i % 5];
    return `body.${block}.rdb${part + 1}.conv${index + 1}`;
  }),
  'conv_body',
  'conv_up1',
  'conv_up2',
  'conv_hr',
  'conv_last',
];

/**
 * Reads the weights of an RRDBNet or an SRVGGNetCompact under the names of Real-ESRGAN, each with
 * the dtype that it is stored in.
 */
export function readNcnn(param: string, bin: string): Record<string, TensorToWrite> {
  const layers = readLayers(readFileSync(param, 'utf8'), readFileSync(bin));
  const isCompact = layers.some(({ kind }) => kind === 'prelu');
  const names = isCompact ? layers.map((_, i) => `body.${i}`) : rrdbNames((layers.length - 6) / 15);
  return Object.fromEntries(
    layers.flatMap((layer, i) => [
      [`${names[i]}.weight`, layer.weight],
      ...(layer.kind === 'convolution' ? [[`${names[i]}.bias`, layer.bias] as const] : []),
    ]),
  );
}
