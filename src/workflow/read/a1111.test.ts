import { describe, expect, it } from 'vitest';
import { DarkroomError } from '../../errors.ts';
import { NODES } from '../../nodes/index.ts';
import { validate } from '../validate/validate.ts';
import { a1111Graph } from './a1111.ts';
import { isA1111, parseParameters, samplerOf } from './a1111-parameters.ts';

const SETTINGS = [
  'Steps: 28',
  'Sampler: DPM++ 2M Karras',
  'CFG scale: 6.5',
  'Seed: 18446744073709551615',
  'Size: 500x768',
  'Model hash: 6ce0161689',
  'Model: v1-5-pruned',
  'VAE: vae-ft.pt',
  'Clip skip: 2',
  'Denoising strength: 0.55',
  'Hires upscale: 2',
  'Hires steps: 10',
  'Hires upscaler: Latent (bicubic)',
  'Lora hashes: "fur: abc, x: y"',
  'Version: v1.9',
].join(', ');
const TEXT = `a (cat:1.2), <lora:fur:0.8> "quoted"
second line
Negative prompt: dog,
blurry
${SETTINGS}`;

const graphOf = (text: string) => a1111Graph(text, 'x.png', NODES);
const nodesOf = (text: string) =>
  [...graphOf(text).graph.values()].map(({ classType, inputs }) => [classType, inputs] as const);
const files = {
  modelFiles: () => [
    'v1-5-pruned.safetensors',
    'fur.safetensors',
    'vae-ft.pt',
    'model.safetensors',
  ],
  inputFiles: () => [],
  hasInput: () => true,
  wildcards: () => new Map(),
};

describe('A1111 parameters', () => {
  it('become a loader, LoRAs, prompts, two passes', () => {
    expect(nodesOf(TEXT)).toEqual([
      ['CheckpointLoaderSimple', { ckpt_name: 'v1-5-pruned.safetensors' }],
      [
        'LoraLoader',
        {
          model: ['1', 0],
          clip: ['1', 1],
          lora_name: 'fur.safetensors',
          strength_model: 0.8,
          strength_clip: 0.8,
        },
      ],
      ['CLIPSetLastLayer', { clip: ['2', 1], stop_at_clip_layer: -2 }],
      ['CLIPTextEncode', { clip: ['3', 0], text: 'a (cat:1.2),  "quoted"\nsecond line' }],
      ['CLIPTextEncode', { clip: ['3', 0], text: 'dog,\nblurry' }],
      ['EmptyLatentImage', { width: 504, height: 768, batch_size: 1 }],
      [
        'KSampler',
        expect.objectContaining({
          model: ['2', 0],
          steps: 28,
          seed: 18446744073709551615n,
          cfg: 6.5,
          sampler_name: 'dpmpp_2m',
          scheduler: 'karras',
        }),
      ],
      [
        'LatentUpscale',
        {
          samples: ['7', 0],
          upscale_method: 'bicubic',
          width: 1008,
          height: 1536,
          crop: 'disabled',
        },
      ],
      ['KSampler', expect.objectContaining({ steps: 10, denoise: 0.55, latent_image: ['8', 0] })],
      ['VAELoader', { vae_name: 'vae-ft.pt' }],
      ['VAEDecode', { samples: ['9', 0], vae: ['10', 0] }],
      ['SaveImage', { images: ['11', 0], filename_prefix: 'A1111' }],
    ]);
  });

  it.each([
    TEXT,
    'Steps: 1, Sampler: Euler a',
    'x\nSteps: 20, Sampler: DDIM, Schedule type: SGM Uniform, Size: 64x64',
  ])('become a workflow that passes validation', (text) => {
    expect(validate(graphOf(text).graph, NODES, files).problems).toEqual([]);
  });

  it.each([
    ['Euler a', undefined, 'euler_ancestral', 'normal'],
    ['DPM2 a Karras', undefined, 'dpm_2_ancestral', 'karras'],
    ['DPM++ SDE', 'Exponential', 'dpmpp_sde', 'exponential'],
    ['UniPC', 'Automatic', 'uni_pc', 'normal'],
  ])('%s (%s) is %s on %s', (sampler, schedule, name, scheduler) => {
    const type = schedule ? ` Schedule type: ${schedule},` : '';
    const text = `x\nSteps: 20, Sampler: ${sampler},${type} Size: 64x64`;
    expect(nodesOf(text).find(([type]) => type === 'KSampler')?.[1]).toMatchObject({
      sampler_name: name,
      scheduler,
    });
  });

  it('add a note about an unknown sampler', () => {
    expect(graphOf('x\nSteps: 20, Sampler: Restart').notes[1]).toContain(
      "no sampler for A1111's 'Restart'",
    );
  });

  it('are distinguished from other texts, which are rejected', () => {
    for (const text of ['{"Steps: 20, ": 1}', 'Steps: many, x', 'Created with GIMP', ''])
      expect(isA1111(text)).toBe(false);
    expect(() => graphOf('Created with GIMP')).toThrow(DarkroomError);
  });
});

describe('long A1111 parameters', () => {
  it('are read in linear time', () => {
    const settings = '\nSteps: 20, Sampler: Euler';
    const tags = '<lora:'.repeat(100_000);
    expect(parseParameters(tags + settings).positive).toBe(tags);
    expect(parseParameters(`<lora:a:${':'.repeat(200_000)}${settings}`).loras).toEqual([]);
    for (const part of ['a', ' ', 'a:"', ':', '\\"', 'a: '])
      expect(parseParameters(`${settings}, ${part.repeat(100_000)}`).settings.get('sampler')).toBe(
        'Euler',
      );
  });

  it('have no scheduler and no sampler of a name that every object has', () => {
    const settings = new Map([
      ['sampler', 'constructor'],
      ['schedule type', 'toString'],
    ]);
    const parameters = { positive: '', negative: '', loras: [], settings };
    expect(samplerOf(parameters)).toEqual({ samplerName: 'constructor', scheduler: 'normal' });
  });
});
