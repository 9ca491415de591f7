// The picture below its mask, moved and zoomed, with the outline of the brush; a line is drawn with
// a pointer or with the arrow keys.
import { create } from './dom.ts';
import type { MaskCanvas } from './mask-canvas.ts';
import type { Point } from './mask-history.ts';
import { PointerListener } from './mask-pointer.ts';
import type { MaskTools } from './mask-tools.ts';
import { fitted, moved, pictureAt, screenAt, type View, zoomed } from './mask-view.ts';

export interface SurfaceEvents {
  /** A line was added. */
  drawn(): void;
}

const ZOOM_STEP = 1.4;
/** The smallest scale, as a share of that which shows the whole picture. */
const SMALLEST = 0.5;
/** From this scale on, pixels of the picture are shown as squares. */
const SHARP_FROM = 3;
const KEY_STEPS: Readonly<Record<string, Point>> = {
  ArrowLeft: { x: -1, y: 0 },
  ArrowRight: { x: 1, y: 0 },
  ArrowUp: { x: 0, y: -1 },
  ArrowDown: { x: 0, y: 1 },
};

const LABEL =
  'Picture. Arrow keys move the brush, with Shift they draw, Space draws a dot. ' +
  'B is the brush, E the eraser, [ and ] change the size.';

export class MaskSurface {
  readonly element: HTMLElement;
  readonly #mask: MaskCanvas;
  readonly #tools: MaskTools;
  readonly #events: SurfaceEvents;
  readonly #stage: HTMLElement;
  readonly #brush = create('div', { class: 'mask-brush', 'aria-hidden': 'true' });
  #view: View = { scale: 1, x: 0, y: 0 };
  /** The whole picture is shown, also when the surface gets another size. */
  #isFitted = true;
  /** The brush, in pixels of the picture. */
  #at: Point | undefined;

  constructor(picture: HTMLElement, mask: MaskCanvas, tools: MaskTools, events: SurfaceEvents) {
    this.#mask = mask;
    this.#tools = tools;
    this.#events = events;
    this.#stage = create('div', { class: 'mask-stage' }, picture, mask.element);
    const properties = { class: 'mask-surface', tabindex: 0, role: 'application' };
    this.element = create('div', { ...properties, 'aria-label': LABEL }, this.#stage, this.#brush);
    this.#listen();
    new ResizeObserver(() => this.#resized()).observe(this.element);
  }

  /** Shows the whole picture. */
  fit(): void {
    this.#isFitted = true;
    this.#show(fitted(this.#mask.size, this.#screen));
  }

  zoom(steps: number): void {
    const { width, height } = this.#screen;
    this.#zoom(ZOOM_STEP ** steps, { x: width / 2, y: height / 2 });
  }

  /** Shows the tools as they are set now. */
  update(): void {
    const { opacity, diameter } = this.#tools;
    this.#mask.element.style.opacity = String(opacity);
    this.#brush.hidden = this.#at === undefined;
    if (!this.#at) return;
    const at = screenAt(this.#view, this.#at);
    const side = Math.max(diameter * this.#view.scale, 2);
    this.#brush.style.width = `${side}px`;
    this.#brush.style.height = `${side}px`;
    this.#brush.style.transform = `translate(${at.x - side / 2}px, ${at.y - side / 2}px)`;
  }

  /** Moves the brush and draws; false for other keys. */
  press({ key, shiftKey }: KeyboardEvent): boolean {
    const step = KEY_STEPS[key];
    if (!step && key !== ' ') return false;
    const { width, height } = this.#mask.size;
    const { diameter, erases } = this.#tools;
    const from = this.#at ?? { x: width / 2, y: height / 2 };
    const by = Math.max(diameter / 4, 1);
    this.#at = step
      ? {
          x: Math.min(Math.max(from.x + step.x * by, 0), width),
          y: Math.min(Math.max(from.y + step.y * by, 0), height),
        }
      : from;
    if (!step || shiftKey) {
      this.#mask.start(from, diameter, erases);
      this.#mask.extend([this.#at]);
      this.#finish();
    }
    this.update();
    return true;
  }

  get #screen() {
    const { clientWidth: width, clientHeight: height } = this.element;
    return { width, height };
  }

  #listen(): void {
    new PointerListener(this.element, {
      start: (at, erases) => {
        const { diameter } = this.#tools;
        const point = pictureAt(this.#view, at);
        this.#mask.start(point, diameter, erases || this.#tools.erases);
      },
      extend: (to) => this.#mask.extend(to.map((at) => pictureAt(this.#view, at))),
      end: () => this.#finish(),
      cancel: () => this.#mask.cancel(),
      move: (by) => this.#move(by),
      zoom: (factor, at) => this.#zoom(factor, at),
      hover: (at) => {
        this.#at = at && pictureAt(this.#view, at);
        this.update();
      },
    });
  }

  #finish(): void {
    this.#mask.end();
    this.#events.drawn();
  }

  #zoom(factor: number, at: Point): void {
    const smallest = fitted(this.#mask.size, this.#screen).scale * SMALLEST;
    this.#view = zoomed(this.#view, factor, at, smallest);
    this.#move({ x: 0, y: 0 });
  }

  #move(by: Point): void {
    this.#isFitted = false;
    this.#show(moved(this.#view, by, this.#mask.size, this.#screen));
  }

  #resized(): void {
    if (this.#isFitted) this.fit();
    else this.#move({ x: 0, y: 0 });
  }

  #show(view: View): void {
    this.#view = view;
    this.#stage.style.transform = `translate(${view.x}px, ${view.y}px) scale(${view.scale})`;
    this.#stage.classList.toggle('sharp', view.scale >= SHARP_FROM);
    this.update();
  }
}
