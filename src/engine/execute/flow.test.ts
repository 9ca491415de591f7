// How an execution is steered, after ComfyUI's tests/execution/test_execution.py: what runs, what
// is blocked, what expands.
import { describe, expect, it } from 'vitest';
import { type Ran, smallEngine } from '../../../test/support/engine.ts';
import { FLOW_NODES } from '../../../test/support/flow-nodes.ts';

const node = (class_type: string, inputs: Record<string, unknown> = {}) => ({ class_type, inputs });
const stub = (value: number) => node('Stub', { value });
const show = (from: unknown) => node('Show', { value: from });

const engine = () => smallEngine(FLOW_NODES);

describe('lazy inputs', () => {
  const mix = (mask: number) => ({
    a: stub(2),
    b: stub(4),
    mask: stub(mask),
    mix: node('LazyMix', { a: ['a', 0], b: ['b', 0], mask: ['mask', 0] }),
    out: show(['mix', 0]),
  });

  it('run only where they are needed, and never twice', async () => {
    const run = engine();
    const first = await run(mix(0));
    expect(first.shown('out')).toEqual([2]);
    expect(first.ran).toEqual(['mask', 'a', 'mix', 'out']);
    const second = await run(mix(0.5));
    expect(second.shown('out')).toEqual([3]);
    expect(second.ran).toEqual(['mask', 'b', 'mix', 'out']);
    expect((await run(mix(0.5))).ran).toEqual([]);
  });

  it('may differ for the items of a list', async () => {
    const { ran, shown } = await engine()({
      ...mix(0),
      mask: node('MakeList', { value1: ['zero', 0], value2: ['half', 0], value3: ['one', 0] }),
      zero: stub(0),
      half: stub(0.5),
      one: stub(1),
    });
    expect(shown('out')).toEqual([2, 3, 4]);
    expect(ran.filter((id) => id === 'a' || id === 'b').sort()).toEqual(['a', 'b']);
  });

  it('are requested once by a node that takes whole lists', async () => {
    const list = (...values: number[]) => ({
      ...Object.fromEntries(values.map((value, i) => [`v${i}`, stub(value)])),
      list: node(
        'MakeList',
        Object.fromEntries(values.map((_, i) => [`value${i + 1}`, [`v${i}`, 0]])),
      ),
      start: stub(100),
      total: node('Total', { values: ['list', 0], start: ['start', 0] }),
      out: show(['total', 0]),
    });
    const withoutStart = await engine()(list(1, 2));
    expect(withoutStart.ran).not.toContain('start');
    expect(withoutStart.shown('out')).toEqual([3]);
    const withStart = await engine()(list(1, 2, 3));
    expect(withStart.ran).toContain('start');
    expect(withStart.shown('out')).toEqual([106]);
  });

  it('of a switch may be broken where they are not selected', async () => {
    const { ran, shown } = await engine()({
      1: stub(1),
      2: stub(2),
      3: node('Fail', { value: ['gone', 0] }),
      4: node('Switch', { select: 2, input1: ['1', 0], input2: ['2', 0], input3: ['3', 0] }),
      5: show(['4', 0]),
    });
    expect(ran).toEqual(['2', '4', '5']);
    expect(shown('5')).toEqual([2]);
  });

  it('of a switch must be connected where they are selected', async () => {
    const { failure } = await engine()({
      1: stub(1),
      4: node('Switch', { select: 2, input1: ['1', 0] }),
      5: show(['4', 0]),
    });
    expect(failure).toMatchObject({ code: 'DR_INPUT_INVALID', nodeId: '4', input: 'input2' });
  });

  it('have sources whose values are converted, though they are validated late', async () => {
    const { shown } = await engine()({
      1: node('Stub', { value: '2.5' }),
      4: node('Switch', { select: 1, input1: ['1', 0] }),
      5: show(['4', 0]),
    });
    expect(shown('5')).toEqual([2.5]);
    const bad = await engine()({
      1: node('Stub', { value: 'x' }),
      4: node('Switch', { select: 1, input1: ['1', 0] }),
      5: show(['4', 0]),
    });
    expect(bad.failure).toMatchObject({ code: 'DR_INPUT_INVALID', nodeId: '1', input: 'value' });
  });
});

