import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { NODES_MODULE } from '../../test/support/nodes.ts';
import { createJobRunner } from './job-runner.ts';
import type { FromEngine } from './protocol.ts';

const root = mkdtempSync(join(tmpdir(), 'darkroom-runner-'));
afterAll(() => rmSync(root, { recursive: true }));

function createRunner(nodesModule = NODES_MODULE) {
  const messages: FromEngine[] = [];
  const runner = createJobRunner(
    {
      models: [],
      input: join(root, 'input'),
      output: join(root, 'output'),
      temp: join(root, 'temp'),
      device: 'cpu',
      nodesModule,
    },
    (message) => messages.push(message),
  );
  const kinds = (): string[] => messages.map(({ kind }) => kind);
  return { runner, messages, kinds };
}
const job = (steps: number) => ({
  prompt: JSON.stringify({
    1: { class_type: 'TestSlow', inputs: { steps, ms: 5, deaf: false } },
    2: { class_type: 'TestSave', inputs: { value: ['1', 0], filename_prefix: 'a' } },
  }),
  extra: '{}',
  outputs: ['2'],
});

describe('a job in the engine process', () => {
  it('sends its events, the folders it writes to, then its outputs', async () => {
    const { runner, messages, kinds } = createRunner();
    await runner.run(job(1));
    expect(kinds()).toContain('folder');
    expect(messages.at(-1)).toMatchObject({ kind: 'finished', outputs: { 2: {} } });
  });

  it('fails with DR_INTERRUPTED when it is cancelled', async () => {
    const { runner, messages, kinds } = createRunner();
    const running = runner.run(job(1000));
    await expect.poll(kinds).toContain('event');
    runner.cancel();
    await running;
    expect(messages.at(-1)).toMatchObject({ kind: 'failed', error: { code: 'DR_INTERRUPTED' } });
  });

  it('sends previews only while they are enabled', async () => {
    const { runner, kinds } = createRunner();
    await runner.run(job(2));
    expect(kinds()).not.toContain('preview');
    runner.enablePreviews(true);
    await runner.run(job(3));
    expect(kinds().filter((kind) => kind === 'preview')).toHaveLength(3);
  });

  it('fails when the engine can’t be opened', async () => {
    const { runner, messages } = createRunner('file:///nowhere/nodes.js');
    await runner.run(job(1));
    expect(messages).toMatchObject([{ kind: 'failed', error: { code: 'DR_ENGINE_CRASHED' } }]);
  });
});
