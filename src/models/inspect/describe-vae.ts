// Describes an autoencoder by its tensors: the architecture, and whose latents it has.
import type { ModelFile } from '../../formats/identify/identified-model.ts';
import { joinedCells } from '../vae/joined-cells.ts';

type Tensors = ReadonlyMap<string, { readonly shape: readonly number[] }>;

/** Whose latents have this number of channels; those of SD and SDXL, 4, are not mentioned. */
const LATENTS: Readonly<Record<number, string | undefined>> = {
  4: undefined,
  16: 'SD3 or FLUX.1 (16 channels)',
  128: 'FLUX.2 (128 channels)',
};
const latentsOf = (channels: number): string | undefined =>
  channels in LATENTS ? LATENTS[channels] : `${channels} channels`;

const joined = (...parts: readonly (string | undefined)[]): string =>
  parts.filter(Boolean).join(', ');

/** `KL`, or `TAESD, SD3 or FLUX.1 (16 channels)`. */
export function describeVae(
  { vae: { kind, prefix } }: Extract<ModelFile, { kind: 'vae' }>,
  tensors: Tensors,
): string {
  if (kind === 'wan') return 'Wan 2.1 and Qwen-Image';
  if (kind === 'wan-image') return 'Qwen-Image 2.1';
  const start = kind === 'kl' ? prefix : `${prefix}taesd_decoder.`;
  const first = kind === 'kl' ? 'decoder.conv_in.weight' : '1.weight';
  const channels = tensors.get(start + first)!.shape[1];
  const side = joinedCells({ has: (name) => tensors.has(start + name) });
  return joined(kind === 'kl' ? 'KL' : 'TAESD', latentsOf(side ** 2 * channels));
}

/** `TAESD, the decoder`. */
export function describeTaesd(
  { part }: Extract<ModelFile, { kind: 'taesd' }>,
  tensors: Tensors,
): string {
  if (part === 'both') return 'TAESD';
  const channels =
    part === 'decoder' ? tensors.get('1.weight')!.shape[1] : lastConvolution(tensors)[0];
  return joined('TAESD', latentsOf(joinedCells(tensors) ** 2 * channels), `the ${part}`);
}

/** The shape of the convolution with the highest number, the last of the sequence. */
function lastConvolution(tensors: Tensors): readonly number[] {
  const numbers = [...tensors.keys()].flatMap((name) => /^(\d+)\.weight$/.exec(name)?.[1] ?? []);
  return tensors.get(`${Math.max(...numbers.map(Number))}.weight`)!.shape;
}