describe('blockers', () => {
  describe('without and with a message', () => {
    const prompt = (verbose: boolean) => ({
      1: stub(1),
      2: node('Block', { input: ['1', 0], block: true, verbose }),
      3: node('Average', { input1: ['2', 0] }),
      4: show(['3', 0]),
      5: show(['1', 0]),
    });
    const blockedEvents = ({ events }: Ran) => events.filter(({ type }) => type === 'blocked');

    it('skip the nodes behind them', async () => {
      const ran = await engine()(prompt(false));
      expect(ran.shown('4')).toBeUndefined();
      expect(ran.shown('5')).toEqual([1]);
      expect(blockedEvents(ran)).toEqual([]);
    });

    it('emit the message at the first node that they block', async () => {
      expect(blockedEvents(await engine()(prompt(true)))).toMatchObject([
        { nodeId: '3', nodeType: 'Average', message: 'Blocked Execution' },
      ]);
    });
  });

  it('block one item of a list, and a node that takes the whole list', async () => {
    const { shown } = await engine()({
      1: stub(1),
      2: stub(2),
      3: stub(3),
      list: node('MakeList', { value1: ['1', 0], value2: ['2', 0], value3: ['3', 0] }),
      is2: node('Equals', { a: ['list', 0], b: 2 }),
      block: node('Block', { input: ['list', 0], block: ['is2', 0], verbose: false }),
      again: node('MakeList', { value1: ['block', 0] }),
      total: node('Total', { values: ['block', 0], start: ['1', 0] }),
      each: show(['again', 0]),
      all: show(['total', 0]),
    });
    expect(shown('each')).toEqual([1, 3]);
    expect(shown('all')).toBeUndefined();
  });

  it('leave one output of a switch over as many outputs as are connected', async () => {
    const { shown } = await engine()({
      1: stub(7),
      2: node('InverseSwitch', { select: 3, input: ['1', 0] }),
      3: show(['2', 0]),
      4: show(['2', 2]),
      5: show(['2', 3]),
    });
    expect({ 3: shown('3'), 4: shown('4'), 5: shown('5') }).toEqual({
      3: undefined,
      4: [7],
      5: undefined,
    });
  });
});

describe('expansion', () => {
  it('may happen for some items of a list only', async () => {
    const { shown, ran, events } = await engine()({
      1: stub(0.1),
      2: stub(0.2),
      3: stub(0.3),
      4: node('MakeList', { value1: ['1', 0], value2: ['2', 0], value3: ['3', 0] }),
      5: node('MixedExpansion', { input1: ['4', 0] }),
      6: show(['5', 0]),
      7: show(['5', 1]),
    });
    expect(shown('6')).toEqual([0.1, 0.2, 0.3]);
    expect(shown('7')).toEqual([1, 1, 1]);
    expect(ran).toContain('5.2.0.4');
    expect(events).toContainEqual({
      type: 'node-started',
      nodeId: '5.2.0.4',
      displayId: '5',
      nodeType: 'LazyMix',
      title: 'Test',
    });
  });

  it('may be nested: shown at the node of the prompt, cached as a whole and in parts', async () => {
    const run = engine();
    const prompt = (value: number, depth: number) => ({
      1: stub(value),
      2: node('Nested', { value: ['1', 0], depth, last: 'Show' }),
      3: show(['2', 0]),
    });
    const first = await run(prompt(5, 2));
    const inner = '2.0.0.1.0.0.1.0.0.1';
    expect(first.shown('3')).toEqual([5]);
    expect(first.shown(inner)).toEqual([5]);
    expect(first.ran).toHaveLength(6);
    expect(first.events.filter((e) => e.type === 'executed')).toMatchObject([
      { nodeId: inner, displayId: '2' },
      { nodeId: '3' },
    ]);
    const again = await run(prompt(5, 2));
    expect(again.ran).toEqual([]);
    expect(again.shown(inner)).toEqual([5]);
    expect((await run(prompt(6, 2))).shown('3')).toEqual([6]);
  });

  it('keeps cached results of inner nodes whose inputs did not change', async () => {
    const run = engine();
    const prompt = (b: number) => ({
      1: stub(0.5),
      2: stub(b),
      3: node('MakeList', { value1: ['1', 0], value2: ['2', 0] }),
      4: node('MixedExpansion', { input1: ['3', 0] }),
      5: show(['4', 0]),
    });
    await run(prompt(0.6));
    const { ran, shown } = await run(prompt(0.7));
    expect(shown('5')).toEqual([0.5, 0.7]);
    // 4.1.0.3, the number 0.7, has the result of node 2
    expect(ran).toEqual(['2', '3', '4', '4.1.0.4', '5']);
  });

  it('can be a loop', async () => {
    const run = engine();
    const prompt = (remaining: number) => ({
      zero: stub(0),
      one: stub(256),
      changed: node('Changed', { value: ['one', 0], should_change: true }),
      open: node('ForOpen', { remaining, initial_value1: ['changed', 0] }),
      average: node('Average', { input1: ['zero', 0], input2: ['open', 2] }),
      close: node('ForClose', { flow_control: ['open', 0], initial_value1: ['average', 0] }),
      out: show(['close', 0]),
    });
    for (const times of [1, 2, 3, 4]) {
      const { shown, ran, failure } = await run(prompt(times));
      expect(failure).toBeUndefined();
      expect(shown('out')).toEqual([256 / 2 ** times]);
      expect(ran).toContain('changed');
    }
  });

  it('reports errors at the node of the prompt', async () => {
    const failing = async (type: string, inputs = {}) =>
      (
        await engine()({
          1: stub(1),
          2: node(type, { value: ['1', 0], ...inputs }),
          3: show(['2', 0]),
        })
      ).failure;
    expect(await failing('Nested', { depth: 1, last: 'Fail' })).toMatchObject({
      code: 'DR_NODE_FAILED',
      nodeId: '2',
      nodeType: 'Nested',
      message: 'Fail in Nested (node 2) failed: boom',
    });
    expect(await failing('Nested', { depth: 0, last: 'Nothing' })).toMatchObject({
      nodeId: '2',
      message: expect.stringContaining('Nothing'),
    });
    expect(await failing('Circle')).toMatchObject({
      nodeId: '2',
      nodeType: 'Circle',
      message: expect.stringContaining('circle'),
    });
  });
});

