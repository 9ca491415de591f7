// What `prompt`, `seed`, `size` … set in real workflows; tables of runs.
import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { type Json, type JsonObject, parseJson } from '../../formats/json.ts';
import { NODES } from '../../nodes/index.ts';
import { type Graph, linkOf } from '../api-graph.ts';
import { readWorkflow } from '../read/read.ts';
import { applyOverrides, type Overrides } from './overrides.ts';
import { readSeries, withSuccessiveSeeds } from './series.ts';
import { seedOf } from './shorthands.ts';

const golden = (name: string): Graph =>
  readWorkflow(
    parseJson(
      readFileSync(
        new URL(`../../../test/golden/workflows/${name}.api.json`, import.meta.url),
        'utf8',
      ),
    ),
  ).graph;
const graphOf = (nodes: object): Graph => readWorkflow(nodes as Json).graph;
const node = (class_type: string, inputs: Record<string, unknown>) => ({ class_type, inputs });

/** What the overrides changed: `type.input` (or `id.input` where asked) -> value. */
function changed(graph: Graph, set: Overrides, by: 'type' | 'id' = 'type'): Record<string, Json> {
  const after = applyOverrides(graph, set, NODES);
  const found: [string, Json][] = [];
  for (const [id, { classType, inputs }] of after)
    for (const [name, value] of Object.entries(inputs as JsonObject))
      if (value !== graph.get(id)!.inputs[name])
        found.push([`${by === 'id' ? id : classType}.${name}`, value]);
  return Object.fromEntries(found);
}

const sampler = (inputs: Record<string, unknown> = {}) =>
  node('KSampler', {
    model: ['1', 0],
    seed: 5,
    steps: 20,
    cfg: 8,
    sampler_name: 'euler',
    scheduler: 'normal',
    positive: ['2', 0],
    negative: ['3', 0],
    latent_image: ['4', 0],
    denoise: 1,
    ...inputs,
  });
const simple = (more: object = {}) =>
  graphOf({
    1: node('CheckpointLoaderSimple', { ckpt_name: 'x' }),
    2: node('CLIPTextEncode', { text: 'a cat', clip: ['1', 1] }),
    3: node('CLIPTextEncode', { text: 'blurry', clip: ['1', 1] }),
    4: node('EmptyLatentImage', { width: 512, height: 512, batch_size: 1 }),
    5: sampler(),
    6: node('VAEDecode', { samples: ['5', 0], vae: ['1', 2] }),
    7: node('SaveImage', { images: ['6', 0], filename_prefix: 'x' }),
    ...more,
  });

describe('a plain workflow', () => {
  it('each finds its input', () => {
    expect(
      changed(
        simple(),
        { prompt: 'a dog', negative: 'sharp', seed: '7', steps: '12', cfg: '3.5', size: '640x384' },
        'id',
      ),
    ).toEqual({
      '2.text': 'a dog',
      '3.text': 'sharp',
      '4.width': 640,
      '4.height': 384,
      '5.seed': 7,
      '5.steps': 12,
      '5.cfg': 3.5,
    });
    expect(changed(simple(), { seed: 18446744073709551615n })).toEqual({
      'KSampler.seed': 18446744073709551615n,
    });
    expect(changed(simple(), { prompt: '', seed: 7, '5.seed': 9 }, 'id')).toEqual({
      '2.text': '',
      '5.seed': 9,
    });
  });

  it.each([
    [{ seed: '-1' }, "seed is '-1'"],
    [{ seed: '18446744073709551616' }, 'seed is'],
    [{ steps: '3.5' }, "steps is '3.5'"],
    [{ cfg: 'much' }, "cfg is 'much'"],
    [{ size: '512' }, "size is '512'"],
    [{ promt: 'x' }, 'it is no override'],
  ])('refuses %j', (set, message) => {
    expect(() => applyOverrides(simple(), set as Overrides, NODES)).toThrow(message);
  });
});

