import { expect, it } from 'vitest';
import { engineCrash } from './engine-crash.ts';

it('names the signal, and suspects memory after SIGKILL', () => {
  const error = engineCrash({ code: null, signal: 'SIGKILL' }, '');
  expect(error.message).toBe('the engine process was ended by SIGKILL');
  expect(error.hint).toContain('ran out of memory');
});

it('names the exit code and what was printed', () => {
  const error = engineCrash({ code: 9, signal: null }, 'broken\n');
  expect(error.message).toBe('the engine process ended with exit code 9; its last output: broken');
  expect(error.hint).not.toContain('memory');
});

it('names why the process could not start', () => {
  const error = engineCrash({ code: null, signal: null, cause: new Error('no file') }, '');
  expect(error.message).toContain('could not start: no file');
});
