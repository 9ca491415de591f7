// What counts as true in Python.
import { DarkroomError } from '../../errors.ts';

/**
 * `bool(value)`: nothing, 0 and what is empty are false. Throws DR_INPUT_INVALID for a tensor of
 * several values, which is neither in torch.
 */
export function isTruthy(value: unknown): boolean {
  if (typeof value !== 'object' || value === null) return Number.isNaN(value) || Boolean(value);
  if (Array.isArray(value)) return value.length > 0;
  if (value instanceof Float32Array) return isTrueTensor(value);
  if ('shape' in value && 'data' in value && value.data instanceof Float32Array)
    return isTrueTensor(value.data);
  const isPlain = Object.getPrototypeOf(value) === Object.prototype;
  return !isPlain || Object.keys(value).length > 0;
}

function isTrueTensor(data: Float32Array): boolean {
  if (data.length !== 1)
    throw new DarkroomError('DR_INPUT_INVALID', {
      message: 'an image, a mask or another tensor of several values is neither true nor false',
      hint: 'Connect a number, a switch or a text.',
    });
  return data[0] !== 0;
}
