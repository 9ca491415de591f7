import { describe, expect, it } from 'vitest';
import {
  bypassed,
  convert,
  input,
  link,
  muted,
  node,
  SAMPLER_VALUES,
  type Slot,
  widget,
} from '../../../../test/support/workflows/ui-workflows.ts';

describe('group nodes', () => {
  const groups = {
    Make: {
      nodes: [
        { type: 'CheckpointLoaderSimple', widgets_values: ['inner.safetensors'], outputs: [] },
        {
          type: 'CLIPTextEncode',
          title: 'Prompt',
          inputs: [input('clip', 'CLIP')],
          widgets_values: ['inner'],
        },
        {
          type: 'CLIPTextEncode',
          title: 'Negative',
          inputs: [input('clip', 'CLIP')],
          widgets_values: ['bad'],
        },
        {
          type: 'KSampler',
          inputs: ['model', 'positive', 'negative', 'latent_image'].map((name) => input(name, '*')),
          widgets_values: SAMPLER_VALUES,
        },
      ],
      links: [
        [0, 0, 3, 0, 10, 'MODEL'],
        [0, 1, 1, 0, 10, 'CLIP'],
        [0, 1, 2, 0, 10, 'CLIP'],
        [1, 0, 3, 1, 11, 'CONDITIONING'],
        [2, 0, 3, 2, 12, 'CONDITIONING'],
        [null, 0, 3, 3, 99, 'LATENT'],
      ],
      external: [
        [0, 2, 'VAE'],
        [3, 0, 'LATENT'],
      ],
      config: {
        0: { input: { ckpt_name: { name: 'model file' } } },
        2: { input: { text: { visible: false } } },
      },
    },
  };
  const instance = (type: string) =>
    node(
      5,
      type,
      [input('latent_image', 'LATENT', 1)],
      ['outer.safetensors', 'hello', 'bad', 9, 'fixed', 30, 7, 'dpm_2', 'karras', 0.5],
      {
        outputs: [
          { name: 'VAE', type: 'VAE', links: [3] },
          { name: 'LATENT', type: 'LATENT', links: [2] },
        ],
      },
    );
  const around = (type: string, more: Slot = {}) => ({
    nodes: [
      node(4, 'EmptyLatentImage', [], [64, 64, 1]),
      { ...instance(type), ...more },
      node(6, 'VAEDecode', [input('samples', 'LATENT', 2), input('vae', 'VAE', 3)]),
    ],
    links: [
      link(1, 4, 0, 5, 0, 'LATENT'),
      link(2, 5, 1, 6, 0, 'LATENT'),
      link(3, 5, 0, 6, 1, 'VAE'),
    ],
    extra: { groupNodes: groups },
  });

  it.each(['workflow/Make', 'workflow>Make'])('of the type %s are expanded', (type) => {
    const { graph } = convert(around(type));
    expect([...graph.keys()]).toEqual(['4', '6', '5:0', '5:1', '5:2', '5:3']);
    expect(graph.get('5:0')?.inputs).toEqual({ ckpt_name: 'outer.safetensors' });
    expect(graph.get('5:1')).toMatchObject({
      title: 'Prompt',
      inputs: { text: 'hello', clip: ['5:0', 1] },
    });
    expect(graph.get('5:2')?.inputs).toEqual({ text: 'bad', clip: ['5:0', 1] });
    expect(graph.get('5:3')?.inputs).toEqual({
      seed: 9,
      steps: 30,
      cfg: 7,
      sampler_name: 'dpm_2',
      scheduler: 'karras',
      denoise: 0.5,
      model: ['5:0', 0],
      positive: ['5:1', 0],
      negative: ['5:2', 0],
      latent_image: ['4', 0],
    });
    expect(graph.get('6')?.inputs).toEqual({ samples: ['5:3', 0], vae: ['5:0', 2] });
  });

  it('run no inner node when muted, and pass an input of the same type on when bypassed', () => {
    expect([...convert(around('workflow>Make', muted)).graph.keys()]).toEqual(['4', '6']);
    const { graph } = convert(around('workflow>Make', bypassed));
    expect([...graph.keys()]).toEqual(['4', '6']);
    expect(graph.get('6')?.inputs).toEqual({ samples: ['4', 0] });
  });

  it('may contain group nodes', () => {
    const outer = {
      Outer: {
        nodes: [
          {
            type: 'workflow>Make',
            inputs: [input('latent_image', 'LATENT')],
            widgets_values: instance('').widgets_values,
            outputs: instance('').outputs,
          },
          { type: 'VAEDecode', inputs: [input('samples', 'LATENT'), input('vae', 'VAE')] },
        ],
        links: [
          [0, 1, 1, 0, 5, 'LATENT'],
          [0, 0, 1, 1, 5, 'VAE'],
        ],
        external: [[1, 0, 'IMAGE']],
      },
    };
    const { graph } = convert({
      nodes: [
        node(4, 'EmptyLatentImage', [], [64, 64, 1]),
        node(5, 'workflow>Outer', [input('latent_image', 'LATENT', 1)], ['deep.safetensors'], {
          outputs: [{ name: 'IMAGE', type: 'IMAGE' }],
        }),
        node(6, 'PreviewImage', [input('images', 'IMAGE', 2)]),
      ],
      links: [link(1, 4, 0, 5, 0), link(2, 5, 0, 6, 0)],
      extra: { groupNodes: { ...groups, ...outer } },
    });
    expect(graph.get('5:0:0')?.inputs).toEqual({ ckpt_name: 'deep.safetensors' });
    expect(graph.get('5:0:3')?.inputs).toMatchObject({ latent_image: ['4', 0], seed: 9 });
    expect(graph.get('5:1')?.inputs).toEqual({ samples: ['5:0:3', 0], vae: ['5:0:0', 2] });
    expect(graph.get('6')?.inputs).toEqual({ images: ['5:1', 0] });
  });

  it('have the widget of an inner primitive', () => {
    const { graph } = convert({
      nodes: [node(1, 'workflow>P', [], [77, 'fixed', 64, 3])],
      extra: {
        groupNodes: {
          P: {
            nodes: [
              {
                type: 'PrimitiveNode',
                widgets_values: [5, 'fixed'],
                outputs: [{ name: 'INT', type: 'INT', widget: { name: 'height' } }],
              },
              {
                type: 'EmptyLatentImage',
                inputs: [widget('height', 'INT')],
                widgets_values: [64, 5, 1],
              },
            ],
            links: [[0, 0, 1, 0, 5, 'INT']],
            external: [[1, 0, 'LATENT']],
          },
        },
      },
    });
    expect([...graph].map(([id, n]) => [id, n.inputs])).toEqual([
      ['1:1', { width: 64, height: 77, batch_size: 3 }],
    ]);
  });

  it('are unknown types without a definition', () => {
    expect(convert({ nodes: [node(1, 'workflow>Gone', [], [1])] }).graph.get('1')?.classType).toBe(
      'workflow>Gone',
    );
  });

  it('that contain themselves are rejected', () => {
    const self = { Self: { nodes: [{ type: 'workflow>Self' }], links: [] } };
    expect(() =>
      convert({ nodes: [node(1, 'workflow>Self')], extra: { groupNodes: self } }),
    ).toThrow('contains itself');
  });
});
