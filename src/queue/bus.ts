// Connects the processes of one queue: events for the clients, and calls to the workers.
import type { QueueEvent } from './contract.ts';
import type { Database, OnProblem } from './database/database.ts';

export type Call =
  | { readonly type: 'event'; readonly event: QueueEvent }
  /** A job may have become due. */
  | { readonly type: 'wake' }
  | { readonly type: 'interrupt'; readonly promptIds: readonly string[] }
  | { readonly type: 'free' }
  /** A worker queries whether a client of any server receives the previews of its job. */
  | { readonly type: 'preview query'; readonly promptId: string; readonly clientId?: string }
  /** The answer of a server that has such a client. */
  | { readonly type: 'preview answer'; readonly promptId: string };

export interface Bus {
  /**
   * Sends a call to all processes, this one included; resolves when it is on its way. Calls arrive
   * in order. Never rejects: a lost message is reported as a problem, and does not fail the job.
   */
  send(call: Call): Promise<void>;
  /** Returns a function that ends the subscription. */
  subscribe(listener: (call: Call) => void): () => void;
}

/** A bus over the database's broadcast, or within the process where there is none. */
export function openBus({ broadcast }: Database, onProblem: OnProblem): Bus {
  const listeners = new Set<(call: Call) => void>();
  const deliver = (call: Call): void => {
    for (const listener of listeners) {
      try {
        listener(call);
      } catch (error) {
        onProblem('a listener of the queue failed', error);
      }
    }
  };
  broadcast?.subscribe((text) => deliver(decodeCall(text)));
  return {
    send: async (call) => {
      if (!broadcast) {
        deliver(call);
        return;
      }
      await broadcast
        .send(encodeCall(call))
        .catch((error) => onProblem('a message to the other processes was lost', error));
    },
    subscribe: (listener) => {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
  };
}

/** The names of calls between processes, where they differ: other versions may take part. */
const TYPES_ON_WIRE: Readonly<Record<string, string>> = {
  'preview query': 'who looks',
  'preview answer': 'somebody looks',
};
const TYPES_BY_WIRE_NAME = Object.fromEntries(
  Object.entries(TYPES_ON_WIRE).map(([type, wireName]) => [wireName, type]),
);

/** A call as JSON text; the image of a preview as base64. */
export function encodeCall(call: Call): string {
  const message = { ...call, type: TYPES_ON_WIRE[call.type] ?? call.type };
  if (call.type !== 'event' || call.event.type !== 'preview') return JSON.stringify(message);
  const image = Buffer.from(call.event.image).toString('base64');
  return JSON.stringify({ ...message, event: { ...call.event, image } });
}

export function decodeCall(text: string): Call {
  const message = JSON.parse(text);
  if (message.event?.type === 'preview')
    message.event.image = Buffer.from(message.event.image, 'base64');
  return { ...message, type: TYPES_BY_WIRE_NAME[message.type] ?? message.type };
}
