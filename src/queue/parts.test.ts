// Parts of the queue that need no database.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { temporaryFolder } from '../../test/support/queue.ts';
import { DarkroomError } from '../errors.ts';
import { removeAbandoned } from '../storage/atomic-write.ts';
import { priorityOf } from './boss.ts';
import { telling } from './client-messages.ts';
import type { QueueEvent } from './contract.ts';
import { lockFolder } from './database/folder-lock.ts';
import { growthWatch } from './engine-memory.ts';
import type { HeldJob } from './jobs.ts';
import { webhookUrl } from './webhook.ts';

describe('priorities of pg-boss', () => {
  it('order as numbers do, the smallest first', () => {
    const numbers = [
      Number.NEGATIVE_INFINITY,
      -1e9,
      -2,
      -1,
      -0.5,
      0,
      1e-9,
      0.5,
      0.7,
      1,
      2,
      3,
      16_777_216,
      1e12,
      Number.POSITIVE_INFINITY,
    ];
    const priorities = numbers.map(priorityOf);
    expect(priorities).toEqual([...priorities].sort((a, b) => b - a));
    expect(new Set(priorities).size).toBe(numbers.length);
    expect(priorityOf(-0)).toBe(priorityOf(0));
  });

  it('never contradict the order, and are 32-bit integers', () => {
    fc.assert(
      fc.property(fc.double({ noNaN: true }), fc.double({ noNaN: true }), (a, b) => {
        const [x, y] = [priorityOf(a), priorityOf(b)];
        return (x | 0) === x && (a < b ? x >= y : true);
      }),
    );
  });
});

describe('the lock of a folder', () => {
  it.runIf(process.platform === 'linux')(
    'is held by one living process, and by none that has died',
    async () => {
      const folder = temporaryFolder('lock');
      const other = spawn(process.execPath, ['-e', 'setInterval(() => 0, 1000)']);
      await once(other, 'spawn');
      const start = readFileSync(`/proc/${other.pid}/stat`, 'utf8')
        .replace(/^.*\) /s, '')
        .split(' ')[19];
      writeFileSync(join(folder, 'lock'), `${other.pid} ${start}`);
      expect(() => lockFolder(folder)).toThrow(`used by process ${other.pid}`);
      // the number belongs to another process now
      writeFileSync(join(folder, 'lock'), `${other.pid} 1`);
      lockFolder(folder)();
      expect(existsSync(join(folder, 'lock'))).toBe(false);
      writeFileSync(join(folder, 'lock'), `${other.pid} ${start}`);
      other.kill('SIGKILL');
      await once(other, 'exit');
      const release = lockFolder(folder);
      expect(() => lockFolder(folder)).toThrow(DarkroomError);
      release();
    },
  );
});

it('an engine is replaced when it has grown, not when it is large', () => {
  const grown = growthWatch(100);
  expect([grown(1, 90), grown(1, 99), grown(1, 120)]).toEqual([false, false, true]);
  expect([grown(2, 150), grown(2, 180), grown(2, 190)]).toEqual([false, false, true]);
  expect(grown(undefined, 1000)).toBe(false);
});

it('a webhook has to be allowed', () => {
  expect(webhookUrl('https://a/b', () => true).href).toBe('https://a/b');
  expect(() => webhookUrl('https://a/b', () => false)).toThrow("can't be called");
});

it('what dead processes left half-written is removed, what others write is not', async () => {
  const root = temporaryFolder('left');
  const other = spawn(process.execPath, ['-e', '']);
  const pid = other.pid!;
  await once(other, 'exit');
  for (const name of [
    `.a.png.tmp-${pid}`,
    `.a.png.tmp-${process.pid}`,
    `.a.png.tmp-00000000-${pid}`,
    'a.png',
  ])
    writeFileSync(join(root, name), '');
  await removeAbandoned(root);
  await removeAbandoned(join(root, 'nowhere'));
  expect(
    [`.a.png.tmp-${pid}`, `.a.png.tmp-${process.pid}`, `.a.png.tmp-00000000-${pid}`, 'a.png'].map(
      (name) => existsSync(join(root, name)),
    ),
  ).toEqual([false, true, true, true]);
});

