import { setTimeout as sleep } from 'node:timers/promises';
import { expect, it } from 'vitest';
import { awakeTimeout } from './awake-timeout.ts';

it('ends after its time', async () => {
  let isOver = false;
  awakeTimeout(() => {
    isOver = true;
  }, 50);
  await expect.poll(() => isOver).toBe(true);
});

it('can be cancelled', async () => {
  let isOver = false;
  awakeTimeout(() => {
    isOver = true;
  }, 20).cancel();
  await sleep(60);
  expect(isOver).toBe(false);
});

it('does not count a time in which the thread was busy', async () => {
  let isOver = false;
  const timeout = awakeTimeout(() => {
    isOver = true;
  }, 5000);
  const end = Date.now() + 6000;
  while (Date.now() < end);
  await sleep(100);
  expect(isOver).toBe(false);
  timeout.cancel();
});
