// Where a picture is on the screen while a mask is drawn on it: its position and scale.
import type { Point } from './mask-history.ts';
import type { Size } from './size.ts';

/** Screen = picture · scale + (x, y). */
export interface View extends Point {
  readonly scale: number;
}

/** The largest scale: one pixel of the picture takes this many on the screen. */
const MAX_SCALE = 16;
/** Around a picture that is shown as a whole, in CSS pixels. */
const MARGIN = 12;
/** What remains of a picture that is moved off the screen. */
const VISIBLE = 48;

/** Shows the whole picture in the middle, at its own size if it is small. */
export function fitted(picture: Size, screen: Size): View {
  const width = Math.max(screen.width - 2 * MARGIN, 1);
  const height = Math.max(screen.height - 2 * MARGIN, 1);
  const scale = Math.min(width / picture.width, height / picture.height, MAX_SCALE / 4);
  return {
    scale,
    x: (screen.width - picture.width * scale) / 2,
    y: (screen.height - picture.height * scale) / 2,
  };
}

/** Zooms by a factor; the point of the picture below `at` stays there. */
export function zoomed(view: View, factor: number, at: Point, smallest: number): View {
  const scale = Math.min(Math.max(view.scale * factor, Math.min(smallest, view.scale)), MAX_SCALE);
  const by = scale / view.scale;
  return { scale, x: at.x - (at.x - view.x) * by, y: at.y - (at.y - view.y) * by };
}

/** Moves the picture, but not off the screen. */
export function moved(view: View, by: Point, picture: Size, screen: Size): View {
  const within = (position: number, length: number, available: number): number =>
    Math.min(Math.max(position, VISIBLE - length), available - VISIBLE);
  return {
    scale: view.scale,
    x: within(view.x + by.x, picture.width * view.scale, screen.width),
    y: within(view.y + by.y, picture.height * view.scale, screen.height),
  };
}

/** The point of the picture at a point of the screen. */
export const pictureAt = ({ scale, x, y }: View, at: Point): Point => ({
  x: (at.x - x) / scale,
  y: (at.y - y) / scale,
});

export const screenAt = ({ scale, x, y }: View, at: Point): Point => ({
  x: at.x * scale + x,
  y: at.y * scale + y,
});

export const distance = (a: Point, b: Point): number => Math.hypot(a.x - b.x, a.y - b.y);

export const middle = (a: Point, b: Point): Point => ({ x: (a.x + b.x) / 2, y: (a.y + b.y) / 2 });
