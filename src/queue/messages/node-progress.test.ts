import { expect, it } from 'vitest';
import { createNodeProgress } from './node-progress.ts';

it('finishes the running node at its maximum', () => {
  const progress = createNodeProgress('p');
  progress.start('3', '3');
  progress.update('3', 2, 20);
  expect(progress.finishRunning()).toBe(true);
  expect(JSON.parse(progress.stateText())).toMatchObject({
    prompt_id: 'p',
    nodes: { 3: { value: 20, max: 20, state: 'finished' } },
  });
  expect(progress.executed()).toEqual(['3']);
  expect(progress.finishRunning()).toBe(false);
});

it('adds a node as finished only when it was not started', () => {
  const progress = createNodeProgress('p');
  progress.start('3', '3');
  expect(progress.addFinished('3', '3')).toBe(false);
  expect(progress.addFinished('4', '4')).toBe(true);
  expect(progress.executed()).toEqual([]);
});

it('marks the running node as failed', () => {
  const progress = createNodeProgress('p');
  expect(progress.failRunning()).toBeUndefined();
  progress.start('3.0.0.1', '3');
  expect(progress.failRunning()).toMatchObject({ displayId: '3' });
  expect(JSON.parse(progress.stateText())).toMatchObject({
    nodes: { '3.0.0.1': { state: 'error' } },
  });
});
