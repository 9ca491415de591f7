// sRGB and CIE L*a*b* (D65), after kornia.color: L 0 to 100, a and b about -128 to 127.
import { allocate } from '../../tensor/allocate.ts';
import { linearToSrgb, srgbToLinear } from './linear-light.ts';

const WHITE = [0.95047, 1, 1.08883] as const;
const TO_XYZ = [
  [0.412453, 0.35758, 0.180423],
  [0.212671, 0.71516, 0.072169],
  [0.019334, 0.119193, 0.950227],
] as const;
const FROM_XYZ = [
  [3.2404813432005266, -1.5371515162713185, -0.4985363261688878],
  [-0.9692549499965682, 1.8759900014898907, 0.0415559265582928],
  [0.0556466391351772, -0.2040413383665112, 1.0573110696453443],
] as const;

const f = Math.fround;

const times = (
  matrix: readonly (readonly number[])[],
  row: number,
  [x, y, z]: readonly number[],
): number => f(matrix[row][0] * x + matrix[row][1] * y + matrix[row][2] * z);

const toRoot = (x: number): number =>
  x > f(0.008856) ? f(x ** (1 / 3)) : f(f(f(7.787) * x) + f(4 / 29));

const fromRoot = (x: number): number =>
  x > f(0.2068966) ? f(x ** 3) : f(f(x - f(4 / 29)) / f(7.787));

/** The L, a and b planes of RGB pixels, one after the other. */
export function rgbToLab(pixels: Float32Array): Float32Array {
  const count = pixels.length / 3;
  const lab = allocate(pixels.length);
  for (let i = 0; i < count; i++) {
    const rgb = [0, 1, 2].map((channel) => srgbToLinear(pixels[3 * i + channel]));
    const [x, y, z] = [0, 1, 2].map((row) => toRoot(f(times(TO_XYZ, row, rgb) / f(WHITE[row]))));
    lab[i] = f(f(116 * y) - 16);
    lab[count + i] = f(500 * f(x - y));
    lab[2 * count + i] = f(200 * f(y - z));
  }
  return lab;
}

/** RGB pixels, 0 to 1, of L, a and b planes. */
export function labToRgb(lab: Float32Array): Float32Array {
  const count = lab.length / 3;
  const pixels = allocate(lab.length);
  for (let i = 0; i < count; i++) {
    const y = f(f(lab[i] + 16) / 116);
    const x = f(f(lab[count + i] / 500) + y);
    const z = Math.max(0, f(y - f(lab[2 * count + i] / 200)));
    const xyz = [x, y, z].map((root, row) => f(fromRoot(root) * f(WHITE[row])));
    for (let channel = 0; channel < 3; channel++) {
      const value = linearToSrgb(times(FROM_XYZ, channel, xyz));
      pixels[3 * i + channel] = Math.max(0, Math.min(1, value));
    }
  }
  return pixels;
}
