// Forms of the example workflows: the main fields, their followers, missing files.
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
} as unknown as NodeEnvironment;
const example = (name: string) =>
  buildForm(readWorkflowFile(`examples/${name}.json`).graph, NODES, environment);

describe('the form of a workflow', () => {
  it('begins with what people change first', () => {
    const { main, groups, missing } = example('text-to-image');
    expect(main.map(({ label, kind, value }) => [label, kind, value])).toEqual([
      ['Prompt', 'lines', 'panda, flat style, green background'],
      ['Negative prompt', 'lines', ''],
      ['Seed', 'seed', 7],
      ['Width', 'int', 128],
      ['Height', 'int', 128],
      ['Steps', 'int', 20],
      ['CFG', 'float', 4.5],
      ['Load Checkpoint', 'choice', 'darkroom-tiny-base.safetensors'],
    ]);
    expect(main.find(({ label }) => label === 'Seed')).toMatchObject({
      id: '5',
      input: 'seed',
      min: 0,
      max: 2n ** 64n - 1n,
    });
    expect(groups.map(({ title, fields }) => [title, fields.map(({ label }) => label)])).toEqual([
      ['Size', ['Batch size']],
      ['KSampler', ['Sampler name', 'Scheduler', 'Denoise']],
      ['Save Image', ['Filename prefix']],
    ]);
    expect(missing).toEqual([]);
  });

  it('lets equal steps and shares of them follow the steps', () => {
    const { main } = example('base-and-refiner');
    const steps = main.find(({ label }) => label === 'Steps');
    expect(steps?.followers?.map(({ input, how }) => [input, how])).toEqual(
      expect.arrayContaining([
        ['steps', 'same'],
        ['end_at_step', 'share'],
        ['start_at_step', 'share'],
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

  it('is empty for unknown nodes', () => {
    const graph = readWorkflow({ '1': { class_type: 'Nothing', inputs: { text: 'x' } } }).graph;
    expect(buildForm(graph, NODES, environment)).toEqual({ main: [], groups: [], missing: [] });
  });
});
