// Sizes and positions in pixels.

export interface Size {
  readonly width: number;
  readonly height: number;
}

/** The position of a corner, from the top left. */
export interface Offset {
  readonly left: number;
  readonly top: number;
}

export interface Region extends Offset, Size {}
