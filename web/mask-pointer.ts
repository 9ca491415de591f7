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

export function listenToPointers(element: HTMLElement, events: PointerEvents): void {
  const touches = new Map<number, Point>();
  /** The pointer that draws, and the one that moves the picture. */
  let drawing: number | undefined;
  let moving: number | undefined;
  /** Two fingers were down; nothing is drawn until all are up. */
  let isPinching = false;
  let last: Point = { x: 0, y: 0 };

  const pointOf = ({ clientX, clientY }: MouseEvent): Point => {
    const { left, top } = element.getBoundingClientRect();
    return { x: clientX - left, y: clientY - top };
  };
  const pinch = (id: number, to: Point): void => {
    const [a, b] = [...touches.values()];
    touches.set(id, to);
    const [c, d] = [...touches.values()];
    if (!b || !d) return;
    const [before, after] = [middle(a, b), middle(c, d)];
    events.move({ x: after.x - before.x, y: after.y - before.y });
    if (distance(a, b) > 0) events.zoom(distance(c, d) / distance(a, b), after);
  };
  const touchStarts = (id: number, at: Point): boolean => {
    touches.set(id, at);
    if (touches.size === 1 && !isPinching) return false;
    isPinching = true;
    if (drawing !== undefined) events.cancel();
    drawing = undefined;
    return true;
  };

  element.addEventListener('pointerdown', (event) => {
    const { pointerId, pointerType, button, buttons } = event;
    const at = pointOf(event);
    event.preventDefault();
    element.focus({ preventScroll: true });
    element.setPointerCapture(pointerId);
    if (pointerType === 'touch' && touchStarts(pointerId, at)) return;
    if (drawing !== undefined || moving !== undefined) return;
    last = at;
    if (button === MIDDLE_BUTTON) {
      moving = pointerId;
      return;
    }
    drawing = pointerId;
    events.start(at, button === RIGHT_BUTTON || (buttons & PEN_ERASER) !== 0);
  });
  element.addEventListener('pointermove', (event) => {
    const { pointerId, pointerType } = event;
    const at = pointOf(event);
    if (pointerType !== 'touch') events.hover(at);
    if (isPinching && touches.has(pointerId)) pinch(pointerId, at);
    else if (pointerId === moving) events.move({ x: at.x - last.x, y: at.y - last.y });
    else if (pointerId === drawing) {
      const parts = event.getCoalescedEvents();
      events.extend(parts.length > 0 ? parts.map(pointOf) : [at]);
    }
    last = at;
  });
  const finish = ({ pointerId, type }: PointerEvent): void => {
    touches.delete(pointerId);
    if (touches.size === 0) isPinching = false;
    if (pointerId === moving) moving = undefined;
    if (pointerId !== drawing) return;
    drawing = undefined;
    if (type === 'pointercancel') events.cancel();
    else events.end();
  };
  element.addEventListener('pointerup', finish);
  element.addEventListener('pointercancel', finish);
  element.addEventListener('pointerleave', () => events.hover(undefined));
  element.addEventListener('contextmenu', (event) => event.preventDefault());
  element.addEventListener(
    'wheel',
    (event) => {
      event.preventDefault();
      events.zoom(Math.exp(-event.deltaY * WHEEL_SPEED), pointOf(event));
    },
    { passive: false },
  );
}
