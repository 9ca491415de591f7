import { describe, expect, it } from 'vitest';
import {
  convert,
  convertedInputs,
  link,
  node,
  SAMPLER_VALUES,
  sampler,
  UI_TEST_NODES,
  widget,
} from '../../../test/support/workflows/ui-workflows.ts';
import { parseJson } from '../../formats/parse-json.ts';
import { convertUi } from './ui-to-api.ts';

describe('widgets', () => {
  it('values are named by the declaration, and the control of a seed is left out', () => {
    const { graph } = convert({ nodes: [sampler(3, [null, null, null, null])] });
    expect(graph.get('3')).toMatchObject({
      classType: 'KSampler',
      title: 'KSampler',
      inputs: {
        seed: 7,
        steps: 20,
        cfg: 8,
        sampler_name: 'euler',
        scheduler: 'normal',
        denoise: 1,
      },
      source: { class_type: 'KSampler', _meta: { title: 'KSampler' } },
    });
    expect(Object.keys(graph.get('3')!.inputs)).toHaveLength(6);
  });

  it('seeds beyond 2^53 stay exact', () => {
    const json =
      '{"nodes": [{"id": 1, "type": "Grown", "widgets_values": ' +
      '[18446744073709551615, "fixed", 3, "slow", 0.25, "l.safetensors"]}]}';
    const { graph } = convertUi(parseJson(json) as never, { nodes: UI_TEST_NODES });
    expect(graph.get('1')?.inputs['seed']).toBe(18446744073709551615n);
  });

  it('the value of an upload button is left out', () => {
    expect(convertedInputs({ nodes: [node(1, 'LoadImage', [], ['a.png', 'image'])] }, '1')).toEqual(
      {
        image: 'a.png',
      },
    );
    expect(
      convertedInputs({ nodes: [node(1, 'LoadImageMask', [], ['a.png', 'alpha', 'image'])] }, '1'),
    ).toEqual({
      image: 'a.png',
      channel: 'alpha',
    });
  });

  it('controls of lists are left out, and so are former widgets of inputs with forceInput', () => {
    const values = { mode: 'b', count: 3, list: 'c' };
    expect(
      convertedInputs({ nodes: [node(1, 'Rare', [], ['b', 'fixed', '', 3, 'c'])] }, '1'),
    ).toEqual(values);
    expect(
      convertedInputs({ nodes: [node(1, 'Rare', [], ['b', 'fixed', '', 0.5, 3, 'c'])] }, '1'),
    ).toEqual(values);
  });

  it('values may be saved as an object', () => {
    expect(
      convertedInputs(
        {
          nodes: [node(1, 'EmptyLatentImage', [], { width: 64, batch_size: 2, videopreview: {} })],
        },
        '1',
      ),
    ).toEqual({
      width: 64,
      height: 512,
      batch_size: 2,
    });
  });

  it('the value of a widget that became a socket stays in its position', () => {
    const workflow = {
      nodes: [
        node(1, 'PrimitiveInt', [], [9], { outputs: [{ name: 'INT', type: 'INT', links: [5] }] }),
        node(2, 'EmptyLatentImage', [widget('height', 'INT', 5)], [64, 128, 2]),
        node(3, 'EmptyLatentImage', [widget('height', 'INT')], [64, 128, 2]),
      ],
      links: [link(5, 1, 0, 2, 0, 'INT')],
    };
    expect(convertedInputs(workflow, '2')).toEqual({ width: 64, height: ['1', 0], batch_size: 2 });
    expect(convertedInputs(workflow, '3')).toEqual({ width: 64, height: 128, batch_size: 2 });
  });

  it('missing values are replaced by defaults, and surplus ones are dropped', () => {
    expect(
      convertedInputs({ nodes: [sampler(1, [], SAMPLER_VALUES.slice(0, 6))] }, '1'),
    ).toMatchObject({
      scheduler: 'normal',
      denoise: 1,
    });
    expect(
      convertedInputs({ nodes: [sampler(1, [], [...SAMPLER_VALUES, 'what', 5])] }, '1'),
    ).toMatchObject({
      scheduler: 'normal',
      denoise: 1,
    });
  });

  it('values of another version are matched by type, with a note', () => {
    // without the seed's control, and without the method
    const { graph, notes } = convert({
      nodes: [node(1, 'Grown', [], [5, 30, 0.75, 'l.safetensors'])],
    });
    expect(graph.get('1')?.inputs).toEqual({
      seed: 5,
      steps: 30,
      method: 'fast',
      factor: 0.75,
      file: 'l.safetensors',
      label: 'x',
    });
    expect(notes).toEqual([expect.stringContaining('Grown (node 1) was saved by another version')]);
  });

  it('an invalid value stays in its position, so that validation reports it', () => {
    const { graph, notes } = convert({
      nodes: [sampler(1, [], [7, 'fixed', 20, 8, 'no such sampler', 'normal', 1])],
    });
    expect(graph.get('1')?.inputs['sampler_name']).toBe('no such sampler');
    expect(notes).toEqual([]);
  });

  it('the switch beside the seed of the first editors is left out', () => {
    expect(
      convertedInputs({ nodes: [sampler(1, [], [7, true, 20, 8, 'euler', 'normal', 1])] }, '1'),
    ).toMatchObject({ seed: 7, steps: 20 });
  });

  it('list values are wrapped, so that they are not read as links', () => {
    const workflow = {
      nodes: [node(1, 'Stranger', [widget('points', 'POINTS'), widget('n', 'INT')], [['1', 0], 4])],
    };
    expect(convertedInputs(workflow, '1')).toEqual({ points: { __value__: ['1', 0] }, n: 4 });
  });
});
