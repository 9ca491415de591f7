// What the processes of one queue tell each other: events for the clients, and calls to the workers.

import type { QueueEvent } from './contract.ts';
import type { Database } from './database/database.ts';

export type Call =
  | { readonly type: 'event'; readonly event: QueueEvent }
  /** There is something to do. */
  | { readonly type: 'wake' }
  | { readonly type: 'interrupt'; readonly promptIds: readonly string[] }
  | { readonly type: 'free' }
  /** A worker asks whether anybody looks at its job, and is told so. */
  | { readonly type: 'who looks'; readonly promptId: string; readonly clientId?: string }
  | { readonly type: 'somebody looks'; readonly promptId: string };

export interface Bus {
  /** In the order of the calls; resolves when it is on its way. Never throws: a lost message is a problem, no failure of the job. */
  tell(call: Call): Promise<void>;
  listen(listener: (call: Call) => void): () => void;
}

/** A bus within the process, or over the wire of the database. */
export function openBus(
  { wire }: Database,
  onProblem: (message: string, error: unknown) => void,
): Bus {
  const listeners = new Set<(call: Call) => void>();
  const hear = (call: Call): void => {
    for (const listener of listeners) {
      try {
        listener(call);
      } catch (error) {
        onProblem('a listener failed', error);
      }
    }
  };
  wire?.listen((text) => hear(decode(text)));
  return {
    tell: async (call) => {
      if (wire)
        await wire
          .send(encode(call))
          .catch((error) => onProblem('a message to the other processes was lost', error));
      else hear(call);
    },
    listen: (listener) => {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
  };
}

const encode = (call: Call): string =>
  call.type === 'event' && call.event.type === 'preview'
    ? JSON.stringify({
        ...call,
        event: { ...call.event, image: Buffer.from(call.event.image).toString('base64') },
      })
    : JSON.stringify(call);

function decode(text: string): Call {
  const call = JSON.parse(text);
  if (call.event?.type === 'preview') call.event.image = Buffer.from(call.event.image, 'base64');
  return call;
}
