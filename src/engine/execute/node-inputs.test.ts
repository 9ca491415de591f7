import { describe, expect, it } from 'vitest';
import { createTestExecution } from '../../../test/support/execution.ts';
import { finishNode } from './execution.ts';
import { collectInputs, requestLazyInputs } from './node-inputs.ts';

const stub = (value: unknown) => ({ class_type: 'Stub', inputs: { value } });
const mix = {
  a: stub(2),
  b: stub(4),
  mask: stub(0),
  mix: { class_type: 'LazyMix', inputs: { a: ['a', 0], b: ['b', 0], mask: ['mask', 0] } },
};

describe('the inputs of a node', () => {
  it('are converted widget values, each a list', async () => {
    const execution = await createTestExecution({ 1: stub('2.5') }, ['1']);
    expect(collectInputs(execution, '1').lists).toEqual({ value: [2.5] });
  });

  it('that can’t be converted are refused', async () => {
    const execution = await createTestExecution({ 1: stub('x') }, ['1']);
    expect(() => collectInputs(execution, '1')).toThrow("'value' can't be used");
  });

  it('are the outputs of sources that have run; the others are missing', async () => {
    const execution = await createTestExecution(mix, ['mix']);
    finishNode(execution, 'mask', [[0]], undefined);
    const { lists, missing } = collectInputs(execution, 'mix');
    expect(lists).toEqual({ a: [undefined], b: [undefined], mask: [0] });
    expect([...missing]).toEqual(['a', 'b']);
  });
});

describe('lazy inputs', () => {
  it('that a node needs make it wait for their sources', async () => {
    const execution = await createTestExecution(mix, ['mix']);
    finishNode(execution, 'mask', [[0]], undefined);
    const missing = new Set(['a', 'b']);
    expect(await requestLazyInputs(execution, 'mix', [{ mask: 0 }], missing)).toBe(true);
    expect([...execution.order.pending]).toEqual(['mix', 'a']);
  });

  it('that have run are not waited for', async () => {
    const execution = await createTestExecution(mix, ['mix']);
    const missing = new Set(['b']);
    expect(await requestLazyInputs(execution, 'mix', [{ a: 2, mask: 0 }], missing)).toBe(false);
  });

  it('must be connected', async () => {
    const prompt = { 4: { class_type: 'Switch', inputs: { select: 2 } } };
    const execution = await createTestExecution(prompt, ['4']);
    await expect(
      requestLazyInputs(execution, '4', [{ select: 2 }], new Set()),
    ).rejects.toMatchObject({ code: 'DR_INPUT_INVALID', input: 'input2' });
  });
});
