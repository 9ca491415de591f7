// The names of a transformer's weights in LoRA files: kohya's and ComfyUI's own, which all families
// have, and diffusers', from a table of each family (comfy/lora.py, model_lora_keys_unet).
import { plainKeys } from '../lora/keys.ts';
import type { LoraKeys, WeightPart } from '../lora/patches.ts';
import type { Weights } from '../weights/tensors.ts';
import type { DiffusersLayout } from './diffusers-layout.ts';

/** How LoRA files of a family name its weights beside the names of all families. */
export interface LoraNames {
  /** diffusers' names of the layers. */
  layout(weights: Weights): DiffusersLayout;
  /** What is before diffusers' names in files; '' for the names alone. */
  readonly prefixes: readonly string[];
  /** What is before diffusers' names with underscores in place of dots. */
  readonly flatPrefixes: readonly string[];
  /** The end of the names of layers whose two parts in `layout` are their halves. */
  readonly halves?: string;
  /** A name for the first parts of a joined layer, after `diffusion_model.` and its block. */
  readonly joined?: { readonly layer: string; readonly name: string; readonly parts: number };
}

const WEIGHT = '.weight';

/** Names in LoRA files that are those of the model behind some prefixes (see LoraNames). */
export const ownNames = (
  prefixes: readonly string[],
  flatPrefixes: readonly string[],
): LoraNames => ({
  layout: (weights) => ({
    blocks: [],
    outside: Object.fromEntries(ownLayers(weights).map((layer) => [layer, layer])),
  }),
  prefixes,
  flatPrefixes,
});

/** Returns the weights of a transformer, and their parts, by their names in LoRA files. */
export function transformerKeys(weights: Weights, names: LoraNames | undefined): LoraKeys {
  const keys = new Map<string, string | WeightPart>(plainKeys(weights.names()));
  if (!names) return keys;
  for (const [name, target] of diffusersWeights(weights, names)) {
    for (const prefix of names.prefixes) keys.set(prefix + name, target);
    for (const prefix of names.flatPrefixes) keys.set(prefix + name.replaceAll('.', '_'), target);
  }
  const { joined } = names;
  if (joined)
    for (const weight of weights.names()) {
      if (!weight.endsWith(`.${joined.layer}${WEIGHT}`)) continue;
      const block = weight.slice(0, -joined.layer.length - WEIGHT.length);
      const [, to] = rowsOfPart(weights.shape(weight), joined.parts - 1);
      keys.set(`diffusion_model.${block}${joined.name}`, { weight, rows: [0, to] });
    }
  return keys;
}

/** Returns pairs of diffusers' name of a layer and the weight, or the part of one, that it is. */
function* diffusersWeights(
  weights: Weights,
  { layout, halves }: LoraNames,
): Generator<readonly [name: string, target: string | WeightPart]> {
  const { blocks, outside, swapped = [] } = layout(weights);
  const target = (layer: string, part: number | undefined): readonly (string | WeightPart)[] => {
    const weight = layer + WEIGHT;
    if (!weights.has(weight)) return [];
    if (part !== undefined) {
      const rows = halves && layer.endsWith(halves) ? rowsOfHalf : rowsOfPart;
      return [{ weight, rows: rows(weights.shape(weight), part) }];
    }
    return [swapped.includes(layer) ? { weight, isSwapped: true } : weight];
  };
  for (const { from, to, names } of blocks)
    for (let i = 0; weights.hasPrefix(`${to}.${i}.`); i++)
      for (const [name, layer] of Object.entries(names)) {
        const [own, part] = typeof layer === 'string' ? [layer] : layer;
        for (const found of target(`${to}.${i}.${own}`, part))
          yield [`${from}.${i}.${name}`, found];
      }
  for (const [name, layer] of Object.entries(outside)) {
    const [own, part] = typeof layer === 'string' ? [layer] : layer;
    for (const found of target(own, part)) yield [name, found];
  }
}

/** Returns the names of all layers, for families whose LoRA files name them as their models do. */
export const ownLayers = (weights: Weights): string[] =>
  [...weights.names()]
    .filter((name) => name.endsWith(WEIGHT))
    .map((name) => name.slice(0, -WEIGHT.length));

/** Returns the rows of the first (0) or the second half of a weight [N, C]. */
const rowsOfHalf = (
  [count]: readonly number[],
  half: number,
): readonly [from: number, to: number] => [(half * count) / 2, ((half + 1) * count) / 2];

/**
 * Returns the rows of a part of a joined weight [N, C]: queries (0), keys, values, and an MLP's
 * first layer (3), of 4 C rows as in FLUX.1. ComfyUI takes C rows for each of the first three, and
 * fails where keys have fewer heads.
 */
function rowsOfPart(
  [count, width]: readonly number[],
  part: number,
): readonly [from: number, to: number] {
  const each = count < 3 * width ? (count - width) / 2 : width;
  const bounds = [0, width, width + each, width + 2 * each, Math.min(count, 7 * width)];
  return [bounds[part], bounds[part + 1]];
}
