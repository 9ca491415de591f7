// The engine process on the nodes of test/support/nodes.ts: lists, cache, cancellation, crashes.
// Each Darkroom has an engine process of its own.
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { NODES, NODES_MODULE } from '../../test/support/nodes.ts';
import { type Darkroom, openDarkroom, type WorkflowSource } from '../darkroom.ts';
import type { DarkroomError } from '../errors.ts';
import { parseJson } from '../formats/parse-json.ts';
import type { EngineEvent } from './events.ts';

const output = mkdtempSync(join(tmpdir(), 'darkroom-engine-'));
let darkroom: Darkroom;
beforeAll(async () => {
  darkroom = await openDarkroom({
    models: [],
    output,
    nodes: { table: NODES, module: NODES_MODULE },
  });
});
afterAll(() => darkroom.close());

const node = (class_type: string, inputs: Record<string, unknown> = {}) => ({ class_type, inputs });
const save = (from: unknown, prefix = 'test') =>
  node('TestSave', { value: from, filename_prefix: prefix });
const failureOf = (promise: Promise<unknown>): Promise<DarkroomError> =>
  promise.then(
    () => {
      throw new Error('it did not fail');
    },
    (error: DarkroomError) => error,
  );

async function run(workflow: WorkflowSource, options: Parameters<Darkroom['run']>[1] = {}) {
  const events: EngineEvent[] = [];
  const { outputs } = await darkroom.run(workflow, {
    ...options,
    onEvent: (event) => events.push(event),
  });
  const saved = (id: string, i = 0) => JSON.parse(outputs[id].images[i].toBuffer().toString());
  return { outputs, events, saved };
}

describe('execution', () => {
  const promptWith = (value: string): string =>
    `{"10": {"class_type": "TestNumber", "inputs": ` +
    `{"value": ${value}, "seed": 18446744073709551615}}, ` +
    `"2": {"class_type": "TestSave", "inputs": ` +
    `{"value": ["10", 1], "filename_prefix": "sub/a_%width%"}, "_meta": {"title": "Keep"}}}`;
  const runPrompt = () => run(promptWith('"4"'), { extra: { workflow: { nodes: [] } } });

  it('saves under the name of the counter, with the prompt inside', async () => {
    const { outputs, saved } = await runPrompt();
    expect(outputs['2'].images).toMatchObject([
      { filename: 'a_8_00001_.txt', subfolder: 'sub', type: 'output' },
    ]);
    const content = saved('2');
    expect(content.value).toBe('bigint:18446744073709551615');
    expect(content.prompt).toBe(promptWith('4'));
    expect(content.workflow).toBe('{"nodes": []}');
    expect(parseJson(content.darkroom)).toMatchObject({
      version: expect.any(String),
      provider: 'cpu',
      precision: 'fp32',
      models: [],
    });
  });

  it('emits events', async () => {
    const prompt = promptWith('5');
    const { events } = await run(prompt);
    expect(events.map((event) => event.type)).toEqual([
      'started',
      'node-started',
      'node-started',
      'warning',
      'executed',
      'done',
    ]);
    expect(events[2]).toEqual({
      type: 'node-started',
      nodeId: '2',
      nodeType: 'TestSave',
      title: 'Keep',
    });
  });

  it('calls a node per item, or with whole lists where it takes them', async () => {
    const { outputs, saved } = await run({
      1: node('TestRange', { count: 3 }),
      2: node('TestRange', { count: 2 }),
      3: node('TestAdd', { a: ['1', 0], b: ['2', 0] }),
      4: node('TestTotal', { items: ['3', 0], label: 'x' }),
      5: save(['4', 0], 'total'),
      6: save(['3', 0], 'each'),
    });
    expect(saved('5').value).toBe(0 + 2 + 3);
    expect(outputs['6'].images.map((_, i) => saved('6', i).value)).toEqual([0, 2, 3]);
  });

  it('refuses an empty list', async () => {
    const failure = await failureOf(run({ 1: node('TestRange', { count: 0 }), 2: save(['1', 0]) }));
    expect(failure.message).toContain('empty list');
  });

  it('runs only what changed, and saves a file again that was deleted', async () => {
    const workflow = (value: number) => ({
      1: node('TestNumber', { value: 1 }),
      2: node('TestNumber', { value }),
      3: node('TestAdd', { a: ['1', 0], b: ['2', 0] }),
      4: save(['3', 0], 'cache'),
    });
    const first = await run(workflow(1));
    const same = await run(workflow(1));
    expect(same.outputs['4'].images[0].path).toBe(first.outputs['4'].images[0].path);
    expect(same.events[0]).toEqual({ type: 'started', nodes: 0, cached: ['1', '2', '3', '4'] });
    const changed = await run(workflow(2));
    expect(changed.events[0]).toEqual({ type: 'started', nodes: 3, cached: ['1'] });
    rmSync(changed.outputs['4'].images[0].path);
    expect((await run(workflow(2))).events[0]).toEqual({
      type: 'started',
      nodes: 1,
      cached: ['1', '2', '3'],
    });
  });

  it('names the node that failed, with its own error or DR_NODE_FAILED', async () => {
    const failing = (how: string) =>
      failureOf(run({ 1: node('TestFail', { how }), 2: save(['1', 0]) }));
    expect(await failing('known')).toMatchObject({
      code: 'DR_SHAPE_MISMATCH',
      nodeId: '1',
      nodeType: 'TestFail',
      hint: 'Use equal shapes.',
    });
    expect(await failing('memory')).toMatchObject({ code: 'DR_OUT_OF_MEMORY', nodeId: '1' });
    expect(await failing('boom')).toMatchObject({
      code: 'DR_NODE_FAILED',
      message: 'TestFail (node 1) failed: boom',
    });
  });

  it('sets values before the run', async () => {
    const { saved } = await run(
      { 1: node('TestNumber', { value: 1 }), 2: save(['1', 0]) },
      { set: { '1.value': 7 } },
    );
    expect(saved('2').value).toBe(7);
  });
});

