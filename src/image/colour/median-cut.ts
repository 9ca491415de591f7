// Pillow's median cut (libImaging/Quant.c): a palette for the colours of an image. The box with the
// most pixels is cut at the median of its widest side, until there are as many boxes as colours.

/** The largest number of different colours that are told apart. */
const MAX_COLOURS = 65536;
/** Weights of red, green and blue when the widest side of a box is chosen. */
const WEIGHTS = [77, 150, 29];

/** Colours as r, g, b at 3 i, and how many pixels have each. */
interface Histogram {
  readonly colours: Uint8Array;
  readonly counts: Uint32Array;
  /** Bits that colours were shortened by. */
  readonly shift: number;
}

/** A part of the histogram's colours. */
interface Box {
  readonly members: Uint32Array;
  readonly pixels: number;
  /** The two parts of a box that was cut. */
  parts?: readonly [Box, Box];
}

/** Returns the palette of RGB pixels as r, g, b triples: at most `count` colours, 1..256. */
export function medianCutPalette(pixels: Uint8Array, count: number): Uint8Array {
  const histogram = histogramOf(pixels);
  const root: Box = {
    members: Uint32Array.from(histogram.counts.keys()),
    pixels: pixels.length / 3,
  };
  const heap = new BoxHeap();
  heap.add(root);
  for (let boxes = 1; boxes < count; boxes++) {
    const box = nextToCut(heap, histogram);
    if (!box) break;
    box.parts = cut(box, histogram);
    heap.add(box.parts[0]);
    heap.add(box.parts[1]);
  }
  return averages(pixels, histogram, leaves(root));
}

const keyOf = (pixels: Uint8Array, at: number, shift: number): number =>
  ((pixels[at] >> shift) << 16) | ((pixels[at + 1] >> shift) << 8) | (pixels[at + 2] >> shift);

/** Counts the colours, shortened by as many bits as it takes to have few enough. */
function histogramOf(pixels: Uint8Array): Histogram {
  for (let shift = 0; ; shift++) {
    const counts = new Map<number, number>();
    for (let at = 0; at < pixels.length && counts.size <= MAX_COLOURS; at += 3) {
      const key = keyOf(pixels, at, shift);
      counts.set(key, (counts.get(key) ?? 0) + 1);
    }
    if (counts.size > MAX_COLOURS) continue;
    const colours = new Uint8Array(3 * counts.size);
    let i = 0;
    for (const key of counts.keys()) colours.set([key >> 16, key >> 8, key], 3 * i++);
    return { colours, counts: Uint32Array.from(counts.values()), shift };
  }
}

/** The smallest and largest value of a box's colours in one channel. */
function range({ members }: Box, { colours }: Histogram, channel: number): [number, number] {
  let [low, high] = [255, 0];
  for (const member of members) {
    const value = colours[3 * member + channel];
    if (value < low) low = value;
    if (value > high) high = value;
  }
  return [low, high];
}

/** Takes the largest box with more than one colour. */
function nextToCut(heap: BoxHeap, histogram: Histogram): Box | undefined {
  for (;;) {
    const box = heap.remove();
    if (!box || WEIGHTS.some((_, c) => new Set(range(box, histogram, c)).size > 1)) return box;
  }
}

/** Cuts a box along its widest side; colours of one value stay together. */
function cut(box: Box, histogram: Histogram): [Box, Box] {
  const ranges = WEIGHTS.map((_, channel) => range(box, histogram, channel));
  const widths = ranges.map(([low, high], channel) => (high - low) * WEIGHTS[channel]);
  const channel = widths.indexOf(Math.max(...widths));
  const [low, high] = ranges[channel];
  const perValue = new Uint32Array(256);
  for (const member of box.members)
    perValue[histogram.colours[3 * member + channel]] += histogram.counts[member];
  let [value, upper] = [high + 1, 0];
  while (value > low && upper * 2 <= box.pixels) upper += perValue[--value];
  if (value === low) upper -= perValue[value++];
  const isUpper = (member: number): boolean => histogram.colours[3 * member + channel] >= value;
  return [
    { members: box.members.filter(isUpper), pixels: upper },
    { members: box.members.filter((member) => !isUpper(member)), pixels: box.pixels - upper },
  ];
}

const leaves = (box: Box): Box[] => (box.parts ? box.parts.flatMap(leaves) : [box]);

/** The rounded mean colour of the pixels in each box. */
function averages(pixels: Uint8Array, histogram: Histogram, boxes: readonly Box[]): Uint8Array {
  const { colours, shift } = histogram;
  const boxOf = new Map<number, number>();
  for (const [i, { members }] of boxes.entries())
    for (const member of members) boxOf.set(keyOf(colours, 3 * member, 0), i);
  const sums = new Float64Array(3 * boxes.length);
  for (let at = 0; at < pixels.length; at += 3) {
    const box = boxOf.get(keyOf(pixels, at, shift))!;
    for (let channel = 0; channel < 3; channel++) sums[3 * box + channel] += pixels[at + channel];
  }
  return Uint8Array.from(sums, (sum, i) => 0.5 + sum / boxes[Math.floor(i / 3)].pixels);
}

/** Boxes by their number of pixels. Which of two equal ones comes first is the original's order. */
class BoxHeap {
  readonly #boxes: Box[] = [];

  add(box: Box): void {
    const boxes = this.#boxes;
    let at = boxes.length + 1;
    boxes.push(box);
    for (; at > 1 && box.pixels > boxes[(at >> 1) - 1].pixels; at >>= 1)
      boxes[at - 1] = boxes[(at >> 1) - 1];
    boxes[at - 1] = box;
  }

  remove(): Box | undefined {
    const boxes = this.#boxes;
    const [first, last] = [boxes[0], boxes.pop()];
    if (!last || boxes.length === 0) return last;
    const count = boxes.length;
    let at = 1;
    while (2 * at <= count) {
      let child = 2 * at;
      if (child < count && boxes[child - 1].pixels < boxes[child].pixels) child++;
      if (last.pixels > boxes[child - 1].pixels) break;
      boxes[at - 1] = boxes[child - 1];
      at = child;
    }
    boxes[at - 1] = last;
    return first;
  }
}
