import { expect, it } from 'vitest';
import { createPause } from './pause.ts';

const secondsOf = async (work: Promise<void>): Promise<number> => {
  const start = performance.now();
  await work;
  return (performance.now() - start) / 1000;
};

it('waits for the time', async () => {
  expect(await secondsOf(createPause().wait(50))).toBeGreaterThanOrEqual(0.045);
});

it('ends early', async () => {
  const pause = createPause();
  const waiting = pause.wait(1e9);
  pause.end();
  await waiting;
});

it('does not remember an end without a wait', async () => {
  const pause = createPause();
  pause.end();
  expect(await secondsOf(pause.wait(50))).toBeGreaterThanOrEqual(0.045);
});
