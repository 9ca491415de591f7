// POST /darkroom/check: what a workflow lacks, sorted by what can be done about it.
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { node, type TestServer, testServer } from '../../test/support/server.ts';
import type { CheckResponse } from './api-types.ts';

describe('POST /darkroom/check', () => {
  let test: TestServer;
  beforeAll(async () => {
    test = await testServer({ builtIn: true, noQueue: true });
  });
  afterAll(() => test.close());

  const graph = (checkpoint = 'darkroom-tiny-base.safetensors', text = 'a panda') => ({
    '1': node('CheckpointLoaderSimple', { ckpt_name: checkpoint }),
    '2': node('CLIPTextEncode', { text, clip: ['1', 1] }),
    '3': node('EmptyLatentImage', { width: 128, height: 128, batch_size: 1 }),
    '4': node('KSampler', {
      ...{ seed: 1, steps: 2, cfg: 4, sampler_name: 'euler', scheduler: 'normal', denoise: 1 },
      ...{ model: ['1', 0], positive: ['2', 0], negative: ['2', 0], latent_image: ['3', 0] },
    }),
    '5': node('VAEDecode', { samples: ['4', 0], vae: ['1', 2] }),
    '6': node('SaveImage', { images: ['5', 0], filename_prefix: 'x' }),
  });
  const check = async (prompt: unknown, extra: unknown = {}): Promise<CheckResponse> => {
    const body = { prompt, extra_data: { extra_pnginfo: extra } };
    const response = await test.post('/darkroom/check', body);
    expect(response.statusCode, response.body).toBe(200);
    return response.json();
  };

  it('finds nothing wrong with a workflow that can run', async () => {
    expect(await check(graph())).toEqual({
      ...{ runnable: true, types: [], models: [], problems: [], notes: [], leftOut: [], more: 0 },
    });
  });

  it('names missing types with their packs and model files with folder and address', async () => {
    const url = 'https://example.org/other.safetensors';
    const models = [
      { name: 'other.safetensors', url, directory: 'checkpoints' },
      { name: 'bad.safetensors', url: 'javascript:alert(1)', directory: 'checkpoints' },
    ];
    const extra = { workflow: { nodes: [{ properties: { models } }] } };
    const prompt = {
      ...graph('other.safetensors'),
      '7': node('CR Text', { text: 'x' }),
      '8': node('CheckpointLoaderSimple', { ckpt_name: 'bad.safetensors' }),
      '9': node('PreviewAny', { source: ['8', 0] }),
    };
    const found = await check(prompt, extra);
    expect(found).toMatchObject({
      runnable: false,
      types: [
        {
          type: 'CR Text',
          pack: 'ComfyUI_Comfyroll_CustomNodes',
          hint: 'It belongs to ComfyUI_Comfyroll_CustomNodes, which is not built in.',
          count: 1,
        },
      ],
      models: [
        { file: 'other.safetensors', folder: 'checkpoints', url },
        { file: 'bad.safetensors', folder: 'checkpoints' },
      ],
      problems: [],
    });
    expect(found.models[1].url).toBeUndefined();
  });

  it('notes embeddings, and says which field has a value that is not in the list', async () => {
    const prompt = graph(undefined, 'a panda, embedding:nothing');
    const changed = { ...prompt['4'].inputs, sampler_name: 'eulr' };
    const found = await check({ ...prompt, '4': node('KSampler', changed) });
    expect(found.notes).toEqual([expect.stringContaining('embedding:nothing of CLIPTextEncode')]);
    expect(found.problems).toEqual([
      expect.objectContaining({ id: '4', input: 'sampler_name', hint: expect.any(String) }),
    ]);
  });

  it('lists the outputs that a run would leave out', async () => {
    const prompt = {
      ...graph(),
      '7': node('LoadImage', { image: 'nothing.png' }),
      '8': node('PreviewImage', { images: ['7', 0] }),
    };
    const { runnable, leftOut, problems } = await check(prompt);
    expect({ runnable, leftOut }).toEqual({ runnable: true, leftOut: ['PreviewImage (node 8)'] });
    expect(problems).toEqual([expect.objectContaining({ id: '7', input: 'image' })]);
  });

  it('lists 200 entries of thousands, and counts the others', async () => {
    const nodes = Array.from({ length: 5000 }, (_, i) => [`n${i}`, node(`Unknown${i}`)] as const);
    const found = await check(Object.fromEntries(nodes));
    expect([found.types.length, found.more]).toEqual([200, 4800]);
  });

  it('checks as the release that extra_data names; an unknown one is refused', async () => {
    const prompt = {
      '1': node('EmptyImage', { width: 16, height: 16, batch_size: 1, color: 0 }),
      // ComfyUI has it since 0.3.76
      '2': node('AdjustBrightness', { images: ['1', 0], factor: 1.5 }),
      '3': node('SaveImage', { images: ['2', 0], filename_prefix: 'x' }),
    };
    const checkAs = (comfyui: unknown) =>
      test.post('/darkroom/check', { prompt, extra_data: { comfyui } });
    expect((await checkAs('0.33.0')).json()).toMatchObject({ runnable: true, types: [] });
    expect((await checkAs('0.3.64')).json()).toMatchObject({
      runnable: false,
      types: [
        { type: 'AdjustBrightness', hint: expect.stringContaining('ComfyUI has it since 0.3.76') },
      ],
    });
    const refused = await checkAs('0.3.65');
    expect(refused.statusCode).toBe(400);
    expect(refused.json().error.message).toContain('extra_data.comfyui: unknown ComfyUI version');
  });

  it('responds with 422 to what is no workflow', async () => {
    const response = await test.post('/darkroom/check', { prompt: [1] });
    expect(response.statusCode).toBe(422);
    expect(response.json().error.message).toContain('the prompt');
  });
});
