import { describe, expect, it } from 'vitest';
import {
  convert,
  input,
  link,
  loader,
  node,
  type Slot,
  widget,
} from '../../../../test/support/workflows/ui-workflows.ts';

describe('components', () => {
  const definition = {
    nodes: [
      node(1, 'ComponentInput', [], undefined, {
        title: '2',
        outputs: [{ name: 'VAE', type: 'VAE', links: [1] }],
      }),
      node(2, 'ComponentInput', [], undefined, {
        title: '1',
        outputs: [{ name: '*', label: 'wide', type: 'INT', links: [2] }],
      }),
      node(3, 'EmptyLatentImage', [widget('width', 'INT', 2)], [64, 32, 1], {
        outputs: [{ name: 'LATENT', type: 'LATENT', links: [3] }],
      }),
      node(4, 'VAEDecode', [input('samples', 'LATENT', 3), input('vae', 'VAE', 1)], undefined, {
        outputs: [{ name: 'IMAGE', type: 'IMAGE', links: [4] }],
      }),
      node(5, 'ComponentOutput', [input('IMAGE', 'IMAGE', 4)]),
    ],
    links: [
      link(1, 1, 0, 4, 1, 'VAE'),
      link(2, 2, 0, 3, 0, 'INT'),
      link(3, 3, 0, 4, 0, 'LATENT'),
      link(4, 4, 0, 5, 0, 'IMAGE'),
    ],
  };
  const type = '## empty-to-image [0a1b2c]';
  const workflow = (more: Slot) => ({
    nodes: [
      loader(1),
      node(2, type, [input('VAE', 'VAE', 1)], [256], {
        outputs: [{ name: 'IMAGE', type: 'IMAGE' }],
      }),
      node(3, 'PreviewImage', [input('images', 'IMAGE', 2)]),
    ],
    links: [link(1, 1, 2, 2, 0), link(2, 2, 0, 3, 0)],
    ...more,
  });

  it.each([
    ['of the file', workflow({ components: { [type]: definition } }), {}],
    ['in its extra', workflow({ extra: { components: { [type]: definition } } }), {}],
    ['beside the file', workflow({}), { components: { 'empty-to-image': definition } }],
  ])('%s are expanded', (_, file, options) => {
    const { graph } = convert(file, options as never);
    expect([...graph.keys()]).toEqual(['1', '3', '2:3', '2:4']);
    expect(graph.get('2:3')?.inputs).toEqual({ width: 256, height: 32, batch_size: 1 });
    expect(graph.get('2:4')?.inputs).toEqual({ samples: ['2:3', 0], vae: ['1', 2] });
    expect(graph.get('3')?.inputs).toEqual({ images: ['2:4', 0] });
  });

  it('are unknown types without a definition', () => {
    expect(convert(workflow({})).graph.get('2')?.classType).toBe(type);
  });
});
