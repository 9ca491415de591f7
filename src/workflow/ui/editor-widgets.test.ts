// Values of widgets of their own: boxes, colours, the camera. How the editor saves them is from its
// sources (useBoundingBoxWidget.ts, useBoundingBoxesWidget.ts, useColorWidget.ts,
// useImageCompareWidget.ts, webcamCapture.ts) and from files that it saved.
import { describe, expect, it } from 'vitest';
import { dumpsJson } from '../../formats/dumps-json.ts';
import type { Json, JsonObject } from '../../formats/json.ts';
import { parseJson } from '../../formats/parse-json.ts';
import type { NodeEnvironment } from '../../nodes/context.ts';
import { NODES } from '../../nodes/index.ts';
import { readWorkflow } from '../read/read.ts';
import { validate } from '../validate/validate.ts';
import { convertUi } from './ui-to-api.ts';

const environment: NodeEnvironment = {
  modelFiles: () => [],
  inputFiles: () => ['cat.png'],
  hasInput: (name) => ['cat.png', 'webcam/1.png [temp]'].includes(name),
  wildcards: () => new Map(),
};
const BOX = { x: 10, y: 20, width: 30, height: 40 };

function inputsOf(type: string, values: unknown, inputs: readonly object[] = []): unknown {
  const node = { id: 1, type, inputs, widgets_values: values };
  const { graph } = convertUi(parseJson(JSON.stringify({ nodes: [node] })) as never, {
    nodes: NODES,
  });
  return JSON.parse(dumpsJson(graph.get('1')!.inputs));
}

describe('a saved widget', () => {
  it.each([
    // a test of ComfyCloudHybrid's reader quotes a saved file with the fields beside the box
    ['ImageCropV2', [BOX, 10, 20, 30, 40], { crop_region: BOX }],
    ['ImageCropV2', [BOX], { crop_region: BOX }],
    ['ImageCropV2', [], { crop_region: { x: 0, y: 0, width: 512, height: 512 } }],
    // widgets_values of a Qwen workflow that the editor saved under 0.37
    ['ImageCompare', [], { compare_view: { __value__: ['', ''] } }],
    ['ImageCompare', [['', '']], { compare_view: { __value__: ['', ''] } }],
    // widgets_values of a workflow that the editor saved under 0.3.59, with the button's label
    [
      'WebcamCapture',
      ['', 480, 360, true, 'capture'],
      { image: '', width: 480, height: 360, capture_on_queue: true },
    ],
    ['ColorToRGBInt', ['#ff8800'], { color: '#ff8800' }],
    [
      'ImageCropToMask',
      [512, 640, 1.1, 2, '#00ff00'],
      { width: 512, height: 640, pad_factor: 1.1, grow_mask: 2, background: '#00ff00' },
    ],
  ])('of %s, %j, is its input', (type, values, expected) => {
    expect(inputsOf(type, values)).toEqual(expected);
  });

  it('of boxes that a link gives is left out', () => {
    const socket = { name: 'bboxes', type: 'BOUNDING_BOX', link: null };
    expect(inputsOf('DrawBBoxes', [], [socket])).toEqual({});
  });
});

function check(type: string, inputs: JsonObject) {
  const image = {
    class_type: 'EmptyImage',
    inputs: { width: 64, height: 64, batch_size: 1, color: 0 },
  };
  const prompt = {
    '1': image,
    '2': { class_type: type, inputs },
    '3': { class_type: 'PreviewAny', inputs: { source: ['2', 0] } },
  };
  const { graph } = readWorkflow(parseJson(dumpsJson(prompt)));
  return validate(graph, NODES, environment).problems.map(({ message, hint }) => [message, hint]);
}

describe('a value in a prompt', () => {
  const crop = (crop_region: Json) => ({ image: ['1', 0], crop_region });

  it.each([
    ['ImageCropV2', crop(BOX)],
    ['ImageCropV2', crop({})],
    ['ImageCropV2', crop({ __value__: [[BOX]] })],
    ['ColorToRGBInt', { color: '#abc' }],
    [
      'WebcamCapture',
      { image: 'webcam/1.png [temp]', width: 0, height: 0, capture_on_queue: true },
    ],
  ] as [string, JsonObject][])('of %s is accepted: %j', (type, inputs) => {
    expect(check(type, inputs)).toEqual([]);
  });

  it.each([
    [
      'ImageCropV2',
      crop('10,20'),
      "'crop_region' of ImageCropV2 (node 2) is '10,20', but must be of type BOUNDING_BOX",
      'Give a box, {"x": 0, "y": 0, "width": 512, "height": 512}.',
    ],
    [
      'ImageCropV2',
      crop({ x: 'left' }),
      "'crop_region' of ImageCropV2 (node 2) is {'x': 'left'}, but must be of type BOUNDING_BOX",
      'Give a box, {"x": 0, "y": 0, "width": 512, "height": 512}.',
    ],
    [
      'ColorToRGBInt',
      { color: 255 },
      "'color' of ColorToRGBInt (node 2) is 255, but must be of type COLOR",
      'Give a colour, "#ff8800".',
    ],
  ] as [string, JsonObject, string, string][])(
    'of %s is refused: %j',
    (type, inputs, ...problem) => {
      expect(check(type, inputs)).toEqual([problem]);
    },
  );

  it('the camera of a file has no picture', () => {
    const inputs = { image: '', width: 480, height: 360, capture_on_queue: true };
    expect(check('WebcamCapture', inputs)[0][0]).toContain('the camera has taken no picture');
    expect(check('WebcamCapture', { ...inputs, image: 'gone.png' })[0][0]).toContain(
      'Invalid image file: gone.png',
    );
  });
});
