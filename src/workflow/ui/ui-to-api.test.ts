// Names, titles and the order of nodes in the converted graph.
import { describe, expect, it } from 'vitest';
import {
  convert,
  input,
  link,
  loader,
  node,
  widget,
} from '../../../test/support/workflows/ui-workflows.ts';

describe('names', () => {
  it('renamed types and inputs have their new names', () => {
    const { graph } = convert({
      nodes: [
        node(1, 'T2IAdapterLoader', [], ['a.safetensors']),
        node(2, 'IterativeLatentUpscale', [widget('step', 'INT')], { step: 4 }),
      ],
    });
    expect(graph.get('1')).toMatchObject({
      classType: 'ControlNetLoader',
      inputs: { control_net_name: 'a.safetensors' },
    });
    expect(graph.get('2')?.inputs).toMatchObject({ steps: 4 });
  });

  it('unknown types stay, and their values are named after their sockets', () => {
    const { graph, notes } = convert({
      nodes: [
        loader(1),
        node(
          2,
          'Stranger',
          [input('model', 'MODEL', 1), widget('seed', 'INT'), widget('mode', 'COMBO')],
          [5, 'randomize', 'soft'],
        ),
        node(3, 'Stranger', [], [5, 'soft']),
      ],
      links: [link(1, 1, 0, 2, 0)],
    });
    expect(graph.get('2')).toMatchObject({
      classType: 'Stranger',
      inputs: { model: ['1', 0], seed: 5, mode: 'soft' },
    });
    expect(graph.get('3')).toMatchObject({ inputs: { widget_0: 5, widget_1: 'soft' } });
    expect(notes).toEqual([
      expect.stringContaining('unknown node types could only be guessed: Stranger'),
    ]);
  });

  it('options of older versions have their new names, whatever the label of a button', () => {
    const type = 'ImpactWildcardProcessor';
    const values = (mode: unknown) => [
      '{a|b}',
      'a',
      mode,
      3,
      'fixed',
      'Select Wildcard 🟢 Full Cache',
    ];
    const { graph, notes } = convert({
      nodes: [true, false, 'Populate', 'Fixed', 'reproduce'].map((mode, i) =>
        node(i + 1, type, [], values(mode)),
      ),
    });
    expect([...graph.values()].map(({ inputs }) => inputs['mode'])).toEqual([
      'populate',
      'fixed',
      'populate',
      'fixed',
      'reproduce',
    ]);
    expect(graph.get('1')?.inputs).toMatchObject({
      seed: 3,
      'Select to add Wildcard': 'Select Wildcard 🟢 Full Cache',
    });
    expect(notes).toEqual([]);
  });

  it('titles stay, and ids are in the order of a JavaScript object', () => {
    const { graph } = convert({
      nodes: [
        loader(10, 'a', { title: 'Mine' }),
        loader('x'),
        loader(2),
        node(5, 'Note', [], ['hi']),
        node(6, 'MarkdownNote'),
      ],
    });
    expect([...graph].map(([id, { title }]) => [id, title])).toEqual([
      ['2', 'Load Checkpoint'],
      ['10', 'Mine'],
      ['x', 'Load Checkpoint'],
    ]);
  });
});
