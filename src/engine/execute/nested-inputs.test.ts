// Nodes with inputs that are several in a prompt, run by the engine.
import { describe, expect, it } from 'vitest';
import { smallEngine } from '../../../test/support/engine.ts';
import { NODES } from '../../nodes/index.ts';

const node = (class_type: string, inputs: object = {}) => ({ class_type, inputs });
const image = (size: number, color: number) =>
  node('EmptyImage', { width: size, height: size, batch_size: 1, color });
const text = (value: string) => node('PrimitiveString', { value });
const show = (source: unknown) => node('PreviewAny', { source });
/** Shows width, height and number of images. */
const showSize = (image: unknown) => ({
  size: node('GetImageSize', { image }),
  sizes: node('CreateList', {
    'inputs.input0': ['size', 0],
    'inputs.input1': ['size', 1],
    'inputs.input2': ['size', 2],
  }),
  out: show(['sizes', 0]),
});

const run = async (prompt: Record<string, unknown>) => {
  const { events, failure, ran } = await smallEngine(NODES)(prompt);
  if (failure) throw failure;
  const texts = events.flatMap((event) =>
    event.type === 'executed' && event.nodeId === 'out' ? [event.ui['text']] : [],
  );
  return { texts: texts.flat(), ran };
};

describe('growing inputs', () => {
  it('reach the node in the order of their names', async () => {
    const { texts } = await run({
      a: image(8, 0xff0000),
      b: image(16, 0x00ff00),
      batch: node('BatchImagesNode', { 'images.image1': ['b', 0], 'images.image0': ['a', 0] }),
      ...showSize(['batch', 0]),
    });
    expect(texts).toEqual(['8', '8', '2']);
  });

  it('become one list', async () => {
    const { texts } = await run({
      a: text('a'),
      b: text('b'),
      inner: node('CreateList', { 'inputs.input0': ['a', 0], 'inputs.input1': ['b', 0] }),
      list: node('CreateList', { 'inputs.input0': ['inner', 0], 'inputs.input3': ['a', 0] }),
      out: show(['list', 0]),
    });
    expect(texts).toEqual(['a', 'b', 'a']);
  });

  it('take values of the prompt too', async () => {
    const both = (b: unknown) =>
      run({
        and: node('ComfyAndNode', { 'values.value0': 1, 'values.value1': b }),
        out: show(['and', 0]),
      });
    expect((await both('x')).texts).toEqual(['True']);
    expect((await both('')).texts).toEqual(['False']);
  });
});

it('a choice and its inputs reach the node', async () => {
  const resize = (inputs: object) =>
    run({
      image: image(8, 0),
      resize: node('ResizeImageMaskNode', {
        input: ['image', 0],
        scale_method: 'area',
        ...inputs,
      }),
      ...showSize(['resize', 0]),
    });
  const dimensions = {
    resize_type: 'scale dimensions',
    'resize_type.width': 4,
    'resize_type.height': 0,
    'resize_type.crop': 'disabled',
  };
  expect((await resize(dimensions)).texts).toEqual(['4', '4', '1']);
  const width = { resize_type: 'scale width', 'resize_type.width': 6, 'resize_type.height': 1 };
  expect((await resize(width)).texts).toEqual(['6', '6', '1']);
});

describe('ComfySwitchNode', () => {
  it.each([
    [false, 'no'],
    [true, 'yes'],
  ])('computes only the chosen input (%s)', async (value, expected) => {
    const { texts, ran } = await run({
      no: text('no'),
      yes: text('yes'),
      switch: node('ComfySwitchNode', { switch: value, on_false: ['no', 0], on_true: ['yes', 0] }),
      out: show(['switch', 0]),
    });
    expect(texts).toEqual([expected]);
    expect(ran).toEqual([expected, 'switch', 'out']);
  });

  it('takes values of the prompt, and a switch that is computed', async () => {
    const { texts } = await run({
      flag: node('ComfyNotNode', { value: 0 }),
      switch: node('ComfySwitchNode', { switch: ['flag', 0], on_false: 1, on_true: 2.5 }),
      out: show(['switch', 0]),
    });
    expect(texts).toEqual(['2.5']);
  });

  it('chooses for each item of a list', async () => {
    const { texts } = await run({
      on: node('PrimitiveBoolean', { value: true }),
      off: node('PrimitiveBoolean', { value: false }),
      list: node('CreateList', { 'inputs.input0': ['on', 0], 'inputs.input1': ['off', 0] }),
      switch: node('ComfySwitchNode', { switch: ['list', 0], on_false: 'no', on_true: 'yes' }),
      out: show(['switch', 0]),
    });
    expect(texts).toEqual(['yes', 'no']);
  });
});
