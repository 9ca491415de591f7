// Pipes, sockets, devices, folders and files of all sizes. A pipe that blocked would time out.
import { execFileSync } from 'node:child_process';
import { existsSync, mkdtempSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import {
  openRegular,
  openRegularSync,
  readRegularFile,
  readRegularFileSync,
} from './regular-file.ts';

const root = mkdtempSync(join(tmpdir(), 'darkroom-regular-'));
const at = (name: string): string => join(root, name);
const socket = createServer();
beforeAll(async () => {
  await new Promise<void>((resolve) => socket.listen(at('socket'), resolve));
});
afterAll(() => void socket.close());

const BOTH: readonly (readonly [string, (path: string, max?: number) => Promise<Buffer>])[] = [
  ['readRegularFile', readRegularFile],
  ['readRegularFileSync', async (path, max) => readRegularFileSync(path, max)],
];

describe.each(BOTH)('%s', (_, read) => {
  it.each([0, 1, 1000, 3_000_000])('reads %d bytes', async (size) => {
    const bytes = Buffer.alloc(size, 'abc');
    writeFileSync(at('file'), bytes);
    expect((await read(at('file'))).equals(bytes)).toBe(true);
    expect((await read(at('file'), size)).equals(bytes)).toBe(true);
  });

  it('refuses a file over the limit, and says how large it is', async () => {
    writeFileSync(at('large'), Buffer.alloc(3 * 2 ** 20));
    await expect(read(at('large'), 2 ** 20)).rejects.toMatchObject({
      code: 'EFBIG',
      size: 3 * 2 ** 20,
      message: 'it is 3 MiB large, and at most 1 MiB are read',
    });
  });

  it('refuses a folder, a missing file and a path below a file', async () => {
    await expect(read(root)).rejects.toMatchObject({ code: 'EISDIR' });
    await expect(read(at('none'))).rejects.toMatchObject({ code: 'ENOENT' });
    await expect(read(join(at('file'), 'x'))).rejects.toMatchObject({ code: 'ENOTDIR' });
  });

  it.skipIf(process.platform === 'win32')('refuses pipes, sockets and devices', async () => {
    if (!existsSync(at('pipe'))) execFileSync('mkfifo', [at('pipe')]);
    await expect(read(at('pipe'))).rejects.toThrow('it is a named pipe, not a file');
    await expect(read(at('socket'))).rejects.toThrow('it is a socket, not a file');
    await expect(read('/dev/zero')).rejects.toThrow('it is a device, not a file');
  });

  it.skipIf(!existsSync('/proc/self/status'))('reads files that state no size', async () => {
    expect((await read('/proc/self/status')).toString()).toContain('Name:');
    await expect(read('/proc/self/status', 10)).rejects.toMatchObject({ code: 'EFBIG' });
  });
});

it.skipIf(process.platform === 'win32')(
  'openRegular and openRegularSync refuse a pipe',
  async () => {
    execFileSync('mkfifo', [at('other')]);
    await expect(openRegular(at('other'))).rejects.toThrow('a named pipe');
    expect(() => openRegularSync(at('other'))).toThrow('a named pipe');
  },
);
