// Workflows of one release of ComfyUI under the declarations of another.
import { describe, expect, it } from 'vitest';
import { NODES, nodesOf } from '../../nodes/index.ts';
import type { NodeTable } from '../node-table.ts';
import { readWorkflow } from '../read/read.ts';
import { findProblems } from './find-problems.ts';

const environment = {
  modelFiles: () => ['clip.safetensors'],
  inputFiles: () => ['a.png'],
  hasInput: () => true,
  wildcards: () => new Map(),
};
const OLD = nodesOf('0.3.64');
const NEW = nodesOf('0.33.0');

const check = (json: object, nodes: NodeTable) => {
  const { graph, notes } = readWorkflow(json as never, 'x.json', { nodes });
  const { problems, validation } = findProblems(graph, nodes, environment);
  return { graph, notes, problems, validation };
};
const api = (type: string, inputs: object, upstream: object = {}): object => ({
  ...upstream,
  1: { class_type: type, inputs },
  2: { class_type: 'PreviewAny', inputs: { source: ['1', 0] } },
});
const image = { 9: { class_type: 'LoadImage', inputs: { image: 'a.png' } } };
const text = api('PrimitiveString', { value: 'x' });
const scaled = (more: object) =>
  api(
    'ImageScaleToTotalPixels',
    { image: ['9', 0], upscale_method: 'area', megapixels: 1, ...more },
    image,
  );

describe('a link into an output that a later release added', () => {
  const json = {
    ...text,
    3: { class_type: 'PreviewAny', inputs: { source: ['2', 0] } },
  };

  it.each([
    ['without a version', NODES],
    ['under 0.33.0', NEW],
  ])('is valid %s', (_, nodes) => {
    expect(check(json, nodes)).toMatchObject({ problems: [], validation: { outputs: ['2', '3'] } });
  });

  it('is refused under 0.3.64, with the release that has it', () => {
    const { problems, validation } = check(json, OLD);
    expect(problems).toMatchObject([
      {
        message:
          "'source' of PreviewAny (node 3) is connected to output 0 of PreviewAny (node 2), " +
          'which has no outputs (ComfyUI has it since 0.19.1)',
        hint: 'The version that was named is 0.3.64: name 0.33.0 (--comfyui 0.33.0).',
      },
    ]);
    // as ComfyUI 0.3.64 responds
    expect(validation.nodeErrors.get('3')?.errors[0]).toMatchObject({
      type: 'exception_during_validation',
      extra_info: { exception_type: 'IndexError' },
    });
  });

  it('keeps the usual hint where no release has the output', () => {
    const far = { ...text, 3: { class_type: 'PreviewAny', inputs: { source: ['2', 4] } } };
    for (const nodes of [NODES, OLD, NEW])
      expect(check(far, nodes).problems[0].hint).toMatch(/^Correct the connection/);
  });

  it('can be followed by a node that uses the image', () => {
    const chain = {
      ...image,
      1: { class_type: 'SaveImage', inputs: { images: ['9', 0], filename_prefix: 'a' } },
      2: { class_type: 'PreviewImage', inputs: { images: ['1', 0] } },
    };
    expect(check(chain, NODES).problems).toEqual([]);
    expect(check(chain, OLD).problems[0].message).toContain('(ComfyUI has it since 0.26.0)');
  });
});

