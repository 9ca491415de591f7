// Growing inputs and choices in programs and in the typed builder.
import { expect, it } from 'vitest';
import { NODES } from '../../nodes/index.ts';
import {
  BatchImagesNode,
  ComfyMathExpression,
  EmptyImage,
  ResizeImageMaskNode,
  SaveImage,
  SaveImageAdvanced,
  StringFormat,
} from '../builder/nodes.generated.ts';
import { graph } from '../builder/workflow-builder.ts';
import { readWorkflow } from '../read/read.ts';
import { toTypeScript } from './to-typescript.ts';

const inputsOf = (type: string, workflow: ReturnType<typeof graph>) =>
  Object.values(workflow).find((node) => node.class_type === type)?.inputs;

const { IMAGE } = EmptyImage({ width: 8, height: 8 });

it('the builder writes each input under its name in a prompt', () => {
  const batch = BatchImagesNode({ images: [IMAGE, IMAGE] });
  const { resized } = ResizeImageMaskNode({
    input: batch.IMAGE,
    resize_type: { resize_type: 'scale width', width: 4 },
  });
  const save = SaveImageAdvanced({
    images: resized,
    format: { format: 'exr', input_color_space: 'linear' },
  });
  const workflow = graph(save);
  expect(inputsOf('BatchImagesNode', workflow)).toEqual({
    'images.image0': ['1', 0],
    'images.image1': ['1', 0],
  });
  expect(inputsOf('ResizeImageMaskNode', workflow)).toEqual({
    input: ['2', 0],
    resize_type: 'scale width',
    'resize_type.width': 4,
    scale_method: 'area',
  });
  expect(inputsOf('SaveImageAdvanced', workflow)).toEqual({
    images: ['3', 0],
    filename_prefix: 'ComfyUI',
    format: 'exr',
    'format.bit_depth': '32-bit float',
    'format.input_color_space': 'linear',
  });
});

it('a choice may be a text alone, or left out, and inputs may be given by name', () => {
  const { INT } = ComfyMathExpression({ expression: 'a * 2', values: { a: 3 } });
  const { resized } = ResizeImageMaskNode({ input: IMAGE, resize_type: 'scale by multiplier' });
  const { IMAGE: batch } = BatchImagesNode({ images: { image0: resized, image2: IMAGE } });
  const { STRING } = StringFormat({ f_string: '{b}', values: { b: INT } });
  const workflow = graph(SaveImage({ images: batch, filename_prefix: STRING }));
  expect(inputsOf('ComfyMathExpression', workflow)).toEqual({ expression: 'a * 2', 'values.a': 3 });
  expect(inputsOf('ResizeImageMaskNode', workflow)).toMatchObject({
    resize_type: 'scale by multiplier',
    'resize_type.multiplier': 1,
  });
  expect(Object.keys(inputsOf('BatchImagesNode', workflow)!)).toEqual([
    'images.image0',
    'images.image2',
  ]);
  const simple = graph(SaveImageAdvanced({ images: IMAGE }));
  expect(inputsOf('SaveImageAdvanced', simple)).toMatchObject({
    format: 'png',
    'format.bit_depth': '8-bit',
  });
});

it('its types know the choices and their inputs', () => {
  const programs = [
    // @ts-expect-error images are a list or have names
    () => BatchImagesNode({ images: IMAGE }),
    // @ts-expect-error not an image
    () => BatchImagesNode({ images: ['a'] }),
    // @ts-expect-error no such choice
    () => ResizeImageMaskNode({ input: IMAGE, resize_type: 'scale' }),
    // @ts-expect-error 'match size' needs an image
    () => ResizeImageMaskNode({ input: IMAGE, resize_type: 'match size' }),
    // @ts-expect-error no such value
    () => ComfyMathExpression({ values: { aa: 1 } }),
  ];
  expect(programs).toHaveLength(5);
});

it('exported programs nest them', () => {
  const node = (class_type: string, inputs: object) => ({ class_type, inputs });
  const prompt = {
    1: node('EmptyImage', { width: 8, height: 8, batch_size: 1, color: 0 }),
    2: node('BatchImagesNode', { 'images.image0': ['1', 0], 'images.image1': ['1', 0] }),
    3: node('ResizeImageMaskNode', {
      input: ['2', 0],
      resize_type: 'scale width',
      'resize_type.width': 4,
      'resize_type.height': 3,
      scale_method: 'area',
    }),
    4: node('ComfyMathExpression', { expression: 'a+c', 'values.a': 1, 'values.c': 2 }),
    5: node('SaveImageAdvanced', {
      images: ['3', 0],
      filename_prefix: 'x',
      format: 'png',
      'format.bit_depth': '16-bit',
    }),
    6: node('PreviewAny', { source: ['4', 1] }),
  };
  const text = toTypeScript(readWorkflow(prompt as never).graph, NODES);
  expect(text).toContain('images: [emptyImage.IMAGE, emptyImage.IMAGE]');
  expect(text).toContain("resize_type: { resize_type: 'scale width', width: 4 }");
  expect(text).toContain('values: { a: 1, c: 2 }');
  expect(text).toContain("format: { format: 'png', bit_depth: '16-bit' }");
  expect(text).toContain("// not in the file, so the default: 'format.input_color_space'");
});
