import { describe, expect, it } from 'vitest';
import {
  convert,
  convertedInputs,
  node,
  SAMPLER_VALUES,
  sampler,
} from '../../../test/support/workflows/ui-workflows.ts';
import { chooseOptions } from './texts.ts';

describe('texts', () => {
  const prompt = (text: string) => ({ nodes: [node(1, 'CLIPTextEncode', [], [text])] });

  it('options of dynamic prompts are chosen by the random numbers', () => {
    const text = 'a {red|{dark|light} blue} cat // remark\n\\{x\\}';
    const numbers = [0.9, 0.1];
    const { graph, notes } = convert(prompt(text), { random: () => numbers.shift()! });
    expect(graph.get('1')?.inputs['text']).toBe('a dark blue cat \n{x}');
    expect(notes).toEqual([
      expect.stringContaining('is a dynamic prompt; chosen: a dark blue cat'),
    ]);
    expect(convertedInputs(prompt('plain (a:1.2) text'), '1')).toEqual({
      text: 'plain (a:1.2) text',
    });
  });

  it('placeholders for dates and widgets are replaced in file names; unknown ones stay', () => {
    const prefix = '%date:yyyy-MM-dd_hmmss%/%KSampler.seed%_%Size.width%_%width%_%Nobody.x%';
    const workflow = {
      nodes: [
        sampler(1, [], SAMPLER_VALUES, { properties: { 'Node name for S&R': 'KSampler' } }),
        node(2, 'EmptyLatentImage', [], [640, 64, 1], { title: 'Size' }),
        node(3, 'SaveImage', [], [prefix]),
      ],
    };
    const now = new Date(2025, 0, 9, 7, 5, 3);
    expect(convertedInputs(workflow, '3', { now })).toEqual({
      filename_prefix: '2025-01-09_70503/7_640_%width%_%Nobody.x%',
    });
  });
});

it('removes comments in linear time', () => {
  expect(chooseOptions('a/*b*/c//d\ne/*f', () => 0)).toBe('ac\ne/*f');
  const open = 'a/*'.repeat(200_000);
  expect(chooseOptions(open, () => 0)).toBe(open);
});
