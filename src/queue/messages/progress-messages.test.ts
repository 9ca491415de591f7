import { describe, expect, it } from 'vitest';
import type { QueueEvent } from '../contract.ts';
import type { HeldJob } from '../jobs/job-types.ts';
import { createClientMessages } from './client-messages.ts';

const JOB: HeldJob = {
  ticket: 't',
  attempt: 'a',
  promptId: 'p',
  number: 1,
  clientId: 'me',
  prompt: '{}',
  extra: '{}',
  outputs: [],
  attempts: 1,
  isInterrupted: false,
};

const statesIn = (events: readonly QueueEvent[]) =>
  events.flatMap((event) =>
    event.type === 'message' && event.event === 'progress_state' ? [event.text] : [],
  );
const nodesOf = (text: string) => JSON.parse(text).data.nodes;

/** Runs `count` nodes, one per `msPerNode`; returns the texts of all `progress_state` messages. */
function runNodes(count: number, msPerNode: number, job = JOB): string[] {
  let time = 0;
  const messages = createClientMessages(job, () => time);
  const texts: string[] = [];
  for (let i = 0; i < count; i++) {
    time += msPerNode;
    const node = { nodeId: `${i}`, nodeType: 'X', title: 'X' };
    texts.push(...statesIn(messages.event({ type: 'node-started', ...node })));
  }
  texts.push(...statesIn(messages.end('success').messages));
  return texts;
}

describe('progress_state', () => {
  it('of a small graph is sent at each start and end of a node', () => {
    expect(runNodes(20, 0).length).toBe(40);
  });

  it('of a graph of n nodes takes a number of characters that grows with n', () => {
    const lengthOf = (count: number): number => runNodes(count, 1).join('').length;
    expect(lengthOf(8000) / lengthOf(2000)).toBeLessThan(6);
    expect(lengthOf(8000)).toBeLessThan(8000 * 3000);
  });

  it('ends with the state of all nodes', () => {
    const nodes = nodesOf(runNodes(5000, 0).at(-1)!);
    expect(Object.keys(nodes).length).toBe(5000);
    for (const id in nodes) expect(nodes[id].state).toBe('finished');
  });

  it('that was held back is due after a while, also without another event', () => {
    let time = 0;
    const messages = createClientMessages(JOB, () => time);
    for (let i = 0; i < 200; i++)
      messages.event({ type: 'node-started', nodeId: `${i}`, nodeType: 'X', title: 'X' });
    expect(messages.due()).toEqual([]);
    time += 1000;
    const [text] = statesIn(messages.due());
    expect(nodesOf(text)['199'].state).toBe('running');
    expect(messages.due()).toEqual([]);
  });

  it('is not built for a job without a client', () => {
    expect(runNodes(100, 1000, { ...JOB, clientId: undefined })).toEqual([]);
  });
});
