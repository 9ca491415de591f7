import { expect, it } from 'vitest';
import { testContext } from '../../../test/support/run-node.ts';
import { watchContext } from './context-watch.ts';

function watched() {
  let uses = 0;
  const context = watchContext(testContext(), () => {
    uses++;
  });
  return { context, uses: () => uses };
}

it('files, progress and warnings are no impure use', () => {
  const { context, uses } = watched();
  context.modelFiles('checkpoints');
  context.progress(1, 2);
  context.warn('careful');
  expect(uses()).toBe(0);
});

it.each(['random', 'state', 'prompt', 'save'] as const)('%s is an impure use', (name) => {
  const { context, uses } = watched();
  void context[name];
  expect(uses()).toBe(1);
});
