import { describe, expect, it } from 'vitest';
import type { JsonObject } from '../../formats/json.ts';
import { NODES } from '../../nodes/index.ts';
import { readWorkflow } from '../read/read.ts';
import { findProblems } from './find-problems.ts';

const files = {
  modelFiles: (folder: string) => (folder === 'checkpoints' ? ['sub/dream_8.safetensors'] : []),
  inputFiles: () => [],
  hasInput: () => true,
  wildcards: () => new Map(),
};
const inspected = (nodes: Record<string, [string, Record<string, unknown>]>) =>
  findProblems(
    readWorkflow(
      Object.fromEntries(
        Object.entries(nodes).map(([id, [class_type, inputs]]) => [id, { class_type, inputs }]),
      ) as JsonObject,
    ).graph,
    NODES,
    files,
  );

describe('findProblems', () => {
  const found = inspected({
    1: ['CheckpointLoaderSimple', { ckpt_name: 'dream8.safetensors' }],
    2: ['VAELoader', { vae_name: 'gone.pt' }],
    3: ['KSampler //Inspire', { model: ['1', 0], steps: 5 }],
    4: ['VAEDecode', { samples: ['3', 0], vae: ['2', 0] }],
    5: ['SaveImage', { images: ['4', 0], filename_prefix: 'x' }],
    6: ['Nobody', { a: ['1', 0] }],
    7: ['Nobody', { a: ['8', 0] }],
    8: ['EmptyLatentImage', { width: 64, height: 'tall', batch_size: 1 }],
    9: ['CheckpointLoaderSimple', { ckpt_name: 'dream8.safetensors' }],
    10: ['Nobody', { a: ['9', 0] }],
    11: ['SAMLoader', {}],
  });

  it('lists missing node types with their packs', () => {
    expect(found.nodes.slice(0, 2)).toEqual([
      { type: 'KSampler //Inspire', pack: 'Inspire Pack', reason: undefined, nodeIds: ['3'] },
      { type: 'Nobody', pack: undefined, reason: undefined, nodeIds: ['6', '7', '10'] },
    ]);
    expect(found.problems[0].hint).toContain('It belongs to Inspire Pack');
    expect(found.problems[0].hint).toContain('darkroom nodes');
  });

  it('says why a node of another model family or an online service can not be run', () => {
    const { nodes } = inspected({
      1: ['ModelMergeQwenImage', {}],
      2: ['LumaImageNode', {}],
    });
    expect(nodes.map(({ type, pack, reason }) => [type, pack, reason])).toEqual([
      ['ModelMergeQwenImage', 'ComfyUI itself', 'the models that it is for are not supported'],
      ['LumaImageNode', 'ComfyUI itself', 'it calls an online service'],
    ]);
  });

  it('lists missing model files with folders and similar names', () => {
    expect(found.models).toEqual([
      {
        file: 'dream8.safetensors',
        folder: 'checkpoints',
        near: ['sub/dream_8.safetensors'],
        nodeIds: ['1', '9'],
      },
      { file: 'gone.pt', folder: 'vae', near: [], nodeIds: ['2'] },
    ]);
  });

  it('lists the missing files of hooks as those of loaders', () => {
    const { models, problems } = inspected({
      1: ['CreateHookLora', { lora_name: 'l.safetensors', strength_model: 1, strength_clip: 1 }],
      2: ['CreateHookModelAsLoraModelOnly', { ckpt_name: 'dream8.safetensors', strength_model: 1 }],
      3: ['CombineHooks2', { hooks_A: ['1', 0], hooks_B: ['2', 0] }],
      4: ['CheckpointLoaderSimple', { ckpt_name: 'sub/dream_8.safetensors' }],
      5: ['SetClipHooks', { clip: ['4', 1], hooks: ['3', 0], schedule_clip: true }],
      6: ['CLIPTextEncode', { text: 'a fox', clip: ['5', 0] }],
      7: ['PreviewAny', { source: ['6', 0] }],
    });
    const near = ['sub/dream_8.safetensors'];
    expect(models).toEqual([
      { file: 'l.safetensors', folder: 'loras', near: [], nodeIds: ['1'] },
      { file: 'dream8.safetensors', folder: 'checkpoints', near, nodeIds: ['2'] },
    ]);
    expect(problems.map(({ code }) => code)).not.toContain('DR_INPUT_INVALID');
  });

  it('finds invalid values, also upstream of and beside unknown nodes', () => {
    expect(found.problems.map((p) => p.message)).toContainEqual(
      expect.stringContaining("'height' of EmptyLatentImage (node 8) is 'tall'"),
    );
    expect(found.validation.error?.message).toContain('not found');
  });

  it('finds nothing in a workflow that can run', () => {
    const fine = inspected({
      8: ['EmptyLatentImage', { width: 64, height: 64, batch_size: 1 }],
      9: ['SaveLatent', {}],
    });
    expect(fine.nodes.every(({ type }) => !NODES.has(type))).toBe(true);
    expect(
      inspected({
        1: ['SolidMask', { value: 1, width: 64, height: 64 }],
        2: ['MaskToImage', { mask: ['1', 0] }],
        3: ['PreviewImage', { images: ['2', 0] }],
      }),
    ).toMatchObject({
      nodes: [],
      models: [],
      problems: [],
    });
  });
});
