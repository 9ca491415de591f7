// The inputs that `prompt`, `seed`, `size` … set in workflows of several shapes.
import { describe, expect, it } from 'vitest';
import {
  changedInputs,
  goldenWorkflow,
  graphOf,
  node,
  sampler,
  textToImage,
} from '../../../test/support/workflows/override-workflows.ts';
import { NODES } from '../../nodes/index.ts';
import { applyOverrides, type Overrides } from './overrides.ts';

describe('a workflow with one sampler', () => {
  it('each shorthand finds its input', () => {
    const set = {
      prompt: 'a dog',
      negative: 'sharp',
      seed: '7',
      steps: '12',
      cfg: '3.5',
      size: '640x384',
    };
    expect(changedInputs(textToImage(), set, 'id')).toEqual({
      '2.text': 'a dog',
      '3.text': 'sharp',
      '4.width': 640,
      '4.height': 384,
      '5.seed': 7,
      '5.steps': 12,
      '5.cfg': 3.5,
    });
  });

  it('replaces values that are not numbers', () => {
    const graph = textToImage({
      5: sampler({ seed: 'x', steps: 'x', cfg: [], start_at_step: {} }),
    });
    expect(changedInputs(graph, { seed: 7, steps: 12, cfg: 3.5 })).toEqual({
      'KSampler.seed': 7,
      'KSampler.steps': 12,
      'KSampler.cfg': 3.5,
    });
  });

  it('seeds beyond 2^53 are exact', () => {
    expect(changedInputs(textToImage(), { seed: 18446744073709551615n })).toEqual({
      'KSampler.seed': 18446744073709551615n,
    });
  });

  it('ID.INPUT wins over a shorthand', () => {
    expect(changedInputs(textToImage(), { prompt: '', seed: 7, '5.seed': 9 }, 'id')).toEqual({
      '2.text': '',
      '5.seed': 9,
    });
  });

  it.each([
    [{ seed: '-1' }, "seed can't be '-1'"],
    [{ seed: '18446744073709551616' }, "seed can't be"],
    [{ steps: '3.5' }, "steps can't be '3.5'"],
    [{ cfg: 'much' }, "cfg can't be 'much'"],
    [{ size: '512' }, "size can't be '512'"],
    [{ promt: 'x' }, 'there is no such override'],
  ])('rejects %j', (set, message) => {
    expect(() => applyOverrides(textToImage(), set as Overrides, NODES)).toThrow(message);
  });
});

it('rejects numbers with more digits than Python reads, and quotes their beginning', () => {
  const set = { seed: '9'.repeat(5000) };
  expect(() => applyOverrides(textToImage(), set, NODES)).toThrow(/^seed can't be '9{120}…'$/);
});

describe('prompts and settings of other nodes', () => {
  it('are found upstream of a ControlNet with a positive and a negative output', () => {
    const graph = textToImage({
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
    expect(changedInputs(graph, { prompt: 'P', negative: 'N' }, 'id')).toEqual({
      '2.text': 'P',
      '3.text': 'N',
    });
  });

  it('are found upstream of a pipe, by the names of its inputs', () => {
    const graph = textToImage({
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
    expect(changedInputs(graph, { prompt: 'P', negative: 'N' }, 'id')).toEqual({
      '2.text': 'P',
      '3.text': 'N',
    });
  });

  it('are found upstream of a guider, with seed, steps and cfg at nodes of their own', () => {
    const graph = textToImage({
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
    const set = { prompt: 'P', negative: 'N', seed: 1, steps: 2, cfg: 3, size: '64x32' };
    expect(changedInputs(graph, set, 'id')).toEqual({
      '2.text': 'P',
      '3.text': 'N',
      '4.width': 64,
      '4.height': 32,
      '10.noise_seed': 1,
      '11.cfg': 3,
      '13.steps': 2,
    });
  });
});

describe('shorthands that cannot be applied', () => {
  it('rejects a prompt that is combined from two texts', () => {
    const graph = textToImage({
      8: node('CLIPTextEncode', { text: 'a hat', clip: ['1', 1] }),
      9: node('ConditioningCombine', { conditioning_1: ['2', 0], conditioning_2: ['8', 0] }),
      5: sampler({ positive: ['9', 0] }),
    });
    expect(() => applyOverrides(graph, { prompt: 'P' }, NODES)).toThrow(
      "prompt can't be set: 2 texts lead to 'positive' of KSampler (node 5)",
    );
  });

  it('rejects a negative prompt that is derived from the positive one', () => {
    const graph = textToImage({
      8: node('ConditioningZeroOut', { conditioning: ['2', 0] }),
      5: sampler({ negative: ['8', 0] }),
    });
    expect(changedInputs(graph, { prompt: 'P' })).toEqual({ 'CLIPTextEncode.text': 'P' });
    expect(() => applyOverrides(graph, { negative: 'N' }, NODES)).toThrow(
      'derived from the positive prompt',
    );
  });

  it.each(['prompt', 'negative', 'seed', 'steps', 'cfg'])(
    'rejects %s without a sampler',
    (name) => {
      const graph = graphOf({
        1: node('LoadImage', { image: 'x.png' }),
        2: node('SaveImage', { images: ['1', 0], filename_prefix: 'x' }),
      });
      expect(() => applyOverrides(graph, { [name]: '1' }, NODES)).toThrow(
        'the workflow has no sampler',
      );
    },
  );

  it('rejects the size of an encoded image', () => {
    const graph = textToImage({
      4: node('VAEEncode', { pixels: ['8', 0], vae: ['1', 2] }),
      8: node('LoadImage', { image: 'x.png' }),
    });
    expect(() => applyOverrides(graph, { size: '64x64' }, NODES)).toThrow(
      'no sampler starts from an empty latent',
    );
  });
});

describe('several samplers', () => {
  const twoPasses = textToImage({
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

  it('equal values change together; other seeds shift by the same amount', () => {
    const set = { seed: 100, steps: 4, cfg: 2, size: '256x256' };
    expect(changedInputs(twoPasses, set, 'id')).toEqual({
      '5.seed': 100,
      '9.seed': 104,
      '5.steps': 4,
      '5.cfg': 2,
      '9.cfg': 2,
      '4.width': 256,
      '4.height': 256,
    });
  });

  it('seeds wrap around at 2^64', () => {
    expect(changedInputs(twoPasses, { seed: 2n ** 64n - 1n }, 'id')).toEqual({
      '5.seed': 2n ** 64n - 1n,
      '9.seed': 3,
    });
  });

  it('the step numbers of base and refiner scale with the number of steps', () => {
    const graph = goldenWorkflow('sdxl_refiner_prompt');
    expect(changedInputs(graph, { prompt: 'P', steps: 10 })).toEqual({
      'CLIPTextEncode.text': 'P',
      'KSamplerAdvanced.end_at_step': 8,
      'KSamplerAdvanced.start_at_step': 8,
      'KSamplerAdvanced.steps': 10,
    });
  });
});
