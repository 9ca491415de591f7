// Values, branches, switches, lists and controls of the Impact Pack. Tables hold what the
// original's own classes give (7.10, Python 3.12).
import { describe, expect, it } from 'vitest';
import { smallEngine } from '../../../../../test/support/engine.ts';
import { runNode, testContext } from '../../../../../test/support/run-node.ts';
import { tensor } from '../../../../tensor/tensor.ts';
import { defineNode, type NodeDeclaration, socket } from '../../../declare.ts';
import { NODES } from '../../../index.ts';

const show = defineNode({
  type: 'Show',
  display: 'Show',
  category: 'test',
  outputNode: true,
  inputs: { value: socket('*') },
  outputs: [],
  run: ({ value }) => ({ outputs: [], ui: { value: [value] } }),
});
const table: ReadonlyMap<string, NodeDeclaration> = new Map([...NODES, ['Show', show]]);
const node = (class_type: string, inputs: Record<string, unknown> = {}) => ({ class_type, inputs });
const run = (prompt: Record<string, unknown>, settings = {}) =>
  smallEngine(table)(prompt, settings);
const messages = (events: readonly { type: string }[]) =>
  events.filter(({ type }) => type === 'message');
const float = (value: number) => ({ value, type: 'FLOAT' });

describe('values', () => {
  it('compares as Python does', async () => {
    const pairs: [unknown, unknown, string][] = [
      [1, 1, 'tfffttt'],
      [1n, true, 'tfffttt'],
      ['a', 'b', 'ftftftt'],
      ['1', 1, 'ft!!!!t'],
      [2, 10n, 'ftftftt'],
      ['2', '10', 'fttftft'],
      [true, false, 'fttftft'],
      [undefined, undefined, 'tf!!!!t'],
    ];
    for (const [a, b, expected] of pairs) {
      let got = '';
      for (const cmp of ['a = b', 'a <> b', 'a > b', 'a < b', 'a >= b', 'a <= b', 'tt'])
        got += await runNode('ImpactCompare', { cmp, a, b }).then(
          ([result]) => (result ? 't' : 'f'),
          (error) => (error.code === 'DR_INPUT_INVALID' ? '!' : error),
        );
      expect(got, `${a} ${b}`).toBe(expected);
    }
    expect(await runNode('ImpactCompare', { cmp: 'ff', a: 1, b: 1 })).toEqual([false]);
  });

  it('converts what is a number, and takes all else for 1', async () => {
    const cases: [unknown, string, number, number | bigint, boolean][] = [
      [1, '1', 1, 1, true],
      [0, '0', 0, 0, false],
      [-3, '-3', -3, -3, true],
      [float(2.5), '2.5', 2.5, 2, true],
      [float(1), '1.0', 1, 1, true],
      [float(1e16), '1e+16', 1, 1, true],
      ['-1.5', '-1.5', -1.5, -1, true],
      ['.5', '.5', 0.5, 0, true],
      ['5.', '5.', 1, 1, true],
      ['abc', 'abc', 1, 1, true],
      ['FALSE', 'FALSE', 0, 0, false],
      ['', '', 1, 1, true],
      [true, 'True', 1, 1, true],
      [false, 'False', 0, 0, false],
      ['1e3', '1e3', 1, 1, true],
      [
        12345678901234567890n,
        '12345678901234567890',
        12345678901234567000,
        12345678901234567168n,
        true,
      ],
      [' 7', ' 7', 1, 1, true],
      ['7\n', '7\n', 7, 7, true],
      [undefined, 'None', 1, 1, true],
    ];
    for (const [given, ...expected] of cases) {
      const { value, type } =
        typeof given === 'object'
          ? (given as { value: number; type: string })
          : { value: given, type: undefined };
      expect(
        await runNode(
          'ImpactConvertDataType',
          { value },
          { ...testContext(), inputType: () => type },
        ),
      ).toEqual(expected);
    }
  });

  it('knows by the output it is linked to that 2 is 2.0', async () => {
    const { shown } = await run({
      f: node('ImpactFloat', { value: 2 }),
      c: node('ImpactConvertDataType', { value: ['f', 0] }),
      d: node('ImpactConvertDataType', { value: 2 }),
      1: node('Show', { value: ['c', 0] }),
      2: node('Show', { value: ['d', 0] }),
    });
    expect([shown('1'), shown('2')]).toEqual([['2.0'], ['2']]);
  });

  it('carries integers of 63 bits, texts and their parts', async () => {
    expect(await runNode('ImpactInt', { value: 9223372036854775807n })).toEqual([
      9223372036854775807n,
    ]);
    expect(await runNode('ImpactInt', { value: 7n })).toEqual([7]);
    expect(await runNode('ImpactMinMax', { mode: true, a: 3, b: 7n })).toEqual([7n]);
    expect(await runNode('ImpactMinMax', { mode: false, a: 'x', b: 'w' })).toEqual(['w']);
    const receive = (typ: string, value: string) =>
      runNode('ImpactValueReceiver', { typ, value, link_id: 0 });
    expect(await receive('INT', ' 12_000 ')).toEqual([12000]);
    expect(await receive('FLOAT', '-1.5e2')).toEqual([-150]);
    expect(await receive('BOOLEAN', 'TRUE')).toEqual([true]);
    await expect(receive('INT', '1.5')).rejects.toMatchObject({
      code: 'DR_INPUT_INVALID',
      input: 'value',
    });

    const text = '# one\na\nb\n# two\nc\n\n#three';
    const select = async (strings: string, multiline: boolean, choice: number) =>
      (await runNode('ImpactStringSelector', { strings, multiline, select: choice }))[0];
    expect(await Promise.all([0, 1, 2, 5].map((i) => select(text, true, i)))).toEqual([
      ' one\na\nb',
      ' two\nc',
      'three',
      'three',
    ]);
    expect(await Promise.all([0, 1, 5].map((i) => select(text, false, i)))).toEqual([
      '# one',
      'a',
      '',
    ]);
    expect(await Promise.all([0, 5].map((i) => select('head\n# a\nb', true, i)))).toEqual([
      'head',
      ' a\nb',
    ]);
    expect(
      await runNode('StringListToString', { join_with: ['\\n'], string_list: ['a', 'b'] }),
    ).toEqual(['a\nb']);

    const labels = async (
      string: string,
      delimiter: string,
      prefix_all = '',
      postfix_all = '',
      restrict_to_tags = '',
      exclude_tags = '',
    ) =>
      runNode('WildcardPromptFromString', {
        string,
        delimiter,
        prefix_all,
        postfix_all,
        restrict_to_tags,
        exclude_tags,
      });
    expect(await labels('a, b\nc , d', '\\n', 'pre', 'post')).toEqual([
      '[LAB]\n[1] pre a, b post\n[2] pre c, d post',
      '1, 2',
    ]);
    expect(await labels('a, b, x;c, x', ';', '', '', '', 'x')).toEqual([
      '[LAB]\n[1] a, b\n[2] c',
      '1, 2',
    ]);
    expect(await labels('a, b;c', ';', 'p,,', '  q', 'b')).toEqual([
      '[LAB]\n[1] p, b q\n[2] p, q',
      '1, 2',
    ]);
    expect(await labels('', ';')).toEqual(['[LAB]\n[1]', '1']);
  });
});

