// JPEG files as FFmpeg decodes them and converts them to RGB.
import { MAX_PIXELS } from '../formats/sharp-frames.ts';
import type { Frame } from '../frames.ts';
import { type JpegFile, readJpeg } from './jpeg-file.ts';
import { type Plane, samplesOf } from './jpeg-planes.ts';
import type { StoredFormat } from './stored-format.ts';
import { yuvToRgb } from './yuv-to-rgb.ts';

export interface DecodedJpeg {
  readonly frame: Frame;
  readonly stored: Exclude<StoredFormat, 'grey16'>;
}

/** The pixels, not turned; undefined for a file that is damaged or of a kind not followed. */
export function decodeJpeg(file: Uint8Array, maxPixels = MAX_PIXELS): DecodedJpeg | undefined {
  const jpeg = readOrNone(file, maxPixels);
  if (!jpeg) return undefined;
  const { components } = jpeg;
  const sampling = components.map(({ h, v }) => `${h / components[0].h} ${v / components[0].v}`);
  const kind = KINDS.find(
    ({ count, chroma, accepts }) =>
      components.length === count &&
      sampling.slice(1).every((factors) => chroma.includes(factors)) &&
      accepts(jpeg),
  );
  if (!kind) return undefined;
  const planes = components.map(samplesOf);
  const [{ width, height }] = planes;
  const bytes = kind.bytes(planes, sampling[1] !== FULL);
  return { frame: { width, height, channels: kind.channels, bytes }, stored: kind.stored };
}

function readOrNone(file: Uint8Array, maxPixels: number): JpegFile | undefined {
  try {
    return readJpeg(file, maxPixels);
  } catch {
    // the caller reads it with libjpeg, which fills in what is missing and says so
    return undefined;
  }
}

interface Kind {
  readonly count: number;
  /** Sampling of the other components as shares of the first one's: columns, rows. */
  readonly chroma: readonly string[];
  readonly accepts: (jpeg: JpegFile) => boolean;
  readonly stored: DecodedJpeg['stored'];
  readonly channels: number;
  readonly bytes: (planes: readonly Plane[], isSubsampled: boolean) => Uint8Array;
}

const FULL = '1 1';

const KINDS: readonly Kind[] = [
  {
    count: 1,
    chroma: [],
    accepts: () => true,
    stored: 'grey',
    channels: 3,
    bytes: ([grey]) => interleaved([grey, grey, grey]),
  },
  {
    count: 3,
    chroma: [FULL],
    accepts: isRgb,
    stored: 'planes',
    channels: 3,
    bytes: interleaved,
  },
  {
    count: 3,
    chroma: [FULL, '0.5 1', '0.5 0.5'],
    accepts: (jpeg) => !isRgb(jpeg),
    stored: 'rgb',
    channels: 3,
    bytes: ([y, u, v], isSubsampled) => yuvToRgb({ y, u, v, isSubsampled }),
  },
  {
    count: 4,
    chroma: [FULL],
    accepts: ({ adobeTransform }) => adobeTransform === 0,
    stored: 'planes-alpha',
    channels: 4,
    bytes: withInk,
  },
];

function isRgb({ adobeTransform, components }: JpegFile): boolean {
  const letters = components.map(({ id }) => String.fromCharCode(id)).join('');
  return adobeTransform === 0 || letters === 'RGB';
}

function interleaved(planes: readonly Plane[]): Uint8Array {
  const [{ samples }] = planes;
  const bytes = new Uint8Array(planes.length * samples.length);
  planes.forEach((plane, c) => {
    for (let i = 0; i < samples.length; i++) bytes[i * planes.length + c] = plane.samples[i];
  });
  return bytes;
}

/** CMYK, which Adobe's programs store inverted: each colour times what black leaves; opaque. */
function withInk([c, m, y, k]: readonly Plane[]): Uint8Array {
  const bytes = new Uint8Array(4 * c.samples.length).fill(255);
  [c, m, y].forEach((plane, channel) => {
    for (let i = 0; i < plane.samples.length; i++)
      bytes[4 * i + channel] = (plane.samples[i] * k.samples[i] * 257) >> 16;
  });
  return bytes;
}
