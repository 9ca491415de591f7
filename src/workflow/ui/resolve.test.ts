// Links through reroutes, bypassed nodes and primitives.
import { describe, expect, it } from 'vitest';
import {
  bypassed,
  convert,
  convertedInputs,
  input,
  link,
  loader,
  muted,
  node,
  type Slot,
  sampler,
  widget,
} from '../../../test/support/workflows/ui-workflows.ts';

describe('links', () => {
  const TWO = [loader(1), sampler(2, [9, null, null, null])];

  it.each([
    ['arrays', [link(9, 1, 0, 2, 0, 'MODEL')]],
    [
      'objects',
      [{ id: 9, origin_id: 1, origin_slot: 0, target_id: 2, target_slot: 0, type: 'MODEL' }],
    ],
  ])('links may be %s', (_, links) => {
    expect(convertedInputs({ nodes: TWO, links }, '2')).toMatchObject({ model: ['1', 0] });
  });

  it('links without a source are ignored', () => {
    expect(convertedInputs({ nodes: TWO, links: [] }, '2')).not.toHaveProperty('model');
    expect(
      convertedInputs({ nodes: [TWO[1]], links: [link(9, 1, 0, 2, 0)] }, '2'),
    ).not.toHaveProperty('model');
  });

  it('a muted node is not in the prompt, and links to it are ignored', () => {
    const { graph } = convert({
      nodes: [loader(1, 'm', muted), TWO[1]],
      links: [link(9, 1, 0, 2, 0)],
    });
    expect([...graph.keys()]).toEqual(['2']);
    expect(graph.get('2')?.inputs).not.toHaveProperty('model');
  });

  it('links continue through reroutes', () => {
    const reroute = (id: number, from: number) =>
      node(id, 'Reroute', [input('', '*', from)], undefined, {
        outputs: [{ name: '', type: '*' }],
      });
    const workflow = {
      nodes: [loader(1), reroute(4, 7), reroute(5, 8), TWO[1]],
      links: [link(7, 1, 0, 4, 0), link(8, 4, 0, 5, 0), link(9, 5, 0, 2, 0)],
    };
    expect(convert(workflow).graph.get('2')?.inputs).toMatchObject({ model: ['1', 0] });
    expect([...convert(workflow).graph.keys()]).toEqual(['1', '2']);
  });

  it('a cycle of reroutes is rejected', () => {
    const workflow = {
      nodes: [
        node(4, 'Reroute', [input('', '*', 7)]),
        node(5, 'Reroute', [input('', '*', 8)]),
        TWO[1],
      ],
      links: [link(7, 5, 0, 4, 0), link(8, 4, 0, 5, 0), link(9, 5, 0, 2, 0)],
    };
    expect(() => convert(workflow)).toThrow('form a cycle');
  });

  it('set and get nodes link by name', () => {
    const workflow = {
      nodes: [
        loader(1),
        node(4, 'SetNode', [input('MODEL', 'MODEL', 7)], ['base']),
        node(5, 'GetNode', [], ['base']),
        TWO[1],
      ],
      links: [link(7, 1, 0, 4, 0), link(9, 5, 0, 2, 0)],
    };
    expect(convertedInputs(workflow, '2')).toMatchObject({ model: ['1', 0] });
  });
});

describe('bypassed nodes', () => {
  const lora = (id: number, links: [number, number]) =>
    node(
      id,
      'LoraLoader',
      [input('model', 'MODEL', links[0]), input('clip', 'CLIP', links[1])],
      ['l.safetensors', 1, 1],
      {
        ...bypassed,
        outputs: [
          { name: 'MODEL', type: 'MODEL' },
          { name: 'CLIP', type: 'CLIP' },
        ],
      },
    );

  it('an output is replaced by the input of the same number', () => {
    const { graph } = convert({
      nodes: [
        loader(1),
        lora(2, [1, 2]),
        sampler(3, [3]),
        node(4, 'CLIPTextEncode', [input('clip', 'CLIP', 4)], ['hi']),
      ],
      links: [link(1, 1, 0, 2, 0), link(2, 1, 1, 2, 1), link(3, 2, 0, 3, 0), link(4, 2, 1, 4, 0)],
    });
    expect(graph.get('3')?.inputs['model']).toEqual(['1', 0]);
    expect(graph.get('4')?.inputs['clip']).toEqual(['1', 1]);
    expect(graph.has('2')).toBe(false);
  });

  it('an output without such an input is replaced by the first input of its type, if any', () => {
    const pass = (type: string, inputs: Slot[], output: string) => ({
      nodes: [
        loader(1),
        node(2, type, inputs, undefined, {
          ...bypassed,
          outputs: [{ name: output, type: output }],
        }),
        sampler(3, [null, null, null, 9]),
      ],
      links: [link(1, 1, 2, 2, 0), link(2, 1, 0, 2, 1), link(9, 2, 0, 3, 3)],
    });
    const encode = pass(
      'VAEEncode',
      [input('pixels', 'IMAGE', null), input('vae', 'VAE', 1)],
      'LATENT',
    );
    expect(convertedInputs(encode, '3')).not.toHaveProperty('latent_image');
    const odd = pass('Odd', [input('a', 'VAE', 1), input('b', 'LATENT', 2)], 'LATENT');
    expect(convertedInputs(odd, '3')).toMatchObject({ latent_image: ['1', 0] });
  });
});

describe('primitives', () => {
  const primitive = (id: number, values: unknown[], more: Slot = {}) =>
    node(id, 'PrimitiveNode', [], values, more);

  it('set the widgets that they are linked to, also through reroutes', () => {
    const workflow = {
      nodes: [
        primitive(1, [42, 'fixed']),
        node(4, 'Reroute', [input('', '*', 2)]),
        node(
          2,
          'EmptyLatentImage',
          [widget('width', 'INT', 1), widget('height', 'INT', 3)],
          [64, 128, 2],
        ),
      ],
      links: [link(1, 1, 0, 2, 0), link(2, 1, 0, 4, 0), link(3, 4, 0, 2, 1)],
    };
    expect(convertedInputs(workflow, '2')).toEqual({ width: 42, height: 42, batch_size: 2 });
  });

  it('have placeholders in their value replaced if a property enables it', () => {
    const workflow = {
      nodes: [
        primitive(1, ['%Empty.width%'], { properties: { 'Run widget replace on values': true } }),
        node(2, 'CLIPTextEncode', [input('clip', 'CLIP'), widget('text', 'STRING', 1)], ['']),
        node(3, 'EmptyLatentImage', [], [640, 64, 1], { title: 'Empty' }),
      ],
      links: [link(1, 1, 0, 2, 1)],
    };
    expect(convertedInputs(workflow, '2')).toEqual({ text: '640' });
  });
});
