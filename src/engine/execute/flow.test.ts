// How an execution is steered, after ComfyUI's tests/execution/test_execution.py: what runs, what
// is blocked, what expands.
import { describe, expect, it } from 'vitest';
import { smallEngine } from '../../../test/support/engine.ts';
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

  it('only what is needed runs, and nothing runs twice', async () => {
    const run = engine();
    const first = await run(mix(0));
    expect(first.shown('out')).toEqual([2]);
    expect(first.ran).toEqual(['mask', 'a', 'mix', 'out']);
    const second = await run(mix(0.5));
    expect(second.shown('out')).toEqual([3]);
    expect(second.ran).toEqual(['mask', 'b', 'mix', 'out']);
    expect((await run(mix(0.5))).ran).toEqual([]);
  });

  it('over a list each item may need other inputs', async () => {
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

  it('a node of whole lists asks once', async () => {
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
    expect(
      await engine()(list(1, 2)).then(({ ran, shown }) => [ran.includes('start'), shown('out')]),
    ).toEqual([false, [3]]);
    expect(
      await engine()(list(1, 2, 3)).then(({ ran, shown }) => [ran.includes('start'), shown('out')]),
    ).toEqual([true, [106]]);
  });

  it('a switch over any number of inputs; a branch that is not taken may be broken', async () => {
    const { ran, shown } = await engine()({
      1: stub(1),
      2: stub(2),
      3: node('Fail', { value: ['gone', 0] }),
      4: node('Switch', { select: 2, input1: ['1', 0], input2: ['2', 0], input3: ['3', 0] }),
      5: show(['4', 0]),
    });
    expect([ran, shown('5')]).toEqual([['2', '4', '5'], [2]]);
    const { failure } = await engine()({
      1: stub(1),
      4: node('Switch', { select: 2, input1: ['1', 0] }),
      5: show(['4', 0]),
    });
    expect(failure).toMatchObject({ code: 'DR_INPUT_INVALID', nodeId: '4', input: 'input2' });
  });

  it('values behind inputs that are checked late are converted all the same', async () => {
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
  it('skip what is behind them; a message is told once', async () => {
    const prompt = (verbose: boolean) => ({
      1: stub(1),
      2: node('Block', { input: ['1', 0], block: true, verbose }),
      3: node('Average', { input1: ['2', 0] }),
      4: show(['3', 0]),
      5: show(['1', 0]),
    });
    const silent = await engine()(prompt(false));
    expect([silent.shown('4'), silent.shown('5')]).toEqual([undefined, [1]]);
    expect(silent.events.filter((e) => e.type === 'blocked')).toEqual([]);
    const { events } = await engine()(prompt(true));
    expect(events.filter((e) => e.type === 'blocked')).toMatchObject([
      { nodeId: '3', nodeType: 'Average', message: 'Blocked Execution' },
    ]);
  });

  it('block one item of a list, also through an output that is a list', async () => {
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
    expect([shown('each'), shown('all')]).toEqual([[1, 3], undefined]);
  });

  it('a switch of outputs, as many as are connected', async () => {
    const { shown } = await engine()({
      1: stub(7),
      2: node('InverseSwitch', { select: 3, input: ['1', 0] }),
      3: show(['2', 0]),
      4: show(['2', 2]),
      5: show(['2', 3]),
    });
    expect([shown('3'), shown('4'), shown('5')]).toEqual([undefined, [7], undefined]);
  });
});

describe('expansion', () => {
  it('some items of a list expand, others do not', async () => {
    const { shown, ran, events } = await engine()({
      1: stub(0.1),
      2: stub(0.2),
      3: stub(0.3),
      4: node('MakeList', { value1: ['1', 0], value2: ['2', 0], value3: ['3', 0] }),
      5: node('MixedExpansion', { input1: ['4', 0] }),
      6: show(['5', 0]),
      7: show(['5', 1]),
    });
    expect([shown('6'), shown('7')]).toEqual([
      [0.1, 0.2, 0.3],
      [1, 1, 1],
    ]);
    expect(ran).toContain('5.2.0.4');
    expect(events).toContainEqual({
      type: 'node-started',
      nodeId: '5.2.0.4',
      displayId: '5',
      nodeType: 'LazyMix',
      title: 'Test',
    });
  });

  it('nested: shown at the node of the prompt, cached as a whole and in parts', async () => {
    const run = engine();
    const prompt = (value: number, depth: number) => ({
      1: stub(value),
      2: node('Nested', { value: ['1', 0], depth, last: 'Show' }),
      3: show(['2', 0]),
    });
    const first = await run(prompt(5, 2));
    const inner = '2.0.0.1.0.0.1.0.0.1';
    expect([first.shown('3'), first.shown(inner)]).toEqual([[5], [5]]);
    expect(first.ran).toHaveLength(6);
    expect(first.events.filter((e) => e.type === 'executed')).toMatchObject([
      { nodeId: inner, displayId: '2' },
      { nodeId: '3' },
    ]);
    const again = await run(prompt(5, 2));
    expect([again.ran, again.shown(inner)]).toEqual([[], [5]]);
    expect((await run(prompt(6, 2))).shown('3')).toEqual([6]);
  });

  it('what a node expanded to stays cached where its own inputs did not change', async () => {
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
    // 4.1.0.3, the number 0.7, is what node 2 is already
    expect(ran).toEqual(['2', '3', '4', '4.1.0.4', '5']);
  });

  it('loops', async () => {
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

  it('errors belong to the node of the prompt', async () => {
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
  it('NaN runs always, other fingerprints when they change', async () => {
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

  it('equal nodes share results, but not those that know their id', async () => {
    const { ran, shown, events } = await engine()({
      1: stub(1),
      2: show(['1', 0]),
      3: show(['1', 0]),
      4: node('Speak', { value: ['1', 0], stop: false }),
      5: node('Speak', { value: ['1', 0], stop: false }),
    });
    expect([shown('2'), shown('3')]).toEqual([[1], [1]]);
    expect(ran).toEqual(['1', '2', '4', '5']);
    expect(events.filter((e) => e.type === 'executed')).toHaveLength(4);
  });
});

describe('surroundings', () => {
  it('a node knows where it is, speaks to the clients and remembers', async () => {
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

  it('a node can end the job', async () => {
    const { failure, ran } = await engine()({
      1: stub(1),
      2: node('Speak', { value: ['1', 0], stop: true }),
      3: stub(3),
      4: show(['3', 0]),
    });
    expect([failure!.message, ran.includes('4')]).toEqual(['interrupted', false]);
  });

  it('only the outputs asked for, and what they need', async () => {
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
});
