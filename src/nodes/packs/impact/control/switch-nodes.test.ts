// Switches of the Impact Pack.
import { describe, expect, it } from 'vitest';
import { runNode } from '../../../../../test/support/run-node.ts';
import { node, runPrompt } from '../../../../../test/support/show-node.ts';
import type { Json } from '../../../../formats/json.ts';
import { tensor } from '../../../../tensor/tensor.ts';

const integers = { a: node('ImpactInt', { value: 1 }), b: node('ImpactInt', { value: 2 }) };

describe('ImpactSwitch', () => {
  const prompt = (inputs: object = {}) => ({
    ...integers,
    3: node('ImpactSwitch', {
      select: 2,
      sel_mode: false,
      input1: ['a', 0],
      input2: ['b', 0],
      ...inputs,
    }),
    out: node('Show', { value: ['3', 0] }),
    label: node('Show', { value: ['3', 1] }),
  });
  /** An input that is not valid unless it is removed from the prompt. */
  const invalidInput = { input1: ['missing', 0] };

  it('only runs the selected input and outputs the label of its slot', async () => {
    const slots: Json[] = [{ name: 'input1' }, { name: 'input2', label: 'second' }];
    const { shown, ran } = await runPrompt(prompt(), {
      extra: { workflow: { nodes: [{ id: 3, inputs: slots }] } },
    });
    expect(shown('out')).toEqual([2]);
    expect(shown('label')).toEqual(['second']);
    expect(ran).not.toContain('a');
  });

  it('removes the other inputs if it selects on prompt', async () => {
    const { shown } = await runPrompt(prompt({ ...invalidInput, sel_mode: true }));
    expect(shown('label')).toEqual(['input2']);
  });

  it('selects on prompt by a linked ImpactInt', async () => {
    const { shown } = await runPrompt({
      ...prompt({ ...invalidInput, sel_mode: true, select: ['number', 0] }),
      number: node('ImpactInt', { value: 2 }),
    });
    expect(shown('out')).toEqual([2]);
  });

  it('fails for an input that is not connected', async () => {
    const { failure } = await runPrompt(prompt({ select: 4 }));
    expect(failure).toMatchObject({ nodeId: '3', input: 'input4' });
  });

  it('takes the nodes behind it their links if it selects a missing input on prompt', async () => {
    await expect(runPrompt(prompt({ select: 4, sel_mode: true }))).rejects.toMatchObject({
      message: "Show (node out) has no value for 'value'",
    });
  });
});

describe('ImpactInversedSwitch', () => {
  const prompt = (inputs: object = {}) => ({
    ...integers,
    3: node('ImpactInversedSwitch', { select: 2, input: ['a', 0], ...inputs }),
    x: node('Show', { value: ['3', 0] }),
    y: node('Show', { value: ['3', 1] }),
    z: node('Show', { value: ['3', 2] }),
  });
  const shownNodes = (ran: readonly string[]) => ran.filter((id) => ['x', 'y', 'z'].includes(id));

  it('passes its value to the selected output only', async () => {
    const { ran, shown, failure } = await runPrompt(prompt());
    expect(failure).toBeUndefined();
    expect(shownNodes(ran)).toEqual(['x', 'y', 'z']);
    expect(shown('x')).toBeUndefined();
    expect(shown('y')).toEqual([1]);
  });

  it('removes the links of the other outputs if it selects on prompt', async () => {
    const { ran } = await runPrompt(prompt({ sel_mode: true }));
    expect(shownNodes(ran)).toEqual(['y']);
  });
});

describe('ImageMaskSwitch', () => {
  const image = tensor([1, 1, 1, 3], new Float32Array(3));

  it('outputs an image without a mask', async () => {
    const outputs = await runNode('ImageMaskSwitch', { select: 1, images1: image });
    expect(outputs).toEqual([image, undefined]);
  });

  it('outputs the selected image with its mask', async () => {
    const inputs = { select: 3, images1: image, images3_opt: 'image 3', mask3_opt: 'mask 3' };
    expect(await runNode('ImageMaskSwitch', inputs)).toEqual(['image 3', 'mask 3']);
  });
});
