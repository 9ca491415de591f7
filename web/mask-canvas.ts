// The mask as pixels: a canvas of the picture's size that is opaque where the picture is masked.
import { MaskHistory, type MaskOperation, type Point, type Stroke } from './mask-history.ts';

/** Of the drawn mask; its opacity is that of the canvas element. */
const COLOUR = '#ff2d1a';
/** Below this alpha a picture counts as transparent. */
const OPAQUE = 250;
/** The side of the small copy that is searched for transparency. */
const PROBE_SIDE = 256;

export class MaskCanvas {
  readonly element: HTMLCanvasElement;
  readonly history = new MaskHistory();
  /** Whether one sees that parts of the picture are transparent. */
  readonly hasAlpha: boolean;
  readonly #context: CanvasRenderingContext2D;
  /** The mask without the operations of the history. */
  readonly #base: CanvasRenderingContext2D;
  #stroke: (Stroke & { readonly points: Point[] }) | undefined;

  /** Starts from the alpha channel of the picture, which is 0 where it is masked. */
  constructor(picture: HTMLImageElement) {
    this.#context = contextLike(picture);
    this.#base = contextLike(picture);
    this.element = this.#context.canvas;
    this.hasAlpha = isTransparent(picture);
    this.#base.drawImage(picture, 0, 0);
    invert(this.#base);
    this.#redraw();
  }

  /** Starts a line; `diameter` in pixels of the picture. */
  start(at: Point, diameter: number, erases: boolean): void {
    this.#stroke = { kind: 'stroke', erases, diameter, points: [at] };
    drawStroke(this.#context, this.#stroke, 0);
  }

  extend(to: readonly Point[]): void {
    if (!this.#stroke) return;
    const drawn = this.#stroke.points.length;
    this.#stroke.points.push(...to);
    drawStroke(this.#context, this.#stroke, drawn);
  }

  /** Ends the line and keeps it. */
  end(): void {
    const stroke = this.#stroke;
    this.#stroke = undefined;
    if (stroke) this.#keep(stroke);
  }

  /** Removes the line that was started. */
  cancel(): void {
    if (!this.#stroke) return;
    this.#stroke = undefined;
    this.#redraw();
  }

  apply(operation: MaskOperation): void {
    draw(this.#context, operation);
    this.#keep(operation);
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
    const { width, height } = this.element;
    const copy = contextOf(width, height);
    copy.drawImage(this.element, 0, 0);
    invert(copy);
    const blob = await new Promise<Blob | null>((resolve) => copy.canvas.toBlob(resolve));
    if (!blob) throw new Error('The mask takes more memory than the browser has.');
    return blob;
  }

  #keep(operation: MaskOperation): void {
    const settled = this.history.add(operation);
    if (settled) draw(this.#base, settled);
  }

  #redraw(): void {
    clear(this.#context);
    this.#context.drawImage(this.#base.canvas, 0, 0);
    for (const operation of this.history.operations) draw(this.#context, operation);
  }
}

const contextLike = ({ naturalWidth, naturalHeight }: HTMLImageElement): CanvasRenderingContext2D =>
  contextOf(naturalWidth, naturalHeight);

function contextOf(width: number, height: number): CanvasRenderingContext2D {
  const canvas = document.createElement('canvas');
  Object.assign(canvas, { width, height });
  const context = canvas.getContext('2d');
  if (!context) throw new Error('The picture takes more memory than the browser has.');
  return context;
}

function isTransparent(picture: HTMLImageElement): boolean {
  const { naturalWidth: width, naturalHeight: height } = picture;
  const scale = Math.min(PROBE_SIDE / Math.max(width, height), 1);
  const probe = contextOf(Math.max(width * scale, 1), Math.max(height * scale, 1));
  const { canvas } = probe;
  probe.drawImage(picture, 0, 0, canvas.width, canvas.height);
  const { data } = probe.getImageData(0, 0, canvas.width, canvas.height);
  for (let i = 3; i < data.length; i += 4) if (data[i] < OPAQUE) return true;
  return false;
}

function draw(context: CanvasRenderingContext2D, operation: MaskOperation): void {
  if (operation.kind === 'clear') clear(context);
  else if (operation.kind === 'invert') invert(context);
  else drawStroke(context, operation, 0);
}

const clear = (context: CanvasRenderingContext2D): void =>
  context.clearRect(0, 0, context.canvas.width, context.canvas.height);

/** Alpha becomes 255 - alpha, exactly. */
function invert(context: CanvasRenderingContext2D): void {
  context.globalCompositeOperation = 'xor';
  context.fillStyle = COLOUR;
  context.fillRect(0, 0, context.canvas.width, context.canvas.height);
  context.globalCompositeOperation = 'source-over';
}

/** Draws a line from the point with the index `from` on, each part of it by itself. */
function drawStroke(context: CanvasRenderingContext2D, stroke: Stroke, from: number): void {
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
