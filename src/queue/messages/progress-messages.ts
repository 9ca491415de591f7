// Decides when `progress_state` is sent. Such a message holds every node that has started, so one
// for each change would make n messages of up to n nodes. Large ones are therefore sent at
// intervals: what changes between two messages is in the later one.
import type { QueueEvent } from '../contract.ts';
import type { NodeProgress } from './node-progress.ts';

/** The messages of smaller states are sent at each change, as ComfyUI sends all of them. */
const MAX_IMMEDIATE_NODES = 64;
/** The rate at which larger states are sent, in characters per millisecond. */
const RATE = 1000;

export interface ProgressMessages {
  /** The state has changed. Returns its message, or nothing when that is sent later. */
  changed(): QueueEvent[];
  /** The message that is due; to be called at intervals. */
  due(): QueueEvent[];
  /** The message that has not been sent yet; to be called before the end. */
  rest(): QueueEvent[];
}

/** The messages of a job without a client, which nobody would receive. */
export const NO_PROGRESS_MESSAGES: ProgressMessages = {
  changed: () => [],
  due: () => [],
  rest: () => [],
};

/** `message` builds the message of the current state; `now` returns the time in milliseconds. */
export function createProgressMessages(
  progress: NodeProgress,
  message: () => Extract<QueueEvent, { readonly type: 'message' }>,
  now: () => number,
): ProgressMessages {
  let nextTime = 0;
  let isWaiting = false;
  const send = (): QueueEvent[] => {
    const event = message();
    isWaiting = false;
    nextTime = now() + event.text.length / RATE;
    return [event];
  };
  const isDue = (): boolean => progress.size() <= MAX_IMMEDIATE_NODES || now() >= nextTime;
  return {
    changed: () => {
      if (isDue()) return send();
      isWaiting = true;
      return [];
    },
    due: () => (isWaiting && isDue() ? send() : []),
    rest: () => (isWaiting ? send() : []),
  };
}
