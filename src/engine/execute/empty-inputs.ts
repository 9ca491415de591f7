// Explains why a node failed when one of its inputs is empty, as when a detector found nothing.
import { DarkroomError } from '../../errors.ts';
import type { Segs } from '../../segs/segs.ts';
import type { Tensor } from '../../tensor/tensor.ts';
import type { CallValues } from './lists.ts';

/**
 * The error of a node that failed with `cause`, which is no DarkroomError, for an empty input;
 * undefined when no input is empty.
 */
export function emptyInputError(values: CallValues, cause: unknown): DarkroomError | undefined {
  for (const [input, value] of Object.entries(values)) {
    const what = emptinessOf(value);
    if (what !== undefined)
      return new DarkroomError('DR_INPUT_INVALID', {
        message: `can't run with its input '${input}', which ${what}`,
        hint:
          'Nothing was detected or selected in the nodes before it: change their settings ' +
          '(a lower threshold, another mask or image), or leave this node out.',
        input,
        cause,
      });
  }
  return undefined;
}

/** What is empty in a value, after "which"; undefined for a value with something in it. */
function emptinessOf(value: unknown): string | undefined {
  if (Array.isArray(value))
    return value.length === 0 ? 'is an empty list' : firstOf(value, emptinessOf);
  if (isTensor(value))
    return value.data.length === 0 ? `has no pixels: its shape is [${value.shape}]` : undefined;
  if (isSegs(value)) {
    if (value.segs.length === 0) return 'is SEGS without segments';
    return value.segs.some(hasNoPixels) ? 'has a segment without pixels' : undefined;
  }
  if (isObject(value) && isTensor(value['croppedMask']))
    return hasNoPixels({ croppedMask: value['croppedMask'] }) ? 'has no pixels' : undefined;
  return isObject(value) && isTensor(value['samples']) ? emptinessOf(value['samples']) : undefined;
}

function firstOf<T>(items: readonly T[], find: (item: T) => string | undefined) {
  for (const item of items) {
    const found = find(item);
    if (found !== undefined) return found;
  }
  return undefined;
}

const hasNoPixels = ({ croppedMask }: { readonly croppedMask: Tensor }): boolean =>
  croppedMask.data.length === 0;

const isObject = (value: unknown): value is Readonly<Record<string, unknown>> =>
  typeof value === 'object' && value !== null;

const isTensor = (value: unknown): value is Tensor =>
  isObject(value) && Array.isArray(value['shape']) && value['data'] instanceof Float32Array;

const isSegs = (value: unknown): value is Segs =>
  isObject(value) && Array.isArray(value['segs']) && typeof value['height'] === 'number';
