// A choice that is changed brings the inputs that it needs.
import { describe, expect, it } from 'vitest';
import { changesOf, type Field } from '../../../web/form-values.ts';
import { NODES } from '../../nodes/index.ts';
import { readWorkflow } from '../read/read.ts';
import { buildForm } from './form.ts';
import { applyOverrides } from './overrides.ts';

const prompt = {
  1: { class_type: 'EmptyImage', inputs: { width: 8, height: 8, batch_size: 1, color: 0 } },
  2: {
    class_type: 'SaveImageAdvanced',
    inputs: {
      images: ['1', 0],
      filename_prefix: 'a',
      format: 'png',
      'format.bit_depth': '16-bit',
      'format.input_color_space': 'sRGB',
    },
  },
};
const { graph } = readWorkflow(prompt as never);

describe('overrides', () => {
  const set = (overrides: Record<string, string>) =>
    applyOverrides(graph, overrides, NODES).get('2')?.inputs;

  it('of a choice fill in its inputs, which may be set too', () => {
    expect(set({ '2.format': 'exr' })).toMatchObject({
      format: 'exr',
      'format.bit_depth': '32-bit float',
      'format.input_color_space': 'sRGB',
    });
    expect(set({ '2.format': 'exr', '2.format.input_color_space': 'HDR' })).toMatchObject({
      'format.input_color_space': 'HDR',
    });
  });

  it('of the same choice leave its inputs as they are', () => {
    expect(set({ '2.format': 'png' })).toMatchObject({ 'format.bit_depth': '16-bit' });
    expect(set({ '2.format.bit_depth': '8-bit' })).toMatchObject({ 'format.bit_depth': '8-bit' });
  });

  it('name inputs that a choice does not have', () => {
    expect(() => set({ '2.format.quality': '3' })).toThrow("has no input 'format.quality'");
  });
});

it('the form has the inputs of each option', () => {
  const environment = {
    modelFiles: () => [],
    inputFiles: () => [],
    hasInput: () => false,
    wildcards: () => new Map(),
  };
  const { groups } = buildForm(graph, NODES, environment);
  const fields = groups.flatMap((group) => group.fields);
  const format = fields.find(({ input }) => input === 'format');
  expect(format).toMatchObject({ kind: 'choice', options: ['png', 'exr'], value: 'png' });
  expect(fields.map(({ input }) => input)).toContain('format.bit_depth');
  expect(changesOf(prompt as never, format as unknown as Field, 'exr')).toEqual([
    { id: '2', input: 'format', value: 'exr' },
    { id: '2', input: 'format.bit_depth', value: '32-bit float' },
    { id: '2', input: 'format.input_color_space', value: 'sRGB' },
  ]);
});