describe('an input that a later release added', () => {
  it('may be missing in every version', () => {
    for (const nodes of [NODES, OLD, NEW]) expect(check(scaled({}), nodes).problems).toEqual([]);
  });

  it('is left out under 0.3.64 with a note, unless it has its default', () => {
    expect(check(scaled({ resolution_steps: 8 }), OLD)).toMatchObject({
      problems: [],
      notes: [
        "'resolution_steps' of ImageScaleToTotalPixels (node 1) came with ComfyUI 0.6.0; it is left " +
          'out, as the version that was named is 0.3.64 (--comfyui 0.33.0 has it)',
      ],
    });
    expect(check(scaled({ resolution_steps: 1 }), OLD).notes).toEqual([]);
    for (const nodes of [NODES, NEW])
      expect(check(scaled({ resolution_steps: 8 }), nodes)).toMatchObject({
        problems: [],
        notes: [],
      });
  });

  it('is converted from a UI workflow for the releases that have it', () => {
    const ui = (steps: number) => ({
      nodes: [
        { id: 1, type: 'LoadImage', mode: 0, outputs: [{}], widgets_values: ['a.png', 'image'] },
        {
          id: 2,
          type: 'ImageScaleToTotalPixels',
          mode: 0,
          inputs: [{ name: 'image', type: 'IMAGE', link: 1 }],
          widgets_values: ['area', 1, steps],
        },
      ],
      links: [[1, 1, 0, 2, 0, 'IMAGE']],
    });
    const inputs = (nodes: NodeTable, steps: number) => {
      const { graph, notes } = readWorkflow(ui(steps) as never, 'x.json', { nodes });
      return { steps: graph.get('2')!.inputs['resolution_steps'], notes: notes.length };
    };
    expect(inputs(NEW, 4)).toEqual({ steps: 4, notes: 0 });
    expect(inputs(NODES, 4)).toEqual({ steps: 4, notes: 0 });
    expect(inputs(OLD, 4)).toEqual({ steps: undefined, notes: 1 });
    expect(inputs(OLD, 1)).toEqual({ steps: undefined, notes: 0 });
  });
});

describe('a value that a later release accepts', () => {
  const batch = (index: number) =>
    api('ImageFromBatch', { image: ['9', 0], batch_index: index, length: 1 }, image);
  const clip = (type: string) => api('CLIPLoader', { clip_name: 'clip.safetensors', type });

  it.each<[string, object, string]>([
    ['a number out of the former range', batch(-1), 'ComfyUI has it since 0.22.0'],
    ['an option', clip('krea2'), 'ComfyUI has it since 0.26.0'],
    ['an option of a list that grew several times', clip('flux2'), 'ComfyUI has it since 0.3.72'],
  ])('%s', (_, json, since) => {
    expect(check(json, NODES).problems).toEqual([]);
    expect(check(json, NEW).problems).toEqual([]);
    expect(check(json, OLD).problems).toMatchObject([{ message: expect.stringContaining(since) }]);
  });

  it('keeps the usual hint where no release accepts it', () => {
    expect(check(clip('krea3'), OLD).problems[0].hint).toMatch(/^(Did you mean|Use one of)/);
    expect(check(batch(1e6), OLD).problems[0].message).not.toContain('since');
  });
});

it('a node that a later release added is unknown under 0.3.64, with the release that has it', () => {
  const sigmas = api('ManualSigmas', { sigmas: '1, 0.5' });
  for (const nodes of [NODES, NEW]) expect(check(sigmas, nodes).problems).toEqual([]);
  expect(check(sigmas, OLD).problems).toMatchObject([
    {
      message: "unknown node type 'ManualSigmas' (node 1)",
      hint: expect.stringMatching(/^ComfyUI has it since \d+\.\d+\.\d+: name 0\.33\.0/),
    },
  ]);
});

it('a range that a later release narrowed is checked as the named release does', () => {
  const eta = (value: number) =>
    api('SamplerER_SDE', { solver_type: 'ER-SDE', max_stage: 3, eta: value, s_noise: 1 });
  expect(check(eta(50), NODES).problems).toEqual([]);
  expect(check(eta(50), OLD).problems).toEqual([]);
  expect(check(eta(50), NEW).problems).toMatchObject([{ message: /'eta' .* is 50/ }]);
});

it('an option of a later release that is not built in is named as such', () => {
  const checkpoint = { ckpt_name: 'clip.safetensors' };
  const inputs = { model: ['9', 0], sampling: 'img_to_img_flow', zsnr: false };
  const sampler = api('ModelSamplingDiscrete', inputs, {
    9: { class_type: 'CheckpointLoaderSimple', inputs: checkpoint },
  });
  for (const nodes of [NODES, OLD, NEW])
    expect(check(sampler, nodes).problems).toMatchObject([
      {
        message: expect.stringContaining('(ComfyUI has it since 0.15.1)'),
        hint: "Darkroom can't run it yet.",
      },
    ]);
});
