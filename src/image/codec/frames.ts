// Decoded frames in 8-bit levels, and the conversions that several formats share.

export interface Frame {
  readonly width: number;
  readonly height: number;
  /** 3 or 4: interleaved RGB or RGBA. */
  readonly channels: number;
  readonly bytes: Uint8Array;
}

export interface DecodedFrames {
  /** In order of display; one at least. */
  readonly frames: readonly Frame[];
  /**
   * Whether LoadImage returns alpha as a mask; a transparent colour of an RGB or grey PNG, and a
   * palette's alpha in a TGA, are for LoadImageMask alone.
   */
  readonly hasAlpha: boolean;
  /** What is wrong with the file, as the rest of a sentence: "its end is missing". */
  readonly problem?: string;
}

/** An image whose header is read, and whose pixels are not. */
export interface OpenedImage {
  readonly width: number;
  readonly height: number;
  /** Frames whose pixels `read` decodes. */
  readonly pages: number;
  /** Decodes the pixels. Throws an `Error` with the reason. */
  read(): DecodedFrames | Promise<DecodedFrames>;
}

export interface ImageFileFormat {
  /** Whether a file, by its first bytes, is of this format. */
  accepts(file: Buffer): boolean;
  /** Reads the header. Throws an `Error` with the reason. */
  open(file: Buffer): OpenedImage | Promise<OpenedImage>;
}

/** What is wrong with an image of which some rows are missing. */
export const missingRows = (missing: number, rows: number): string | undefined =>
  missing === 0
    ? undefined
    : `${missing} of its ${rows} rows ${missing === 1 ? 'is' : 'are'} missing`;

/** An RGB frame of grey levels. */
export function greyFrame(width: number, height: number, levels: ArrayLike<number>): Frame {
  const bytes = new Uint8Array(levels.length * 3);
  for (let i = 0; i < levels.length; i++) bytes.fill(levels[i], 3 * i, 3 * i + 3);
  return { width, height, channels: 3, bytes };
}

/** Pillow's conversion of CMYK without a profile: (255 - k) minus the share of the ink. */
export function cmykToRgb(cmyk: Uint8Array): Uint8Array {
  const rgb = new Uint8Array((cmyk.length / 4) * 3);
  for (let i = 0, to = 0; i < cmyk.length; i += 4) {
    const light = 255 - cmyk[i + 3];
    for (let c = 0; c < 3; c++) {
      const t = cmyk[i + c] * light + 128;
      rgb[to++] = Math.max(0, light - (((t >> 8) + t) >> 8));
    }
  }
  return rgb;
}

/**
 * For each EXIF orientation, whether the axes are swapped and the source is mirrored in x and in y.
 */
const ORIENTATIONS: Record<number, readonly [swap: boolean, mirrorX: boolean, mirrorY: boolean]> = {
  2: [false, true, false],
  3: [false, true, true],
  4: [false, false, true],
  5: [true, false, false],
  6: [true, false, true],
  7: [true, true, true],
  8: [true, true, false],
};

/** The frame turned and mirrored according to its EXIF orientation. */
export function upright(frame: Frame, orientation = 1): Frame {
  const turn = ORIENTATIONS[orientation];
  if (!turn) return frame;
  const [swap, mirrorX, mirrorY] = turn;
  const { channels, bytes } = frame;
  const width = swap ? frame.height : frame.width;
  const height = swap ? frame.width : frame.height;
  const result = new Uint8Array(bytes.length);
  let to = 0;
  for (let y = 0; y < height; y++)
    for (let x = 0; x < width; x++) {
      const column = swap ? y : x;
      const row = swap ? x : y;
      const from =
        (mirrorY ? frame.height - 1 - row : row) * frame.width +
        (mirrorX ? frame.width - 1 - column : column);
      for (let c = 0; c < channels; c++) result[to++] = bytes[from * channels + c];
    }
  return { width, height, channels, bytes: result };
}
