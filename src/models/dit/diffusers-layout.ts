// diffusers' layout of a transformer as a table of names. diffusers stores q, k and v apart where
// the original files have one weight, and has scale and shift of some modulations in the opposite
// order.
import type { TensorInfo } from '../../formats/tensor-file.ts';
import { joinRows, rowsOf } from '../../formats/tensor-rows.ts';

/** Layers by diffusers' names; the number is the position of the part in a joined weight. */
export type LayerNames = Readonly<Record<string, string | readonly [layer: string, part: number]>>;

export interface DiffusersLayout {
  /** Lists of numbered blocks, by diffusers' names, and the names inside of the blocks. */
  readonly blocks: readonly {
    readonly from: string;
    readonly to: string;
    readonly names: LayerNames;
  }[];
  /** Names outside of blocks. */
  readonly outside: LayerNames;
  /** Tensors that are no weight or bias of a layer, by their whole names. */
  readonly tensors?: Readonly<Record<string, string>>;
  /** Layers, by their original names, whose halves are in the opposite order. */
  readonly swapped?: readonly string[];
}

/**
 * Returns the tensors of a diffusers file under their original names; unknown names are not
 * changed. Throws DR_MODEL_UNSUPPORTED when the parts of a weight do not fit together.
 */
export function fromDiffusersLayout(
  tensors: ReadonlyMap<string, TensorInfo>,
  layout: DiffusersLayout,
): ReadonlyMap<string, TensorInfo> {
  const parts = new Map<string, TensorInfo[]>();
  for (const [name, info] of tensors) {
    const [target, part] = originalName(name, layout);
    const known = parts.get(target) ?? [];
    known[part] = info;
    parts.set(target, known);
  }
  return new Map(
    [...parts].map(([name, infos]) => {
      const stored = infos.filter((info) => info !== undefined);
      const whole = stored.length > 1 ? joinRows(name, stored) : stored[0];
      return [name, layout.swapped?.includes(layerOf(name)) ? halvesSwapped(name, whole) : whole];
    }),
  );
}

const layerOf = (name: string): string => name.slice(0, name.lastIndexOf('.'));

function halvesSwapped(name: string, info: TensorInfo): TensorInfo {
  const [count] = info.shape;
  return joinRows(name, [rowsOf(info, [count / 2, count]), rowsOf(info, [0, count / 2])]);
}

/** Returns a tensor's original name, and which part of that tensor it is. */
function originalName(
  name: string,
  { blocks, outside, tensors = {} }: DiffusersLayout,
): readonly [name: string, part: number] {
  if (Object.hasOwn(tensors, name)) return [tensors[name], 0];
  const layer = layerOf(name);
  const end = name.slice(layer.length);
  for (const { from, to, names } of blocks) {
    const [, block, inner] = /^(\d+)\.(.+)$/.exec(after(layer, `${from}.`)) ?? [];
    if (block !== undefined) return named(names, inner, `${to}.${block}.`, end) ?? [name, 0];
  }
  return named(outside, layer, '', end) ?? [name, 0];
}

const after = (name: string, start: string): string =>
  name.startsWith(start) ? name.slice(start.length) : '';

function named(
  names: LayerNames,
  layer: string,
  start: string,
  end: string,
): readonly [string, number] | undefined {
  if (!Object.hasOwn(names, layer)) return undefined;
  const known = names[layer];
  const [target, part] = typeof known === 'string' ? [known, 0] : known;
  return [start + target + end, part];
}
