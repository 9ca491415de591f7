// The precision that large networks compute in. Networks that do not allow int8 or float16 compute
// in float32.
import { DarkroomError } from '../errors.ts';
import { didYouMean } from '../near-matches.ts';

/**
 * fp32: as the original on a CPU. fp16: on graphics cards. int8: on a CPU, most layers in 8-bit
 * integers; faster and smaller, but the image differs. auto: on a CPU, fp32 for models that fit
 * into the memory, int8 for larger ones; on a graphics card what it prefers.
 */
export const PRECISIONS = ['auto', 'fp32', 'fp16', 'int8'] as const;
export type Precision = (typeof PRECISIONS)[number];

/** What one network computes in. */
export type NetworkPrecision = Exclude<Precision, 'auto'>;

/** Returns whether a device does not support a precision. */
const UNSUPPORTED: Readonly<Record<Precision, (device: string) => boolean>> = {
  auto: () => false,
  fp32: () => false,
  fp16: (device) => device === 'cpu',
  int8: (device) => device !== 'cpu' && device !== 'auto',
};

/**
 * Returns the requested precision, else DARKROOM_PRECISION, else auto. Throws DR_BAD_USAGE for other
 * names, and for a precision that the device does not support.
 */
export function resolvePrecision(
  requested: string | undefined,
  device = 'auto',
  environment: NodeJS.ProcessEnv = process.env,
): Precision {
  const name = requested ?? (environment.DARKROOM_PRECISION || undefined);
  if (name === undefined) return 'auto';
  const source = requested === undefined ? ' in DARKROOM_PRECISION' : '';
  const found = PRECISIONS.find((one) => one === name);
  if (!found)
    throw new DarkroomError('DR_BAD_USAGE', {
      message: `unknown precision '${name}'${source}`,
      hint: didYouMean(name, PRECISIONS) || `Use one of ${PRECISIONS.join(', ')}.`,
    });
  if (UNSUPPORTED[found](device))
    throw new DarkroomError('DR_BAD_USAGE', {
      message: `precision ${found}${source} does not go with the device ${device}`,
      hint:
        found === 'int8'
          ? 'int8 is for the CPU: --device cpu.'
          : 'fp16 is for graphics cards: --device cuda or webgpu.',
    });
  return found;
}
