import { expect, it } from 'vitest';
import { createGate } from './gate.ts';

it('lets in what there is room for, in order', async () => {
  const gate = createGate(10);
  const entered: number[] = [];
  const enter = async (weight: number): Promise<() => void> => {
    const leave = await gate.enter(weight);
    entered.push(weight);
    return leave;
  };
  const first = await enter(6);
  const large = enter(7);
  const small = enter(4);
  await Promise.resolve();
  // the small one would fit, but the large one came first
  expect(entered).toEqual([6]);
  first();
  first();
  (await large)();
  (await small)();
  expect(entered).toEqual([6, 7, 4]);
});

it('lets in alone what is larger than the capacity', async () => {
  const gate = createGate(10);
  const leave = await gate.enter(1000);
  let isSecondIn = false;
  const second = gate.enter(1).then(() => {
    isSecondIn = true;
  });
  await Promise.resolve();
  expect(isSecondIn).toBe(false);
  leave();
  await second;
});
