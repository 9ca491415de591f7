// Pointers above the picture of the mask editor: the mouse, a pen or one finger draws, two fingers
// or the middle mouse button move the picture, the wheel zooms, the right button erases.
import type { Point } from './mask-history.ts';
import { distance, middle } from './mask-view.ts';

/** Points are relative to the element, in CSS pixels. */
export interface PointerEvents {
  start(at: Point, erases: boolean): void;
  extend(to: readonly Point[]): void;
  end(): void;
  /** The line that was started was the beginning of another gesture. */
  cancel(): void;
  move(by: Point): void;
  zoom(factor: number, at: Point): void;
  /** Where the brush is; undefined when it is elsewhere. */
  hover(at: Point | undefined): void;
}

const RIGHT_BUTTON = 2;
const MIDDLE_BUTTON = 1;
/** The bit of a pen's eraser in `buttons`. */
const PEN_ERASER = 32;
const WHEEL_SPEED = 0.0015;

export class PointerListener {
  readonly #element: HTMLElement;
  readonly #events: PointerEvents;
  readonly #touches = new Map<number, Point>();
  /** The pointer that draws, and the one that moves the picture. */
  #drawing: number | undefined;
  #moving: number | undefined;
  /** Two fingers were down; nothing is drawn until all are up. */
  #isPinching = false;
  #last: Point = { x: 0, y: 0 };

  constructor(element: HTMLElement, events: PointerEvents) {
    this.#element = element;
    this.#events = events;
    element.addEventListener('pointerdown', (event) => this.#start(event));
    element.addEventListener('pointermove', (event) => this.#move(event));
    element.addEventListener('pointerup', (event) => this.#finish(event));
    element.addEventListener('pointercancel', (event) => this.#finish(event));
    element.addEventListener('pointerleave', () => events.hover(undefined));
    element.addEventListener('contextmenu', (event) => event.preventDefault());
    element.addEventListener('wheel', (event) => this.#zoom(event), { passive: false });
  }

  #pointOf({ clientX, clientY }: MouseEvent): Point {
    const { left, top } = this.#element.getBoundingClientRect();
    return { x: clientX - left, y: clientY - top };
  }

  #start(event: PointerEvent): void {
    const { pointerId, pointerType, button, buttons } = event;
    const at = this.#pointOf(event);
    event.preventDefault();
    this.#element.focus({ preventScroll: true });
    this.#element.setPointerCapture(pointerId);
    if (pointerType === 'touch' && this.#isGesture(pointerId, at)) return;
    if (this.#drawing !== undefined || this.#moving !== undefined) return;
    this.#last = at;
    if (button === MIDDLE_BUTTON) {
      this.#moving = pointerId;
      return;
    }
    this.#drawing = pointerId;
    this.#events.start(at, button === RIGHT_BUTTON || (buttons & PEN_ERASER) !== 0);
  }

  /** Adds a finger; whether it is one of several. */
  #isGesture(id: number, at: Point): boolean {
    this.#touches.set(id, at);
    if (this.#touches.size === 1 && !this.#isPinching) return false;
    this.#isPinching = true;
    if (this.#drawing !== undefined) this.#events.cancel();
    this.#drawing = undefined;
    return true;
  }

  #move(event: PointerEvent): void {
    const { pointerId, pointerType } = event;
    const at = this.#pointOf(event);
    if (pointerType !== 'touch') this.#events.hover(at);
    if (this.#isPinching && this.#touches.has(pointerId)) this.#pinch(pointerId, at);
    else if (pointerId === this.#moving)
      this.#events.move({ x: at.x - this.#last.x, y: at.y - this.#last.y });
    else if (pointerId === this.#drawing) {
      const parts = event.getCoalescedEvents();
      this.#events.extend(parts.length > 0 ? parts.map((part) => this.#pointOf(part)) : [at]);
    }
    this.#last = at;
  }

  #pinch(id: number, to: Point): void {
    const [a, b] = [...this.#touches.values()];
    this.#touches.set(id, to);
    const [c, d] = [...this.#touches.values()];
    if (!b || !d) return;
    const [before, after] = [middle(a, b), middle(c, d)];
    this.#events.move({ x: after.x - before.x, y: after.y - before.y });
    if (distance(a, b) > 0) this.#events.zoom(distance(c, d) / distance(a, b), after);
  }

  #finish({ pointerId, type }: PointerEvent): void {
    this.#touches.delete(pointerId);
    if (this.#touches.size === 0) this.#isPinching = false;
    if (pointerId === this.#moving) this.#moving = undefined;
    if (pointerId !== this.#drawing) return;
    this.#drawing = undefined;
    if (type === 'pointercancel') this.#events.cancel();
    else this.#events.end();
  }

  #zoom(event: WheelEvent): void {
    event.preventDefault();
    this.#events.zoom(Math.exp(-event.deltaY * WHEEL_SPEED), this.#pointOf(event));
  }
}