describe('a prompt that is elsewhere', () => {
  it('behind a ControlNet, whose positive and negative go different ways', () => {
    const graph = simple({
      5: sampler({ positive: ['8', 0], negative: ['8', 1] }),
      8: node('ControlNetApplyAdvanced', {
        positive: ['2', 0],
        negative: ['3', 0],
        control_net: ['9', 0],
        image: ['10', 0],
        strength: 1,
        start_percent: 0,
        end_percent: 1,
      }),
    });
    expect(changed(graph, { prompt: 'P', negative: 'N' }, 'id')).toEqual({
      '2.text': 'P',
      '3.text': 'N',
    });
  });

  it('behind a pipe; behind a guider, with seed, steps and cfg at other nodes', () => {
    const pipe = simple({
      8: node('ToBasicPipe', {
        model: ['1', 0],
        clip: ['1', 1],
        vae: ['1', 2],
        positive: ['2', 0],
        negative: ['3', 0],
      }),
      9: node('FromBasicPipe', { basic_pipe: ['8', 0] }),
      5: sampler({ positive: ['9', 3], negative: ['9', 4] }),
    });
    // which output of the pipe it is can not be seen from types: both ways lead through the inputs of that name
    expect(changed(pipe, { prompt: 'P', negative: 'N' }, 'id')).toEqual({
      '2.text': 'P',
      '3.text': 'N',
    });
    const custom = simple({
      5: node('SamplerCustomAdvanced', {
        noise: ['10', 0],
        guider: ['11', 0],
        sampler: ['12', 0],
        sigmas: ['13', 0],
        latent_image: ['4', 0],
      }),
      10: node('RandomNoise', { noise_seed: 3 }),
      11: node('CFGGuider', { model: ['1', 0], positive: ['2', 0], negative: ['3', 0], cfg: 5 }),
      12: node('KSamplerSelect', { sampler_name: 'euler' }),
      13: node('BasicScheduler', { model: ['1', 0], scheduler: 'normal', steps: 9, denoise: 1 }),
    });
    expect(
      changed(
        custom,
        { prompt: 'P', negative: 'N', seed: 1, steps: 2, cfg: 3, size: '64x32' },
        'id',
      ),
    ).toEqual({
      '2.text': 'P',
      '3.text': 'N',
      '4.width': 64,
      '4.height': 32,
      '10.noise_seed': 1,
      '11.cfg': 3,
      '13.steps': 2,
    });
  });

  it('says when there are none or several', () => {
    const two = {
      8: node('CLIPTextEncode', { text: 'a hat', clip: ['1', 1] }),
      9: node('ConditioningCombine', { conditioning_1: ['2', 0], conditioning_2: ['8', 0] }),
      5: sampler({ positive: ['9', 0] }),
    };
    expect(() => applyOverrides(simple(two), { prompt: 'P' }, NODES)).toThrow(
      "prompt can't be set: 2 texts lead to 'positive' of KSampler (node 5)",
    );
    const zero = {
      8: node('ConditioningZeroOut', { conditioning: ['2', 0] }),
      5: sampler({ negative: ['8', 0] }),
    };
    expect(changed(simple(zero), { prompt: 'P' })).toEqual({ 'CLIPTextEncode.text': 'P' });
    expect(() => applyOverrides(simple(zero), { negative: 'N' }, NODES)).toThrow(
      'made from the positive prompt',
    );
    const saved = graphOf({
      1: node('LoadImage', { image: 'x.png' }),
      2: node('SaveImage', { images: ['1', 0], filename_prefix: 'x' }),
    });
    for (const name of ['prompt', 'negative', 'seed', 'steps', 'cfg'])
      expect(() => applyOverrides(saved, { [name]: '1' }, NODES)).toThrow(
        'the workflow has no sampler',
      );
    const image = simple({
      4: node('VAEEncode', { pixels: ['8', 0], vae: ['1', 2] }),
      8: node('LoadImage', { image: 'x.png' }),
    });
    expect(() => applyOverrides(image, { size: '64x64' }, NODES)).toThrow(
      'no sampler starts from an empty latent',
    );
  });
});

