// The mask as pixels: a canvas of the picture's size that is opaque where the picture is masked.
// Lengths are in pixels of the picture.
import { MaskHistory, type MaskOperation, type Point, type Stroke } from './mask-history.ts';
import { type Size, scaledSize } from './size.ts';

type Context = CanvasRenderingContext2D;

/** Of the drawn mask; its opacity is that of the canvas element. */
const COLOUR = '#ff2d1a';
/** Below this alpha a picture counts as transparent. */
const OPAQUE = 250;
/** The side of the small copy that is searched for transparency. */
const PROBE_SIDE = 256;

/** Larger masks are shown by a smaller canvas, since browsers copy it whenever it changes. */
const MAX_SHOWN_PIXELS = 2 ** 22;

export class MaskCanvas {
  /** Shows the mask. */
  readonly element: HTMLCanvasElement;
  /** In pixels of the picture. */
  readonly size: Size;
  readonly history = new MaskHistory();
  /** Whether one sees that parts of the picture are transparent. */
  readonly hasAlpha: boolean;
  /** The mask without the operations of the history. */
  readonly #base: Context;
  readonly #mask: Context;
  /** The mask as it is shown; the mask itself if it is small. */
  readonly #shown: Context;
  #stroke: (Stroke & { readonly points: Point[] }) | undefined;

  /** Starts from the alpha channel of the picture, which is 0 where it is masked. */
  constructor(picture: HTMLImageElement) {
    this.size = { width: picture.naturalWidth, height: picture.naturalHeight };
    this.#base = contextOf(this.size);
    this.#mask = contextOf(this.size);
    this.#shown = this.#createShown();
    this.element = this.#shown.canvas;
    this.hasAlpha = isTransparent(picture, this.size);
    this.#base.drawImage(picture, 0, 0);
    invert(this.#base, this.size);
    this.#redraw();
  }

  /** Starts a line. */
  start(at: Point, diameter: number, erases: boolean): void {
    const stroke: Stroke & { points: Point[] } = { kind: 'stroke', erases, diameter, points: [at] };
    this.#stroke = stroke;
    this.#draw((context) => drawStroke(context, stroke, 0));
  }

  extend(to: readonly Point[]): void {
    const stroke = this.#stroke;
    if (!stroke) return;
    const drawn = stroke.points.length;
    stroke.points.push(...to);
    this.#draw((context) => drawStroke(context, stroke, drawn));
  }

  /** Ends the line and adds it to the history. */
  end(): void {
    const stroke = this.#stroke;
    this.#stroke = undefined;
    if (stroke) this.#record(stroke);
  }

  /** Removes the line that was started. */
  cancel(): void {
    if (!this.#stroke) return;
    this.#stroke = undefined;
    this.#redraw();
  }

  apply(operation: MaskOperation): void {
    this.#draw((context) => draw(context, operation, this.size));
    this.#record(operation);
  }

  undo(): boolean {
    const isUndone = this.history.undo();
    if (isUndone) this.#redraw();
    return isUndone;
  }

  redo(): boolean {
    const isRedone = this.history.redo();
    if (isRedone) this.#redraw();
    return isRedone;
  }

  /** A PNG whose alpha is 255 where nothing is masked; its colours mean nothing. */
  async alpha(): Promise<Blob> {
    const copy = contextOf(this.size);
    copy.drawImage(this.#mask.canvas, 0, 0);
    invert(copy, this.size);
    const blob = await new Promise<Blob | null>((resolve) => copy.canvas.toBlob(resolve));
    if (!blob) throw new Error('The mask takes more memory than the browser has.');
    return blob;
  }

  #record(operation: MaskOperation): void {
    const settled = this.history.add(operation);
    if (settled) draw(this.#base, settled, this.size);
  }

  /** Draws on the mask, and where it is shown. */
  #draw(action: (context: Context) => void): void {
    action(this.#mask);
    if (this.#shown !== this.#mask) action(this.#shown);
  }

  #redraw(): void {
    const { width, height } = this.size;
    clear(this.#mask, this.size);
    this.#mask.drawImage(this.#base.canvas, 0, 0);
    for (const operation of this.history.operations) draw(this.#mask, operation, this.size);
    if (this.#shown === this.#mask) return;
    clear(this.#shown, this.size);
    this.#shown.drawImage(this.#mask.canvas, 0, 0, width, height);
  }

  #createShown(): Context {
    const { width, height } = this.size;
    const scale = Math.sqrt(MAX_SHOWN_PIXELS / (width * height));
    if (scale >= 1) return this.#mask;
    const shown = contextOf(scaledSize(this.size, scale));
    shown.scale(shown.canvas.width / width, shown.canvas.height / height);
    shown.canvas.style.width = `${width}px`;
    shown.canvas.style.height = `${height}px`;
    return shown;
  }
}

function contextOf({ width, height }: Size): Context {
  const canvas = document.createElement('canvas');
  Object.assign(canvas, { width, height });
  const context = canvas.getContext('2d');
  if (!context) throw new Error('The picture takes more memory than the browser has.');
  return context;
}

function isTransparent(picture: HTMLImageElement, size: Size): boolean {
  const scale = Math.min(PROBE_SIDE / Math.max(size.width, size.height), 1);
  const probe = contextOf(scaledSize(size, scale));
  const { canvas } = probe;
  probe.drawImage(picture, 0, 0, canvas.width, canvas.height);
  const { data } = probe.getImageData(0, 0, canvas.width, canvas.height);
  for (let i = 3; i < data.length; i += 4) if (data[i] < OPAQUE) return true;
  return false;
}

function draw(context: Context, operation: MaskOperation, size: Size): void {
  if (operation.kind === 'clear') clear(context, size);
  else if (operation.kind === 'invert') invert(context, size);
  else drawStroke(context, operation, 0);
}

const clear = (context: Context, { width, height }: Size): void =>
  context.clearRect(0, 0, width, height);

/** Alpha becomes 255 - alpha, exactly. */
function invert(context: Context, { width, height }: Size): void {
  context.globalCompositeOperation = 'xor';
  context.fillStyle = COLOUR;
  context.fillRect(0, 0, width, height);
  context.globalCompositeOperation = 'source-over';
}

/** Draws a line from the point with the index `from` on, each part of it by itself. */
function drawStroke(context: Context, stroke: Stroke, from: number): void {
  const { points, diameter, erases } = stroke;
  context.globalCompositeOperation = erases ? 'destination-out' : 'source-over';
  context.fillStyle = COLOUR;
  context.strokeStyle = COLOUR;
  context.lineWidth = diameter;
  context.lineCap = 'round';
  for (let i = from; i < points.length; i++) {
    const [before, point] = [points[i - 1], points[i]];
    context.beginPath();
    if (before) {
      context.moveTo(before.x, before.y);
      context.lineTo(point.x, point.y);
      context.stroke();
    } else {
      context.arc(point.x, point.y, diameter / 2, 0, 2 * Math.PI);
      context.fill();
    }
  }
  context.globalCompositeOperation = 'source-over';
}
