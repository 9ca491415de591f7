import { describe, expect, it } from 'vitest';
import { type Call, openBus } from './bus.ts';
import type { Database } from './database/database.ts';
import { createPreviewRequests } from './preview-requests.ts';

function setUp() {
  const bus = openBus({} as Database, () => undefined);
  const answers: Call[] = [];
  bus.subscribe((call) => {
    if (call.type === 'preview answer') answers.push(call);
  });
  return { bus, answers, requests: createPreviewRequests(bus) };
}
const query: Call = { type: 'preview query', promptId: 'p', clientId: 'me' };

describe('previews', () => {
  it('are requested for every job with a client before the first request', () => {
    const { requests } = setUp();
    expect(requests.include({ clientId: 'me' })).toBe(true);
    expect(requests.include({})).toBe(false);
  });

  it('are requested for the jobs that any request includes', () => {
    const { requests } = setUp();
    requests.add(() => false);
    requests.add(({ clientId }) => clientId === 'me');
    expect(requests.include({ clientId: 'me' })).toBe(true);
    expect(requests.include({ clientId: 'another' })).toBe(false);
  });
});

describe('queries of workers', () => {
  it('are answered for the jobs that are included', async () => {
    const { bus, answers, requests } = setUp();
    requests.add(({ clientId }) => clientId === 'me');
    await bus.send(query);
    await bus.send({ ...query, clientId: 'another' });
    expect(answers).toEqual([{ type: 'preview answer', promptId: 'p' }]);
  });

  it('are not answered before the first request, nor after the end', async () => {
    const { bus, answers, requests } = setUp();
    await bus.send(query);
    requests.add(() => true);
    requests.close();
    await bus.send(query);
    expect(answers).toEqual([]);
  });
});
