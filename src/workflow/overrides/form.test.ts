// Forms of the example workflows: main fields, followers, missing files.
import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import type { NodeEnvironment } from '../../nodes/context.ts';
import { NODES } from '../../nodes/index.ts';
import { readWorkflow, readWorkflowFile } from '../read/read.ts';
import { buildForm } from './form.ts';

const environment = {
  modelFiles: (kind: string) =>
    kind === 'checkpoints'
      ? ['darkroom-tiny-base.safetensors', 'darkroom-tiny-refiner.safetensors']
      : [],
  inputFiles: () => ['sketch.png'],
  hasInput: (name: string) => ['sketch.png', 'clipspace/a.png [input]'].includes(name),
} as unknown as NodeEnvironment;
const example = (name: string) =>
  buildForm(readWorkflowFile(`examples/${name}.json`).graph, NODES, environment);

describe('the form of a workflow', () => {
  it('starts with the fields that people change most', () => {
    expect(example('text-to-image').main).toMatchObject([
      { label: 'Prompt', kind: 'lines', value: 'panda, flat style, green background' },
      { label: 'Negative prompt', kind: 'lines', value: '' },
      { label: 'Seed', kind: 'seed', value: 7 },
      { label: 'Width', kind: 'int', value: 128 },
      { label: 'Height', kind: 'int', value: 128 },
      { label: 'Steps', kind: 'int', value: 20 },
      { label: 'CFG', kind: 'float', value: 4.5 },
      { label: 'Load Checkpoint', kind: 'choice', value: 'darkroom-tiny-base.safetensors' },
    ]);
  });

  it('has the exact limits of a seed', () => {
    const { main } = example('text-to-image');
    expect(main.find(({ label }) => label === 'Seed')).toMatchObject({
      id: '5',
      input: 'seed',
      min: 0,
      max: 2n ** 64n - 1n,
    });
  });

  it('has the other fields in one group per node', () => {
    const { groups, missing } = example('text-to-image');
    const labels = groups.map(({ title, fields }) => ({
      title,
      fields: fields.map(({ label }) => label),
    }));
    expect(labels).toEqual([
      { title: 'Size', fields: ['Batch size'] },
      { title: 'KSampler', fields: ['Sampler name', 'Scheduler', 'Denoise'] },
      { title: 'Save Image', fields: ['Filename prefix'] },
    ]);
    expect(missing).toEqual([]);
  });

  it('has equal steps and step numbers as followers of the steps', () => {
    const { main } = example('base-and-refiner');
    const steps = main.find(({ label }) => label === 'Steps');
    expect(steps?.followers?.map(({ input, how }) => ({ input, how }))).toEqual(
      expect.arrayContaining([
        { input: 'steps', how: 'same' },
        { input: 'end_at_step', how: 'share' },
        { input: 'start_at_step', how: 'share' },
      ]),
    );
    expect(main.filter(({ kind }) => kind === 'choice').length).toBe(2);
  });

  it('has a field for every widget of every example exactly once, and none for links', () => {
    for (const name of [
      'text-to-image',
      'base-and-refiner',
      'three-regions',
      'tile-upscale',
      'unsample-and-change',
      'inpaint',
    ]) {
      const { graph } = readWorkflowFile(`examples/${name}.json`);
      const { main, groups } = buildForm(graph, NODES, environment);
      const shown = [...main, ...groups.flatMap(({ fields }) => fields)].map(
        ({ id, input }) => `${id}.${input}`,
      );
      expect(new Set(shown).size).toBe(shown.length);
      const followed = main.flatMap(({ followers = [] }) =>
        followers.map(({ id, input }) => `${id}.${input}`),
      );
      const changeable = new Set([...shown, ...followed]);
      for (const [id, { inputs }] of graph)
        for (const [input, value] of Object.entries(inputs))
          expect(changeable.has(`${id}.${input}`)).toBe(!Array.isArray(value));
    }
  });

  it('labels several prompts with the titles of their nodes', () => {
    const labels = example('three-regions').main.filter(({ kind }) => kind === 'lines');
    expect(labels.length).toBeGreaterThan(3);
    expect(labels[0].label).toBe('Prompt (Canvas)');
  });

  it('lists missing files', () => {
    const prompt = JSON.parse(readFileSync('examples/text-to-image.json', 'utf8'));
    prompt['1'].inputs.ckpt_name = 'other.safetensors';
    expect(buildForm(readWorkflow(prompt).graph, NODES, environment).missing).toEqual([
      { label: 'Load Checkpoint', value: 'other.safetensors', folder: 'checkpoints' },
    ]);
  });

  it('finds pictures outside of the list of the input folder', () => {
    const missing = (image: string) =>
      buildForm(
        readWorkflow({ '1': { class_type: 'LoadImage', inputs: { image } } }).graph,
        NODES,
        environment,
      ).missing.map(({ value }) => value);
    expect(missing('clipspace/a.png [input]')).toEqual([]);
    expect(missing('clipspace/b.png [input]')).toEqual(['clipspace/b.png [input]']);
  });

  it('says where the options of a field are', () => {
    const load = (type: string, inputs: Record<string, string>) =>
      buildForm(
        readWorkflow({ '1': { class_type: type, inputs } }).graph,
        NODES,
        environment,
      ).main.at(-1)?.folder;
    expect(load('CheckpointLoaderSimple', { ckpt_name: 'a' })).toBe('checkpoints');
    expect(load('LoadImageOutput', { image: 'a.png [output]' })).toBe('output');
    expect(load('LoadImage', { image: 'a.png' })).toBeUndefined();
  });

  it('is empty for unknown nodes', () => {
    const graph = readWorkflow({ '1': { class_type: 'Nothing', inputs: { text: 'x' } } }).graph;
    expect(buildForm(graph, NODES, environment)).toEqual({ main: [], groups: [], missing: [] });
  });
});