describe('cache', () => {
  it('runs a node with the fingerprint NaN always, others when it changes', async () => {
    const run = engine();
    const prompt = (should_change: boolean) => ({
      1: stub(1),
      2: node('Changed', { value: ['1', 0], should_change }),
      3: show(['2', 0]),
    });
    const ran = [];
    for (const change of [false, false, true, true])
      ran.push((await run(prompt(change))).ran.join());
    expect(ran).toEqual(['1,2,3', '', '2,3', '2,3']);
  });

  it('shares results between equal nodes, unless they read their id', async () => {
    const { ran, shown, events } = await engine()({
      1: stub(1),
      2: show(['1', 0]),
      3: show(['1', 0]),
      4: node('Speak', { value: ['1', 0], stop: false }),
      5: node('Speak', { value: ['1', 0], stop: false }),
    });
    expect(shown('2')).toEqual([1]);
    expect(shown('3')).toEqual([1]);
    expect(ran).toEqual(['1', '2', '4', '5']);
    expect(events.filter((e) => e.type === 'executed')).toHaveLength(4);
  });
});

describe('the context of a node', () => {
  it('has its id, sends messages and holds its state', async () => {
    const run = engine();
    const prompt = (value: number) => ({
      1: stub(value),
      2: node('Speak', { value: ['1', 0], stop: false }),
    });
    const first = await run(prompt(1), { extra: { workflow: { nodes: [] } } });
    expect(first.events).toContainEqual({
      type: 'status',
      nodeId: '2',
      text: '1 done',
      progress: 0.5,
    });
    expect(first.events).toContainEqual({
      type: 'message',
      nodeId: '2',
      event: 'value-send',
      data: { link_id: 0, value: 1 },
    });
    expect(first.events).toContainEqual({
      type: 'executed',
      nodeId: '2',
      ui: { text: ['{"id":"2","extra":{"workflow":{"nodes":[]}},"count":1}'] },
    });
    expect((await run(prompt(2))).events).toContainEqual(
      expect.objectContaining({ type: 'status', text: '2 done' }),
    );
  });

  it('can end the job', async () => {
    const { failure, ran } = await engine()({
      1: stub(1),
      2: node('Speak', { value: ['1', 0], stop: true }),
      3: stub(3),
      4: show(['3', 0]),
    });
    expect(failure!.message).toBe('interrupted');
    expect(ran).not.toContain('4');
  });
});

it('only the outputs in `targets` run, and what they need', async () => {
  const { ran } = await engine()(
    {
      1: stub(1),
      2: show(['1', 0]),
      3: show(['2', 0]),
      4: show(['1', 0]),
      5: stub(5),
      6: show(['5', 0]),
    },
    { targets: ['3'] },
  );
  expect(ran).toEqual(['1', '2', '3']);
});