describe('branches and switches', () => {
  const both = { a: node('ImpactInt', { value: 1 }), b: node('ImpactInt', { value: 2 }) };

  it('only the branch that is taken runs; with SelMode both, unless the choice is made on prompt', async () => {
    const branch = (type: string, inputs: object) =>
      run({
        ...both,
        c: node(type, { tt_value: ['a', 0], ff_value: ['b', 0], ...inputs }),
        out: node('Show', { value: ['c', 0] }),
      });
    const lazy = await branch('ImpactConditionalBranch', { cond: false });
    expect([lazy.shown('out'), lazy.ran]).toEqual([[2], ['b', 'c', 'out']]);
    const eager = await branch('ImpactConditionalBranchSelMode', { cond: true });
    expect([eager.shown('out'), eager.ran.length]).toEqual([[1], 4]);
    const onPrompt = await branch('ImpactConditionalBranchSelMode', { cond: true, sel_mode: true });
    expect([onPrompt.shown('out'), onPrompt.ran]).toEqual([[1], ['a', 'c', 'out']]);
  });

  it('a switch runs what it chooses, and knows the label of the slot', async () => {
    const prompt = (inputs: object) => ({
      ...both,
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
    const slots = [{ name: 'input1' }, { name: 'input2', label: 'second' }];
    const chosen = await run(prompt({}), {
      extra: { workflow: { nodes: [{ id: 3, inputs: slots }] } },
    });
    expect([chosen.shown('out'), chosen.shown('label'), chosen.ran.includes('a')]).toEqual([
      [2],
      ['second'],
      false,
    ]);
    const broken = { input1: ['gone', 0] };
    expect((await run(prompt({ ...broken, sel_mode: true }))).shown('label')).toEqual(['input2']);
    const linked = await run({
      ...prompt({ ...broken, sel_mode: true, select: ['n', 0] }),
      n: node('ImpactInt', { value: 2 }),
    });
    expect(linked.shown('out')).toEqual([2]);
    expect((await run(prompt({ select: 4 }))).failure).toMatchObject({
      nodeId: '3',
      input: 'input4',
    });
  });

  it('an inversed switch sends its value one way', async () => {
    const prompt = (inputs: object = {}) => ({
      ...both,
      3: node('ImpactInversedSwitch', { select: 2, input: ['a', 0], ...inputs }),
      x: node('Show', { value: ['3', 0] }),
      y: node('Show', { value: ['3', 1] }),
      z: node('Show', { value: ['3', 2] }),
    });
    const { ran, shown, failure } = await run(prompt());
    expect([failure, ran.filter((id) => 'xyz'.includes(id)), shown('x'), shown('y')]).toEqual([
      undefined,
      ['x', 'y', 'z'],
      undefined,
      [1],
    ]);
    expect((await run(prompt({ sel_mode: true }))).ran.filter((id) => 'xyz'.includes(id))).toEqual([
      'y',
    ]);
  });

  it('chooses pictures with their masks', async () => {
    const image = tensor([1, 1, 1, 3], new Float32Array(3));
    expect(await runNode('ImageMaskSwitch', { select: 1, images1: image })).toEqual([
      image,
      undefined,
    ]);
    expect(
      await runNode('ImageMaskSwitch', {
        select: 3,
        images1: image,
        images3_opt: 'i',
        mask3_opt: 'm',
      }),
    ).toEqual(['i', 'm']);
    expect(await runNode('ImpactIfNone', { signal: 1 })).toEqual([1, false]);
    expect(await runNode('ImpactIfNone', { any_input: 0 })).toEqual([undefined, true]);
  });
});

describe('lists', () => {
  const picture = (n: number, h: number, w: number, value: number) =>
    tensor([n, h, w, 3], new Float32Array(n * h * w * 3).fill(value));

  it('are made of inputs in the order of the prompt', async () => {
    const { shown } = await run({
      a: node('ImpactInt', { value: 1 }),
      b: node('ImpactInt', { value: 2 }),
      list: node('ImpactMakeAnyList', { value2: ['b', 0], value1: ['a', 0] }),
      out: node('Show', { value: ['list', 0] }),
    });
    expect(shown('out')).toEqual([2, 1]);
    const [images] = await runNode('ImpactImageBatchToImageList', { image: picture(3, 2, 2, 0.5) });
    expect((images as { shape: number[] }[]).map(({ shape }) => shape)).toEqual([[1, 2, 2, 3], [1, 2, 2, 3], [1, 2, 2, 3]]); // biome-ignore format: one line
  });

  it('become batches of the first one’s size', async () => {
    const images = {
      image1: picture(1, 4, 6, 0),
      image2: picture(2, 8, 8, 1),
      image3: picture(1, 4, 6, 0.25),
    };
    const [batch] = await runNode('ImpactMakeImageBatch', images);
    expect((batch as { shape: number[] }).shape).toEqual([4, 4, 6, 3]);
    const mask = (h: number, w: number) => tensor([1, h, w], new Float32Array(h * w).fill(1));
    const [masks] = await runNode('ImpactMakeMaskBatch', { mask1: mask(4, 6), mask2: mask(8, 10) });
    expect(masks).toEqual(tensor([2, 4, 6], new Float32Array(48).fill(1)));
    const grey = tensor([1, 4, 6, 1], new Float32Array(24));
    await expect(
      runNode('ImpactMakeImageBatch', { image1: picture(1, 4, 6, 0), image2: grey }),
    ).rejects.toMatchObject({
      code: 'DR_SHAPE_MISMATCH',
    });
  });
});

describe('controls', () => {
  it('tell the editor, pass their value on and say once that they do no more', async () => {
    const { events, shown } = await run({
      v: node('ImpactInt', { value: 5 }),
      1: node('ImpactQueueTrigger', { signal: ['v', 0], mode: true }),
      2: node('ImpactQueueTriggerCountdown', { count: 3, total: 10, mode: true, signal: ['1', 0] }),
      3: node('ImpactSetWidgetValue', {
        signal: ['2', 0],
        node_id: 8,
        widget_name: 'seed',
        int_value: ['v', 0],
      }),
      4: node('ImpactNodeSetMuteState', { signal: ['3', 0], node_id: 9, set_state: false }),
      5: node('ImpactSleep', { signal: ['4', 0], seconds: 0 }),
      6: node('ImpactExecutionOrderController', { signal: ['5', 0], value: ['v', 0] }),
      7: node('Show', { value: ['6', 0] }),
      8: node('ImpactValueSender', { value: ['v', 0], link_id: 3 }),
      9: node('ImpactLogger', { data: ['v', 0], text: '' }),
      10: node('ImpactConditionalStopIteration', { cond: ['11', 0] }),
      11: node('ImpactCompare', { cmp: 'tt', a: 1, b: 1 }),
    });
    expect(shown('7')).toEqual([5]);
    const sent = Object.fromEntries(
      messages(events).map((m) => [
        `${'nodeId' in m && m.nodeId} ${'event' in m && m.event}`,
        'data' in m && m.data,
      ]),
    );
    expect(sent).toEqual({
      '1 impact-add-queue': {},
      '2 impact-add-queue': {},
      '2 impact-node-feedback': { node_id: '2', widget_name: 'count', type: 'int', value: 4 },
      '3 impact-node-feedback': { node_id: 8, widget_name: 'seed', type: 'INT', value: 5 },
      '4 impact-node-mute-state': { node_id: 9, is_active: false },
      '8 value-send': { link_id: 3, value: 5 },
      '9 impact-node-feedback': { node_id: '9', widget_name: 'text', type: 'TEXT', value: '5' },
      '10 stop-iteration': {},
    });
    expect(events.filter(({ type }) => type === 'warning')).toHaveLength(6);
  });

  it('a control bridge stops what is behind it', async () => {
    const bridge = async (mode: boolean, behavior: string) =>
      (
        await run({
          v: node('ImpactInt', { value: 5 }),
          b: node('ImpactControlBridge', { value: ['v', 0], mode, behavior }),
          out: node('Show', { value: ['b', 0] }),
        })
      ).shown('out');
    expect([
      await bridge(true, 'Stop'),
      await bridge(false, 'Stop'),
      await bridge(false, 'Mute'),
      await bridge(false, 'Bypass'),
    ]).toEqual([[5], undefined, undefined, [5]]);
  });

  it('remotes set widgets of their kind before the run', async () => {
    const { shown, events } = await run({
      1: node('ImpactInt', { value: 5 }),
      2: node('ImpactBoolean', { value: false }),
      3: node('ImpactRemoteInt', { node_id: 1, widget_name: 'value', value: 9 }),
      4: node('ImpactRemoteBoolean', { node_id: 2, widget_name: 'value', value: true }),
      5: node('ImpactRemoteBoolean', { node_id: 1, widget_name: 'value', value: true }),
      6: node('ImpactRemoteInt', { node_id: 99, widget_name: 'value', value: 1 }),
      7: node('Show', { value: ['1', 0] }),
      8: node('Show', { value: ['2', 0] }),
    });
    expect([shown('7'), shown('8'), messages(events).length]).toEqual([[9], [true], 2]);
  });
});
