// The frame of a JPEG file: the size and sampling of its components, and their coefficients, which
// scans fill in (ITU-T T.81, annexes A and B).

/** A component's blocks of 8x8 coefficients, before they are multiplied by the quantisation. */
export interface JpegComponent {
  readonly id: number;
  /** Sampling factors. */
  readonly h: number;
  readonly v: number;
  /** Size in samples, without what fills its blocks. */
  readonly width: number;
  readonly height: number;
  /** Blocks in a row and in a column, including those that fill the last units. */
  readonly columns: number;
  readonly rows: number;
  /** 64 values per block in rows, blocks in rows. */
  readonly coefficients: Int16Array;
  /** In the order of the coefficients. */
  readonly quantisation: Uint16Array;
}

/** A component whose scans are being read. */
export interface UnfinishedComponent extends Omit<JpegComponent, 'quantisation'> {
  readonly quantisationId: number;
  /** That of its first scan for which the file had such a table. */
  quantisation: Uint16Array | undefined;
}

export interface UnfinishedFrame {
  readonly isProgressive: boolean;
  readonly components: readonly UnfinishedComponent[];
  /** Minimum coded units of a scan of all components, in a row and in a column. */
  readonly unitColumns: number;
  readonly unitRows: number;
}

/**
 * Reads a frame's header. Throws an `Error` with the reason for one that is corrupt, has more than
 * `maxPixels`, more than 4 components or samples of more than 8 bits.
 */
export function readFrame(
  segment: Uint8Array,
  isProgressive: boolean,
  maxPixels: number,
): UnfinishedFrame {
  const [bits, height, width, count] = [
    segment[0],
    (segment[1] << 8) | segment[2],
    (segment[3] << 8) | segment[4],
    segment[5],
  ];
  if (bits !== 8) throw new Error(`its samples have ${bits} bits`);
  if (width === 0 || height === 0 || segment.length < 6 + 3 * count || count === 0)
    throw new Error('its header is corrupt');
  if (count > 4 || width * height > maxPixels) throw new Error('it is too large');
  const factors = Array.from({ length: count }, (_, i) => {
    const [id, sampling, quantisationId] = segment.subarray(6 + 3 * i, 9 + 3 * i);
    return { id, h: sampling >> 4, v: sampling & 15, quantisationId };
  });
  if (factors.some(({ h, v }) => h < 1 || h > 4 || v < 1 || v > 4))
    throw new Error('its sampling factors are corrupt');
  const hMax = Math.max(...factors.map(({ h }) => h));
  const vMax = Math.max(...factors.map(({ v }) => v));
  const unitColumns = Math.ceil(width / (8 * hMax));
  const unitRows = Math.ceil(height / (8 * vMax));
  const components = factors.map((factor): UnfinishedComponent => {
    const [columns, rows] = [unitColumns * factor.h, unitRows * factor.v];
    return {
      ...factor,
      width: Math.ceil((width * factor.h) / hMax),
      height: Math.ceil((height * factor.v) / vMax),
      columns,
      rows,
      coefficients: new Int16Array(64 * columns * rows),
      quantisation: undefined,
    };
  });
  return { isProgressive, components, unitColumns, unitRows };
}

/** The component after its scans. Throws an `Error` if the file has no quantisation for it. */
export function finished(component: UnfinishedComponent): JpegComponent {
  const { quantisation } = component;
  if (!quantisation) throw new Error('a quantisation table is missing');
  return { ...component, quantisation };
}
