import { describe, expect, it } from 'vitest';
import { createGraph, type Graph } from './builder.ts';
import { commonFolder } from './common-folder.ts';
import type { Model } from './serialize.ts';

function modelOf(graph: Graph): Model {
  let model: Model | undefined;
  graph.serialize((built) => {
    model = built;
    return built;
  });
  return model!;
}

const inFile = (location: string, dims: readonly number[]) => ({
  location,
  offset: 0,
  length: 4 * dims.reduce((n, d) => n * d),
  type: 'f32' as const,
  dims,
});

describe('createGraph', () => {
  it('adds operators with their domain, inputs and attributes', () => {
    const g = createGraph();
    const y = g.op('com.microsoft.Gelu', [g.input('x', ['N'])], { axis: 1 });
    expect(modelOf(g).nodes).toEqual([
      {
        domain: 'com.microsoft',
        type: 'Gelu',
        inputs: ['x'],
        outputs: [y],
        attributes: { axis: 1 },
      },
    ]);
  });

  it('returns the same value for equal constants and equal parts of files', () => {
    const g = createGraph();
    expect(g.ints([1, 2])).toBe(g.ints([1, 2]));
    expect(g.floats([1, 2])).not.toBe(g.floats([1, 2], [2, 1]));
    const weight = inFile('/models/a.safetensors', [2, 2]);
    expect(g.external(weight)).toBe(g.external(weight));
    expect(g.external({ ...weight, dims: [4] })).not.toBe(g.external(weight));
  });

  it('counts weights as float32, and convolutions as laid out anew', () => {
    const g = createGraph();
    g.external({ ...inFile('/models/a.safetensors', [2, 3]), type: 'f16', length: 12 });
    g.external(inFile('/models/a.safetensors', [2, 3, 1, 1]));
    expect(g.weightBytes()).toBe(48);
    expect(g.relayoutBytes()).toBe(24);
  });

  it('names files from the deepest folder that holds all of them', () => {
    const g = createGraph();
    g.external(inFile('/models/unet/a.safetensors', [1]));
    g.external(inFile('/models/loras/sub/b.safetensors', [1]));
    expect(g.folder()).toBe('/models');
    const locations = modelOf(g).initializers.map(
      ({ data }) => 'location' in data && data.location,
    );
    expect(locations).toEqual(['unet/a.safetensors', 'loras/sub/b.safetensors']);
  });

  it('adds casts of weights outside of the branch that uses them first', () => {
    const g = createGraph();
    const weight = { ...inFile('/models/a.safetensors', [1]), type: 'f16' as const, length: 2 };
    const y = g.choose(
      g.op('Less', [g.input('x', [1]), g.floats([0])]),
      () => g.op('Neg', [g.external(weight)]),
      () => 'x',
    );
    g.output('out', y, [1]);
    expect(modelOf(g).nodes.map(({ type }) => type)).toEqual(['Less', 'Cast', 'If', 'Identity']);
  });
});

it('commonFolder returns nothing for no files, and the folder of a single one', () => {
  expect(commonFolder([])).toBe('');
  expect(commonFolder(['/a/b/c.bin'])).toBe('/a/b');
  expect(commonFolder(['/a/b/c.bin', '/a/bc/d.bin'])).toBe('/a');
});