describe('a prompt that is partly invalid', () => {
  const workflow = {
    1: node('TestNumber', { value: 3 }),
    2: save(['1', 0], 'good'),
    3: node('TestNumber', { value: 1000 }),
    4: save(['3', 0], 'bad'),
  };

  it('is refused as a whole with `strict`', async () => {
    expect(await failureOf(darkroom.run(workflow, { strict: true }))).toMatchObject({
      code: 'DR_WORKFLOW_INVALID',
      nodeId: '3',
    });
  });

  it('runs as far as it is valid', async () => {
    const { outputs, nodeErrors } = await darkroom.run(workflow);
    expect(Object.keys(outputs)).toEqual(['2']);
    expect(nodeErrors).toMatchObject({
      3: {
        class_type: 'TestNumber',
        dependent_outputs: ['4'],
        errors: [{ type: 'value_bigger_than_max' }],
      },
    });
    const none = { 3: workflow[3], 4: workflow[4] };
    expect(await failureOf(darkroom.run(none))).toMatchObject({
      code: 'DR_WORKFLOW_INVALID',
      nodeId: '3',
    });
  });

  it('runs only the outputs in `targets`', async () => {
    expect(Object.keys((await darkroom.run(workflow, { targets: ['2'] })).outputs)).toEqual(['2']);
    expect((await failureOf(darkroom.run(workflow, { targets: [] }))).message).toContain(
      'no node that saves or shows',
    );
  });
});

describe('a job', () => {
  const slow = (deaf: boolean) => ({
    1: node('TestSlow', { steps: 100, ms: deaf ? 600_000 : 20, deaf }),
    2: save(['1', 0], 'stopped'),
  });

  it('is cancelled between two steps, and the engine lives on', async () => {
    const pid = darkroom.enginePid();
    const controller = new AbortController();
    const error = await failureOf(
      darkroom.run(slow(false), {
        signal: controller.signal,
        onEvent: (e) => e.type === 'progress' && controller.abort(),
      }),
    );
    expect(error.code).toBe('DR_INTERRUPTED');
    expect(darkroom.enginePid()).toBe(pid);
    expect(readdirSync(output).filter((name) => name.includes('stopped'))).toEqual([]);
  });

  it('is cancelled by force when a step is long; the next one has a new process', async () => {
    const pid = darkroom.enginePid();
    const controller = new AbortController();
    const error = await failureOf(
      darkroom.run(slow(true), {
        signal: controller.signal,
        onEvent: (e) => e.type === 'progress' && controller.abort(),
      }),
    );
    expect(error.code).toBe('DR_INTERRUPTED');
    expect(
      (await run({ 1: node('TestNumber', { value: 5 }), 2: save(['1', 0]) })).saved('2').value,
    ).toBe(5);
    expect(darkroom.enginePid()).not.toBe(pid);
  });

  it('does not start when its signal is aborted already', async () => {
    expect((await failureOf(darkroom.run(slow(false), { signal: AbortSignal.abort() }))).code).toBe(
      'DR_INTERRUPTED',
    );
  });

  it('fails when the engine is killed, and no half-written files stay', async () => {
    const error = await failureOf(
      darkroom.run(
        { 1: node('TestHalf') },
        { onEvent: (e) => e.type === 'progress' && process.kill(darkroom.enginePid()!, 'SIGKILL') },
      ),
    );
    expect(error).toMatchObject({
      code: 'DR_ENGINE_CRASHED',
      hint: expect.stringContaining('memory'),
    });
    expect(error.message).toContain('SIGKILL');
    expect(readdirSync(output).filter((name) => name.includes('.tmp-'))).toEqual([]);
    expect(readFileSync(join(output, 'half_00001_.txt'), 'utf8')).toBe('x');
  });

  it('fails when the engine exits, and the job after it runs', async () => {
    const crash = failureOf(
      darkroom.run({ 1: node('TestFail', { how: 'exit' }), 2: save(['1', 0]) }),
    );
    const next = run({ 1: node('TestNumber', { value: 6 }), 2: save(['1', 0]) });
    expect(await crash).toMatchObject({
      code: 'DR_ENGINE_CRASHED',
      message: expect.stringContaining('exit code 9'),
    });
    expect((await next).saved('2').value).toBe(6);
  });

  it('leaves no process behind once its Darkroom is closed', async () => {
    const other = await openDarkroom({
      models: [],
      output,
      nodes: { table: NODES, module: NODES_MODULE },
    });
    await other.run({ 1: node('TestNumber', { value: 5 }), 2: save(['1', 0]) });
    const pid = other.enginePid()!;
    await other.close();
    expect(() => process.kill(pid, 0)).toThrow();
    expect(existsSync(output)).toBe(true);
  });
});
