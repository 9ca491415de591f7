// Types of values that the editor has widgets of their own for: colours, boxes, pictures of a
// camera. How the editor saves them, and what their values look like.
// Source: ComfyUI's frontend, src/scripts/widgets.ts and the widgets that it lists.
import { isJsonObject, type Json, type JsonObject, numberOf } from '../formats/json.ts';

/** A rectangle in pixels. Detectors add `label` and `score`, the box editor `metadata`. */
export interface BoundingBox {
  readonly x: number;
  readonly y: number;
  readonly width: number;
  readonly height: number;
  readonly label?: string;
  readonly score?: number;
  readonly metadata?: Readonly<Record<string, unknown>>;
}

/** One box, the boxes of every image, or lists of boxes, one for each image. */
export type BoundingBoxes =
  | BoundingBox
  | readonly BoundingBox[]
  | readonly (readonly BoundingBox[])[];

/** The values of these types, as `SocketValues` lists them. */
export interface WidgetSockets {
  /** `#rrggbb`, or `#rrggbbaa` */
  COLOR: string;
  BOUNDING_BOX: BoundingBoxes;
  /** The boxes of the box editor. */
  BOUNDING_BOXES: readonly BoundingBox[];
  /** The name of a picture of the camera, as LoadImage takes it. */
  WEBCAM: string;
  /** The editor's slider between two images; nodes ignore it. */
  IMAGECOMPARE: unknown;
}

interface WidgetType {
  /** The value in the editor before it is changed. */
  readonly initial: Json;
  /** What a value is, as messages say it. */
  readonly expected: string;
  readonly fits: (value: Json) => boolean;
  /** Number fields beside the widget, whose values the editor saves after its value. */
  readonly fields?: number;
}

const BOX_SIDES = ['x', 'y', 'width', 'height'] as const;

const isText = (value: Json): boolean => typeof value === 'string';
const isBox = (value: Json): value is JsonObject =>
  isJsonObject(value) &&
  BOX_SIDES.every((side) => !Object.hasOwn(value, side) || Number.isFinite(numberOf(value[side])));

export const WIDGET_TYPES: Readonly<Record<keyof WidgetSockets, WidgetType>> = {
  COLOR: { initial: '#000000', expected: 'a colour, "#ff8800"', fits: isText },
  BOUNDING_BOX: {
    initial: { x: 0, y: 0, width: 512, height: 512 },
    expected: 'a box, {"x": 0, "y": 0, "width": 512, "height": 512}',
    fits: (value) => isBox(value) || isBoxes(value),
    fields: BOX_SIDES.length,
  },
  BOUNDING_BOXES: {
    initial: [],
    expected: 'a list of boxes, [{"x": 0, "y": 0, "width": 512, "height": 512}]',
    fits: (value) => value === null || (Array.isArray(value) && value.every(isBox)),
  },
  WEBCAM: { initial: '', expected: 'the name of a picture', fits: isText },
  IMAGECOMPARE: { initial: ['', ''], expected: 'anything', fits: () => true },
};

/** Boxes for every image, or for each image. */
const isBoxes = (value: Json): boolean =>
  Array.isArray(value) &&
  value.every((item) => isBox(item) || (Array.isArray(item) && item.every(isBox)));
