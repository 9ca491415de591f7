import { describe, expect, it } from 'vitest';
import { type Call, decodeCall, encodeCall, openBus } from './bus.ts';
import type { Broadcast, Database } from './database/database.ts';

/** A database of which only the broadcast is used. */
const databaseWith = (broadcast?: Broadcast): Database => ({ broadcast }) as Database;

describe('a call as text', () => {
  it.each<Call>([
    { type: 'wake' },
    { type: 'interrupt', promptIds: ['a', 'b'] },
    { type: 'preview query', promptId: 'p', clientId: 'me' },
    { type: 'preview answer', promptId: 'p' },
  ])('$type is read back', (call) => {
    expect(decodeCall(encodeCall(call))).toEqual(call);
  });

  it('has the type names of earlier versions', () => {
    expect(JSON.parse(encodeCall({ type: 'preview answer', promptId: 'p' }))).toEqual({
      type: 'somebody looks',
      promptId: 'p',
    });
  });

  it('carries the image of a preview', () => {
    const image = new Uint8Array([0xff, 0xd8, 0]);
    const call = { type: 'preview', promptId: 'p', metadata: '{}', mime: 'image/jpeg', image };
    const decoded = decodeCall(encodeCall({ type: 'event', event: call } as Call));
    expect(decoded).toMatchObject({ type: 'event', event: { promptId: 'p' } });
    const { event } = decoded as unknown as { event: { image: Buffer } };
    expect([...event.image]).toEqual([...image]);
  });
});

describe('a bus', () => {
  it('within the process reaches all subscribers, though one of them fails', async () => {
    const problems: string[] = [];
    const bus = openBus(databaseWith(), (message) => problems.push(message));
    const received: string[] = [];
    bus.subscribe(() => {
      throw new Error('broken');
    });
    const unsubscribe = bus.subscribe((call) => received.push(call.type));
    await bus.send({ type: 'wake' });
    unsubscribe();
    await bus.send({ type: 'free' });
    expect(received).toEqual(['wake']);
    expect(problems).toEqual(['a listener of the queue failed', 'a listener of the queue failed']);
  });

  it('reports a message that could not be sent, and does not fail', async () => {
    const problems: string[] = [];
    const broadcast: Broadcast = {
      send: async () => {
        throw new Error('no connection');
      },
      subscribe: () => () => undefined,
      ready: async () => undefined,
    };
    await openBus(databaseWith(broadcast), (message) => problems.push(message)).send({
      type: 'wake',
    });
    expect(problems).toEqual(['a message to the other processes was lost']);
  });
});