describe('several samplers', () => {
  it('a second pass: equal values move along, other seeds by the same distance', () => {
    const graph = simple({
      8: node('LatentUpscale', {
        samples: ['5', 0],
        upscale_method: 'bilinear',
        width: 1024,
        height: 1024,
        crop: 'disabled',
      }),
      9: sampler({ latent_image: ['8', 0], seed: 9, cfg: 8, steps: 10 }),
      6: node('VAEDecode', { samples: ['9', 0], vae: ['1', 2] }),
    });
    expect(changed(graph, { seed: 100, steps: 4, cfg: 2, size: '256x256' }, 'id')).toEqual({
      '5.seed': 100,
      '9.seed': 104,
      '5.steps': 4,
      '5.cfg': 2,
      '9.cfg': 2,
      '4.width': 256,
      '4.height': 256,
    });
    expect(changed(graph, { seed: 2n ** 64n - 1n }, 'id')).toEqual({
      '5.seed': 2n ** 64n - 1n,
      '9.seed': 3,
    });
  });

  it('base and refiner: texts, and the step of the change', () => {
    const graph = golden('sdxl_refiner_prompt');
    expect(changed(graph, { prompt: 'P', steps: 10 })).toMatchInlineSnapshot(`
      {
        "CLIPTextEncode.text": "P",
        "KSamplerAdvanced.end_at_step": 8,
        "KSamplerAdvanced.start_at_step": 8,
        "KSamplerAdvanced.steps": 10,
      }
    `);
  });
});

it('finds its inputs in the golden workflows', () => {
  const found = [
    'sdxl_simple',
    'noisy_latents',
    'searge_reborn_v33',
    'seed_searge_sampler2',
    'unsample',
    'inpaint',
    'regional_prompt',
  ].map((name) => {
    const tries = ['prompt', 'negative', 'seed', 'steps', 'cfg', 'size'].map((key) => {
      try {
        return `${key}: ${Object.entries(
          changed(golden(name), { [key]: key === 'size' ? '80x96' : '77' }),
        )
          .map(([k, v]) => `${k}=${v}`)
          .join(' ')}`;
      } catch (error) {
        return `${key}: ${(error as Error).message}`;
      }
    });
    return `${name}\n  ${tries.join('\n  ')}`;
  });
  expect(found.join('\n')).toMatchInlineSnapshot(`
    "sdxl_simple
      prompt: CLIPTextEncode.text=77
      negative: CLIPTextEncode.text=77
      seed: KSamplerAdvanced.noise_seed=18446022176406243497
      steps: KSamplerAdvanced.steps=77 KSamplerAdvanced.end_at_step=62 KSamplerAdvanced.start_at_step=62
      cfg: KSamplerAdvanced.cfg=77
      size: EmptyLatentImage.width=80 EmptyLatentImage.height=96
    noisy_latents
      prompt: CLIPTextEncode.text=77
      negative: CLIPTextEncode.text=77
      seed: KSamplerAdvanced.noise_seed=18446520680249627256
      steps: KSamplerAdvanced.steps=77 KSamplerAdvanced.end_at_step=15 KSamplerAdvanced.start_at_step=15
      cfg: KSamplerAdvanced.cfg=77
      size: EmptyLatentImage.width=80 EmptyLatentImage.height=96
    searge_reborn_v33
      prompt: prompt can't be set: no text leads to 'positive' of SeargeSDXLSampler2 (node 358)
      negative: negative can't be set: no text leads to 'negative' of SeargeSDXLSampler2 (node 358)
      seed: SeargeInput2.seed=77
      steps: SeargeInput2.steps=77
      cfg: SeargeInput2.cfg=77
      size: size can't be set: no sampler starts from an empty latent of a given size
    seed_searge_sampler2
      prompt: CLIPTextEncode.text=77
      negative: CLIPTextEncode.text=77
      seed: SeargeSDXLSampler2.noise_seed=77
      steps: SeargeSDXLSampler2.steps=77
      cfg: SeargeSDXLSampler2.cfg=77
      size: EmptyLatentImage.width=80 EmptyLatentImage.height=96
    unsample
      prompt: CLIPTextEncode.text=77
      negative: CLIPTextEncode.text=77
      seed: KSamplerAdvanced.noise_seed=77
      steps: KSamplerAdvanced.steps=77 BNK_Unsampler.steps=77
      cfg: KSamplerAdvanced.cfg=77 BNK_Unsampler.cfg=77
      size: size can't be set: no sampler starts from an empty latent of a given size
    inpaint
      prompt: CLIPTextEncode.text=77
      negative: CLIPTextEncode.text=77
      seed: KSampler.seed=77
      steps: KSampler.steps=77
      cfg: KSampler.cfg=77
      size: size can't be set: no sampler starts from an empty latent of a given size
    regional_prompt
      prompt: prompt can't be set: 5 texts lead to 'positive' of RegionalSampler (node 2)
      negative: CLIPTextEncode.text=77
      seed: RegionalSampler.seed=77
      steps: RegionalSampler.steps=77
      cfg: KSamplerAdvancedProvider.cfg=77
      size: EmptyLatentImage.width=80 EmptyLatentImage.height=96"
  `);
});

