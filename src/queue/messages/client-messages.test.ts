import { describe, expect, it } from 'vitest';
import { DarkroomError } from '../../errors.ts';
import type { QueueEvent } from '../contract.ts';
import type { HeldJob } from '../jobs/job-types.ts';
import { createClientMessages } from './client-messages.ts';

const JOB: HeldJob = {
  ticket: 't',
  attempt: 'a',
  promptId: 'p',
  number: 1,
  clientId: 'me',
  prompt: '{"4": {"class_type": "Loop", "inputs": {}}}',
  extra: '{}',
  outputs: ['9'],
  attempts: 1,
  isInterrupted: false,
};
const messagesOf = () => createClientMessages(JOB, () => 17);
const dataOf = (events: readonly QueueEvent[]) =>
  events.map((event) => (event.type === 'message' ? JSON.parse(event.text) : event));

describe('nodes that a node expanded to', () => {
  const started = {
    type: 'node-started',
    nodeId: '4.0.0.1',
    displayId: '4',
    nodeType: 'X',
    title: 'X',
  } as const;

  it('are displayed at the node of the prompt', () => {
    const [executing, state] = dataOf(messagesOf().event(started));
    expect(executing).toEqual({
      type: 'executing',
      data: { node: '4.0.0.1', display_node: '4', prompt_id: 'p' },
    });
    expect(state.data.nodes['4.0.0.1']).toEqual({
      value: 0,
      max: 1,
      state: 'running',
      node_id: '4.0.0.1',
      prompt_id: 'p',
      display_node_id: '4',
      parent_node_id: '4',
      real_node_id: '4',
    });
  });

  it('are in the history with their node, without local paths', () => {
    const messages = messagesOf();
    messages.event(started);
    messages.event({
      type: 'executed',
      nodeId: '4.0.0.1',
      displayId: '4',
      ui: { text: ['a'], images: [{ filename: 'f', subfolder: '', type: 'temp', path: '/f' }] },
    });
    const { result } = messages.end('success');
    expect(JSON.parse(result.outputs)).toEqual({
      '4.0.0.1': { text: ['a'], images: [{ filename: 'f', subfolder: '', type: 'temp' }] },
    });
    expect(JSON.parse(result.meta)['4.0.0.1']).toMatchObject({
      display_node: '4',
      parent_node: '4',
    });
  });
});

describe('cached outputs', () => {
  it('are listed at the start', () => {
    const events = messagesOf().event({ type: 'started', nodes: 0, cached: ['9', '10'] });
    expect(dataOf(events)).toEqual([
      { type: 'execution_cached', data: { nodes: ['9', '10'], prompt_id: 'p', timestamp: 17 } },
    ]);
  });

  it('are shown, and finish their node', () => {
    const events = messagesOf().event({ type: 'executed', nodeId: '9', ui: { images: [] } });
    const [executed, state] = dataOf(events);
    expect(executed.data).toEqual({
      node: '9',
      display_node: '9',
      output: { images: [] },
      prompt_id: 'p',
    });
    expect(state.data.nodes['9']).toMatchObject({ state: 'finished', parent_node_id: null });
  });
});

describe('as ComfyUI sends them:', () => {
  it('the status of a node', () => {
    const events = messagesOf().event({ type: 'status', nodeId: '4', text: '1/2', progress: 0.5 });
    expect(dataOf(events)).toEqual([
      { type: 'impact/update_status', data: { node: '4', progress: 0.5, text: '1/2' } },
    ]);
  });

  it('the messages of nodes', () => {
    const data = { link_id: 3 };
    const events = messagesOf().event({ type: 'message', nodeId: '4', event: 'value-send', data });
    expect(dataOf(events)).toEqual([{ type: 'value-send', data }]);
  });

  it('a blocked node', () => {
    const blocked = { type: 'blocked', nodeId: '5', nodeType: 'B', message: 'no' } as const;
    const [{ data }] = dataOf(messagesOf().event({ ...blocked, executed: [] }));
    expect(data).toMatchObject({
      exception_type: 'ExecutionBlocked',
      exception_message: 'Execution Blocked: no',
    });
  });

  it('an interrupted job', () => {
    const { event, end, last } = messagesOf();
    event({ type: 'node-started', nodeId: '4', nodeType: 'Loop', title: 'L' });
    const error = new DarkroomError('DR_INTERRUPTED', { message: 'interrupted' });
    const { messages, result } = end('interrupted', error);
    expect(messages.at(-1)).toMatchObject({ broadcast: true, event: 'execution_interrupted' });
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
