import { describe, expect, it } from 'vitest';
import {
  bypassed,
  convert,
  convertedInputs,
  input,
  link,
  muted,
  node,
  SAMPLER_VALUES,
  type Slot,
  type TestNode,
  widget,
} from '../../../../test/support/workflows/ui-workflows.ts';

describe('subgraphs', () => {
  const ID = '1b2c3d4e-0000-4000-8000-000000000001';
  const slot = (name: string, type: string, linkIds: number[]) => ({
    id: name,
    name,
    type,
    linkIds,
  });
  const object = (
    id: number,
    origin_id: number,
    origin_slot: number,
    target_id: number,
    target_slot: number,
    type = '*',
  ) => ({
    id,
    origin_id,
    origin_slot,
    target_id,
    target_slot,
    type,
  });
  const half = {
    id: ID,
    name: 'Half',
    inputs: [slot('latent', 'LATENT', [1]), slot('seed', 'INT', [2])],
    outputs: [slot('LATENT', 'LATENT', [3]), slot('through', 'LATENT', [4])],
    nodes: [
      node(
        7,
        'KSampler',
        [input('latent_image', 'LATENT', 1), widget('seed', 'INT', 2), widget('steps', 'INT')],
        SAMPLER_VALUES,
        {
          outputs: [{ name: 'LATENT', type: 'LATENT', links: [3] }],
        },
      ),
    ],
    links: [
      object(1, -10, 0, 7, 0),
      object(2, -10, 1, 7, 1),
      object(3, 7, 0, -20, 0),
      object(4, -10, 0, -20, 1),
    ],
  };
  const empty = node(1, 'EmptyLatentImage', [], [64, 64, 1]);
  const outer = (values: unknown, more: Slot = {}, type = ID) =>
    node(2, type, [input('latent', 'LATENT', 1), widget('seed', 'INT')], values, {
      outputs: [{ name: 'LATENT', type: 'LATENT' }],
      ...more,
    });
  const after = node(3, 'LatentUpscaleBy', [input('samples', 'LATENT', 2)], ['bilinear', 2]);
  const links = [link(1, 1, 0, 2, 0), link(2, 2, 0, 3, 0)];
  const workflow = (node2: TestNode, subgraphs: unknown[] = [half]) => ({
    nodes: [empty, node2, after],
    links,
    definitions: { subgraphs },
  });

  it('are expanded; a widget of the outer node sets the inner value', () => {
    const { graph } = convert(workflow(outer([123])));
    expect([...graph.keys()]).toEqual(['1', '3', '2:7']);
    expect(graph.get('2:7')?.inputs).toMatchObject({
      seed: 123,
      steps: 20,
      latent_image: ['1', 0],
    });
    expect(graph.get('3')?.inputs['samples']).toEqual(['2:7', 0]);
    expect(convert(workflow(outer([]))).graph.get('2:7')?.inputs['seed']).toBe(7);
  });

  it('take the values of proxied widgets from the inner nodes', () => {
    const proxyWidgets = [
      ['7', 'steps'],
      ['-1', 'seed'],
    ];
    const { graph } = convert(workflow(outer([99, 5], { properties: { proxyWidgets } })));
    expect(graph.get('2:7')?.inputs).toMatchObject({ seed: 5, steps: 20 });
    expect(
      convert(workflow(outer([5], { properties: { proxyWidgets: [['7', 'steps']] } }))).graph.get(
        '2:7',
      )?.inputs['seed'],
    ).toBe(5);
  });

  it('may link an input to an output directly', () => {
    const through = { ...workflow(outer([1])), links: [links[0], link(2, 2, 1, 3, 0)] };
    expect(convertedInputs(through, '3')).toMatchObject({ samples: ['1', 0] });
  });

  it('pass an input on when bypassed, and nothing when muted', () => {
    const { graph } = convert(workflow(outer([1], bypassed)));
    expect([...graph.keys()]).toEqual(['1', '3']);
    expect(graph.get('3')?.inputs).toMatchObject({ samples: ['1', 0] });
    expect(convert(workflow(outer([1], muted))).graph.get('3')?.inputs).not.toHaveProperty(
      'samples',
    );
  });

  it('may contain the same subgraph twice', () => {
    const id = '1b2c3d4e-0000-4000-8000-000000000002';
    const twice = {
      id,
      name: 'Twice',
      inputs: [slot('latent', 'LATENT', [1]), slot('seed', 'INT', [5])],
      outputs: [slot('LATENT', 'LATENT', [3])],
      nodes: [
        node(10, ID, [input('latent', 'LATENT', 1), widget('seed', 'INT', 5)], [50]),
        node(11, ID, [input('latent', 'LATENT', 2), widget('seed', 'INT')], [51]),
      ],
      links: [
        object(1, -10, 0, 10, 0),
        object(2, 10, 0, 11, 0),
        object(3, 11, 0, -20, 0),
        object(5, -10, 1, 10, 1),
      ],
    };
    const { graph } = convert(workflow(outer([42], {}, id), [half, twice]));
    expect([...graph.keys()]).toEqual(['1', '3', '2:10:7', '2:11:7']);
    expect(graph.get('2:10:7')?.inputs).toMatchObject({ latent_image: ['1', 0], seed: 42 });
    expect(graph.get('2:11:7')?.inputs).toMatchObject({ latent_image: ['2:10:7', 0], seed: 51 });
    expect(graph.get('3')?.inputs['samples']).toEqual(['2:11:7', 0]);
  });

  it('that contain themselves or have too many nodes are rejected', () => {
    const self = { ...half, nodes: [node(7, ID)] };
    expect(() => convert(workflow(outer([]), [self]))).toThrow('contains itself');
    const chain = Array.from({ length: 40 }, (_, i) => ({
      id: `s${i}`,
      name: `s${i}`,
      inputs: [],
      outputs: [],
      nodes: [node(1, `s${i + 1}`), node(2, `s${i + 1}`)],
      links: [],
    }));
    expect(() => convert({ nodes: [node(1, 's0')], definitions: { subgraphs: chain } })).toThrow(
      'more than 20000 nodes',
    );
  });
});
