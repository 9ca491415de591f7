// The notes about a preparation that takes long.
import { expect, it } from 'vitest';
import { preparationProgress } from './preparation-progress.ts';

function notesOf(steps: readonly (readonly [seconds: number, share: number])[]): string[] {
  let time = 0;
  const notes: string[] = [];
  const report = preparationProgress(
    'a: preparing weights once, 6.2 GB',
    (text) => notes.push(text),
    () => time,
  );
  for (const [seconds, share] of steps) {
    time = 1000 * seconds;
    report(share);
  }
  return notes;
}

it('notes say how much is done and how long the rest takes', () => {
  expect(
    notesOf([
      [1, 0.01],
      [20, 0.1],
      [21, 0.104],
      [80, 0.4],
      [190, 0.95],
      [200, 1],
    ]),
  ).toEqual([
    'a: preparing weights once, 6.2 GB … 10 %, 3 min left',
    'a: preparing weights once, 6.2 GB … 40 %, 2 min left',
    'a: preparing weights once, 6.2 GB … 95 %, 10 s left',
  ]);
});

it('nothing is noted about what is done at once', () => {
  expect(
    notesOf([
      [0.5, 0.3],
      [1, 0.6],
      [1.9, 1],
    ]),
  ).toEqual([]);
});
