// The server within a program: jobs in the engine of a Darkroom, on its own port and within another
// server.
import { mkdtempSync, rmSync } from 'node:fs';
import { createServer as createHttpServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { WebSocket } from 'ws';
import { openDarkroom } from '../darkroom.ts';
import { createServer } from './embedded-server.ts';

const folder = mkdtempSync(join(tmpdir(), 'darkroom-embedded-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));
const folders = {
  input: join(folder, 'input'),
  output: join(folder, 'output'),
  temp: join(folder, 'temp'),
};
const user = join(folder, 'user');

const GRAPH = {
  1: { class_type: 'EmptyImage', inputs: { width: 8, height: 8, batch_size: 1, color: 255 } },
  2: { class_type: 'SaveImage', inputs: { images: ['1', 0], filename_prefix: 'blue' } },
};

describe('a server in a program', () => {
  it("runs jobs in the Darkroom's engine, and leaves it open", async () => {
    await using darkroom = await openDarkroom(folders);
    const server = await createServer(darkroom, { user });
    const url = await server.listen({ port: 0 });
    const body = JSON.stringify({ prompt: GRAPH });
    const headers = { 'content-type': 'application/json' };
    const response = await fetch(`${url}/prompt`, { method: 'POST', body, headers });
    const { prompt_id: id } = (await response.json()) as { prompt_id: string };
    const job = async (): Promise<unknown> =>
      ((await (await fetch(`${url}/history/${id}`)).json()) as Record<string, unknown>)[id];
    await expect.poll(job).toMatchObject({
      status: { status_str: 'success' },
      outputs: { 2: { images: [{ filename: 'blue_00001_.png' }] } },
    });
    const pid = darkroom.enginePid();
    await server.close();
    const { images } = await darkroom.run(GRAPH as never);
    expect(images).toHaveLength(1);
    expect(darkroom.enginePid()).toBe(pid);
    await expect(fetch(url)).rejects.toThrow();
  });

  it('answers the requests and WebSockets of another server', async () => {
    await using darkroom = await openDarkroom(folders);
    await using server = await createServer(darkroom, { user });
    const outer = createHttpServer(server.handle).on('upgrade', server.handleUpgrade);
    await new Promise<void>((resolve) => outer.listen(0, '127.0.0.1', resolve));
    const { port } = outer.address() as AddressInfo;
    expect((await fetch(`http://127.0.0.1:${port}/queue`)).status).toBe(200);
    const socket = new WebSocket(`ws://127.0.0.1:${port}/ws?clientId=abc`);
    const first = await new Promise<string>((resolve, reject) => {
      socket.on('message', (data) => resolve(String(data))).on('error', reject);
    });
    expect(JSON.parse(first)).toMatchObject({ type: 'status' });
    socket.close();
    outer.close();
  });

  it('refuses what it can’t serve', async () => {
    await using memory = await openDarkroom({ inMemory: true });
    await expect(createServer(memory)).rejects.toThrow('opened with inMemory');
    await expect(createServer({} as never)).rejects.toThrow('needs what openDarkroom returned');
    await expect(createServer(memory, { usr: 'x' } as never)).rejects.toThrow(
      "createServer has no option 'usr'",
    );
    await using darkroom = await openDarkroom(folders);
    await using server = await createServer(darkroom, { user });
    await expect(server.listen({ host: '0.0.0.0', port: 0 })).rejects.toThrow('without a token');
  });
});
