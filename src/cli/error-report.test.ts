import { expect, it } from 'vitest';
import { DarkroomError } from '../errors.ts';
import { sentence } from './error-report.ts';

it.each([
  [{}, 'it failed', 'it failed'],
  [{ nodeId: '3', nodeType: 'KSampler' }, 'it failed', 'KSampler (node 3): it failed'],
  [{ nodeId: '3', nodeType: 'KSampler' }, 'KSampler (node 3) failed', 'KSampler (node 3) failed'],
  [{ nodeId: '3' }, 'it failed', 'node 3: it failed'],
  [{ nodeId: '3', nodeType: '' }, 'it failed', 'node 3: it failed'],
  [{ nodeId: 'input' }, "a.json has node 'input'", "a.json has node 'input'"],
])('an error of a node names it once: %j, %s', (details, message, text) => {
  expect(sentence(new DarkroomError('DR_NODE_FAILED', { ...details, message }))).toBe(text);
});
