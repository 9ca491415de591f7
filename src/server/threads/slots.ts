// A number of slots for tasks. Tasks that find none wait in order, up to a number of bytes.
import { DarkroomError } from '../../errors.ts';

export interface Slots {
  /**
   * Waits for a slot; returns the function that frees it. `bytes` is what the task holds while it
   * waits. Throws DR_SERVER_BUSY.
   */
  take(bytes: number): Promise<() => void>;
}

export function createSlots(count: number, maxWaitingBytes: number): Slots {
  const waiting: (() => void)[] = [];
  let free = count;
  let waitingBytes = 0;
  const release = (): void => {
    const next = waiting.shift();
    if (next) next();
    else free++;
  };
  return {
    take: async (bytes) => {
      if (free > 0) {
        free--;
        return release;
      }
      if (waitingBytes + bytes > maxWaitingBytes) throw busy(waiting.length);
      waitingBytes += bytes;
      await new Promise<void>((resolve) => waiting.push(resolve));
      waitingBytes -= bytes;
      return release;
    },
  };
}

const busy = (waiting: number): DarkroomError =>
  new DarkroomError('DR_SERVER_BUSY', {
    message: `the server is busy: ${waiting} requests wait to be read`,
    hint: 'Repeat the request later.',
  });
