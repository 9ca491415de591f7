// OpenEXR files: uncompressed scan lines of 32-bit floats, as FFmpeg writes them, with texts and
// primaries in the header. Source: the OpenEXR file layout; ComfyUI comfy_extras/nodes_images.py.

export interface ExrOptions {
  /** Texts of the header by name. */
  readonly text?: Readonly<Record<string, string>>;
  readonly primaries: keyof typeof CHROMATICITIES;
}

/** CIE x and y of red, green, blue and white. */
const CHROMATICITIES = {
  'Rec.709': [0.64, 0.33, 0.3, 0.6, 0.15, 0.06, 0.3127, 0.329],
  'Rec.2020': [0.708, 0.292, 0.17, 0.797, 0.131, 0.046, 0.3127, 0.329],
} as const;

/** The channels in the order of the file, and their positions in a pixel. */
const CHANNELS: Readonly<Record<number, readonly (readonly [name: string, index: number])[]>> = {
  1: [['Y', 0]],
  3: [
    ['B', 2],
    ['G', 1],
    ['R', 0],
  ],
  4: [
    ['A', 3],
    ['B', 2],
    ['G', 1],
    ['R', 0],
  ],
};

const MAGIC = [0x76, 0x2f, 0x31, 0x01, 2, 0, 0, 0];
const FLOAT = 2;

const int32 = (...values: readonly number[]): Buffer => {
  const bytes = Buffer.alloc(4 * values.length);
  for (const [i, value] of values.entries()) bytes.writeInt32LE(value, 4 * i);
  return bytes;
};
const float32 = (...values: readonly number[]): Buffer => {
  const bytes = Buffer.alloc(4 * values.length);
  for (const [i, value] of values.entries()) bytes.writeFloatLE(value, 4 * i);
  return bytes;
};
const attribute = (name: string, type: string, value: Buffer): Buffer =>
  Buffer.concat([Buffer.from(`${name}\0${type}\0`), int32(value.length), value]);
const text = (name: string, value: string): Buffer => attribute(name, 'string', Buffer.from(value));

export interface FloatImage {
  readonly width: number;
  readonly height: number;
  /** 1, 3 or 4 */
  readonly channels: number;
  /** [height, width, channels] */
  readonly values: Float32Array;
}

/** Encodes a grey, RGB or RGBA image of scene-linear light. */
export function encodeExr(image: FloatImage, options: ExrOptions): Buffer {
  const { width, height, channels, values } = image;
  const order = CHANNELS[channels];
  const header = headerOf(image, options);
  const lineBytes = 4 * width * channels;
  const start = header.length + 8 * height;
  const body = Buffer.alloc(8 * height + height * (8 + lineBytes));
  for (let y = 0; y < height; y++) {
    const offset = 8 * height + y * (8 + lineBytes);
    body.writeBigUInt64LE(BigInt(start + y * (8 + lineBytes)), 8 * y);
    body.writeInt32LE(y, offset);
    body.writeInt32LE(lineBytes, offset + 4);
    order.forEach(([, index], i) => {
      for (let x = 0; x < width; x++)
        body.writeFloatLE(
          values[(y * width + x) * channels + index],
          offset + 8 + 4 * (i * width + x),
        );
    });
  }
  return Buffer.concat([header, body]);
}

function headerOf({ width, height, channels }: FloatImage, options: ExrOptions): Buffer {
  const list = CHANNELS[channels].map(([name]) =>
    Buffer.concat([Buffer.from(`${name}\0`), int32(FLOAT, 0, 1, 1)]),
  );
  const window = int32(0, 0, width - 1, height - 1);
  return Buffer.concat([
    Buffer.from(MAGIC),
    attribute('channels', 'chlist', Buffer.concat([...list, Buffer.alloc(1)])),
    attribute('compression', 'compression', Buffer.alloc(1)),
    attribute('dataWindow', 'box2i', window),
    attribute('displayWindow', 'box2i', window),
    attribute('lineOrder', 'lineOrder', Buffer.alloc(1)),
    attribute('screenWindowCenter', 'v2f', float32(0, 0)),
    attribute('screenWindowWidth', 'float', float32(1)),
    attribute('gamma', 'float', float32(1)),
    text('writer', 'darkroom'),
    ...Object.entries(options.text ?? {}).map(([name, value]) => text(name, value)),
    attribute('chromaticities', 'chromaticities', float32(...CHROMATICITIES[options.primaries])),
    Buffer.alloc(1),
  ]);
}