describe('messages', () => {
  const job: HeldJob = {
    ...{
      ticket: 't',
      attempt: 'a',
      promptId: 'p',
      number: 1,
      clientId: 'me',
      extra: '{}',
      outputs: ['9'],
      attempts: 1,
      interrupt: false,
    },
    prompt: '{"4": {"class_type": "Loop", "inputs": {}}}',
  };
  const dataOf = (events: readonly QueueEvent[]) =>
    events.map((e) => (e.type === 'message' ? JSON.parse(e.text) : e));

  it('name the node of the prompt for those that it expanded to', () => {
    const { event, end } = telling(job, () => 17);
    event({ type: 'started', nodes: 1, cached: [] });
    const started = dataOf(
      event({ type: 'node-started', nodeId: '4.0.0.1', displayId: '4', nodeType: 'X', title: 'X' }),
    );
    expect(started[0]).toEqual({
      type: 'executing',
      data: { node: '4.0.0.1', display_node: '4', prompt_id: 'p' },
    });
    expect(started[1].data.nodes['4.0.0.1']).toEqual({
      ...{ value: 0, max: 1, state: 'running', node_id: '4.0.0.1', prompt_id: 'p' },
      ...{ display_node_id: '4', parent_node_id: '4', real_node_id: '4' },
    });
    event({
      type: 'executed',
      nodeId: '4.0.0.1',
      displayId: '4',
      ui: { text: ['a'], images: [{ filename: 'f', subfolder: '', type: 'temp', path: '/f' }] },
    });
    const { result } = end('success');
    expect(JSON.parse(result.outputs)).toEqual({
      '4.0.0.1': { text: ['a'], images: [{ filename: 'f', subfolder: '', type: 'temp' }] },
    });
    expect(JSON.parse(result.meta)['4.0.0.1']).toMatchObject({
      display_node: '4',
      parent_node: '4',
    });
  });

  it('of a cached output are told, and finish it', () => {
    const { event } = telling(job, () => 17);
    expect(dataOf(event({ type: 'started', nodes: 0, cached: ['9', '10'] }))).toEqual([
      { type: 'execution_cached', data: { nodes: ['9', '10'], prompt_id: 'p', timestamp: 17 } },
    ]);
    const [executed, state] = dataOf(event({ type: 'executed', nodeId: '9', ui: { images: [] } }));
    expect(executed.data).toEqual({
      node: '9',
      display_node: '9',
      output: { images: [] },
      prompt_id: 'p',
    });
    expect(state.data.nodes['9']).toMatchObject({ state: 'finished', parent_node_id: null });
  });

  it('of blocked nodes, nodes’ own and an interrupt are as ComfyUI sends them', () => {
    const { event, end, last } = telling(job, () => 17);
    event({ type: 'node-started', nodeId: '4', nodeType: 'Loop', title: 'L' });
    expect(dataOf(event({ type: 'status', nodeId: '4', text: '1/2', progress: 0.5 }))).toEqual([
      { type: 'impact/update_status', data: { node: '4', progress: 0.5, text: '1/2' } },
    ]);
    expect(
      dataOf(event({ type: 'message', nodeId: '4', event: 'value-send', data: { link_id: 3 } })),
    ).toEqual([{ type: 'value-send', data: { link_id: 3 } }]);
    expect(
      dataOf(event({ type: 'blocked', nodeId: '5', nodeType: 'B', message: 'no', executed: [] }))[0]
        .data,
    ).toMatchObject({
      exception_type: 'ExecutionBlocked',
      exception_message: 'Execution Blocked: no',
    });
    const { told, result } = end(
      'interrupted',
      new DarkroomError('DR_INTERRUPTED', { message: 'interrupted' }),
    );
    expect(told.at(-1)).toMatchObject({ broadcast: true, event: 'execution_interrupted' });
    expect(JSON.parse(result.status)).toEqual({
      status_str: 'error',
      completed: false,
      messages: [
        [
          'execution_interrupted',
          { prompt_id: 'p', node_id: '4', node_type: 'Loop', executed: [], timestamp: 17 },
        ],
      ],
    });
    expect(dataOf(last('interrupted'))[0]).toEqual({
      type: 'executing',
      data: { node: null, prompt_id: 'p' },
    });
  });
});
