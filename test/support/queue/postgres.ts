// A PostgreSQL server for tests: the one that DARKROOM_TEST_POSTGRES names, or one that is started
// in a temporary folder.
import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import {
  accessSync,
  chownSync,
  constants,
  existsSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
} from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import pg from 'pg';

export interface TestServer {
  /** Creates an empty database and returns its URL. */
  database(): Promise<string>;
  stop(): Promise<void>;
}

/** The folder of the server's programs; undefined when they are not installed. */
function programs(): string | undefined {
  const debian = '/usr/lib/postgresql';
  const versions = existsSync(debian)
    ? readdirSync(debian).sort((a, b) => Number(b) - Number(a))
    : [];
  const folders = [
    ...versions.map((version) => join(debian, version, 'bin')),
    ...(process.env['PATH'] ?? '').split(delimiter),
  ];
  return folders.find((folder) => {
    try {
      accessSync(join(folder, 'initdb'), constants.X_OK);
      return true;
    } catch {
      return false;
    }
  });
}

/** Returns why the tests on PostgreSQL are skipped; undefined when they run. */
export function whyNoPostgres(): string | undefined {
  if (process.env['DARKROOM_TEST_POSTGRES'] || programs()) return undefined;
  return (
    'PostgreSQL is missing: install the package postgresql, ' +
    'or name a server in DARKROOM_TEST_POSTGRES'
  );
}

/** The user that runs the server, which refuses to run as root. */
function owner(): { uid: number; gid: number } | undefined {
  if (process.getuid?.() !== 0) return undefined;
  const lines = readFileSync('/etc/passwd', 'utf8').split('\n');
  const [, , uid, gid] = (lines.find((line) => line.startsWith('postgres:')) ??
    lines.find((line) => line.startsWith('nobody:')))!.split(':');
  return { uid: Number(uid), gid: Number(gid) };
}

const freePort = (): Promise<number> =>
  new Promise((resolve, reject) => {
    const server = createServer();
    server.on('error', reject);
    server.listen(0, '127.0.0.1', () => {
      const { port } = server.address() as { port: number };
      server.close(() => resolve(port));
    });
  });

export async function startPostgres(): Promise<TestServer> {
  const given = process.env['DARKROOM_TEST_POSTGRES'];
  if (given) return { database: () => newDatabase(given), stop: async () => undefined };
  const bin = programs()!;
  const folder = mkdtempSync(join(tmpdir(), 'darkroom-postgres-'));
  const user = owner();
  if (user) chownSync(folder, user.uid, user.gid);
  const data = join(folder, 'data');
  execFileSync(
    join(bin, 'initdb'),
    ['-D', data, '-U', 'test', '-A', 'trust', '--no-sync', '-E', 'UTF8', '--locale=C'],
    {
      ...user,
      cwd: folder,
      stdio: 'pipe',
    },
  );
  const port = await freePort();
  const settings = [
    '-c',
    'fsync=off',
    '-c',
    'listen_addresses=127.0.0.1',
    '-c',
    `unix_socket_directories=${folder}`,
  ];
  const server: ChildProcess = spawn(
    join(bin, 'postgres'),
    ['-D', data, '-p', String(port), ...settings],
    {
      ...user,
      cwd: folder,
      stdio: 'ignore',
    },
  );
  const url = `postgres://test@127.0.0.1:${port}/postgres`;
  for (let attempt = 0; ; attempt++) {
    const client = new pg.Client(url);
    try {
      await client.connect();
      await client.end();
      break;
    } catch (error) {
      if (attempt > 300 || server.exitCode !== null) throw error;
      await sleep(100);
    }
  }
  return {
    database: () => newDatabase(url),
    stop: async () => {
      const ended = new Promise((resolve) => server.once('exit', resolve));
      server.kill('SIGQUIT');
      await ended;
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

let count = 0;

async function newDatabase(url: string): Promise<string> {
  const name = `darkroom_test_${process.pid}_${count++}`;
  const client = new pg.Client(url);
  await client.connect();
  await client.query(`CREATE DATABASE ${name}`);
  await client.end();
  const own = new URL(url);
  own.pathname = `/${name}`;
  return own.href;
}
