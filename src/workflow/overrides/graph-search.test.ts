import { describe, expect, it } from 'vitest';
import { node, sampler, textToImage } from '../../../test/support/workflows/override-workflows.ts';
import { NODES } from '../../nodes/index.ts';
import {
  executionOrder,
  findNearest,
  incomingLinks,
  sourceWidget,
  widgetsOf,
} from './graph-search.ts';

const declared = { graph: textToImage(), nodes: NODES };

describe('a graph with its declarations', () => {
  it('lists the links that end at a node', () => {
    expect(incomingLinks(declared, '6')).toEqual([
      { input: 'samples', type: 'LATENT', from: '5', slot: 0 },
      { input: 'vae', type: 'VAE', from: '1', slot: 2 },
    ]);
  });

  it('lists matching widgets', () => {
    expect(widgetsOf(declared, '4', (_, { kind }) => kind === 'INT')).toEqual([
      { id: '4', input: 'width' },
      { id: '4', input: 'height' },
      { id: '4', input: 'batch_size' },
    ]);
  });

  it('sorts nodes after those that they need', () => {
    expect(executionOrder(declared)).toEqual(['1', '2', '3', '4', '5', '6', '7']);
  });

  it('finds the nearest node over links that the filter accepts', () => {
    const widthsAt = (id: string) => widgetsOf(declared, id, (name) => name === 'width');
    expect(findNearest(declared, '7', widthsAt)).toEqual([{ id: '4', input: 'width' }]);
    expect(findNearest(declared, '7', widthsAt, ({ type }) => type === 'MODEL')).toEqual([]);
  });
});

describe('sourceWidget', () => {
  it('returns the input itself when it has a value', () => {
    expect(sourceWidget(declared, { id: '5', input: 'steps' })).toEqual({
      id: '5',
      input: 'steps',
    });
  });

  it('returns the widget of the same type upstream of a link', () => {
    const graph = textToImage({
      5: sampler({ steps: ['8', 0] }),
      8: node('PrimitiveInt', { value: 9 }),
    });
    expect(sourceWidget({ graph, nodes: NODES }, { id: '5', input: 'steps' })).toEqual({
      id: '8',
      input: 'value',
    });
  });
});
