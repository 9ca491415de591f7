// Limits the texts that nodes pass on and show. A few nodes that double a text would otherwise fill
// the memory, and no JSON could hold the outputs.
import { DarkroomError } from '../../errors.ts';
import type { NodeUi } from '../events.ts';

/** The longest text that a node passes on, in characters. */
export const MAX_TEXT = 2 ** 24;
/** All texts that a node passes on. */
const MAX_TEXTS = 4 * MAX_TEXT;
/** What one node shows, and what all nodes of a job show. */
const MAX_SHOWN = 2 * MAX_TEXT;
const MAX_SHOWN_BY_JOB = 8 * MAX_TEXT;

/** Throws DR_NODE_FAILED when a node returns longer texts than can be passed on. */
export function checkTexts(outputsOfCalls: readonly (readonly unknown[] | undefined)[]): void {
  let total = 0;
  for (const value of outputsOfCalls.flat(2)) {
    if (typeof value !== 'string') continue;
    total += value.length;
    if (value.length > MAX_TEXT) throw tooLong('returned a text', value.length, MAX_TEXT);
    if (total > MAX_TEXTS) throw tooLong('returned texts', total, MAX_TEXTS);
  }
}

export interface ShownLimit {
  /** Throws DR_NODE_FAILED when a node shows more than can be sent and stored. */
  check(ui: NodeUi | undefined): void;
}

/** The limit of what the nodes of a job show. */
export function createShownLimit(): ShownLimit {
  let total = 0;
  return {
    check: (ui) => {
      const length = lengthOf(ui);
      if (length > MAX_SHOWN) throw tooLong('shows an output', length, MAX_SHOWN);
      total += length;
      if (total > MAX_SHOWN_BY_JOB)
        throw tooLong('and the nodes before it show outputs', total, MAX_SHOWN_BY_JOB);
    },
  };
}

/** The characters of the texts in a value, and one for each other value. */
function lengthOf(value: unknown): number {
  if (typeof value === 'string') return value.length;
  if (typeof value !== 'object' || value === null || ArrayBuffer.isView(value)) return 1;
  let length = 1;
  for (const item of Object.values(value)) length += lengthOf(item);
  return length;
}

const tooLong = (subject: string, length: number, limit: number): DarkroomError =>
  new DarkroomError('DR_NODE_FAILED', {
    message: `${subject} of ${length} characters; the limit is ${limit}`,
    hint: 'Shorten the texts that go into the node.',
  });
