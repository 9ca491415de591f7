import { describe, expect, it } from 'vitest';
import { DarkroomError } from '../../errors.ts';
import { NODES } from '../../nodes/index.ts';
import { validate } from '../validate/validate.ts';
import { a1111Graph } from './a1111.ts';
import { withEmbeddings } from './a1111-names.ts';
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

  const HIRES =
    'fox\nNegative prompt: bad\nSteps: 6, Sampler: Euler a, CFG scale: 5, Seed: 3, ' +
    'Size: 128x128, Model: base, Denoising strength: 0.4, Hires upscale: 2, Hires upscaler: ';

  // importA1111 of ComfyUI's frontend: handlers.size, where the upscaler is not `Latent…`
  it('become a second pass on an image that a model enlarges', () => {
    const tiled = { tile_size: 512, overlap: 64, temporal_size: 64, temporal_overlap: 8 };
    const scale = { width: 256, height: 256, crop: 'disabled' };
    expect(nodesOf(`${HIRES}4x-UltraSharp`).slice(4)).toEqual([
      ['KSampler', expect.objectContaining({ denoise: 1 })],
      ['VAEDecodeTiled', { samples: ['5', 0], vae: ['1', 2], ...tiled }],
      ['UpscaleModelLoader', { model_name: '4x-UltraSharp.pth' }],
      ['ImageUpscaleWithModel', { upscale_model: ['7', 0], image: ['6', 0] }],
      ['ImageScale', { image: ['8', 0], upscale_method: 'nearest-exact', ...scale }],
      ['VAEEncodeTiled', { pixels: ['9', 0], vae: ['1', 2], ...tiled }],
      ['KSampler', expect.objectContaining({ denoise: 0.4, latent_image: ['10', 0] })],
      ['VAEDecode', { samples: ['11', 0], vae: ['1', 2] }],
      ['SaveImage', expect.anything()],
    ]);
  });

  it('become a second pass on an image that is enlarged without a model', () => {
    for (const [upscaler, upscale_method] of [
      ['None', 'lanczos'],
      ['Lanczos', 'lanczos'],
      ['Nearest', 'nearest-exact'],
    ]) {
      const nodes = new Map(nodesOf(HIRES + upscaler));
      expect(nodes.get('ImageScale')).toMatchObject({ image: ['6', 0], upscale_method });
      expect(nodes.has('UpscaleModelLoader')).toBe(false);
    }
  });

  it('name files as they are in the folders', () => {
    const models: Record<string, string[]> = {
      checkpoints: ['base_other.ckpt', 'sub/base.ckpt'],
      loras: ['xl.safetensors', 'style/l.safetensors'],
      upscale_models: ['4x-UltraSharp.safetensors'],
      vae: ['x.vae.pt'],
      embeddings: [],
    };
    const { graph } = a1111Graph(
      `<lora:l:1> fox\n${HIRES.slice(4)}4x-UltraSharp, VAE: x.vae`,
      'x.png',
      NODES,
      (folder) => models[folder],
    );
    const inputs = [...graph.values()].flatMap((node) => Object.entries(node.inputs));
    expect(Object.fromEntries(inputs)).toMatchObject({
      ckpt_name: 'sub/base.ckpt',
      lora_name: 'style/l.safetensors',
      model_name: '4x-UltraSharp.safetensors',
      vae_name: 'x.vae.pt',
    });
  });

  it('have the LoRAs of the negative prompt after those of the positive one', () => {
    const text = '<lora:a:0.5> fox\nNegative prompt: bad, <lora:b:-1>\nSteps: 6, Clip skip: 2';
    expect(nodesOf(text).slice(1, 7)).toEqual([
      ['LoraLoader', expect.objectContaining({ model: ['1', 0], lora_name: 'a.safetensors' })],
      ['CLIPSetLastLayer', { clip: ['2', 1], stop_at_clip_layer: -2 }],
      [
        'LoraLoader',
        {
          model: ['2', 0],
          clip: ['3', 0],
          lora_name: 'b.safetensors',
          strength_model: -1,
          strength_clip: -1,
        },
      ],
      ['CLIPTextEncode', { clip: ['3', 0], text: 'fox' }],
      ['CLIPTextEncode', { clip: ['4', 1], text: 'bad,' }],
      ['EmptyLatentImage', expect.anything()],
    ]);
    expect(nodesOf(text)[7][1]).toMatchObject({ model: ['4', 0] });
  });

  it('name embeddings of the folder and of `TI hashes`', () => {
    const text =
      'fox, (tinyti:1.2)\nNegative prompt: UPPER-ti, EasyNeg\n' +
      'Steps: 6, Sampler: Euler, TI hashes: "EasyNeg: aa, x: bb"';
    const files = ['sub/tinyti.pt', 'UPPER-ti.safetensors'];
    const { graph } = a1111Graph(text, 'x.png', NODES, (folder) =>
      folder === 'embeddings' ? files : [],
    );
    expect([...graph.values()].flatMap(({ inputs }) => inputs['text'] ?? [])).toEqual([
      'fox, (embedding:tinyti:1.2)',
      'embedding:UPPER-ti, embedding:EasyNeg',
    ]);
  });

  it('add notes about what is left out', () => {
    const text =
      '<lora:a:x> fox BREAK snow\nSteps: 6, Sampler: Euler, Denoising strength: 0.4, ' +
      'Face restoration: CodeFormer, Model hash: a, Version: v1.9';
    expect(graphOf(text).notes.slice(1)).toEqual([
      'settings of A1111 that are not used: denoising strength 0.4, face restoration CodeFormer',
      'LoRAs without a valid weight are left out: a:x',
      'A1111 splits prompts at the word BREAK; ComfyUI encodes it as a word',
    ]);
    expect(graphOf(`${HIRES}Latent`).notes).toHaveLength(1);
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
    const parameters = { ...parseParameters(''), settings };
    expect(samplerOf(parameters)).toEqual({ samplerName: 'constructor', scheduler: 'normal' });
  });
});

describe('withEmbeddings', () => {
  // text.replaceAll(new RegExp('\\b(' + names.join('\\b|\\b') + ')\\b', 'ig'), 'embedding:$1')
  it.each([
    ['fox, tinyti', ['tinyti'], 'fox, embedding:tinyti'],
    ['(tinyti:1.2), tinyti2 xtinyti', ['tinyti'], '(embedding:tinyti:1.2), tinyti2 xtinyti'],
    ['bad-hands-5 bad', ['bad', 'bad-hands-5'], 'embedding:bad-hands-5 embedding:bad'],
    ['a.b c', ['a.b'], 'embedding:a.b c'],
    ['axb', ['a.b'], 'axb'],
    ['by x, by  x', ['by x'], 'embedding:by x, by  x'],
    ['fox', [], 'fox'],
  ])('%s with %j', (text, names, expected) => {
    expect(withEmbeddings(text, names)).toBe(expected);
  });

  it('writes names as their files are, and never twice', () => {
    expect(withEmbeddings('EASYneg, embedding:EasyNeg', ['EasyNeg'])).toBe(
      'embedding:EasyNeg, embedding:EasyNeg',
    );
  });

  it('takes linear time', () => {
    const names = Array.from({ length: 5000 }, (_, i) => `neg${i}`);
    const text = 'fox neg7 '.repeat(20_000);
    expect(withEmbeddings(text, names)).toBe('fox embedding:neg7 '.repeat(20_000));
  });
});
