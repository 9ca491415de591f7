// What the boxes of an AVIF file say about its image (ISO/IEC 23008-12, 23000-22).

export interface AvifProperties {
  /** Whether the file is an image sequence. */
  readonly isAnimated: boolean;
  readonly width: number;
  readonly height: number;
  /** Whether an item has the pixels of an alpha channel. */
  readonly hasAlpha: boolean;
  /** EXIF orientation that equals the rotation and the mirroring. */
  readonly orientation: number;
  /** Matrix coefficients by their number in ITU-T H.273, and whether values use the full range. */
  readonly matrix: number;
  readonly isFullRange: boolean;
  /** Bits of a sample: 8, 10 or 12. */
  readonly depth: number;
  /** Whether chroma has half the columns. */
  readonly isSubsampled: boolean;
}

interface Box {
  readonly type: string;
  readonly data: Buffer;
}

/** The boxes that follow each other in `data`; the last may be cut. */
function* boxes(data: Buffer): Generator<Box> {
  for (let at = 0; at + 8 <= data.length; ) {
    const size = data.readUInt32BE(at);
    const type = data.toString('latin1', at + 4, at + 8);
    const header = size === 1 ? 16 : 8;
    const end =
      size === 0 ? data.length : at + (size === 1 ? Number(data.readBigUInt64BE(at + 8)) : size);
    if (end < at + header) return;
    yield { type, data: data.subarray(at + header, end) };
    at = end;
  }
}

const find = (data: Buffer | undefined, type: string): Buffer | undefined =>
  data && [...boxes(data)].find((box) => box.type === type)?.data;

/** EXIF orientations by quarter turns to the left, without mirroring and mirrored in y and in x. */
const ORIENTATIONS = [
  [1, 4, 2],
  [8, 5, 7],
  [3, 2, 4],
  [6, 7, 5],
] as const;

/** BT.601, which libavif assumes where a file names no matrix. */
const UNSPECIFIED = 2;

/** Depths by the flags high_bitdepth and twelve_bit of an AV1 configuration. */
const DEPTHS = [8, 8, 10, 12] as const;

const ALPHA = 'urn:mpeg:mpegB:cicp:systems:auxiliary:alpha';

/** Throws an `Error` for a file without an image. */
export function avifProperties(file: Buffer): AvifProperties {
  // a full box: version and flags come first
  const meta = find(file, 'meta')?.subarray(4);
  const properties = find(find(meta, 'iprp'), 'ipco');
  const size = find(properties, 'ispe');
  if (!properties || !size || size.length < 12) throw new Error('its header is cut short');
  const configuration = find(properties, 'av1C')?.[2] ?? 0;
  const turns = (find(properties, 'irot')?.[0] ?? 0) & 3;
  const axis = find(properties, 'imir')?.[0];
  const colours = [...boxes(properties)].find(
    ({ type, data }) =>
      type === 'colr' && data.length >= 11 && data.toString('latin1', 0, 4) === 'nclx',
  )?.data;
  return {
    isAnimated: find(file, 'moov') !== undefined,
    width: size.readUInt32BE(4),
    height: size.readUInt32BE(8),
    hasAlpha: (find(properties, 'auxC')?.indexOf(ALPHA) ?? -1) >= 0,
    orientation: ORIENTATIONS[turns][axis === undefined ? 0 : 1 + (axis & 1)],
    matrix: colours?.readUInt16BE(8) ?? UNSPECIFIED,
    depth: DEPTHS[(configuration >> 5) & 3],
    isSubsampled: (configuration & 0x18) === 0x08,
    isFullRange: colours === undefined || (colours[10] & 0x80) !== 0,
  };
}