describe('series', () => {
  it('one run per line; empty cells, quotes, other separators, line numbers', () => {
    const text = '\ufeffprompt;seed;5.cfg\r\n"a; ""b""\nc";1;\r\n\r\n;2;3\r\nd;3;4;5\r\ne';
    expect(
      readSeries(text, 't.csv').map(({ error, ...run }) => ({
        ...run,
        ...(error && { error: error.message }),
      })),
    ).toEqual([
      { line: 2, set: { prompt: 'a; "b"\nc', seed: '1' } },
      { line: 5, set: { seed: '2', '5.cfg': '3' } },
      {
        line: 6,
        set: { prompt: 'd', seed: '3', '5.cfg': '4' },
        error: 't.csv line 6: it has 4 cells for 3 columns',
      },
      { line: 7, set: { prompt: 'e' } },
    ]);
    expect(() => readSeries('promt\nx', 't.csv')).toThrow("t.csv: 'promt' is no override");
    expect(() => readSeries('seed,seed\n1,2')).toThrow("two columns 'seed'");
    expect(() => readSeries('seed,\n1,2')).toThrow('column 2 has no name');
    expect(() => readSeries('seed\n')).toThrow('no lines below');
    expect(() => readSeries('')).toThrow('no lines below');
  });

  it('successive seeds begin with that of the file, or the one that is set', () => {
    expect(withSuccessiveSeeds({ prompt: 'x' }, 3, simple(), NODES)).toEqual([
      { prompt: 'x' },
      { prompt: 'x', seed: 6n },
      { prompt: 'x', seed: 7n },
    ]);
    expect(withSuccessiveSeeds({ seed: '9' }, 2, simple(), NODES)).toEqual([
      { seed: '9' },
      { seed: 10n },
    ]);
    expect(withSuccessiveSeeds({ '5.seed': 9 }, 2, simple(), NODES)).toHaveLength(2);
    expect(seedOf(simple(), NODES)).toBe(5n);
  });
});

it('links are never replaced', () => {
  for (const name of ['sdxl_simple', 'searge_reborn_v33', 'regional_prompt']) {
    const graph = golden(name);
    for (const [key, value] of Object.entries({
      prompt: 'p',
      seed: '1',
      steps: '3',
      cfg: '2',
      size: '64x64',
    })) {
      let after: Graph;
      try {
        after = applyOverrides(graph, { [key]: value }, NODES);
      } catch {
        continue;
      }
      for (const [id, { inputs }] of graph)
        for (const [input, was] of Object.entries(inputs))
          if (linkOf(was)) expect(after.get(id)!.inputs[input]).toEqual(was);
    }
  }
});
