// The query parameter `size` of previews: the longer side. Darkroom's own.
import type { RouteRequest } from './route.ts';

const [MIN, MAX] = [16, 1024];

/** Its schema. */
export const previewSize = {
  type: 'integer',
  minimum: MIN,
  maximum: MAX,
  description:
    'Of a preview, in pixels: the longer side is made at most as long, and the image is turned ' +
    'as its EXIF says. Larger images can be decoded this way. Darkroom’s own.',
} as const;

/** The `size` of a request; undefined without one, or with one that is not a number. */
export function sideQuery(request: RouteRequest): number | undefined {
  const text = request.query('size') ?? '';
  return /^\d{1,6}$/.test(text) ? Math.min(Math.max(Number(text), MIN), MAX) : undefined;
}
