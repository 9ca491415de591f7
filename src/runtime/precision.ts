// What UNets compute in. Text encoders and autoencoders don't follow int8.
import { DarkroomError } from '../errors.ts';
import { didYouMean } from '../near-matches.ts';

/**
 * fp32: as the original on a CPU. fp16: on graphics cards. int8: on a CPU, most layers in 8-bit integers (models/unet/int8-layers.ts); faster
 * and smaller, and not the same picture.
 */
export const PRECISIONS = ['fp32', 'fp16', 'int8'] as const;
export type Precision = (typeof PRECISIONS)[number];

/** The devices that can't. */
const NOT_ON: Readonly<Record<Precision, (device: string) => boolean>> = {
  fp32: () => false,
  fp16: (device) => device === 'cpu',
  int8: (device) => device !== 'cpu' && device !== 'auto',
};

/**
 * The precision that is meant on a device: DARKROOM_PRECISION, or what suits the device (undefined), unless told. Throws DR_BAD_USAGE for
 * others, and where the device can't.
 */
export function resolvePrecision(
  told: string | undefined,
  device = 'auto',
  environment: NodeJS.ProcessEnv = process.env,
): Precision | undefined {
  const name = told ?? (environment.DARKROOM_PRECISION || undefined);
  if (name === undefined) return undefined;
  const from = told === undefined ? ' in DARKROOM_PRECISION' : '';
  const found = PRECISIONS.find((one) => one === name);
  if (!found)
    throw new DarkroomError('DR_BAD_USAGE', {
      message: `unknown precision '${name}'${from}`,
      hint: didYouMean(name, PRECISIONS) || `There are ${PRECISIONS.join(', ')}.`,
    });
  if (NOT_ON[found](device))
    throw new DarkroomError('DR_BAD_USAGE', {
      message: `precision ${found}${from} does not go with the device ${device}`,
      hint:
        found === 'int8'
          ? 'int8 is for the CPU: --device cpu.'
          : 'fp16 is for graphics cards: --device cuda or webgpu.',
    });
  return found;
}
