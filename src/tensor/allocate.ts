// Allocates the values of tensors. Where a limit is set, memory is requested before it is taken:
// sizes come from workflows and files, and a process that takes more than there is gets killed.
import { DarkroomError } from '../errors.ts';
import { formatSize } from '../format-size.ts';

/** Returns the bytes that can still be allocated. */
export type AvailableBytes = () => number;

/** Allocations are added up, and checked when they amount to this. */
const CHECKED_BYTES = 2 ** 24;
/**
 * From this size on, a tensor must fit twice: whatever reads one makes another of its size. Smaller
 * ones may use the memory up.
 */
const LARGE_BYTES = 2 ** 30;

let availableBytes: AvailableBytes | undefined;
let uncheckedBytes = 0;

/** Sets the limit of this process; undefined for none. */
export function limitAllocations(available: AvailableBytes | undefined): void {
  availableBytes = available;
  uncheckedBytes = 0;
}

/** Zeros. Throws DR_OUT_OF_MEMORY when a limit is set and they do not fit. */
export function allocate(count: number): Float32Array {
  requestTensor(count * Float32Array.BYTES_PER_ELEMENT);
  return new Float32Array(count);
}

/** Zeros of 8 bits. Throws DR_OUT_OF_MEMORY when a limit is set and they do not fit. */
export function allocateBytes(count: number): Uint8Array<ArrayBuffer> {
  requestMemory(count, 'an image of 8-bit samples');
  return new Uint8Array(count);
}

/** A copy of values. Throws DR_OUT_OF_MEMORY when a limit is set and they do not fit. */
export function copyOf(values: Float32Array): Float32Array {
  requestTensor(values.byteLength);
  return values.slice();
}

function requestTensor(bytes: number): void {
  if (bytes < LARGE_BYTES) requestMemory(bytes, 'a tensor');
  else requestMemory(2 * bytes, `a tensor of ${formatSize(bytes)} and its use`);
}

/**
 * Throws DR_OUT_OF_MEMORY when a limit is set and this many bytes more do not fit. `subject` is
 * what needs them.
 */
export function requestMemory(bytes: number, subject: string, file?: string): void {
  if (availableBytes === undefined) return;
  uncheckedBytes += bytes;
  if (uncheckedBytes < CHECKED_BYTES) return;
  uncheckedBytes = 0;
  const available = availableBytes();
  if (bytes <= available) return;
  throw new DarkroomError('DR_OUT_OF_MEMORY', {
    message:
      `${subject} needs ${formatSize(bytes)} of memory; ` +
      `${formatSize(Math.max(0, available))} are free`,
    hint: 'Use a smaller size or batch, or give the machine or container more memory.',
    file,
  });
}
