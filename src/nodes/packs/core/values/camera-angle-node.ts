// The node that says in words where a camera is, for models that turn the view of a picture.
// Source: ComfyUI comfy_extras/nodes_camera_angle.py.
import {
  defineNode,
  float,
  int,
  type NodeDeclaration,
  output,
  outputs,
  socket,
  string,
} from '../../../declare.ts';

/** From the front on, to the right. */
const SIDES = [
  'front view',
  'front-right quarter view',
  'right side view',
  'back-right quarter view',
  'back view',
  'back-left quarter view',
  'left side view',
  'front-left quarter view',
];
type Ranges = readonly (readonly [below: number, words: string])[];
const HEIGHTS: Ranges = [
  [-15, 'low-angle shot'],
  [15, 'eye-level shot'],
  [45, 'elevated shot'],
  [Number.POSITIVE_INFINITY, 'high-angle shot'],
];
const DISTANCES: Ranges = [
  [2, 'wide shot'],
  [6, 'medium shot'],
  [Number.POSITIVE_INFINITY, 'close-up'],
];
const inRanges = (ranges: Ranges, value: number): string =>
  ranges.find(([below]) => value < below)![1];

/** The camera of the editor's preview. */
const DISTANCE = 6;
const FIELD_OF_VIEW = 35;
const [LEAST_ZOOM, MOST_ZOOM] = [1, 1.875];
const ZOOM_RANGE = 10;

const radians = (degrees: number): number => degrees * (Math.PI / 180);

function cameraAt(horizontal: number, vertical: number, zoom: number) {
  const [yaw, pitch] = [radians(horizontal), radians(vertical)];
  return {
    position: {
      x: DISTANCE * Math.cos(pitch) * Math.sin(yaw),
      y: DISTANCE * Math.sin(pitch),
      z: DISTANCE * Math.cos(pitch) * Math.cos(yaw),
    },
    target: { x: 0, y: 0, z: 0 },
    zoom: LEAST_ZOOM + (MOST_ZOOM - LEAST_ZOOM) * (zoom / ZOOM_RANGE),
    cameraType: 'perspective',
    fov: FIELD_OF_VIEW,
  };
}

const CameraAngle = defineNode({
  type: 'CameraAngle',
  display: 'Compose Camera Angle Prompt',
  category: '3d',
  description: 'Describes where a camera is around a subject, in words for a prompt.',
  inputs: {
    horizontal_angle: int({
      max: 360,
      step: 1,
      tooltip: 'In degrees: 0 is the front, 90 the right side, 180 the back.',
    }),
    vertical_angle: int({
      min: -30,
      max: 60,
      step: 1,
      tooltip: 'In degrees: below 0 it looks up from below, above 0 down from above.',
    }),
    zoom: float({
      default: 5,
      max: ZOOM_RANGE,
      step: 0.1,
      tooltip: '0 is a wide shot, 10 a close-up.',
    }),
    image: socket('IMAGE', { optional: true, tooltip: "For the editor's preview." }),
    view: string({ default: '', optional: true, tooltip: "The editor's view of the preview." }),
  },
  outputs: [output('LOAD3D_CAMERA', 'camera_info'), output('STRING', 'prompt')],
  run({ horizontal_angle: horizontal, vertical_angle: vertical, zoom }) {
    const side = SIDES[Math.floor(((horizontal % 360) + 22.5) / 45) % SIDES.length];
    const words = [side, inRanges(HEIGHTS, vertical), inRanges(DISTANCES, zoom)];
    return outputs(cameraAt(horizontal, vertical, zoom), words.join(' '));
  },
});

export const CAMERA_ANGLE_NODES: readonly NodeDeclaration[] = [CameraAngle];
