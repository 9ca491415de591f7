// The outermost contours of an 8-bit mask, filled: the result of OpenCV's findContours (RETR_TREE)
// and drawContours for contours without a parent (Suzuki and Abe 1985). They are found by filling
// the background from outside and labelling the connected pixels that remain.

export interface Contour {
  /** Left and top of the bounding box. */
  readonly x: number;
  readonly y: number;
  readonly width: number;
  readonly height: number;
  /** The value of its pixels in `labels`. */
  readonly label: number;
}

export interface OuterContours {
  /** In OpenCV's order: by first pixel, row by row, from last to first. */
  readonly contours: readonly Contour[];
  /** The label of the contour that each pixel is in; 0 outside all contours. */
  readonly labels: Int32Array;
}

const OUTSIDE = -1;

/** Marks the zeros that are connected to the border through their four neighbours. */
function fillOutside(mask: Uint8Array, height: number, width: number): Int32Array {
  const marks = new Int32Array(height * width);
  const stack = new Int32Array(marks.length);
  let count = 0;
  const visit = (at: number): void => {
    if (mask[at] !== 0 || marks[at] !== 0) return;
    marks[at] = OUTSIDE;
    stack[count++] = at;
  };
  for (let x = 0; x < width; x++) {
    visit(x);
    visit((height - 1) * width + x);
  }
  for (let y = 0; y < height; y++) {
    visit(y * width);
    visit(y * width + width - 1);
  }
  while (count) {
    const at = stack[--count];
    const x = at % width;
    if (x > 0) visit(at - 1);
    if (x + 1 < width) visit(at + 1);
    if (at >= width) visit(at - width);
    if (at + width < marks.length) visit(at + width);
  }
  return marks;
}

interface Labelling {
  readonly marks: Int32Array;
  /** Memory for the pixels to visit. */
  readonly stack: Int32Array;
  readonly height: number;
  readonly width: number;
}

/** Labels all pixels connected to `start` through their eight neighbours, and measures them. */
function labelContour(
  { marks, stack, height, width }: Labelling,
  start: number,
  label: number,
): Contour {
  let left = width;
  let right = 0;
  let top = height;
  let bottom = 0;
  let count = 1;
  stack[0] = start;
  marks[start] = label;
  while (count) {
    const at = stack[--count];
    const x = at % width;
    const y = (at - x) / width;
    left = Math.min(left, x);
    right = Math.max(right, x);
    top = Math.min(top, y);
    bottom = Math.max(bottom, y);
    for (let v = Math.max(0, y - 1); v <= Math.min(height - 1, y + 1); v++)
      for (let u = Math.max(0, x - 1); u <= Math.min(width - 1, x + 1); u++)
        if (marks[v * width + u] === 0) {
          marks[v * width + u] = label;
          stack[count++] = v * width + u;
        }
  }
  return { x: left, y: top, width: right - left + 1, height: bottom - top + 1, label };
}

/** Returns the outermost contours of the pixels of `mask` (row by row) that are not 0. */
export function outerContours(mask: Uint8Array, height: number, width: number): OuterContours {
  const marks = fillOutside(mask, height, width);
  const labelling = { marks, stack: new Int32Array(marks.length), height, width };
  const contours: Contour[] = [];
  for (let start = 0; start < marks.length; start++)
    if (marks[start] === 0) contours.push(labelContour(labelling, start, contours.length + 1));
  return { contours: contours.reverse(), labels: marks.map((mark) => Math.max(mark, 0)) };
}
