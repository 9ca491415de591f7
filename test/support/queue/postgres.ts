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
  /** Ends it without a shutdown and starts it again after `downMs`. */
  crash(downMs: number): Promise<void>;
  /** The process id; undefined for a server that was not started here. */
  pid(): number | undefined;
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
  if (given)
    return {
      database: () => newDatabase(given),
      crash: async () => undefined,
      pid: () => undefined,
      stop: async () => undefined,
    };
  const bin = programs()!;
  const folder = mkdtempSync(join(tmpdir(), 'darkroom-postgres-'));
  const user = owner();
  if (user) chownSync(folder, user.uid, user.gid);
  const data = join(folder, 'data');
  execFileSync(
    join(bin, 'initdb'),
    ['-D', data, '-U', 'test', '-A', 'trust', '--no-sync', '-E', 'UTF8', '--locale=C'],
    { ...user, cwd: folder, stdio: 'pipe' },
  );
  const port = await freePort();
  const settings = ['fsync=off', 'listen_addresses=127.0.0.1', `unix_socket_directories=${folder}`];
  const args = ['-D', data, '-p', String(port), ...settings.flatMap((one) => ['-c', one])];
  const url = `postgres://test@127.0.0.1:${port}/postgres`;
  const start = async (): Promise<ChildProcess> => {
    const started = spawn(join(bin, 'postgres'), args, {
      ...user,
      cwd: folder,
      stdio: 'ignore',
      detached: true,
    });
    await answered(url, started);
    return started;
  };
  let server = await start();
  const end = async (): Promise<void> => {
    const ended = new Promise((resolve) => server.once('exit', resolve));
    server.kill('SIGQUIT');
    await ended;
  };
  return {
    database: () => newDatabase(url),
    crash: async (downMs) => {
      await end();
      await sleep(downMs);
      server = await start();
    },
    pid: () => server.pid,
    stop: async () => {
      await end();
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

/** Waits until a server accepts connections. */
async function answered(url: string, server: ChildProcess): Promise<void> {
  for (let attempt = 0; ; attempt++) {
    const client = new pg.Client(url);
    try {
      await client.connect();
      await client.end();
      return;
    } catch (error) {
      if (attempt > 1200 || server.exitCode !== null) throw error;
      await sleep(100);
    }
  }
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
