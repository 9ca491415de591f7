// Growing inputs, choices and widgets of the editor in files: those of ComfyUI 0.33.0 (blueprints
// "Crop Images 2x2" and "Film Grain", template api_bytedance_seedream_5_0_layer_separation), and
// what the editor makes of parts of files.
import { readFileSync } from 'node:fs';
import { gunzipSync } from 'node:zlib';
import { describe, expect, it } from 'vitest';
import {
  convert,
  input,
  link,
  node,
  widget,
} from '../../../test/support/workflows/ui-workflows.ts';
import { parseJson } from '../../formats/parse-json.ts';
import { readWorkflow } from '../read/read.ts';

const fileInputs = (name: string, ids: readonly string[]) => {
  const file = new URL(`../../../test/fixtures/editor-files/${name}.json.gz`, import.meta.url);
  const { graph } = readWorkflow(parseJson(gunzipSync(readFileSync(file)).toString('utf8')));
  return ids.map((id) => graph.get(id)?.inputs);
};

describe('files of the editor', () => {
  it('formulas with values, and a batch, in a subgraph', () => {
    expect(fileInputs('crop-images-2x2', ['135:7', '135:138', '135:137'])).toEqual([
      { expression: 'max(1, int(a/b))', 'values.a': ['135:8', 0], 'values.b': ['135:9', 0] },
      { expression: 'max(1, a - b)', 'values.a': ['135:8', 0], 'values.b': ['135:7', 1] },
      {
        'images.image0': ['135:10', 0],
        'images.image1': ['135:26', 0],
        'images.image2': ['135:15', 0],
        'images.image3': ['135:30', 0],
      },
    ]);
  });

  it('a choice with options that are written in the node', () => {
    expect(fileInputs('film-grain', ['22:21'])).toEqual([
      { choice: 'Smooth', index: 0, option1: 'Smooth', option2: 'Grainy', option3: '' },
    ]);
  });

  it('batches without widgets, and a format with its settings', () => {
    expect(fileInputs('layer-separation', ['20', '22', '23'])).toEqual([
      { 'images.image0': ['14', 0], 'images.image1': ['14', 2] },
      { 'masks.mask0': ['14', 1], 'masks.mask1': ['14', 3] },
      {
        filename_prefix: 'layers/image_layer',
        format: 'png',
        'format.bit_depth': '8-bit',
        'format.input_color_space': 'sRGB',
        images: ['31', 0],
      },
    ]);
  });
});

/** The inputs of a ResizeImageMaskNode with these values. */
const resized = (values: unknown, more: Record<string, unknown>[] = []) =>
  convert({
    nodes: [
      node(1, 'EmptyImage', [], [8, 8, 1, 0]),
      node(2, 'ResizeImageMaskNode', [input('input', 'IMAGE,MASK', 1), ...more], values),
    ],
    links: [link(1, 1, 0, 2, 0), link(2, 1, 0, 2, 2)],
  });

describe('widgets of a choice', () => {
  it('come right after it', () => {
    const { graph, notes } = resized(['scale dimensions', 640, 360, 'center', 'lanczos']);
    expect(graph.get('2')?.inputs).toEqual({
      input: ['1', 0],
      resize_type: 'scale dimensions',
      'resize_type.width': 640,
      'resize_type.height': 360,
      'resize_type.crop': 'center',
      scale_method: 'lanczos',
    });
    expect(notes).toEqual([]);
    const { graph: other } = resized(['scale total pixels', 0.5, 'area']);
    expect(other.get('2')?.inputs).toEqual({
      input: ['1', 0],
      resize_type: 'scale total pixels',
      'resize_type.megapixels': 0.5,
      scale_method: 'area',
    });
  });

  it('have the defaults where values are missing, and values by name', () => {
    expect(resized([]).graph.get('2')?.inputs).toMatchObject({
      resize_type: 'scale dimensions',
      'resize_type.width': 512,
      'resize_type.crop': 'center',
      scale_method: 'area',
    });
    const named = { resize_type: 'scale width', 'resize_type.width': 20, scale_method: 'bilinear' };
    expect(resized(named).graph.get('2')?.inputs).toEqual({ input: ['1', 0], ...named });
  });

  it('may be sockets', () => {
    const sockets = [
      widget('resize_type', 'COMFY_DYNAMICCOMBO_V3'),
      input('resize_type.match', 'IMAGE,MASK', 2),
    ];
    const { graph } = resized(['match size', 'disabled', 'area'], sockets);
    expect(graph.get('2')?.inputs).toEqual({
      resize_type: 'match size',
      'resize_type.crop': 'disabled',
      scale_method: 'area',
      input: ['1', 0],
      'resize_type.match': ['1', 0],
    });
  });
});

it('of CustomCombo, the number of the choice is computed; old files have none', () => {
  const combo = (values: unknown[]) =>
    convert({ nodes: [node(1, 'CustomCombo', [], values)] }).graph.get('1')?.inputs;
  expect(combo(['b', 7, 'a', 'b', ''])).toMatchObject({ choice: 'b', index: 1, option2: 'b' });
  expect(combo(['b', 'a', 'b', ''])).toMatchObject({ choice: 'b', index: 1, option1: 'a' });
  expect(combo(['x', 0, 'a', ''])).toMatchObject({ index: -1 });
});

it('a socket in a subgraph gets the value of the widget that is shown for its input', () => {
  const { graph } = convert({
    nodes: [
      node(5, 'text', [widget('value', 'STRING')], [], {
        properties: { proxyWidgets: [['1', 'value']] },
      }),
    ],
    definitions: {
      subgraphs: [
        {
          id: 'text',
          name: 'Text',
          inputs: [{ name: 'value', type: 'STRING' }],
          outputs: [],
          nodes: [
            node(1, 'PrimitiveString', [widget('value', 'STRING', 1)], ['inside']),
            node(
              2,
              'ComfySwitchNode',
              [input('on_false', '*', 2), input('on_true', '*', 3)],
              [true],
            ),
          ],
          links: [
            { id: 1, origin_id: -10, origin_slot: 0, target_id: 1, target_slot: 0, type: 'STRING' },
            { id: 2, origin_id: -10, origin_slot: 0, target_id: 2, target_slot: 0, type: 'STRING' },
            { id: 3, origin_id: 1, origin_slot: 0, target_id: 2, target_slot: 1, type: 'STRING' },
          ],
        },
      ],
    },
  } as never);
  expect(graph.get('5:2')?.inputs).toEqual({
    switch: true,
    on_false: 'inside',
    on_true: ['5:1', 0],
  });
});
