import { setTimeout } from 'node:timers/promises';
import { expect, it } from 'vitest';
import { serial } from './serial.ts';

it('starts work only after the work before it has settled', async () => {
  const inTurn = serial();
  const log: string[] = [];
  const step = (name: string, milliseconds: number) => async () => {
    log.push(`${name} starts`);
    await setTimeout(milliseconds);
    log.push(`${name} ends`);
  };
  await Promise.all([inTurn(step('first', 20)), inTurn(step('second', 0))]);
  expect(log).toEqual(['first starts', 'first ends', 'second starts', 'second ends']);
});

it('returns the result of each piece of work', async () => {
  const inTurn = serial();
  expect(await Promise.all([inTurn(() => 1), inTurn(async () => 'two')])).toEqual([1, 'two']);
});

it('goes on after a failure, which reaches only its own caller', async () => {
  const inTurn = serial();
  const failed = inTurn(() => {
    throw new Error('broken');
  });
  const next = inTurn(() => 'fine');
  await expect(failed).rejects.toThrow('broken');
  expect(await next).toBe('fine');
});
