// Whether the patches of a LoRA fit the weights of a network. ComfyUI leaves out those that do not.
import { basename } from 'node:path';
import { DarkroomError } from '../../errors.ts';
import { sizeOf } from '../../tensor/tensor.ts';
import type { LoraFile } from './file.ts';
import { gloraFactors, gloraForm } from './glora.ts';
import { broadcasts } from './merge.ts';
import type { Patch } from './patches.ts';

type ShapeOf = (tensor: string) => readonly number[];

/** Returns whether a patch can be applied to a weight of this shape, or to its part. */
export function patchFits(patch: Patch, shape: readonly number[], lora: LoraFile): boolean {
  const part = partShape(patch, shape);
  return part !== undefined && refusedKind(patch) === undefined && hasShape(patch, part, lora);
}

/**
 * Returns the shape of the part of a weight that a patch changes; undefined for rows that the
 * weight does not have.
 */
export function partShape(
  { part: { rows, isSwapped } = { weight: '' } }: Patch,
  shape: readonly number[],
): readonly number[] | undefined {
  const [count, ...rest] = shape;
  if (isSwapped && count % 2 > 0) return undefined;
  if (!rows) return shape;
  const [from, to] = rows;
  return from < to && to <= count ? [to - from, ...rest] : undefined;
}

/**
 * Returns the kind of a patch that ComfyUI cannot apply to any weight: it reports an error, and the
 * weight stays as it is.
 */
export function refusedKind(patch: Patch): string | undefined {
  // torch.kron refuses the strides of the original's product around a core
  if (patch.kind === 'lokr' && patch.core) return 'LoKr with a core (lokr_t2)';
  if (patch.kind === 'boft' && patch.constraint === undefined) return 'BOFT without an alpha';
  return undefined;
}

/**
 * Returns the kind of a patch that ComfyUI leaves out beside the weights (LoraLoaderBypass). Throws
 * DR_INPUT_INVALID for one that it fails with there.
 */
export function refusedBeside(
  patch: Patch,
  weight: string,
  { file }: LoraFile,
): string | undefined {
  if (patch.kind === 'lora' && patch.reshape)
    throw new DarkroomError('DR_INPUT_INVALID', {
      message: `${basename(file)} makes ${weight} larger, which needs a change of the weights`,
      hint: 'Use LoraLoader or LoraLoaderModelOnly for control LoRAs.',
      input: 'lora_name',
    });
  return patch.part && !('tensor' in patch)
    ? 'change of a part of a weight beside the weights'
    : undefined;
}

function hasShape(patch: Patch, shape: readonly number[], { tensors }: LoraFile): boolean {
  const shapeOf: ShapeOf = (name) => tensors.get(name)!.shape;
  if ('dora' in patch && patch.dora && !doraFits(shapeOf(patch.dora), shape)) return false;
  switch (patch.kind) {
    case 'diff':
    case 'set':
      return `${shapeOf(patch.tensor)}` === `${shape}`;
    case 'lora':
      return grows(shape, patch) && loraSize(patch, shapeOf) === sizeOf(patch.reshape ?? shape);
    case 'loha':
      return lohaSizes(patch, shapeOf).every((size) => size === sizeOf(shape));
    case 'lokr':
      return lokrSize(patch, shapeOf) === sizeOf(shape);
    case 'glora':
      return gloraForm(gloraFactors(patch, shapeOf), shape) !== undefined;
    case 'oft':
    case 'boft':
      return rotates(patch, shape, shapeOf);
  }
}

/** Whether the sizes of a weight after a change are not smaller than before it. */
const grows = (shape: readonly number[], { reshape }: Kind<'lora'>): boolean =>
  !reshape || (reshape.length === shape.length && reshape.every((n, i) => n >= shape[i]));

type Kind<K extends Patch['kind']> = Extract<Patch, { readonly kind: K }>;

/** The size of a product that cannot be computed. */
const NONE = -1;

const doraFits = (magnitudes: readonly number[], shape: readonly number[]): boolean =>
  shape.length >= 2 && broadcasts(magnitudes, shape);

function loraSize(patch: Kind<'lora'>, shapeOf: ShapeOf): number {
  const [up, down] = [shapeOf(patch.up), shapeOf(patch.down)];
  if (up.length < 2 || down.length < 2) return NONE;
  const rank = sizeOf(up.slice(1));
  if (!patch.mid) return rank === down[0] ? up[0] * sizeOf(down.slice(1)) : NONE;
  const mid = shapeOf(patch.mid);
  const fits =
    mid.length === 4 && sizeOf(down.slice(2)) === 1 && mid[1] === down[0] && mid[0] === rank;
  return fits ? up[0] * down[1] * mid[2] * mid[3] : NONE;
}

const lohaSizes = ({ first, second, cores }: Kind<'loha'>, shapeOf: ShapeOf): number[] =>
  cores
    ? [coreSize(first, cores[0], shapeOf), coreSize(second, cores[1], shapeOf)]
    : [pairSize(first, shapeOf), pairSize(second, shapeOf)];

function lokrSize(patch: Kind<'lokr'>, shapeOf: ShapeOf): number {
  const wholeSize = (name: string, dimensions: readonly number[]): number =>
    dimensions.includes(shapeOf(name).length) ? sizeOf(shapeOf(name)) : NONE;
  const left =
    typeof patch.left === 'string' ? wholeSize(patch.left, [2]) : pairSize(patch.left, shapeOf);
  const right =
    typeof patch.right === 'string'
      ? wholeSize(patch.right, [2, 4])
      : pairSize(patch.right, shapeOf);
  return left > 0 && right > 0 ? left * right : NONE;
}

/** The size of the product of two matrices. */
function pairSize([a, b]: readonly [string, string], shapeOf: ShapeOf): number {
  const [left, right] = [shapeOf(a), shapeOf(b)];
  return left.length === 2 && right.length === 2 && left[1] === right[0]
    ? left[0] * right[1]
    : NONE;
}

/**
 * The size of a kernel made of a core [i, j, k, l] and the matrices [i, p] and [j, r] around it.
 */
function coreSize([a, b]: readonly [string, string], core: string, shapeOf: ShapeOf): number {
  const [i, j, ...spatial] = shapeOf(core);
  const [left, right] = [shapeOf(a), shapeOf(b)];
  const fits =
    left.length === 2 &&
    right.length === 2 &&
    spatial.length === 2 &&
    left[0] === i &&
    right[0] === j;
  return fits ? left[1] * right[1] * sizeOf(spatial) : NONE;
}

/** Whether the blocks divide the rows of a weight, for BOFT after each swap too. */
function rotates(
  { kind, blocks, rescale }: Kind<'oft' | 'boft'>,
  [rows, ...others]: readonly number[],
  shapeOf: ShapeOf,
): boolean {
  const [size, last, count] = shapeOf(blocks).toReversed();
  if (size !== last || count * size !== rows) return false;
  if (kind === 'oft') return true;
  const [steps] = shapeOf(blocks);
  const largest = 2 ** (steps - 1) * 2 * Math.floor(size / 2);
  return (
    size > 1 &&
    rows % largest === 0 &&
    (rescale === undefined || scalesRows(shapeOf(rescale), [rows, ...others]))
  );
}

/** Whether a tensor times a weight of this shape has the shape of the weight. */
const scalesRows = (factors: readonly number[], shape: readonly number[]): boolean =>
  factors.length <= shape.length &&
  factors.toReversed().every((n, i) => n === 1 || n === shape.at(-1 - i));
